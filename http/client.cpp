#include "http/client.hpp"

#include "http/detail/outbound.hpp"
#include "messages/errors.hpp"
#include "messages/probes.hpp"
#include "messages/promise.hpp"

#include <caf/all.hpp>

#include <deque>
#include <map>

namespace igl {

/// The end of an exchange, on its way from cpprestsdk's threads. Local only.
struct outbound_ended {
  uint64_t number = 0;
  std::shared_ptr<outbound_end> how;
};

} // namespace igl

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(igl::outbound_ended)

namespace igl {

namespace {

/// The POOL keeps connections and waiting requests, per origin.
using http_pool_actor = caf::typed_actor<caf::replies_to<http_request>::with<http_response>,
                                         // INTERNAL: an exchange has ended.
                                         caf::reacts_to<outbound_ended>,
                                         // INTERNAL: deadlines, and origins nobody asks any more.
                                         caf::reacts_to<caf::tick_atom>>;

constexpr std::chrono::milliseconds tick_interval{50};
constexpr std::chrono::minutes forget_origin_after{2};

struct request_in_progress {
  http_request asked;
  http_url where;
  std::shared_ptr<guarded_promise<http_response>> answer; ///< null: the deadline was told already
  caf::actor_clock::time_point deadline;
  pplx::cancellation_token_source until;
  std::shared_ptr<answer_head> head; ///< null: the body counts, too
  bool repeated = false;
};

struct origin_connections {
  std::shared_ptr<origin_client> client;
  uint32_t in_flight = 0;
  std::deque<uint64_t> waiting;
  caf::actor_clock::time_point last_used;
};

struct http_pool_state {
  static inline const char* name = "http-pool";
  std::shared_ptr<answer_watch> watch;
  std::map<std::string, origin_connections> origins;
  std::map<uint64_t, request_in_progress> requests;
  uint64_t last_number = 0;
  bool ticking = false;

  ~http_pool_state() {
    for (auto& [number, x] : requests)
      x.until.cancel();
  }
};

using shell = http_pool_actor::stateful_pointer<http_pool_state>;

void start(shell self, uint64_t number) {
  auto& x = self->state.requests.at(number);
  auto& origin = self->state.origins[x.where.origin()];
  // The callback may come when the actor, or the whole system, is gone.
  auto weak = caf::actor_cast<caf::weak_actor_ptr>(self);
  origin.client->start(x.asked, x.where, x.until.get_token(), x.head, [=](outbound_end end) {
    if (auto pool = weak.lock())
      caf::anon_send(caf::actor_cast<http_pool_actor>(pool),
                     outbound_ended{number, std::make_shared<outbound_end>(std::move(end))});
  });
}

/// Gives free places to those that wait.
void start_waiting(shell self, origin_connections& origin, const http_client_options& how) {
  while (origin.in_flight < how.requests_per_origin && !origin.waiting.empty()) {
    auto number = origin.waiting.front();
    origin.waiting.pop_front();
    if (!self->state.requests.contains(number))
      continue;
    ++origin.in_flight;
    start(self, number);
  }
}

void keep_ticking(shell self) {
  if (self->state.ticking)
    return;
  self->state.ticking = true;
  self->delayed_send(self, tick_interval, caf::tick_atom::value);
}

caf::result<http_response> accept(shell self, http_request& asked, const http_client_options& how) {
  auto where = parse_http_url(asked.url);
  if (!where)
    return make_problem(errc::bad_request, "not an http or https URL: " + asked.url);
  auto now = self->clock().now();
  auto& origin = self->state.origins[where->origin()];
  if (origin.waiting.size() >= how.waiting_per_origin)
    return make_problem(errc::peer_busy, where->origin());
  if (!origin.client) {
    try {
      origin.client = std::make_shared<origin_client>(*where, how.only, self->state.watch);
    } catch (const std::exception& failure) {
      self->state.origins.erase(where->origin());
      return make_problem(errc::bad_request, asked.url + ": " + failure.what());
    }
  }
  origin.last_used = now;
  auto number = ++self->state.last_number;
  auto answer = promise_of<http_response>(self);
  auto deadline = now + asked.timeout;
  auto head = asked.cut_body ? std::make_shared<answer_head>() : nullptr;
  self->state.requests.emplace(
      number,
      request_in_progress{std::move(asked), std::move(*where), answer, deadline, {}, head, false});
  origin.waiting.push_back(number);
  start_waiting(self, origin, how);
  keep_ticking(self);
  return answer->unguarded();
}

/// A connection that was kept may have been closed by the other side just then.
bool repeats(const request_in_progress& x, const outbound_end& end) {
  return x.answer && !x.repeated && !end.answer_began && code_of(end.why) == errc::peer_lost &&
         is_repeatable(x.asked);
}

void finish(shell self, const outbound_ended& ended, const http_client_options& how) {
  auto found = self->state.requests.find(ended.number);
  if (found == self->state.requests.end())
    return;
  auto& x = found->second;
  auto& origin = self->state.origins[x.where.origin()];
  if (repeats(x, *ended.how)) {
    x.repeated = true;
    // A new client has no kept connections.
    origin.client = std::make_shared<origin_client>(x.where, how.only, self->state.watch);
    return start(self, ended.number);
  }
  origin.last_used = self->clock().now();
  --origin.in_flight;
  if (x.answer && ended.how->why)
    x.answer->deliver(ended.how->why);
  else if (x.answer)
    x.answer->deliver(std::move(ended.how->answer));
  self->state.requests.erase(found);
  start_waiting(self, origin, how);
}

/// What is known of an answer that was not over in time.
caf::expected<http_response> late(const request_in_progress& x) {
  auto head = x.head ? x.head->known() : caf::optional<http_response>{};
  if (!head)
    return make_problem(errc::peer_timeout, x.asked.method + " " + x.asked.url);
  head->is_cut = true;
  return *head;
}

/// Tells those whose time is over. A request that was started keeps its place until cpprestsdk
/// has let go of it.
void expire(shell self) {
  auto now = self->clock().now();
  auto& requests = self->state.requests;
  for (auto at = requests.begin(); at != requests.end();) {
    auto& x = at->second;
    if (!x.answer || now < x.deadline) {
      ++at;
      continue;
    }
    x.answer->deliver(late(x));
    x.answer = nullptr;
    auto& waiting = self->state.origins[x.where.origin()].waiting;
    if (auto place = std::find(waiting.begin(), waiting.end(), at->first); place != waiting.end()) {
      waiting.erase(place);
      at = requests.erase(at);
      continue;
    }
    x.until.cancel();
    ++at;
  }
  std::erase_if(self->state.origins, [=](auto& origin) {
    auto& x = origin.second;
    return x.in_flight == 0 && x.waiting.empty() && now - x.last_used >= forget_origin_after;
  });
}

http_pool_actor::behavior_type http_pool(shell self, http_client_options how) {
  // What cpprestsdk may have read ahead of a head's or a chunk's end.
  constexpr uint64_t at_once = 256 * 1024;
  self->state.watch = std::make_shared<answer_watch>(how.header_bytes + how.chunk_bytes + at_once);
  return {
      [=](http_request& asked) { return accept(self, asked, how); },
      [=](const outbound_ended& ended) { finish(self, ended, how); },
      [=](caf::tick_atom) {
        self->state.ticking = false;
        expire(self);
        if (!self->state.requests.empty() || !self->state.origins.empty())
          keep_ticking(self);
      },
  };
}

} // namespace

http_client_actor::behavior_type
http_client(http_client_actor::stateful_pointer<http_client_state> self, http_client_options how) {
  auto pool = self->spawn<caf::linked>(http_pool, how);
  answer_probes(self);
  return {[=](http_request& asked) -> caf::delegated<http_response> {
    return self->delegate(pool, std::move(asked));
  }};
}

} // namespace igl
