#pragma once

#include "config/reader.hpp"

namespace igl::config {

/// Reports what each option allows and all together do not: the limits, names and addresses are
/// held against each other.
void check_relations(const node_settings& x, reader& from);
void check_relations(const endpoint_settings& x, reader& from);

} // namespace igl::config
