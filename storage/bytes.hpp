#pragma once

#include <caf/timestamp.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace igl {

/// Adds the lowest bytes of a number, the highest of them first.
template <size_t Bytes>
void add_big_endian(std::string& to, uint64_t x) {
  std::array<char, Bytes> all;
  for (size_t i = Bytes; i-- > 0; x >>= 8)
    all[i] = static_cast<char>(x);
  to.append(all.data(), all.size());
}

/// Builds a key or a value out of fields (storage/FORMAT.md, "fields").
class byte_writer {
public:
  explicit byte_writer(std::string& to) : to_(to) { to_.clear(); }

  void u8(uint8_t x) { to_.push_back(static_cast<char>(x)); }

  void u32(uint32_t x) { add_big_endian<4>(to_, x); }

  void u64(uint64_t x) { add_big_endian<8>(to_, x); }

  /// Seven bits a byte, the low ones first.
  void number(uint64_t x) {
    for (; x >= 0x80; x >>= 7)
      u8(static_cast<uint8_t>(x | 0x80));
    u8(static_cast<uint8_t>(x));
  }

  /// Nanoseconds since 1970. Sorts as bytes: times before 1970 count as 1970.
  void time(caf::timestamp x) {
    auto ns = x.time_since_epoch().count();
    u64(ns < 0 ? 0 : static_cast<uint64_t>(ns));
  }

  void text(std::string_view x) {
    number(x.size());
    to_.append(x);
  }

  void raw(std::string_view x) { to_.append(x); }

private:
  std::string& to_;
};

/// A key or value does not hold what was written: the disk, or somebody else, changed it.
struct damaged_value : std::runtime_error {
  explicit damaged_value(const std::string& where)
      : std::runtime_error("a damaged value: " + where) {}
};

/// A key for a person: other bytes than letters, digits and signs as `\xx`.
inline std::string readable_key(std::string_view key) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (unsigned char c : key) {
    if (c > ' ' && c < 0x7f && c != '\\')
      text += static_cast<char>(c);
    else
      (text += '\\').append({digits[c >> 4], digits[c & 15]});
  }
  return text;
}

/// Takes apart what a byte_writer built, in the same order. Throws damaged_value.
class byte_reader {
public:
  explicit byte_reader(std::string_view from) : from_(from) {}

  uint8_t u8() { return static_cast<uint8_t>(take(1)[0]); }

  uint32_t u32() { return static_cast<uint32_t>(big_endian(4)); }

  uint64_t u64() { return big_endian(8); }

  uint64_t number() {
    uint64_t x = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      uint8_t byte = u8();
      x |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80)
        return x;
    }
    throw damaged_value("a number without end");
  }

  caf::timestamp time() { return caf::timestamp{caf::timespan{static_cast<int64_t>(u64())}}; }

  std::string_view text() { return take(number()); }

  std::string_view rest() { return take(from_.size()); }

  bool at_end() const { return from_.empty(); }

private:
  uint64_t big_endian(size_t bytes) {
    uint64_t x = 0;
    for (char byte : take(bytes))
      x = x << 8 | static_cast<uint8_t>(byte);
    return x;
  }

  std::string_view take(uint64_t bytes) {
    if (bytes > from_.size())
      throw damaged_value("it ends too early");
    auto taken = from_.substr(0, bytes);
    from_.remove_prefix(bytes);
    return taken;
  }

  std::string_view from_;
};

} // namespace igl
