#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace igl::config {

/// How many letters have to be put in, left out, changed or swapped with their neighbour.
size_t edit_distance(std::string_view a, std::string_view b);

/// What somebody meant who wrote `word`; empty: nothing is near enough.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

} // namespace igl::config
