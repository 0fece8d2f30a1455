#include "http/form.hpp"

#include "messages/text.hpp"
#include "messages/uri.hpp"
#include "tests/fuzz/fuzz.hpp"

// Forms, queries and the values of headers.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace igl;
  auto text = fuzz::text_of(data, size);
  if (auto fields = form::parse(text))
    for (auto name : {"hub.mode", "hub.topic", "hub.callback", "hub.lease_seconds", ""}) {
      auto value = fields->value(name);
      fuzz::must(value.empty() || fields->has(name), "a value has a name");
      fuzz::must(is_utf8(value) && value.find('\0') == std::string::npos, "a value is a text");
      auto again = form::parse("x=" + percent_encode(value));
      fuzz::must(again && again->value("x") == value, "a value that is written out reads the same");
    }
  if (auto decoded = decode_text(text))
    fuzz::must(decode_text(percent_encode(*decoded)) == *decoded, "a text is encoded and decoded");
  auto type = media_type_of(text);
  fuzz::must(media_type_of(type) == type, "a media type has one spelling");
  for (auto name : {"boundary", "filename", "filename*", "charset", ""})
    fuzz::must(header_parameter(text, name).size() <= text.size(), "a parameter is a part");
  if (auto number = parse_number(text))
    fuzz::must(parse_number(std::to_string(*number)) == *number, "a number reads the same");
  return 0;
}
