#include "messages/callable.hpp"

#include "messages/topic.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace igl;

void address(std::string_view text) {
  static const callable_addresses internet;
  static const callable_addresses all{{"0.0.0.0/0", "::/0"}};
  if (auto x = parse_ip(text)) {
    fuzz::must(parse_ip(to_string(*x)) == *x, "an address that is written out reads the same");
    fuzz::must(internet.may_contain(text) == internet.contain(*x),
               "an address may be called exactly if it is callable");
    fuzz::must(all.contain(*x), "a network of everything has every address");
  }
  if (auto x = parse_network(text))
    fuzz::must(x->bits <= 128 && x->contains(x->first), "a network has its first address");
  internet.may_contain(text);
  callable_addresses{{std::string{text}}}.may_contain(text);
}

void topic(std::string_view text) {
  auto x = canonical_topic(text);
  if (!x) {
    fuzz::must_speak(x.error());
  } else if (!x->empty()) {
    auto again = canonical_topic(*x + ".*");
    fuzz::must(again && *again == *x, "a topic has one spelling");
  }
  if (auto asked = subscribed_topic(text); !asked)
    fuzz::must_speak(asked.error());
  size_t bytes = 0;
  for (auto& above : topics_matching(text))
    bytes += above.size();
  fuzz::must(bytes <= 2048 * 2049, "the topics above one are bounded");
}

} // namespace

// What a subscriber asks for: where it is called, and about what.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto text = fuzz::text_of(data, size);
  address(text);
  topic(text);
  return 0;
}
