#include "http/multipart.hpp"

#include "http/form.hpp"
#include "messages/errors.hpp"
#include "messages/text.hpp"

#include <algorithm>

namespace igl {

namespace {

constexpr size_t most_header_bytes = 16 * 1024;
constexpr size_t most_delimiter_padding = 256;
constexpr std::string_view line_end = "\r\n";
constexpr std::string_view headers_end = "\r\n\r\n";

caf::error malformed(std::string what) {
  return make_problem(errc::bad_request, "the multipart body is malformed: " + what,
                      R"(["multipart/form-data"])");
}

/// Has one of the header lines a Content-Disposition with a file name?
bool names_file(std::string_view headers) {
  while (!headers.empty()) {
    auto end = std::min(headers.find(line_end), headers.size());
    auto line = headers.substr(0, end);
    headers.remove_prefix(std::min(end + line_end.size(), headers.size()));
    auto colon = line.find(':');
    if (colon == std::string_view::npos ||
        lower_case(trimmed(line.substr(0, colon))) != "content-disposition")
      continue;
    auto value = line.substr(colon + 1);
    return !header_parameter(value, "filename").empty() ||
           !header_parameter(value, "filename*").empty();
  }
  return false;
}

} // namespace

std::string boundary_of(std::string_view content_type) {
  auto boundary = header_parameter(content_type, "boundary");
  // RFC 2046, 5.1.1: 1 to 70 printable characters that do not end with a space.
  bool allowed = !boundary.empty() && boundary.size() <= 70 && boundary.back() != ' ' &&
                 std::all_of(boundary.begin(), boundary.end(),
                             [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
  return allowed ? boundary : std::string{};
}

// The first boundary may stand at the very start, without a line end before it.
multipart_parser::multipart_parser(std::string_view boundary, events told)
    : delimiter_("\r\n--" + std::string(boundary)), told_(std::move(told)), held_(line_end) {}

caf::error multipart_parser::feed(std::string_view bytes) {
  held_.append(bytes);
  for (;;) {
    auto moved = step();
    if (!moved)
      return moved.error();
    if (*moved == progress::stuck)
      break;
  }
  held_.erase(0, at_);
  at_ = 0;
  return caf::none;
}

caf::expected<multipart_parser::progress> multipart_parser::step() {
  switch (place_) {
  case place::preamble:
    return skip_delimiter();
  case place::delimiter:
    return read_delimiter_line();
  case place::headers:
    return read_headers();
  case place::field:
  case place::file:
    return read_content();
  case place::epilogue:
    break;
  }
  at_ = held_.size();
  return progress::stuck;
}

/// Everything before a delimiter is dropped, except what may be the start of one.
multipart_parser::progress multipart_parser::skip_delimiter() {
  auto found = held_.find(delimiter_, at_);
  if (found == std::string::npos) {
    at_ += certain_content();
    return progress::stuck;
  }
  at_ = found + delimiter_.size();
  place_ = place::delimiter;
  return progress::moved;
}

/// After a delimiter: two hyphens for the last one, or padding and a line end. The line end stays:
/// headers end with an empty line, and there may be no headers.
caf::expected<multipart_parser::progress> multipart_parser::read_delimiter_line() {
  auto rest = std::string_view(held_).substr(at_);
  if (rest.size() < 2)
    return progress::stuck;
  if (rest.substr(0, 2) == "--") {
    place_ = place::epilogue;
    return progress::moved;
  }
  // Bounds are on what a body says, not on how much of it has come by now.
  auto text = std::min(rest.find_first_not_of(" \t"), rest.size());
  if (text > most_delimiter_padding)
    return malformed("a boundary without a line end");
  if (rest.size() - text < line_end.size())
    return progress::stuck;
  if (rest.substr(text, line_end.size()) != line_end)
    return malformed("a boundary that is followed by other text");
  at_ += text;
  place_ = place::headers;
  return progress::moved;
}

caf::expected<multipart_parser::progress> multipart_parser::read_headers() {
  auto rest = std::string_view(held_).substr(at_);
  auto end = rest.find(headers_end);
  auto at_least = rest.size() - std::min(rest.size(), headers_end.size() - 1);
  if (std::min(end, at_least) > most_header_bytes)
    return malformed("the headers of a part are too long");
  if (end == std::string_view::npos)
    return progress::stuck;
  auto headers =
      end == 0 ? std::string_view{} : rest.substr(line_end.size(), end - line_end.size());
  place_ = names_file(headers) ? place::file : place::field;
  at_ += end + headers_end.size();
  if (place_ == place::file) {
    ++files_;
    if (auto why = told_.file_begins())
      return why;
  }
  return progress::moved;
}

caf::expected<multipart_parser::progress> multipart_parser::read_content() {
  auto found = held_.find(delimiter_, at_);
  auto length = found == std::string::npos ? certain_content() : found - at_;
  if (place_ == place::file && length > 0)
    if (auto why = told_.file_bytes(std::string_view(held_).substr(at_, length)))
      return why;
  at_ += length;
  if (found == std::string::npos)
    return progress::stuck;
  at_ += delimiter_.size();
  place_ = place::delimiter;
  return progress::moved;
}

/// How many of the bytes that are held cannot be part of a delimiter.
size_t multipart_parser::certain_content() const {
  auto size = held_.size() - at_;
  return size < delimiter_.size() ? 0 : size - (delimiter_.size() - 1);
}

} // namespace igl
