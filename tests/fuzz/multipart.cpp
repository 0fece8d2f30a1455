#include "http/multipart.hpp"

#include "tests/fuzz/fuzz.hpp"

#include <algorithm>

namespace {

using namespace igl;

struct outcome {
  std::string fault;
  std::string files; ///< of all files; each begins with a mark
  bool complete = false;

  bool operator==(const outcome&) const = default;
};

outcome read_in_pieces(const std::string& boundary, std::string_view body, size_t piece) {
  outcome x;
  multipart_parser parser{boundary,
                          {[&] {
                             x.files += "|file|";
                             return caf::error{};
                           },
                           [&](std::string_view bytes) {
                             x.files += bytes;
                             return caf::error{};
                           }}};
  while (!body.empty()) {
    auto next = body.substr(0, piece);
    body.remove_prefix(next.size());
    if (auto why = parser.feed(next)) {
      fuzz::must_speak(why);
      x.fault = sentence_of(why);
      break;
    }
  }
  x.complete = x.fault.empty() && parser.complete();
  return x;
}

} // namespace

// An upload: a line with the content type, then the body. It means the same in pieces of any size.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto body = fuzz::text_of(data, size);
  auto boundary = boundary_of(fuzz::take_line(body));
  if (boundary.empty())
    return 0;
  auto whole = read_in_pieces(boundary, body, std::max<size_t>(body.size(), 1));
  for (size_t piece : {1, 2, 7, 64})
    fuzz::must(read_in_pieces(boundary, body, piece) == whole,
               "a body means the same whatever pieces it comes in");
  return 0;
}
