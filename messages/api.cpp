#include "messages/api.hpp"

#include "messages/errors.hpp"
#include "messages/json_text.hpp"

#include <algorithm>
#include <array>

namespace igl {

namespace {

constexpr size_t longest_quotation = 200; // bytes

constexpr std::array<std::string_view, 4> subscriber_acts{"pause", "resume", "drop", "test"};
constexpr std::array<std::string_view, 3> reload_results{"unchanged", "reloaded", "refused"};

template <class Enum, size_t Size>
caf::optional<Enum> named(const std::array<std::string_view, Size>& names, std::string_view text) {
  for (size_t i = 0; i < Size; ++i)
    if (names[i] == text)
      return static_cast<Enum>(i);
  return caf::none;
}

bool equal_names(std::string_view a, std::string_view b) {
  auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [=](char x, char y) { return lower(x) == lower(y); });
}

/// The beginning of what a peer said, fit for a line of a log.
std::string quotation(std::string_view body) {
  bool cut = body.size() > longest_quotation;
  std::string text{body.substr(0, longest_quotation)};
  if (cut)
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0x80) != 0)
      text.pop_back();
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      c = ' ';
  return json_text::well_formed(text) + (cut ? "…" : "");
}

} // namespace

std::string to_string(subscriber_act x) {
  return std::string{subscriber_acts[static_cast<size_t>(x)]};
}

caf::optional<subscriber_act> parse_subscriber_act(std::string_view text) {
  return named<subscriber_act>(subscriber_acts, text);
}

std::string to_string(reload_result x) {
  return std::string{reload_results[static_cast<size_t>(x)]};
}

caf::optional<reload_result> parse_reload_result(std::string_view text) {
  return named<reload_result>(reload_results, text);
}

std::string http_response::header(std::string_view name) const {
  for (auto& h : headers)
    if (equal_names(h.name, name))
      return h.value;
  return {};
}

caf::error error_of(const http_request& asked, const http_response& answered) {
  auto status = answered.status;
  if (status >= 200 && status < 300)
    return caf::none;
  auto detail = asked.method + " " + asked.url + " was answered " + std::to_string(status);
  if (!answered.body.empty())
    detail += ": " + quotation(answered.body);
  if (status >= 500 || status == 408 || status == 429)
    return make_problem(errc::peer_failed, std::move(detail));
  if (status >= 400)
    return make_problem(errc::peer_refused, std::move(detail));
  return make_problem(errc::bad_answer, std::move(detail));
}

} // namespace igl
