#pragma once

#include <caf/timestamp.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Writes JSON text directly, without a tree in between: what runs several times per message.
namespace igl::json_text {

/// Appends a JSON string. Never fails: what is not UTF-8 becomes U+FFFD.
void append(std::string& out, std::string_view text);

/// The same text, with U+FFFD for what is not UTF-8.
std::string well_formed(std::string_view text);

/// Lossless: RFC 3339 with as many fractional digits as it needs, at least six.
std::string exact_time(caf::timestamp t);

/// One JSON object, member by member. Names must need no escapes.
class object {
public:
  explicit object(size_t expected_bytes = 256);

  object& text(std::string_view name, std::string_view value);
  object& number(std::string_view name, uint64_t value);
  object& texts(std::string_view name, const std::vector<std::string>& values);
  /// `json` is JSON text already.
  object& raw(std::string_view name, std::string_view json);
  /// An object inside the object, until `close`.
  object& open(std::string_view name);
  object& close();

  /// Ends the object.
  std::string take();

private:
  void name(std::string_view name);

  std::string out_;
  bool first_ = true;
};

} // namespace igl::json_text
