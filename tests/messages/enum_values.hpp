#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

namespace igl::test {

/// Whether a value of an enum has a name: the compiler prints `igl::errc::stale` for one that has,
/// `(igl::errc)99` for one that has not.
template <auto Value>
constexpr bool is_enumerator() {
  std::string_view text{__PRETTY_FUNCTION__};
  auto at = text.find("Value = ");
  return at != std::string_view::npos && text[at + 8] != '(';
}

/// How many enumerators an enum has whose values count up from 0.
template <class Enum>
constexpr size_t enumerators() {
  return []<size_t... Is>(std::index_sequence<Is...>) {
    return (size_t{0} + ... + size_t{is_enumerator<static_cast<Enum>(Is)>()});
  }
  (std::make_index_sequence<128>{});
}

} // namespace igl::test
