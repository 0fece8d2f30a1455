#include "http/detail/channel_door.hpp"

#include "messages/json.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace igl {

namespace {

/// Where a request comes from, for people: behind a proxy also what the proxy says of it.
std::string origin_of(const exchange& x) {
  constexpr size_t longest = 100;
  auto forwarded = x.header("X-Forwarded-For").substr(0, longest);
  std::replace_if(
      forwarded.begin(), forwarded.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return forwarded.empty() ? x.peer() : x.peer() + " (X-Forwarded-For: " + forwarded + ")";
}

/// `source` of an error that is about the token, not about what was asked.
constexpr std::string_view about_the_token = R"(["Authorization"])";

/// RFC 6750 §3: who sends no token is not told of an error; a good one may be insufficient.
void refuse_token(const std::shared_ptr<exchange>& x, const caf::error& why) {
  auto status = entry_of(code_of(why)).http_status;
  answer refusal{status, problem_to_wire(problem_of(why))};
  std::string challenge = R"(Bearer realm="channel")";
  if (!x->header("Authorization").empty())
    challenge += status == 403 ? R"(, error="insufficient_scope")" : R"(, error="invalid_token")";
  refusal.headers.push_back({"WWW-Authenticate", challenge});
  x->reply(std::move(refusal));
}

void turn_away(const std::shared_ptr<exchange>& x, const caf::error& why) {
  spdlog::warn("channel-api turns away {} {} from {}: {}", x->method(), x->path(), origin_of(*x),
               problem_of(why).detail);
  if (code_of(why) == errc::unauthorized || code_of(why) == errc::forbidden)
    refuse_token(x, why);
  else
    x->fail(why);
}

/// The keys were read again: either the token's key is there now, or nobody has it.
void look_again(const std::shared_ptr<exchange>& x, const access_control& door,
                const caller_handler& then) {
  auto found = door.caller_of(x->header("Authorization"));
  if (auto who = std::get_if<caller>(&found))
    then(x, *who);
  else if (auto unknown = std::get_if<unknown_key>(&found))
    turn_away(x, make_problem(errc::unauthorized, unknown->why, R"(["Authorization"])"));
  else
    turn_away(x, std::get<caf::error>(found));
}

} // namespace

request_handler known_callers_only(std::shared_ptr<const access_control> door,
                                   const services_ptr& with, caller_handler then) {
  if (!door)
    return [then = std::move(then)](const std::shared_ptr<exchange>& x) {
      then(x, {});
    };
  return [=](const std::shared_ptr<exchange>& x) {
    auto found = door->caller_of(x->header("Authorization"));
    if (auto who = std::get_if<caller>(&found))
      return then(x, *who);
    if (auto why = std::get_if<caf::error>(&found))
      return turn_away(x, *why);
    with->through.ask_or(
        x, with->who.keys, timeouts::api, renew_token_keys{std::get<unknown_key>(found).why},
        [=](const token_keys_renewed&) { look_again(x, *door, then); },
        [=](const caf::error& why) { turn_away(x, why); });
  };
}

void refuse_caller(const std::shared_ptr<exchange>& x, const caller& who, const caf::error& why) {
  if (code_of(why) == errc::forbidden && !who.node.empty())
    spdlog::warn("channel-api does not allow {} {} to {} {}, which speaks for {}, from {}: {}",
                 x->method(), x->path(), who.kind, who.node, who.jurisdiction, origin_of(*x),
                 problem_of(why).detail);
  if (code_of(why) == errc::forbidden && problem_of(why).source == about_the_token)
    refuse_token(x, why);
  else
    x->fail(why);
}

} // namespace igl
