#include "channels/update_cursor.hpp"

#include "messages/errors.hpp"
#include "messages/multihash.hpp"
#include "messages/text.hpp"

#include <algorithm>

namespace igl::update_cursor {

namespace {

/// Records in a page, at most.
constexpr uint32_t most = 5000;
constexpr size_t mark_digits = 16;

caf::error refusal(std::string_view cursor, const std::string& why) {
  return make_problem(errc::bad_request, "the cursor " + std::string{cursor} + " " + why +
                                             "; start again with updated_since");
}

/// An event is what it says and when: no other ledger has the same one under the same number.
std::string mark_of(const event& x) {
  auto text = std::to_string(x.at.time_since_epoch().count()) + ' ' + to_string(x.what) + ' ' +
              x.about + ' ' + x.detail;
  return sha256_hex(text).substr(0, mark_digits);
}

std::string text_of(const place& x) {
  if (x.version > 0)
    return std::to_string(x.version) + "-" + x.mark;
  return "t" + std::to_string(std::max<int64_t>(0, x.since.time_since_epoch().count()));
}

} // namespace

caf::expected<place> place_of(const find_channel_updates& asked) {
  place result;
  result.since = asked.since;
  auto text = std::string_view{asked.cursor};
  if (text.empty())
    return result;
  if (text.front() == 't') {
    if (auto time = parse_number(text.substr(1)); time && *time <= INT64_MAX) {
      result.since = caf::timestamp{std::chrono::nanoseconds{static_cast<int64_t>(*time)}};
      return result;
    }
  } else if (auto dash = text.find('-'); dash != std::string_view::npos) {
    result.version = parse_number(text.substr(0, dash)).value_or(0);
    result.mark = text.substr(dash + 1);
    if (result.version > 0 && result.mark.size() == mark_digits)
      return result;
  }
  return refusal(text, "is none of this endpoint's");
}

find_events event_number(uint64_t version) {
  return {{}, version - 1, 1};
}

caf::error check(const place& from, const std::vector<event>& found) {
  if (!found.empty() && found[0].number == from.version && mark_of(found[0]) == from.mark)
    return caf::none;
  return refusal(text_of(from), "is of another ledger: this endpoint's was emptied or restored "
                                "since it was given");
}

channel_records_since question_of(const find_channel_updates& asked, const place& from) {
  channel_records_since q;
  q.half = asked.sender.empty() ? channel_half::receiving : channel_half::posting;
  q.sender = asked.sender;
  q.version = from.version;
  q.since = from.since;
  q.receiver = asked.receiver;
  q.limit = std::clamp<uint32_t>(asked.limit, 1, most);
  return q;
}

uint64_t version_in(const channel_records& found) {
  if (found.version > 0)
    return found.version;
  return found.records.empty() ? 0 : found.records.back().version;
}

channel_page page_of(const place& from, const channel_records& found,
                     const std::vector<event>& newest) {
  channel_page page;
  page.more = found.more;
  page.messages.reserve(found.records.size());
  for (auto& record : found.records)
    page.messages.push_back(record.said);
  auto next = from;
  auto version = version_in(found);
  if (version != from.version && version > 0 && !newest.empty()) {
    next.version = version;
    next.mark = mark_of(newest[0]);
  }
  page.cursor = text_of(next);
  return page;
}

} // namespace igl::update_cursor
