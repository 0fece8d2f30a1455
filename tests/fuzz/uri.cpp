#include "messages/uri.hpp"

#include "tests/fuzz/fuzz.hpp"

// Everything that may be a URI: obj, predicate, callbacks, the addresses of peers.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace igl;
  auto text = fuzz::text_of(data, size);
  fuzz::must(!is_uri(text) || is_plain_text(text), "a URI can be shown and stored");
  fuzz::must(!is_plain_text(text) || is_utf8(text), "plain text is UTF-8");
  fuzz::must(characters_in(text) <= text.size(), "a character has a byte");
  fuzz::must(percent_decode(percent_encode(text)) == std::string{text}, "a text is decoded again");
  if (auto x = parse_http_url(text)) {
    auto again = parse_http_url(x->origin() + x->path);
    fuzz::must(again && again->scheme == x->scheme && again->host == x->host &&
                   again->port == x->port && again->path == x->path,
               "a URL that is written out reads the same");
    fuzz::must(x->path.find_first_of(" \r\n\t#") == std::string::npos && x->path.front() == '/',
               "a path can stand in the first line of a request");
  }
  return 0;
}
