#include "http/json_web_token.hpp"

#include "http/json_web_key.hpp"
#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "messages/multibase.hpp"
#include "messages/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace igl {

namespace {

/// In characters; a header of a request is hardly longer.
constexpr size_t longest_token = 16 * 1024;

caf::error malformed(const std::string& why) {
  return make_problem(errc::unauthorized,
                      "the token is no JSON Web Token that is taken here: " + why);
}

/// One of the two JSON parts; null: it is no JSON object in base64url.
nlohmann::json object_in(std::string_view part) {
  auto text = base64url_decode(part);
  auto read = text ? parse_json(*text) : caf::expected<nlohmann::json>{nlohmann::json{}};
  return read && read->is_object() ? std::move(*read) : nlohmann::json{};
}

/// False: it is there and no text.
bool take_text(const nlohmann::json& from, const std::string& name, std::string& to) {
  auto found = from.find(name);
  if (found == from.end() || found->is_null())
    return true;
  if (!found->is_string())
    return false;
  to = found->get<std::string>();
  return true;
}

/// NumericDate: seconds, perhaps with a fraction. False: it is there and none.
bool take_time(const nlohmann::json& from, const char* name, caf::optional<caf::timestamp>& to) {
  constexpr double last = 9e9; // the year 2255; what is later would not fit
  auto found = from.find(name);
  if (found == from.end())
    return true;
  if (!found->is_number())
    return false;
  auto seconds = found->get<double>();
  if (!(seconds >= 0))
    return false;
  auto nanoseconds = static_cast<int64_t>(std::min(seconds, last) * 1e9);
  to = caf::timestamp{std::chrono::nanoseconds{nanoseconds}};
  return true;
}

/// A text or a list of texts (RFC 7519 §4.1.3).
bool take_audience(const nlohmann::json& from, std::vector<std::string>& to) {
  auto found = from.find("aud");
  if (found == from.end())
    return true;
  if (found->is_string()) {
    to.push_back(found->get<std::string>());
    return true;
  }
  if (!found->is_array())
    return false;
  for (auto& x : *found) {
    if (!x.is_string())
      return false;
    to.push_back(x.get<std::string>());
  }
  return true;
}

/// Tokens for other purposes say so in their type (RFC 8725 §3.11); ID tokens and the access tokens
/// of RFC 9068 have one of these, or none.
bool is_access_token(std::string type) {
  type = lower_case(type);
  constexpr std::string_view media = "application/";
  if (type.starts_with(media))
    type.erase(0, media.size());
  return type.empty() || type == "jwt" || type == "at+jwt";
}

/// Since 1970, as tokens have it.
std::string seconds_of(caf::timestamp x) {
  return std::to_string(
      std::chrono::duration_cast<std::chrono::seconds>(x.time_since_epoch()).count());
}

} // namespace

bool looks_like_web_token(std::string_view text) {
  return std::count(text.begin(), text.end(), '.') == 2;
}

caf::expected<json_web_token> parse_web_token(std::string_view text,
                                              const std::string& jurisdiction_claim) {
  if (text.size() > longest_token)
    return malformed("it is longer than 16 KiB");
  if (!looks_like_web_token(text))
    return malformed("it does not have three parts");
  auto first = text.find('.');
  auto last = text.rfind('.');
  auto header = object_in(text.substr(0, first));
  auto claims = object_in(text.substr(first + 1, last - first - 1));
  auto signature = base64url_decode(text.substr(last + 1));
  if (header.is_null() || claims.is_null() || !signature)
    return malformed("its parts are not JSON in base64url");
  json_web_token x;
  x.signed_text = text.substr(0, last);
  x.signature = std::move(*signature);
  std::string type;
  if (!take_text(header, "alg", x.algorithm) || !take_text(header, "kid", x.key_id) ||
      !take_text(header, "typ", type))
    return malformed("its header has something else than a text as alg, kid or typ");
  if (!is_known_algorithm(x.algorithm))
    return malformed("its alg is none of RS256, RS384, RS512, ES256, ES384");
  if (header.contains("crit"))
    return malformed("its header has extensions that are critical");
  if (!is_access_token(type))
    return malformed("its typ is neither JWT nor at+jwt");
  auto good = take_text(claims, "iss", x.issuer) && take_text(claims, "sub", x.subject) &&
              take_audience(claims, x.audience) && take_time(claims, "exp", x.expires) &&
              take_time(claims, "nbf", x.not_before) &&
              (jurisdiction_claim.empty() || take_text(claims, jurisdiction_claim, x.jurisdiction));
  if (!good)
    return malformed("one of its claims has a type that it must not have");
  return x;
}

std::string fault_in_claims(const json_web_token& x, const access_settings& how,
                            caf::timestamp now) {
  if (x.issuer != how.issuer)
    return "the token has another iss than " + how.issuer;
  if (std::find(x.audience.begin(), x.audience.end(), how.audience) == x.audience.end())
    return "the token's aud does not name " + how.audience;
  if (!x.expires)
    return "the token has no exp";
  if (*x.expires + how.clock_leeway <= now)
    return "the token has expired: its exp is " + seconds_of(*x.expires) + ", and here it is " +
           seconds_of(now);
  if (x.not_before && *x.not_before - how.clock_leeway > now)
    return "the token is not valid yet: its nbf is " + seconds_of(*x.not_before) +
           ", and here it is " + seconds_of(now);
  return {};
}

} // namespace igl
