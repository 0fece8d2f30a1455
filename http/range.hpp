#pragma once

#include <cstdint>
#include <string_view>

namespace igl {

/// What a Range header (RFC 9110, 14.2) means for a document of a size.
struct byte_range {
  enum class meaning : uint8_t {
    whole,         ///< none, several, or not understood: the whole document, 200
    part,          ///< 206
    unsatisfiable, ///< 416
  };
  meaning what = meaning::whole;
  uint64_t first = 0;
  uint64_t length = 0;
};

byte_range range_of(std::string_view header, uint64_t size);

} // namespace igl
