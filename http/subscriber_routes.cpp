#include "http/detail/routes.hpp"

#include "messages/json.hpp"
#include "messages/multibase.hpp"
#include "messages/uri.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace igl {

namespace {

using nlohmann::json;

constexpr uint32_t usual_page = 100;
constexpr uint32_t longest_page = 1000;

void reply_json(const std::shared_ptr<exchange>& x, const json& body) {
  x->reply({200, body.dump(-1, ' ', false, json::error_handler_t::replace)});
}

/// The body is the text that was delivered, to the byte; what is no text is base64.
json to_wire(const hub_event& x) {
  json result{{"number", x.number},
              {"at", to_rfc3339(x.at)},
              {"topic", x.topic},
              {"about", x.about},
              {"content_type", x.media_type.empty() ? "application/json" : x.media_type}};
  if (is_utf8(x.body))
    result["body"] = x.body;
  else
    result["body_base64"] = base64_encode(x.body);
  return result;
}

json to_wire(const subscription& x) {
  return {{"topic", x.topic_as_asked},
          {"callback", x.callback},
          {"lease_ends", to_rfc3339(x.ends)},
          {"has_secret", !x.secret.empty()}};
}

json to_wire(const std::vector<subscription>& all) {
  auto list = json::array();
  for (auto& x : all)
    list.push_back(to_wire(x));
  return list;
}

json to_wire(const subscriber_report& x) {
  auto latest = json::array();
  for (auto& e : x.latest)
    latest.push_back({{"at", to_rfc3339(e.at)},
                      {"event", to_string(e.what)},
                      {"about", e.about},
                      {"detail", e.detail}});
  json waiting{{"events", x.deliveries.waiting}, {"paused", x.deliveries.held}};
  if (auto& first = x.deliveries.first) {
    waiting["first"] = first->order.place;
    waiting["first_attempts"] = first->attempts;
    waiting["first_error"] = first->last_error;
    waiting["next_attempt"] = to_rfc3339(first->order.due);
  }
  return {{"callback", x.callback},
          {"subscriptions", to_wire(x.subscriptions)},
          {"waiting", waiting},
          {"deliveries", latest}};
}

/// The query's callback; answers 400 itself.
caf::optional<std::string> callback_in(const std::shared_ptr<exchange>& x) {
  auto callback = x->asked.value("callback");
  if (!callback.empty())
    return callback;
  x->fail(make_problem(errc::bad_request, "the query names a callback: ?callback=URL",
                       R"(["callback"])"));
  return caf::none;
}

void list_hub_events(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  auto page = page_in(x, usual_page);
  if (!page)
    return;
  read_hub_events asked{x->asked.value("topic"), page->after, std::min(page->limit, longest_page)};
  with->through.ask(x, with->who.desk, std::move(asked), [=](const found_hub_events& found) {
    auto events = json::array();
    for (auto& e : found.events)
      events.push_back(to_wire(e));
    reply_json(x, {{"events", events}, {"kept_from", found.kept_from}});
  });
}

void report(const std::shared_ptr<exchange>& x, const services_ptr& with, report_subscriber asked) {
  with->through.ask(x, with->who.desk, std::move(asked),
                    [=](const subscriber_report& y) { reply_json(x, to_wire(y)); });
}

/// A subscriber shows its secret as a bearer token, the operator his token.
void report_to_caller(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  auto callback = callback_in(x);
  if (!callback)
    return;
  auto given = bearer_token_in(*x);
  if (given.empty())
    return x->fail(make_problem(errc::unauthorized,
                                "a subscriber shows its hub.secret as a bearer token, the operator "
                                "of the hub operator.token",
                                R"(["Authorization"])"));
  if (is_operator_token(given, with->how.operator_token))
    return report(x, with, {*callback, report_reader::operation, {}});
  report(x, with, {*callback, report_reader::subscriber, given});
}

/// All subscriptions, or how one subscriber does.
void show_to_operator(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  if (x->asked.has("callback"))
    return report(x, with, {x->asked.value("callback"), report_reader::operation, {}});
  auto page = page_in(x, usual_page);
  if (!page)
    return;
  find_subscriptions asked;
  asked.after = {x->asked.value("after_topic"), x->asked.value("after_callback")};
  asked.limit = std::min(page->limit, longest_page);
  with->through.ask(x, with->who.desk, asked, [=](const found_subscriptions& found) {
    json body{{"subscriptions", to_wire(found.subscriptions)}};
    if (found.subscriptions.size() == asked.limit) {
      auto& last = found.subscriptions.back();
      body["next"] = {{"after_topic", last.topic}, {"after_callback", last.callback}};
    }
    reply_json(x, body);
  });
}

void act(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  auto what = parse_subscriber_act(x->captured[0]);
  if (!what)
    return x->fail(make_problem(errc::not_found, "a subscriber can be paused, resumed, dropped "
                                                 "and tested: pause, resume, drop, test"));
  auto callback = callback_in(x);
  if (!callback)
    return;
  x->expect_long_wait();
  with->through.ask_or(
      x, with->who.desk, timeouts::work, act_on_subscriber{*what, *callback, operator_in(*x)},
      [=](const subscriber_acted& y) {
        reply_json(x, {{"outcomes", y.outcomes}, {"in_vain", y.in_vain}});
      },
      [=](const caf::error& why) { x->fail(why); });
}

} // namespace

void add_subscriber_routes(router& to, const services_ptr& with) {
  auto add = [&](const char* path, auto handle) {
    request_handler then = [=](auto& x) {
      handle(x, with);
    };
    if (with->how.channel_access)
      then = operators_only(with, then);
    to.add("GET", path, then);
  };
  add("/subscriptions", report_to_caller);
  add("/subscriptions/events", list_hub_events);
}

void add_subscriber_operation_routes(router& to, const services_ptr& with) {
  to.add("GET", "/operator/subscriptions",
         operators_only(with, [=](auto& x) { show_to_operator(x, with); }));
  to.add("POST", "/operator/subscriptions/{}",
         operators_only(with, [=](auto& x) { act(x, with); }));
}

} // namespace igl
