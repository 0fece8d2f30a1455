#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>

namespace igl::commands {

/// What peers said must not steer a terminal: on one line, well-formed UTF-8, without control
/// characters (C0, C1, DEL), line separators, and the marks that change the direction of writing.
std::string printable(std::string_view text);
/// JSON for machines; what printable() takes away is escaped in it.
std::string json_text(const nlohmann::json& x, int indent = -1);

/// Prints for an operator. Literals are ours; every other text may be what a stranger wrote, and is
/// made printable.
class printer {
public:
  printer(std::ostream& to) : to_(&to) {}

  /// For a document, which is printed as it is.
  std::ostream& raw() const { return *to_; }
  void flush() const { to_->flush(); }

  template <size_t Size>
  const printer& operator<<(const char (&ours)[Size]) const {
    *to_ << ours;
    return *this;
  }
  const printer& operator<<(std::ostream& (*how)(std::ostream&)) const {
    *to_ << how;
    return *this;
  }
  const printer& operator<<(std::ios_base& (*how)(std::ios_base&)) const {
    *to_ << how;
    return *this;
  }
  const printer& operator<<(const nlohmann::json& x) const {
    *to_ << json_text(x);
    return *this;
  }
  /// A text, a number, or how wide the next one is.
  template <class T>
  const printer& operator<<(const T& x) const {
    if constexpr (std::is_convertible_v<const T&, std::string_view>)
      *to_ << printable(x);
    else
      *to_ << x;
    return *this;
  }

private:
  std::ostream* to_;
};

/// Where a command prints, and for whom.
struct terminal {
  printer out;
  printer err;
  bool json = false;
};

} // namespace igl::commands
