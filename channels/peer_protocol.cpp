#include "channels/peer_protocol.hpp"

#include "channels/endpoint_rules.hpp"
#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "messages/uri.hpp"

#include <nlohmann/json.hpp>

namespace igl::peer_protocol {

namespace {

/// What a peer's answer may weigh.
constexpr uint64_t answer_bytes = 64 * 1024;

/// Why a peer refuses a message with this status, if it is the peer that speaks.
errc refusal_by(uint16_t status) {
  switch (status) {
  case 400:
  case 403:
  case 422:
    return errc::bad_request;
  case 409:
    return errc::conflict;
  case 413:
    return errc::too_large;
  default:
    return errc::none;
  }
}

} // namespace

http_request hand_over(const peer_settings& to, const medium_entry& x) {
  http_request asked;
  asked.method = "POST";
  asked.url = to.url + "/messages/incoming";
  asked.timeout = to.timeout;
  asked.max_body = answer_bytes;
  // An id may be any text, a header may not.
  asked.headers = {{"Accept", "application/json"},
                   {"Content-Type", "application/json"},
                   {"Idempotency-Key", percent_encode(x.id)}};
  auto with_ref = to.sends_sender_ref && !x.content.sender_ref.empty();
  asked.body = message_to_channel(x.content, with_ref ? sender_ref_field::included
                                                      : sender_ref_field::left_out);
  return asked;
}

caf::error outcome_of(const http_request& asked, const http_response& x) {
  auto who = asked.method + " " + asked.url + " ";
  auto body = parse_json(x.body);
  auto is_object = body && body->is_object();
  if (x.status >= 200 && x.status < 300) {
    auto said = is_object ? body->find("status") : nlohmann::json::iterator{};
    if (is_object && said != body->end() && *said == "delivered")
      return caf::none;
    return make_problem(errc::bad_answer, who + "answers " + std::to_string(x.status) +
                                              " and not that the message is delivered");
  }
  if (x.status < 400)
    return make_problem(errc::bad_answer, who + "answers " + std::to_string(x.status) +
                                              "; redirects are not followed: is the url right?");
  auto why = problem_of(error_of(asked, x)).detail;
  // RFC 6750: that challenge is about the token, whatever the message.
  auto of_token = x.status == 401 || (x.status == 403 && !x.header("WWW-Authenticate").empty());
  if (auto refusal = refusal_by(x.status); refusal != errc::none && is_object && !of_token)
    return make_problem(refusal, why);
  if (of_token)
    why += ": is the token right that the peer's operator gave this endpoint?";
  return make_problem(errc::peer_failed, why);
}

bool may_have_taken(const caf::expected<http_response>& x) {
  if (x) // a proxy in front of the peer may not have heard what that said
    return (x->status >= 200 && x->status < 300) || x->status == 502 || x->status == 504;
  switch (code_of(x.error())) {
  case errc::peer_timeout:
  case errc::peer_lost:
  case errc::bad_answer:
  case errc::too_large:
  case errc::unavailable:
  case errc::broken_promise:
    return true;
  default:
    return false;
  }
}

caf::error outcome_of(const http_request& asked, const caf::error& why) {
  if (!endpoint_rules::is_about_the_message(why))
    return why;
  return make_problem(errc::bad_answer,
                      asked.method + " " + asked.url + ": " + problem_of(why).detail);
}

} // namespace igl::peer_protocol
