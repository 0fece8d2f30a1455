#include "http/token_keys.hpp"

#include "messages/errors.hpp"
#include "messages/probes.hpp"
#include "messages/promise.hpp"
#include "messages/timeouts.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>

namespace igl {

namespace {

using shell = token_keys_actor::stateful_pointer<token_keys_state>;

/// Tokens that name keys nobody has must not become a stream of requests to the issuer.
constexpr std::chrono::seconds shortest_pause{2};
constexpr std::chrono::seconds patience{10};
static_assert(shortest_pause + patience < timeouts::api);
constexpr size_t most_bytes = 1 << 20;

struct keys_source {
  shell self;
  access_settings how;
  std::shared_ptr<key_ring> ring;
  http_client_actor http;
};
using source = std::shared_ptr<const keys_source>;

/// After a failure soon, then later and later, but never later than otherwise.
std::chrono::milliseconds pause_of(const source& x) {
  auto failures = x->self->state.failures;
  if (failures == 0)
    return x->how.jwks_refresh;
  return std::min<std::chrono::milliseconds>(
      x->how.jwks_refresh, std::chrono::seconds{1} * (1 << std::min(failures - 1, 10u)));
}

caf::error keep(const source& x, const caf::expected<std::string>& text) {
  if (!text)
    return text.error();
  auto keys = key_set::parse(*text);
  if (!keys)
    return keys.error();
  auto before = x->ring->current();
  if (!before || before->size() != keys->size())
    spdlog::info("token-keys has {} keys from {}", keys->size(), x->how.jwks);
  x->ring->put(std::move(*keys));
  return caf::none;
}

void plan(const source& x, std::chrono::steady_clock::time_point when) {
  x->self->state.next = when;
  auto now = x->self->clock().now();
  if (when > now)
    x->self->delayed_send(x->self, when - now, caf::tick_atom::value);
  else
    x->self->send(x->self, caf::tick_atom::value);
}

void end_reading(const source& x, const caf::expected<std::string>& text) {
  auto& st = x->self->state;
  auto before = sentence_of(st.failure);
  st.failure = keep(x, text);
  st.failures = st.failure ? st.failures + 1 : 0;
  if (st.failure && (st.failures == 1 || sentence_of(st.failure) != before))
    spdlog::warn(
        "token-keys cannot read the keys of {}: {}; {}", x->how.jwks, sentence_of(st.failure),
        x->ring->current() ? "those it has read before stay" : "JSON Web Tokens cannot be checked");
  st.reading = false;
  st.soonest = x->self->clock().now() + shortest_pause;
  plan(x, x->self->clock().now() + pause_of(x));
  for (auto& go_on : std::exchange(st.waiting, {}))
    go_on();
}

caf::expected<std::string> content_of(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file)
    return make_problem(errc::not_found, "the file " + path + " cannot be opened");
  std::string text(most_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  if (file.bad() || text.size() > most_bytes)
    return make_problem(errc::too_large, "the file " + path + " is not of at most 1 MiB");
  return text;
}

void read(const source& x) {
  x->self->state.reading = true;
  if (x->how.jwks.find("://") == std::string::npos)
    return end_reading(x, content_of(x->how.jwks));
  http_request request;
  request.method = "GET";
  request.url = x->how.jwks;
  request.headers.push_back({"Accept", "application/jwk-set+json, application/json"});
  request.timeout = patience;
  request.max_body = most_bytes;
  x->self->request(x->http, timeouts::outside, request)
      .then(
          [=](const http_response& answer) {
            auto why = error_of(request, answer);
            end_reading(x, why ? caf::expected<std::string>{why}
                               : caf::expected<std::string>{answer.body});
          },
          [=](const caf::error& why) { end_reading(x, why); });
}

caf::result<token_keys_renewed> renew(const source& x, const renew_token_keys& asked) {
  auto answer = promise_of<token_keys_renewed>(x->self);
  auto deliver = [=] {
    auto keys = x->ring->current();
    if (auto& why = x->self->state.failure)
      answer->deliver(
          make_problem(errc::unavailable,
                       "the keys that tokens are signed with cannot be read: " + sentence_of(why)));
    else
      answer->deliver(token_keys_renewed{keys ? keys->size() : 0});
  };
  auto& st = x->self->state;
  if (st.waiting.empty())
    spdlog::info("token-keys reads the keys of {} again: {}", x->how.jwks, asked.why);
  st.waiting.emplace_back(deliver);
  if (!st.reading && st.next > st.soonest)
    plan(x, std::max(st.soonest, x->self->clock().now()));
  return answer->unguarded();
}

} // namespace

token_keys_actor::behavior_type
token_keys(token_keys_actor::stateful_pointer<token_keys_state> self, access_settings how,
           std::shared_ptr<key_ring> ring, http_client_actor http) {
  auto x = std::make_shared<const keys_source>(
      keys_source{self, std::move(how), std::move(ring), std::move(http)});
  self->send(self, caf::tick_atom::value);
  answer_probes(self);
  return {
      [=](const renew_token_keys& asked) { return renew(x, asked); },
      [=](caf::tick_atom) {
        if (!self->state.reading && self->clock().now() >= self->state.next)
          read(x);
      },
  };
}

} // namespace igl
