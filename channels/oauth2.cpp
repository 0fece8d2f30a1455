#include "channels/oauth2.hpp"

#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "messages/multibase.hpp"
#include "messages/uri.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace igl::oauth2 {

namespace {

/// The lifetime a token is given when its server does not tell.
constexpr std::chrono::seconds usual_lifetime{300};
constexpr std::chrono::seconds longest_lifetime{24 * 3600};

/// Seconds; some servers answer a number, some its text.
caf::optional<std::chrono::seconds> lifetime_in(const nlohmann::json& body) {
  auto at = body.find("expires_in");
  if (at == body.end() || at->is_null())
    return usual_lifetime;
  double seconds = 0;
  if (at->is_number()) {
    seconds = at->get<double>();
  } else if (at->is_string()) {
    auto text = at->get<std::string>();
    if (text.empty() || text.size() > 9 ||
        !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
      return caf::none;
    seconds = std::stod(text);
  } else {
    return caf::none;
  }
  if (!(seconds > 0))
    return caf::none;
  auto bounded = std::min(seconds, static_cast<double>(longest_lifetime.count()));
  return std::chrono::seconds{static_cast<int64_t>(bounded)};
}

bool fits_a_header(const std::string& token) {
  return !token.empty() &&
         std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

} // namespace

http_request token_request(const channel_auth_settings& how, std::chrono::milliseconds timeout) {
  http_request x;
  x.method = "POST";
  x.url = how.token_endpoint;
  x.timeout = timeout;
  // RFC 6749 §2.3.1: both are form-encoded before they are joined.
  auto credentials = percent_encode(how.client_id) + ":" + percent_encode(how.client_secret);
  x.headers = {{"Authorization", "Basic " + base64_encode(credentials)},
               {"Content-Type", "application/x-www-form-urlencoded"},
               {"Accept", "application/json"}};
  x.body = "grant_type=client_credentials&client_id=" + percent_encode(how.client_id);
  if (!how.scope.empty())
    x.body += "&scope=" + percent_encode(how.scope);
  return x;
}

caf::expected<access_token> read_token(const channel_auth_settings& how, const http_response& x,
                                       caf::timestamp now) {
  auto who = "token endpoint " + how.token_endpoint;
  if (x.status >= 500 || x.status == 429 || x.status == 408)
    return make_problem(errc::peer_failed, who + " answers " + std::to_string(x.status));
  if (x.status >= 400)
    return make_problem(errc::peer_refused, who + " answers " + std::to_string(x.status) +
                                                " to client_id " + how.client_id +
                                                ": check client_id, client_secret and scope");
  if (x.status < 200 || x.status >= 300)
    return make_problem(errc::bad_answer, who + " answers " + std::to_string(x.status));
  auto body = parse_json(x.body);
  if (!body || !body->is_object())
    return make_problem(errc::bad_answer, who + " answers no JSON object");
  auto token = body->find("access_token");
  if (token == body->end() || !token->is_string() || !fits_a_header(token->get<std::string>()))
    return make_problem(errc::bad_answer, who + " answers without a usable access_token");
  auto lifetime = lifetime_in(*body);
  if (!lifetime)
    return make_problem(errc::bad_answer, who + " answers a strange expires_in");
  auto margin = std::min<std::chrono::seconds>(std::chrono::seconds{60}, *lifetime / 10);
  return access_token{token->get<std::string>(), now + (*lifetime - margin)};
}

http_request authorized(http_request x, const std::string& token) {
  auto value = "Bearer " + token;
  for (auto& header : x.headers)
    if (header.name == "Authorization") {
      header.value = value;
      return x;
    }
  x.headers.push_back({"Authorization", value});
  return x;
}

} // namespace igl::oauth2
