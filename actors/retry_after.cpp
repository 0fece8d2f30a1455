#include "actors/retry_after.hpp"

#include <algorithm>
#include <charconv>
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
    std::istringstream in{std::string{text}};
    in.imbue(std::locale::classic());
    std::tm parts{};
    in >> std::get_time(&parts, x.form);
    auto is_whole = !in.fail() && in.peek() == std::istringstream::traits_type::eof();
    if (is_whole && text.size() >= x.shortest && text.size() <= x.longest)
      return caf::timestamp{std::chrono::seconds{::timegm(&parts)}};
  }
  return caf::none;
}

caf::optional<std::chrono::milliseconds>
retry_after(const http_response& answer, caf::timestamp now, std::chrono::milliseconds longest) {
  auto text = answer.header("Retry-After");
  auto is_digit = [](char c) {
    return c >= '0' && c <= '9';
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_digit)) {
    int64_t seconds = 0;
    auto failed = std::from_chars(text.data(), text.data() + text.size(), seconds).ec;
    auto most = std::chrono::ceil<std::chrono::seconds>(longest);
    if (failed != std::errc{} || seconds > most.count())
      return longest;
    return std::min<std::chrono::milliseconds>(std::chrono::seconds{seconds}, longest);
  }
  auto date = parse_http_date(text);
  if (!date)
    return caf::none;
  auto wait = std::chrono::ceil<std::chrono::milliseconds>(*date - now);
  return std::clamp(wait, std::chrono::milliseconds{0}, longest);
}

} // namespace igl
