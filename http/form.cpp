#include "http/form.hpp"

#include "messages/text.hpp"
#include "messages/uri.hpp"

#include <algorithm>

namespace igl {

namespace {

caf::optional<std::string> decoded(std::string_view text) {
  std::string spaced{text};
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return decode_text(spaced);
}

/// Where a parameter that begins at `from` ends: at the next semicolon outside quotes.
size_t end_of_parameter(std::string_view header, size_t from) {
  bool quoted = false;
  for (auto at = from; at < header.size(); ++at) {
    if (quoted && header[at] == '\\')
      ++at;
    else if (header[at] == '"')
      quoted = !quoted;
    else if (header[at] == ';' && !quoted)
      return at;
  }
  return header.size();
}

std::string unquoted(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"')
    return std::string{value};
  std::string text;
  for (size_t at = 1; at + 1 < value.size(); ++at) {
    if (value[at] == '\\' && at + 2 < value.size())
      ++at;
    text += value[at];
  }
  return text;
}

} // namespace

caf::optional<form> form::parse(std::string_view text) {
  form x;
  while (!text.empty()) {
    auto end = text.find('&');
    auto field = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (field.empty())
      continue;
    auto equals = field.find('=');
    auto name = decoded(field.substr(0, equals));
    auto value =
        decoded(equals == std::string_view::npos ? std::string_view{} : field.substr(equals + 1));
    if (!name || !value)
      return caf::none;
    x.fields_.emplace_back(std::move(*name), std::move(*value));
  }
  return x;
}

std::string form::value(std::string_view name) const {
  for (auto& [key, value] : fields_)
    if (key == name)
      return value;
  return {};
}

bool form::has(std::string_view name) const {
  return std::any_of(fields_.begin(), fields_.end(),
                     [name](auto& field) { return field.first == name; });
}

caf::optional<std::string> decode_text(std::string_view text) {
  auto x = percent_decode(text);
  if (!x || x->find('\0') != std::string::npos || !is_utf8(*x))
    return caf::none;
  return x;
}

std::string media_type_of(std::string_view content_type) {
  return lower_case(trimmed(content_type.substr(0, content_type.find(';'))));
}

std::string header_parameter(std::string_view header, std::string_view name) {
  for (auto at = end_of_parameter(header, 0); at < header.size();) {
    auto end = end_of_parameter(header, at + 1);
    auto parameter = header.substr(at + 1, end - at - 1);
    at = end;
    auto equals = parameter.find('=');
    if (equals != std::string_view::npos &&
        equal_ignoring_case(trimmed(parameter.substr(0, equals)), name))
      return unquoted(trimmed(parameter.substr(equals + 1)));
  }
  return {};
}

} // namespace igl
