#include "channels/numbered_log.hpp"

#include "messages/errors.hpp"
#include "messages/text.hpp"

namespace igl::numbered_log {

namespace {

constexpr size_t longest_id = 256;

/// 0 if the cursor is empty or speaks of another log.
uint64_t place_in(std::string_view cursor, std::string_view identity) {
  auto colon = cursor.rfind(':');
  if (colon == std::string_view::npos || cursor.substr(0, colon) != identity)
    return 0;
  return parse_number(cursor.substr(colon + 1)).value_or(0);
}

} // namespace

std::string cursor_of(std::string_view identity, uint64_t place) {
  return std::string{identity} + ":" + std::to_string(place);
}

caf::expected<start> start_of(std::string_view cursor, std::string_view identity, uint64_t newest,
                              const std::string& description) {
  start x;
  x.after = place_in(cursor, identity);
  x.from_start = x.after == 0 && !cursor.empty() && cursor != cursor_of(identity, 0);
  if (x.after > newest)
    return make_problem(errc::storage_format, description + " ends at place " +
                                                  std::to_string(newest) + ", but was read up to " +
                                                  std::to_string(x.after) +
                                                  ": entries were taken away; restore the medium");
  return x;
}

medium_change change_at(uint64_t place, medium_entry about) {
  return {medium_news::confirmed, std::move(about), where_is(place)};
}

std::string where_is(uint64_t place) {
  return "at place " + std::to_string(place);
}

caf::error check_id(const std::string& id) {
  if (id.empty() || id.size() > longest_id)
    return make_problem(errc::bad_request, "an id has 1 to 256 bytes");
  return caf::none;
}

caf::error other_content(const std::string& id) {
  return make_problem(errc::conflict, "id " + id + " is on the medium with another content");
}

} // namespace igl::numbered_log
