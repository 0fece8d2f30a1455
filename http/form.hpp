#pragma once

#include <caf/optional.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The small texts of HTTP: forms, queries, header values.
namespace igl {

/// What `application/x-www-form-urlencoded` text says: names and values in the order they came.
class form {
public:
  form() = default;
  /// None: a name or a value that `decode_text` does not take.
  static caf::optional<form> parse(std::string_view text);

  /// The first value under a name; empty if there is none.
  std::string value(std::string_view name) const;
  bool has(std::string_view name) const;

private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// Percent-decoded text. None: a percent sign without two hex digits, or what it says is not UTF-8
/// or holds a NUL; neither could ever be told to anybody else.
caf::optional<std::string> decode_text(std::string_view text);

/// `Application/JSON; charset=utf-8` → `application/json`.
std::string media_type_of(std::string_view content_type);

/// The value of a parameter of a header, without its quotes: `form-data; name="a"` has `name`.
/// Quoted values may hold semicolons. Empty if there is none.
std::string header_parameter(std::string_view header, std::string_view name);

} // namespace igl
