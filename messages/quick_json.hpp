#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Reads JSON text that this project wrote itself, without white space and with its members in a
/// known order, and what is as plain. It never takes what is not JSON, but gives up on much that
/// is; the caller then asks the complete parser. It is several times as fast, and every job is read
/// twice on its way.
namespace igl::quick_json {

/// In bytes: the complete parser takes no longer text.
inline constexpr size_t longest = size_t{16} << 20;

class reader {
public:
  explicit reader(std::string_view text) : rest_(text) {}

  /// Each of these either takes the next thing and is true, or takes nothing that matters and is
  /// false: then the text has to be read in another way.
  bool literal(std::string_view text);
  bool name(char before, std::string_view name);
  bool text(std::string& x);
  bool number(uint64_t& x);
  /// An object as it stands, its brackets balanced; what is inside is not judged.
  bool object(std::string_view& x);

  /// White space, if there is any.
  void space();

  bool at_end() const { return rest_.empty(); }

private:
  std::string_view rest_;
};

/// The members of an object, few and different ones, whose values are all strings, in their order;
/// with white space wherever JSON allows it. None: it is something else, or spelt unusually.
std::optional<std::vector<std::pair<std::string, std::string>>>
string_members(std::string_view text);

} // namespace igl::quick_json
