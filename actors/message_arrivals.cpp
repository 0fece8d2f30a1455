#include "actors/message_arrivals.hpp"

#include <algorithm>

namespace igl::message_arrivals {

namespace {

std::vector<message_arrival> all_of(const message_record& x) {
  if (!x.arrivals.empty() || x.channel_id.empty())
    return x.arrivals;
  return {{x.channel_id, x.channel_txn_id}};
}

auto place_of(std::vector<message_arrival>& all, const message_arrival& x) {
  return std::find_if(all.begin(), all.end(), [&](auto& y) {
    return y.channel_id == x.channel_id && y.channel_txn_id == x.channel_txn_id;
  });
}

bool make_room(std::vector<message_arrival>& in) {
  if (in.size() < remembered_at_most)
    return true;
  auto oldest = std::find_if(in.begin(), in.end(), [](auto& x) { return !x.stands; });
  if (oldest == in.end())
    return false;
  in.erase(oldest);
  return true;
}

void put_where(message_record& x, const message_arrival& at) {
  x.channel_id = at.channel_id;
  x.channel_txn_id = at.channel_txn_id;
}

} // namespace

caf::optional<message_record> with(const message_record& x, const message_arrival& arrival) {
  auto all = all_of(x);
  if (all.empty() || place_of(all, arrival) != all.end() || !make_room(all))
    return caf::none;
  all.push_back({arrival.channel_id, arrival.channel_txn_id});
  auto after = x;
  after.arrivals = std::move(all);
  if (!is_withdrawn(x))
    return after;
  put_where(after, arrival);
  if (after.rejected_by_channel && may_follow(after.status, message_status::received))
    after.status = message_status::received;
  after.rejected_by_channel = false;
  return after;
}

caf::optional<message_record> without(const message_record& x, const message_arrival& arrival) {
  auto all = all_of(x);
  auto at = place_of(all, arrival);
  if (at == all.end() || !at->stands)
    return caf::none;
  at->stands = false;
  auto after = x;
  auto newest = std::find_if(all.rbegin(), all.rend(), [](auto& y) { return y.stands; });
  if (newest != all.rend())
    put_where(after, *newest);
  after.arrivals = all;
  if (newest == all.rend() && !is_final(x.status) &&
      may_follow(x.status, message_status::rejected)) {
    after.status = message_status::rejected;
    after.rejected_by_channel = true;
  }
  return after;
}

} // namespace igl::message_arrivals
