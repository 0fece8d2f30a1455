#pragma once

#include "messages/api.hpp"
#include "messages/errors.hpp"

#include <caf/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

/// What libFuzzer calls with one input after the other; each file of this folder defines it once.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

/// What the fuzzers share.
namespace igl::fuzz {

inline std::string_view text_of(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Ends the process, as a crash would, if what is claimed of every input does not hold of this one.
inline void must(bool holds, const char* claim) {
  if (holds)
    return;
  std::fprintf(stderr, "it does not hold: %s\n", claim);
  std::abort();
}

/// Whoever refuses something says what is wrong with it.
inline void must_speak(const caf::error& why) {
  must(code_of(why) != errc::none, "a refusal has a code");
  must(!problem_of(why).detail.empty(), "a refusal has a sentence about this very case");
}

/// Both refuse, and say the same, or both take it.
template <class T>
void must_agree(const caf::expected<T>& a, const caf::expected<T>& b) {
  must(bool(a) == bool(b), "two readers agree on what can be read");
  if (!a)
    must(sentence_of(a.error()) == sentence_of(b.error()), "two readers say the same of a mistake");
}

/// Takes the first line off a text, without its end.
inline std::string_view take_line(std::string_view& rest) {
  auto end = rest.find('\n');
  auto line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

/// Takes the first byte off a text; 0: there is none.
inline uint8_t take_byte(std::string_view& rest) {
  if (rest.empty())
    return 0;
  auto byte = static_cast<uint8_t>(rest.front());
  rest.remove_prefix(1);
  return byte;
}

/// An answer as HTTP spells it: a line with the status, headers, an empty line, the body.
inline http_response response_in(std::string_view text) {
  http_response x;
  x.status = static_cast<uint16_t>(std::strtoul(std::string{take_line(text)}.c_str(), nullptr, 10));
  for (auto line = take_line(text); !line.empty(); line = take_line(text)) {
    auto colon = line.find(": ");
    if (colon != std::string_view::npos)
      x.headers.push_back(
          {std::string{line.substr(0, colon)}, std::string{line.substr(colon + 2)}});
  }
  x.body = text;
  return x;
}

} // namespace igl::fuzz
