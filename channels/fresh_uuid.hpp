#pragma once

#include <string>

namespace igl {

/// A UUID from the operating system's chance: for what must never meet its like, not even in a
/// repeated run.
std::string fresh_uuid();

} // namespace igl
