#include "actors/lease_watch.hpp"

#include "actors/settling.hpp"
#include "actors/supervisor.hpp"
#include "messages/json.hpp"
#include "messages/probes.hpp"
#include "messages/text.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace igl {

namespace {

using watch_pointer = lease_watch_actor::stateful_pointer<lease_watch_state>;

const std::string cursor_name = "lease-watch";

/// A tenth of the notice, so that it is kept to within that.
std::chrono::milliseconds pause_between_looks(const process_settings& settings) {
  using namespace std::chrono_literals;
  return std::clamp<std::chrono::milliseconds>(settings.ending_notice / 10, 100ms, 1min);
}

struct look {
  watch_pointer self;
  surroundings around;
  std::shared_ptr<const process_settings> settings;
};

void look_again(const look& x) {
  x.self->delayed_send(x.self, pause_between_looks(*x.settings), caf::tick_atom_v);
}

void failed(const look& x, const caf::error& why) {
  spdlog::warn("lease watch could not look which subscriptions end, it will look again: {}",
               sentence_of(why));
  look_again(x);
}

void tell(const look& x, const std::vector<subscription>& ending) {
  if (ending.empty())
    return look_again(x);
  auto what = announced(ending);
  settle(x.self, x.around, what, [=](caf::expected<settled> result) {
    if (!result)
      return failed(x, result.error());
    for (auto& event : what.events)
      spdlog::warn("a subscription to {} is about to end: {}", event.about, event.detail);
    // A page may not have been all.
    x.self->send(x.self, caf::tick_atom_v);
  });
}

void begin(const look& x) {
  x.self->request(x.around.reader, timeouts::read, find_cursor{cursor_name})
      .then(
          [=](const found_cursor& cursor) {
            auto what = leases_to_announce(cursor.value, x.around.now(), x.settings->ending_notice);
            x.self->request(x.around.reader, timeouts::read, what)
                .then([=](const found_ending_subscriptions& y) { tell(x, y.subscriptions); },
                      [=](const caf::error& why) { failed(x, why); });
          },
          [=](const caf::error& why) { failed(x, why); });
}

} // namespace

find_ending_subscriptions leases_to_announce(std::string_view announced, caf::timestamp now,
                                             std::chrono::milliseconds notice) {
  find_ending_subscriptions x;
  auto before = static_cast<int64_t>(parse_number(announced).value_or(0));
  x.after = std::max(now, caf::timestamp{caf::timespan{before}});
  x.until = now + notice;
  return x;
}

settlement announced(const std::vector<subscription>& ending) {
  settlement result;
  for (auto& x : ending)
    result.events.push_back({0,
                             {},
                             event_kind::subscription_ending,
                             x.topic_as_asked,
                             "at " + to_rfc3339(x.ends) + " unless it is renewed: " + x.callback});
  if (!ending.empty())
    result.cursors.push_back(
        {cursor_name, std::to_string(ending.back().ends.time_since_epoch().count())});
  return result;
}

lease_watch_actor::behavior_type lease_watch(watch_pointer self, surroundings around,
                                             std::shared_ptr<const process_settings> settings) {
  name_exceptions(self);
  look x{self, std::move(around), std::move(settings)};
  self->send(self, caf::tick_atom_v);
  answer_probes(self);
  return {[=](caf::tick_atom) {
    begin(x);
  }};
}

} // namespace igl
