#include "actors/retry_after.hpp"
#include "actors/signature.hpp"
#include "http/range.hpp"
#include "http/router.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace igl;

void range(std::string_view text) {
  for (uint64_t size : {uint64_t{0}, uint64_t{1}, uint64_t{1000}, UINT64_MAX}) {
    auto x = range_of(text, size);
    fuzz::must(x.length <= size && x.first <= size - x.length, "a part is in the whole");
    fuzz::must(x.what != byte_range::meaning::part || x.length > 0, "a part is not empty");
  }
}

void pause(std::string_view text) {
  http_response x;
  x.headers.push_back({"Retry-After", std::string{text}});
  auto now = caf::timestamp{std::chrono::hours{24 * 365 * 50}};
  auto wait = retry_after(x, now, std::chrono::hours{1});
  fuzz::must(!wait || (wait->count() >= 0 && *wait <= std::chrono::hours{1}),
             "a peer is left alone for a while, and not for ever");
}

void path(std::string_view text) {
  static const auto routes = [] {
    router all;
    all.add("GET", "/messages", [](auto&) {});
    all.add("GET", "/messages/{}", [](auto&) {});
    all.add("PUT", "/messages/{}/status", [](auto&) {});
    return all;
  }();
  for (auto& part : routes.find("GET", text).captured)
    fuzz::must(part.find('/') == std::string_view::npos && !part.empty(), "a segment is one");
}

} // namespace

// What stands in the head of a request or an answer.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto text = fuzz::text_of(data, size);
  range(text);
  pause(text);
  path(text);
  fuzz::must(!is_hub_signature(text, "secret", "body") ||
                 text.find(hub_signature("secret", "body").substr(7, 8)) !=
                     std::string_view::npos ||
                 !text.starts_with("sha256"),
             "a signature is believed only if it is one");
  return 0;
}
