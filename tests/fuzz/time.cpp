#include "config/value.hpp"
#include "messages/http_date.hpp"
#include "messages/json.hpp"
#include "messages/json_text.hpp"
#include "tests/fuzz/fuzz.hpp"

// Times, durations and sizes as people and peers write them.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace igl;
  auto text = fuzz::text_of(data, size);
  if (auto t = parse_rfc3339(text)) {
    fuzz::must(parse_rfc3339(json_text::exact_time(*t)) == *t, "a time reads the same");
    auto shown = parse_rfc3339(to_rfc3339(*t));
    fuzz::must(shown && *shown <= *t && *t - *shown < std::chrono::microseconds{1},
               "a time is shown to the microsecond");
  }
  if (auto t = parse_http_date(text))
    fuzz::must(bool(parse_rfc3339(to_rfc3339(*t))), "a date of HTTP is a time");
  if (auto x = config::parse_duration(text))
    fuzz::must(config::parse_duration(config::duration_text(*x)) == *x,
               "a duration reads the same");
  if (auto x = config::parse_size(text))
    fuzz::must(config::parse_size(config::size_text(*x)) == *x, "a size reads the same");
  return 0;
}
