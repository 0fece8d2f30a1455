#include "scenarios/runner/network.hpp"

#include "messages/errors.hpp"
#include "messages/probes.hpp"

#include <fstream>
#include <utility>

namespace igl::scenario {

std::string host_of(const std::string& url) {
  auto start = url.find("://");
  start = start == std::string::npos ? 0 : start + 3;
  auto end = url.find_first_of("/?#", start);
  auto host = url.substr(start, end == std::string::npos ? end : end - start);
  return host.substr(0, host.find(':'));
}

namespace {

/// What the client makes of an answer: bounds, and the file it may go to.
caf::expected<http_response> received(uint64_t max_body, const std::string& save_to,
                                      http_response x) {
  if (x.body.size() > max_body)
    return make_problem(errc::too_large,
                        "the answer has more than " + std::to_string(max_body) + " bytes");
  if (save_to.empty() || x.status < 200 || x.status >= 300)
    return x;
  std::ofstream file(save_to, std::ios::binary);
  file << x.body;
  x.body.clear();
  if (!file.flush())
    return make_problem(errc::unavailable, "an answer cannot be written to " + save_to);
  return x;
}

} // namespace

void network::join(const std::string& host, std::shared_ptr<const presence> who, listener by) {
  places_[host] = {std::move(who), std::move(by)};
}

weather& network::between(const std::string& a, const std::string& b) {
  return weather_[std::minmax(a, b)];
}

const weather* network::between(const presence& a, const presence& b) const {
  if (weather_.empty())
    return nullptr;
  for (auto* one : {&a.label, &a.party})
    for (auto* other : {&b.label, &b.party})
      if (auto found = weather_.find(std::minmax(*one, *other)); found != weather_.end())
        return &found->second;
  return nullptr;
}

bool network::is_bad_for(const std::string& party) const {
  for (auto& [between, x] : weather_)
    if ((between.first == party || between.second == party) &&
        (x.cut || x.lost > 0 || x.doubled > 0 || x.garbled > 0 || x.delay.count() > 0))
      return true;
  return false;
}

std::chrono::nanoseconds network::some_of(std::chrono::milliseconds at_most) {
  return std::chrono::nanoseconds{static_cast<int64_t>(
      share() * static_cast<double>(std::chrono::nanoseconds{at_most}.count()))};
}

void network::hand_over(const std::string& host, http_request x, answered done) {
  auto found = places_.find(host);
  if (found == places_.end() || !found->second.who->alive)
    return done(make_problem(errc::peer_unreachable, host + " is not there"));
  auto who = found->second.who;
  // What the asked process cannot answer any more ends with its connection.
  found->second.by(std::move(x), [who, host, done](http_response y) {
    if (who->alive)
      done(std::move(y));
    else
      done(make_problem(errc::peer_lost, host + " ended before it answered"));
  });
}

void network::carry(std::shared_ptr<const presence> from, http_request x, answered done) {
  auto host = host_of(x.url);
  auto found = places_.find(host);
  ++under_way_;
  ++carried_;
  auto once = [this, from, max_body = x.max_body, save_to = x.save_to, done = std::move(done),
               over = false](caf::expected<http_response> y) mutable {
    if (std::exchange(over, true))
      return;
    --under_way_;
    if (from->alive && from->on_answer)
      from->on_answer();
    if (!from->alive)
      return;
    if (y)
      y = received(max_body, save_to, std::move(*y));
    done(std::move(y));
  };
  auto answer =
      std::make_shared<std::function<void(caf::expected<http_response>)>>(std::move(once));
  auto then = [answer](caf::expected<http_response> y) {
    (*answer)(std::move(y));
  };
  auto* here = found == places_.end() ? nullptr : between(*from, *found->second.who);
  if (here == nullptr)
    return hand_over(host, std::move(x), then);
  const auto now = *here;
  if (now.cut)
    return then(make_problem(errc::peer_unreachable, host + " cannot be reached"));
  const auto late = make_problem(errc::peer_timeout, host + " did not answer in time");
  if (now.lost > 0 || now.delay.count() > 0)
    in_.after(x.timeout, [then, late] { then(late); });
  bool request_lost = false;
  bool answer_lost = false;
  if (now.lost > 0 && share() < now.lost)
    (share() < 0.5 ? request_lost : answer_lost) = true;
  const bool altered = now.garbled > 0 && share() < now.garbled;
  const bool twice = now.doubled > 0 && share() < now.doubled;
  auto back = some_of(now.delay);
  auto back_home = [this, then, back, answer_lost, altered](caf::expected<http_response> y) {
    if (answer_lost)
      return;
    if (y && altered && !y->body.empty())
      y->body.front() ^= 1;
    if (back.count() == 0)
      return then(std::move(y));
    in_.after(back, [then, y = std::move(y)] { then(y); });
  };
  auto arrive = [this, host, x = std::move(x), back_home, twice] {
    if (twice)
      hand_over(host, x, [](const caf::expected<http_response>&) {});
    hand_over(host, x, back_home);
  };
  if (request_lost)
    return;
  if (now.delay.count() > 0)
    in_.after(some_of(now.delay), std::move(arrive));
  else
    arrive();
}

simulated_http_client_actor::behavior_type simulated_http_client(
    simulated_http_client_actor::stateful_pointer<simulated_http_client_state> self,
    network* through, std::shared_ptr<const presence> who) {
  answer_probes(self);
  return {
      [=](http_request& x) {
        auto& st = self->state;
        auto number = ++st.last_number;
        auto answer = promise_of<http_response>(self);
        st.waiting.emplace(number, answer);
        auto weak = caf::actor_cast<caf::weak_actor_ptr>(self);
        // An actor answers in its own time only, not in that of whoever brings the answer.
        through->carry(who, std::move(x), [=, come = st.come](caf::expected<http_response> y) {
          auto strong = weak.lock();
          if (!strong)
            return;
          come->emplace(number, std::move(y));
          caf::anon_send(caf::actor_cast<simulated_http_client_actor>(strong),
                         caf::tick_atom::value, number);
        });
        return answer->unguarded();
      },
      [=](caf::tick_atom, uint64_t number) {
        auto& st = self->state;
        auto answer = st.waiting.extract(number);
        auto come = st.come->extract(number);
        if (answer && come)
          answer.mapped()->deliver(std::move(come.mapped()));
      },
  };
}

} // namespace igl::scenario
