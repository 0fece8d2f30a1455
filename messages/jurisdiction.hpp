#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace igl {

/// Which jurisdictions exist: the officially assigned alpha-2 codes of ISO 3166-1 and the codes an
/// operator adds (EU and XK are not in the standard).
class jurisdictions {
public:
  jurisdictions() = default;
  explicit jurisdictions(const std::vector<std::string>& extra_codes);

  /// True for two capital letters that are in the table or were added. "au" is not "AU".
  bool contains(std::string_view code) const;

private:
  std::set<std::string, std::less<>> extra_;
};

/// Two capital letters, whether assigned or not: what an extra code must look like.
bool has_form_of_jurisdiction(std::string_view code);

/// The assigned codes, sorted.
const std::vector<std::string_view>& iso_3166_1();

} // namespace igl
