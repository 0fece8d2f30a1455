#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace igl::scenario {

/// A kind of slot: its name in a form, what it is for people, and what fits it.
struct slot {
  std::string_view name;
  std::string_view meaning;
  bool (*fits)(std::string_view);
};

/// All kinds.
const std::vector<slot>& all_slots();
/// The kind of `{NATION}`.
const slot& slot_of(std::string_view braced);
bool is_slot(std::string_view word);

} // namespace igl::scenario
