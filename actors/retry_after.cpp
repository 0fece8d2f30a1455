#include "actors/retry_after.hpp"

#include "messages/http_date.hpp"

#include <algorithm>
#include <charconv>

namespace igl {

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
