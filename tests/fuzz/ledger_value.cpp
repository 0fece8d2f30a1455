#include "storage/bytes.hpp"
#include "storage/ledger_values.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace igl;

template <class T>
void value(std::string_view bytes) {
  T x;
  try {
    decode(bytes, x);
  } catch (const damaged_value& why) {
    fuzz::must(*why.what() != '\0', "what is damaged is said");
    return;
  }
  std::string once;
  encode(once, x);
  auto again = decoded<T>(once);
  std::string twice;
  encode(twice, again);
  fuzz::must(twice == once, "a value that is stored reads the same");
}

using reader = void (*)(std::string_view);
constexpr reader readers[]{value<ledger_state>,   value<event>,           value<message_record>,
                           value<channel_record>, value<channel_update>,  value<stored_job>,
                           value<dead_letter>,    value<object_info>,     value<stored_grant>,
                           value<subscription>,   value<stored_hub_event>};

} // namespace

// A value out of the ledger's file: a byte for its kind, then its bytes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto bytes = fuzz::text_of(data, size);
  readers[fuzz::take_byte(bytes) % std::size(readers)](bytes);
  return 0;
}
