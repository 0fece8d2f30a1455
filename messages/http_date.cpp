#include "messages/http_date.hpp"

#include <algorithm>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>

namespace igl {

caf::optional<caf::timestamp> parse_http_date(std::string_view text) {
  // get_time takes what is cut off for whole, so the length has to be right too.
  struct {
    const char* form;
    size_t shortest, longest;
  } const forms[] = {{"%a, %d %b %Y %H:%M:%S GMT", 29, 29},
                     {"%A, %d-%b-%y %H:%M:%S GMT", 30, 33},
                     {"%a %b %e %H:%M:%S %Y", 24, 24}};
  for (auto& x : forms) {
    if (text.size() < x.shortest || text.size() > x.longest)
      continue;
    std::istringstream in{std::string{text}};
    in.imbue(std::locale::classic());
    std::tm parts{};
    in >> std::get_time(&parts, x.form);
    if (in.fail() || in.peek() != std::istringstream::traits_type::eof())
      continue;
    constexpr int64_t last = 9'214'646'399; // of the year 2261
    return caf::timestamp{std::chrono::seconds{std::clamp<int64_t>(::timegm(&parts), 0, last)}};
  }
  return caf::none;
}

} // namespace igl
