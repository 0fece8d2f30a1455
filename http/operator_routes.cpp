#include "http/detail/routes.hpp"

#include "config/forms.hpp"
#include "messages/json.hpp"
#include "messages/text.hpp"

#include <nlohmann/json.hpp>
#include <openssl/crypto.h>

#include <algorithm>

namespace igl {

namespace {

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.");
}

/// The host in a Host header, without its port.
std::string_view host_in(std::string_view header) {
  if (header.starts_with('['))
    return header.substr(1, std::min(header.find(']'), header.size()) - 1);
  return header.substr(0, header.rfind(':'));
}

/// Where a request without a token has to come from. A proxy on this host hides who asks; and a web
/// page can give a name of its own the address 127.0.0.1.
caf::error refusal_without_token(const exchange& x) {
  constexpr auto advice = "; for this, configure operator.token and send it as a bearer token";
  auto refuse = [&](const std::string& why, const std::string& source) {
    return make_problem(errc::forbidden, why + advice, nlohmann::json::array({source}).dump());
  };
  if (!is_loopback(x.peer()))
    return refuse("without a token the operator API answers this host only", x.peer());
  if (auto proxy = x.added_by_proxy(); !proxy.empty())
    return refuse("without a token the operator API answers nobody behind a proxy", proxy);
  auto header = x.header("Host");
  auto host = host_in(header);
  if (!equal_ignoring_case(host, "localhost") && !config::forms::is_loopback(host))
    return refuse("without a token the operator API answers to localhost and 127.0.0.1 only, and "
                  "to no other name",
                  "Host");
  if (!x.header("Origin").empty())
    return refuse("without a token the operator API does not answer web pages", "Origin");
  return caf::none;
}

/// How long it takes says nothing about how much of the token was right.
bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// Who may operate: whoever has the token; without one, people on this host.
caf::error refusal_of(const exchange& x, const std::string& token) {
  if (!token.empty()) {
    if (is_operator_token(bearer_token_in(x), token))
      return caf::none;
    return make_problem(errc::unauthorized, "the operator API wants its bearer token",
                        R"(["Authorization"])");
  }
  return refusal_without_token(x);
}

void reply_json(const std::shared_ptr<exchange>& x, const nlohmann::json& body,
                uint16_t status = 200) {
  x->reply({status, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
}

/// A number of the query; `otherwise` if it is not given. Answers 400 itself.
caf::optional<uint64_t> number_in(const std::shared_ptr<exchange>& x, const char* name,
                                  uint64_t otherwise) {
  if (!x->asked.has(name))
    return otherwise;
  auto given = x->asked.value(name);
  auto number = parse_number(given);
  if (!number)
    x->fail(make_problem(errc::bad_request, std::string(name) + " must be a number",
                         nlohmann::json::array({given}).dump()));
  return number;
}

} // namespace

std::string bearer_token_in(const exchange& x) {
  constexpr std::string_view scheme = "Bearer ";
  auto given = x.header("Authorization");
  if (given.size() <= scheme.size() ||
      !equal_ignoring_case(std::string_view(given).substr(0, scheme.size()), scheme))
    return {};
  return given.substr(scheme.size());
}

bool is_operator_token(std::string_view given, const std::string& token) {
  return !token.empty() && same_secret(given, token);
}

request_handler operators_only(const services_ptr& with, request_handler then) {
  return [=](const std::shared_ptr<exchange>& x) {
    if (auto why = refusal_of(*x, with->how.operator_token))
      return x->fail(why);
    then(x);
  };
}

caf::optional<page_asked> page_in(const std::shared_ptr<exchange>& x, uint32_t usual) {
  constexpr uint64_t most = 10000;
  auto after = number_in(x, "after", 0);
  auto limit = after ? number_in(x, "limit", usual) : caf::none;
  if (!limit)
    return caf::none;
  return page_asked{x->asked.value("about"), *after,
                    static_cast<uint32_t>(std::min(std::max(*limit, uint64_t{1}), most))};
}

namespace {

void show_status(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  with->through.ask(x, with->who.operation, node_status_query{},
                    [=](const node_status& y) { reply_json(x, y); });
}

void list_events(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  if (auto page = page_in(x, 1000))
    with->through.ask(x, with->who.operation, find_events{page->about, page->after, page->limit},
                      [=](const found_events& y) {
                        reply_json(x, {{"events", y.events}});
                      });
}

void list_dead_letters(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  if (auto page = page_in(x, 100))
    with->through.ask(x, with->who.operation, find_dead_letters{page->after, page->limit},
                      [=](const found_dead_letters& y) {
                        reply_json(x, {{"dead_letters", y.letters}});
                      });
}

/// Replays or drops the dead letter of the path.
template <class Act>
void act(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  auto number = parse_number(x->captured[0]);
  if (!number)
    return x->fail(make_problem(errc::bad_request, "a dead letter is named by its number",
                                nlohmann::json::array({x->captured[0]}).dump()));
  auto who = "operator at " + x->peer();
  with->through.ask(x, with->who.operation, Act{*number, std::move(who)}, [=](const settled& y) {
    reply_json(x, {{"number", *number}, {"version", y.version}});
  });
}

/// What came of it is told in one form, whether anything was changed or not: a refusal is a 409.
void reload(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  x->expect_long_wait();
  with->through.ask_or(
      x, with->who.operation, timeouts::work, reload_configuration{"operator at " + x->peer()},
      [=](const configuration_reload& y) {
        reply_json(x, y, y.result == reload_result::refused ? 409 : 200);
      },
      [=](const caf::error& why) { x->fail(why); });
}

} // namespace

void add_operator_routes(router& to, const services_ptr& with) {
  auto add = [&](const char* method, const char* path, auto handle) {
    to.add(method, path, operators_only(with, [=](auto& x) { handle(x, with); }));
  };
  add("GET", "/operator/status", show_status);
  add("GET", "/operator/events", list_events);
  add("GET", "/operator/dead-letters", list_dead_letters);
  add("POST", "/operator/dead-letters/{}/replay", act<replay_dead_letter>);
  add("POST", "/operator/dead-letters/{}/drop", act<drop_dead_letter>);
  add("POST", "/operator/reload", reload);
  if (with->who.desk)
    add_subscriber_operation_routes(to, with);
}

} // namespace igl
