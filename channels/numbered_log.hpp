#pragma once

#include "channels/medium.hpp"

#include <string_view>

/// What media have in common that are a log: entries with places from 1 on, none ever changed.
/// Their cursor is `<identity>:<place>`; a log that was deleted and made anew has another identity.
namespace igl::numbered_log {

struct start {
  uint64_t after = 0;
  bool from_start = false; ///< the cursor speaks of another log
};

std::string cursor_of(std::string_view identity, uint64_t place);

/// Where to read on. Fails with storage_format if that lies behind `newest`, the last place.
caf::expected<start> start_of(std::string_view cursor, std::string_view identity, uint64_t newest,
                              const std::string& description);

medium_change change_at(uint64_t place, medium_entry about);
/// "at place 7"
std::string where_is(uint64_t place);

/// An id is a key in most libraries, and those are bounded. Fails with bad_request.
caf::error check_id(const std::string& id);
caf::error other_content(const std::string& id);

} // namespace igl::numbered_log
