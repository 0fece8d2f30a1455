#pragma once

#include "messages/errors.hpp"

#include <caf/meta/annotation.hpp>
#include <caf/optional.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace igl::test {

/// A CAF inspector that gives every field of a value something of its own, different from its
/// default: so a field that gets lost on the way is noticed.
class filler {
public:
  using result_type = void;
  static constexpr bool reads_state = false;
  static constexpr bool writes_state = true;

  template <class... Ts>
  void operator()(Ts&&... fields) {
    (fill(fields), ...);
  }

  void fill(std::string& x) { x = "text " + std::to_string(++count_) + " é \"\\\n"; }
  void fill(bool& x) { x = true; }
  void fill(caf::error& x) { x = make_problem(errc::stale, "detail", "[1]"); }

  template <class T>
  void fill(T& x) {
    if constexpr (caf::meta::is_annotation<T>::value) {
      return;
    } else if constexpr (std::is_enum_v<T>) {
      x = static_cast<T>(1);
    } else if constexpr (std::is_unsigned_v<T>) {
      x = static_cast<T>(++count_);
    } else {
      inspect(*this, x);
    }
  }
  template <class Rep, class Period>
  void fill(std::chrono::duration<Rep, Period>& x) {
    x = std::chrono::duration<Rep, Period>{++count_};
  }
  template <class Clock, class Duration>
  void fill(std::chrono::time_point<Clock, Duration>& x) {
    x = std::chrono::time_point<Clock, Duration>{Duration{1'000'000'000 + ++count_}};
  }
  template <class T>
  void fill(std::vector<T>& x) {
    // A type that contains itself stops at the third level.
    if (++depth_ <= 6)
      for (int i = 0; i < 2; ++i)
        fill(x.emplace_back());
    --depth_;
  }
  template <class T>
  void fill(caf::optional<T>& x) {
    x = T{};
    fill(*x);
  }

private:
  int count_ = 0;
  int depth_ = 0;
};

template <class T>
T filled() {
  T x{};
  filler{}.fill(x);
  return x;
}

/// How many fields an inspection visits.
struct field_counter {
  using result_type = size_t;
  static constexpr bool reads_state = true;
  static constexpr bool writes_state = false;

  template <class... Ts>
  size_t operator()(Ts&&...) {
    return (size_t{0} + ... + size_t{!caf::meta::is_annotation<std::decay_t<Ts>>::value});
  }
};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<caf::optional<T>> = true;

/// Converts to any field: what aggregates are counted with. An optional has its own way to be made
/// of anything; two ways would be none.
struct anything {
  template <class T>
  requires(!is_optional<T>) operator T() const;
};

/// How many fields an aggregate has.
template <class T, class... Fields>
constexpr size_t fields_of() {
  if constexpr (requires { T{Fields{}..., anything{}}; })
    return fields_of<T, Fields..., anything>();
  else
    return sizeof...(Fields);
}

} // namespace igl::test
