#include "http/detail/routes.hpp"

#include "config/forms.hpp"
#include "messages/dead_letters.hpp"
#include "messages/json.hpp"
#include "messages/text.hpp"
#include "messages/uri.hpp"

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

std::string operator_in(const exchange& x) {
  constexpr size_t longest = 64;
  std::string name;
  auto given = x.header("X-Operator");
  for (std::string_view rest = given; !rest.empty();) {
    auto length = sequence_length(rest);
    auto character = rest.substr(0, std::max(length, size_t{1}));
    if (name.size() + character.size() > longest)
      break;
    // Neither bytes that are no text nor what steers a terminal.
    if (length > 0 && is_plain_text(character))
      name += character;
    rest.remove_prefix(character.size());
  }
  auto trimmed_name = trimmed(name);
  return (trimmed_name.empty() ? "operator" : std::string{trimmed_name}) + " at " + x.peer();
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

void show_tree(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  with->through.ask(x, with->who.operation, supervision_query{},
                    [=](const supervision_node& y) { reply_json(x, y); });
}

/// A page of a list, and where the next one begins.
template <class Items>
void reply_page(const std::shared_ptr<exchange>& x, const char* name, const Items& items,
                const caf::optional<uint64_t>& next) {
  nlohmann::json body{{name, items}};
  if (next)
    body["next"] = *next;
  reply_json(x, body);
}

void list_dead_letters(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  auto page = page_in(x, 100);
  if (!page)
    return;
  find_dead_letters asked{page->after, page->limit};
  if (x->asked.has("cause")) {
    auto given = x->asked.value("cause");
    asked.of = parse_dead_letter_cause(given);
    if (!asked.of)
      return x->fail(make_problem(errc::bad_request,
                                  "a cause is a stream, an error code and a peer, such as "
                                  "outbox/no_channel/SG; GET /operator/dead-letters/groups lists "
                                  "them",
                                  nlohmann::json::array({given}).dump()));
  }
  with->through.ask(x, with->who.operation, std::move(asked), [=](const found_dead_letters& y) {
    reply_page(x, "dead_letters", y.letters, y.next);
  });
}

void list_groups(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  if (auto page = page_in(x, 1000))
    with->through.ask(
        x, with->who.operation, find_dead_letter_groups{page->after, page->limit},
        [=](const found_dead_letter_groups& y) { reply_page(x, "groups", y.groups, y.next); });
}

/// The number of the path; answers 400 itself.
caf::optional<uint64_t> dead_letter_in(const std::shared_ptr<exchange>& x) {
  auto number = parse_number(x->captured[0]);
  if (!number)
    x->fail(make_problem(errc::bad_request, "a dead letter is named by its number",
                         nlohmann::json::array({x->captured[0]}).dump()));
  return number;
}

/// One dead letter, why it died and what will not come true without it.
void show_dead_letter(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  auto number = dead_letter_in(x);
  if (!number)
    return;
  auto before = *number - std::min(*number, uint64_t{1});
  with->through.ask(x, with->who.operation, find_dead_letters{before, 1},
                    [=](const found_dead_letters& y) {
                      if (y.letters.empty() || y.letters.front().number != *number)
                        return x->fail(make_problem(errc::not_found, "there is no dead letter " +
                                                                         std::to_string(*number)));
                      nlohmann::json body = y.letters.front();
                      body["cause"] = cause_of(y.letters.front());
                      body["consequence"] = consequence_of(y.letters.front().job.order);
                      reply_json(x, body);
                    });
}

/// Replays or drops the dead letter of the path.
template <class Act>
void act(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  auto number = dead_letter_in(x);
  if (!number)
    return;
  with->through.ask(x, with->who.operation, Act{*number, operator_in(*x)}, [=](const settled& y) {
    reply_json(x, {{"number", *number}, {"version", y.version}});
  });
}

/// Begins; `GET` tells how it goes, for it may take long.
void back_up(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  constexpr uint64_t largest = 8192;
  x->read(largest, [=](const std::string& body) {
    auto asked = parse_json(body);
    if (!asked || !asked->is_object() || !asked->contains("folder") ||
        !asked->at("folder").is_string())
      return x->fail(
          make_problem(errc::bad_request, R"(say where to: {"folder": "/srv/backup/1"})"));
    with->through.ask(
        x, with->who.operation,
        back_up_ledger{asked->at("folder").get<std::string>(), operator_in(*x)},
        [=](const backup_state& y) {
          nlohmann::json state = y;
          x->reply({202, state.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
        });
  });
}

void show_backup(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  with->through.ask(x, with->who.operation, backup_query{},
                    [=](const backup_state& y) { reply_json(x, y); });
}

void show_job(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  auto id = x->asked.value("id");
  if (id.empty())
    return x->fail(make_problem(errc::bad_request, "the query names a job: ?id=…", R"(["id"])"));
  with->through.ask(x, with->who.operation, find_job{id}, [=](const found_job& y) {
    nlohmann::json body{{"open", static_cast<bool>(y.job)}};
    if (y.job)
      body["job"] = *y.job;
    reply_json(x, body);
  });
}

/// What came of it is told in one form, whether anything was changed or not: a refusal is a 409.
void reload(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  x->expect_long_wait();
  with->through.ask_or(
      x, with->who.operation, timeouts::work, reload_configuration{operator_in(*x)},
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
  add("GET", "/admin/tree", show_tree);
  add("GET", "/operator/jobs", show_job);
  add("GET", "/operator/dead-letters", list_dead_letters);
  add("GET", "/operator/dead-letters/groups", list_groups);
  add("GET", "/operator/dead-letters/{}", show_dead_letter);
  add("POST", "/operator/dead-letters/{}/replay", act<replay_dead_letter>);
  add("POST", "/operator/dead-letters/{}/drop", act<drop_dead_letter>);
  add("POST", "/operator/backup", back_up);
  add("GET", "/operator/backup", show_backup);
  add("POST", "/operator/reload", reload);
  if (with->who.desk)
    add_subscriber_operation_routes(to, with);
}

} // namespace igl
