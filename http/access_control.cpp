#include "http/access_control.hpp"

#include "http/json_web_token.hpp"
#include "messages/errors.hpp"
#include "messages/multihash.hpp"
#include "messages/text.hpp"

#include <openssl/crypto.h>

#include <algorithm>

namespace igl {

namespace {

/// How much of a text that somebody else chose goes into a log.
constexpr size_t longest_name = 128;

caf::error unauthorized(const std::string& why) {
  return make_problem(errc::unauthorized, why, R"(["Authorization"])");
}

/// The token in the header; empty: there is none.
std::string_view bearer_token_in(std::string_view authorization) {
  constexpr std::string_view scheme = "Bearer ";
  if (authorization.size() <= scheme.size() ||
      !equal_ignoring_case(authorization.substr(0, scheme.size()), scheme))
    return {};
  return trimmed(authorization.substr(scheme.size()));
}

std::string listed(const std::vector<std::string>& codes) {
  std::string text;
  for (auto& code : codes)
    text += (text.empty() ? "" : ", ") + code;
  return text;
}

/// Fit for one line of a log.
std::string name_of(std::string_view text) {
  std::string result{text.substr(0, longest_name)};
  std::replace_if(
      result.begin(), result.end(), [](char c) { return c < ' ' || c == '\x7f'; }, '?');
  return result;
}

} // namespace

access_control::access_control(std::string kind, access_settings how,
                               std::shared_ptr<const key_ring> keys,
                               std::function<caf::timestamp()> now)
    : kind_(std::move(kind)), how_(std::move(how)), keys_(std::move(keys)), now_(std::move(now)) {}

access_control::access_control(const endpoint_settings& how, std::shared_ptr<const key_ring> keys,
                               std::function<caf::timestamp()> now)
    : access_control("node", how.access, std::move(keys), std::move(now)) {
  jurisdictions_ = how.jurisdictions;
  for (auto& node : how.nodes)
    know(node.token, node.subject, {node.id, node.jurisdiction, kind_});
}

access_control access_control::of_peers(const endpoint_settings& how,
                                        std::shared_ptr<const key_ring> keys,
                                        std::function<caf::timestamp()> now) {
  auto access = how.access;
  // Whom a peer speaks for is agreed between operators, and not for an issuer to say.
  access.jurisdiction_claim.clear();
  access_control all("peer", std::move(access), std::move(keys), std::move(now));
  for (auto& peer : how.peers)
    all.know(peer.token, peer.subject, {peer.id, listed(peer.jurisdictions), all.kind_});
  return all;
}

void access_control::know(const std::string& token, const std::string& subject,
                          const caller& whose) {
  if (!token.empty())
    tokens_.push_back({sha256_hex(token), whose});
  if (!subject.empty())
    subjects_.push_back({subject, whose});
}

access_control::verdict access_control::caller_of(std::string_view authorization) const {
  if (authorization.empty())
    return unauthorized("this endpoint wants a bearer token, and the request has none");
  auto token = bearer_token_in(authorization);
  if (token.empty())
    return unauthorized("this endpoint wants a bearer token, and the request has something else");
  // All are looked at, and digests are equally long: the time tells nothing about any of them.
  auto digest = sha256_hex(token);
  const caller* found = nullptr;
  for (auto& x : tokens_)
    if (CRYPTO_memcmp(x.digest.data(), digest.data(), digest.size()) == 0)
      found = &x.whose;
  if (found != nullptr)
    return *found;
  if (keys_ && looks_like_web_token(token))
    return by_web_token(token);
  return unauthorized("the token is not one that this endpoint knows");
}

access_control::verdict access_control::by_web_token(std::string_view text) const {
  auto keys = keys_->current();
  if (!keys)
    return make_problem(errc::unavailable, "the keys that tokens are signed with are not here yet");
  auto token = parse_web_token(text, how_.jurisdiction_claim);
  if (!token)
    return unauthorized(problem_of(token.error()).detail);
  auto signed_by =
      keys->check(token->algorithm, token->key_id, token->signed_text, token->signature);
  if (signed_by == signature_check::unknown_key)
    return unknown_key{"the token names the key " + name_of(token->key_id) +
                       ", which is not among those of " + how_.jwks};
  if (signed_by == signature_check::bad)
    return unauthorized("the token's signature is not by a key of this endpoint's token issuer");
  if (auto fault = fault_in_claims(*token, how_, now_()); !fault.empty())
    return unauthorized(fault + " (sub " + name_of(token->subject) + ")");
  for (auto& x : subjects_)
    if (x.subject == token->subject)
      return x.whose;
  caller who{name_of(token->subject), token->jurisdiction, kind_};
  if (who.jurisdiction.empty())
    return make_problem(errc::forbidden, "the token is good, but sub " + who.node +
                                             " is none of the " + kind_ + "s of this endpoint");
  if (std::find(jurisdictions_.begin(), jurisdictions_.end(), who.jurisdiction) ==
      jurisdictions_.end())
    return make_problem(errc::forbidden, "the token of sub " + who.node + " is for " +
                                             name_of(who.jurisdiction) +
                                             ", for which this endpoint does not speak");
  return who;
}

std::string access_control::description() const {
  std::string names;
  for (auto& x : tokens_)
    names += (names.empty() ? "" : ", ") + x.whose.node + " as " + x.whose.jurisdiction;
  auto text = names.empty() ? std::string{} : "the tokens of " + names;
  if (!keys_)
    return text;
  text += (text.empty() ? "" : ", and ") + std::string{"JSON Web Tokens of "} + how_.issuer +
          " signed with the keys of " + how_.jwks;
  for (auto& x : subjects_)
    text += (&x == &subjects_.front() ? ": " : ", ") + x.subject + " is " + x.whose.node + " as " +
            x.whose.jurisdiction;
  if (!how_.jurisdiction_claim.empty())
    text += "; others as their " + how_.jurisdiction_claim + " says";
  return text;
}

} // namespace igl
