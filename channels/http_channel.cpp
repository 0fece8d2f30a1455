#include "channels/http_channel.hpp"

#include "channels/channel_protocol.hpp"
#include "channels/oauth2.hpp"
#include "messages/probes.hpp"
#include "messages/promise.hpp"
#include "messages/timeouts.hpp"

#include <caf/all.hpp>

#include <spdlog/spdlog.h>

#include <utility>

namespace igl {

namespace {

using shell = http_channel_actor::stateful_pointer<http_channel_state>;

/// What the steps below share.
struct connection {
  shell self;
  channel_settings how;
  http_client_actor http;
  std::function<caf::timestamp()> now;
};
using channel = std::shared_ptr<const connection>;
using answered = std::function<void(caf::expected<http_response>)>;
using asked_ptr = std::shared_ptr<const http_request>;

// -- health
// ---------------------------------------------------------------------------------------

/// Whatever became of a request, the operator can see it.
void note(const channel& c, const caf::error& outcome) {
  auto& health = c->self->state.health;
  auto up = channel_protocol::tells_up(outcome);
  auto code = code_of(outcome);
  // Our own bound tells nothing about the channel.
  if (code == errc::peer_busy || code == errc::overloaded)
    return;
  if (outcome && code != errc::not_found) {
    health.last_error = sentence_of(outcome);
    health.last_error_at = c->now();
  }
  if (up != health.up) {
    if (up)
      spdlog::info("channel {} is up: {}", c->how.id, c->how.url);
    else
      spdlog::warn("channel {} is down: {}", c->how.id, health.last_error);
  }
  health.up = up;
}

// -- the access token
// -----------------------------------------------------------------------------

void token_fetched(const channel& c, caf::expected<oauth2::access_token> outcome) {
  auto& st = c->self->state;
  st.fetching_token = false;
  caf::error why;
  if (outcome) {
    st.token = std::move(outcome->value);
    st.token_ends = outcome->ends;
  } else {
    why = std::move(outcome.error());
  }
  for (auto& go_on : std::exchange(st.awaiting_token, {}))
    go_on(why);
}

/// Calls `go_on` when there is a token, or at once if the channel needs none. Whoever comes while
/// one is fetched waits for the same.
void with_token(const channel& c, std::function<void(caf::error)> go_on) {
  auto& st = c->self->state;
  if (c->how.auth.kind != channel_auth::oauth2 || (!st.token.empty() && c->now() < st.token_ends))
    return go_on(caf::none);
  st.awaiting_token.push_back(std::move(go_on));
  if (std::exchange(st.fetching_token, true))
    return;
  c->self->request(c->http, timeouts::outside, oauth2::token_request(c->how.auth, c->how.timeout))
      .then(
          [=](const http_response& x) {
            token_fetched(c, oauth2::read_token(c->how.auth, x, c->now()));
          },
          [=](caf::error& why) { token_fetched(c, std::move(why)); });
}

// -- exchanges
// ------------------------------------------------------------------------------------

/// Whether a 401 is worth a second try with a fresh token.
enum class token_age : uint8_t { cached, fresh };

/// With the token that the channel's operator gave us, or with the one that was fetched.
http_request with_authorization(const channel& c, const http_request& asked,
                                const std::string& fetched) {
  switch (c->how.auth.kind) {
  case channel_auth::none:
    return asked;
  case channel_auth::token:
    return oauth2::authorized(asked, c->how.auth.token);
  case channel_auth::oauth2:
    break;
  }
  return oauth2::authorized(asked, fetched);
}

void send(const channel& c, const asked_ptr& asked, token_age age, const answered& done) {
  with_token(c, [=](caf::error no_token) {
    // Whatever became of that request, the channel's own was not sent.
    if (no_token && code_of(no_token) != errc::peer_busy)
      no_token = channel_protocol::without_token(c->how, no_token);
    if (no_token)
      return done(std::move(no_token));
    auto token = c->self->state.token;
    auto needs_token = c->how.auth.kind == channel_auth::oauth2;
    c->self->request(c->http, timeouts::outside, with_authorization(c, *asked, token))
        .then(
            [=](http_response& x) {
              if (x.status != 401 || !needs_token || age == token_age::fresh)
                return done(std::move(x));
              // Another request may have fetched a new one in the meantime.
              if (c->self->state.token == token)
                c->self->state.token.clear();
              send(c, asked, token_age::fresh, done);
            },
            [=](caf::error& why) { done(std::move(why)); });
  });
}

/// Sends within the channel's bound; `read` makes the answer of it.
template <class Answer, class Read>
caf::result<Answer> exchange(const channel& c, http_request request, Read read) {
  auto& st = c->self->state;
  if (st.in_flight >= c->how.in_flight)
    return make_problem(errc::peer_busy, "channel " + c->how.id + " has " +
                                             std::to_string(st.in_flight) +
                                             " requests in flight, which is its bound");
  ++st.in_flight;
  auto answer = promise_of<Answer>(c->self);
  auto asked = std::make_shared<const http_request>(std::move(request));
  send(c, asked, token_age::cached, [=](caf::expected<http_response> x) {
    --c->self->state.in_flight;
    caf::expected<Answer> outcome = caf::error{};
    if (!x)
      outcome = std::move(x.error());
    else if (auto why = channel_protocol::access_fault(c->how, *asked, *x))
      outcome = std::move(why);
    else
      outcome = read(*asked, *x);
    note(c, outcome ? caf::error{} : outcome.error());
    answer->deliver(std::move(outcome));
  });
  return answer->unguarded();
}

} // namespace

http_channel_actor::behavior_type
http_channel(http_channel_actor::stateful_pointer<http_channel_state> self, channel_settings how,
             http_client_actor http, std::function<caf::timestamp()> now) {
  auto& health = self->state.health;
  health.id = how.id;
  health.kind = how.kind;
  health.url = how.url;
  auto c = std::make_shared<const connection>(
      connection{self, std::move(how), std::move(http), std::move(now)});
  answer_probes(self);
  return {
      [=](const post_to_channel& x) {
        return exchange<channel_receipt>(c, channel_protocol::post(c->how, x),
                                         channel_protocol::read_receipt);
      },
      [=](const find_channel_message& x) {
        return exchange<channel_message>(c, channel_protocol::find(c->how, x),
                                         channel_protocol::read_message);
      },
      [=](const find_channel_updates& x) {
        auto asked_at = c->now();
        return exchange<channel_page>(
            c, channel_protocol::list(c->how, x),
            [=](const http_request& asked, const http_response& answer) {
              return channel_protocol::read_page(x, asked, answer, {asked_at, c->now()});
            });
      },
      [=](const subscription_request& x) {
        return exchange<subscription_accepted>(c, channel_protocol::subscribe(c->how, x),
                                               channel_protocol::read_acceptance);
      },
      [=](const channel_health_query&) { return self->state.health; },
  };
}

} // namespace igl
