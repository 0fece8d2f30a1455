#include "storage/jetstream_api.hpp"
#include "tests/fuzz/fuzz.hpp"

// What a nats-server answers and calls its messages.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace igl;
  auto text = fuzz::text_of(data, size);
  auto x = jetstream_api::read_answer(text);
  fuzz::must(x.error_code == 0 || !x.error.empty(), "a refusal has a sentence");
  jetstream_api::examine(x.of_stream, x.of_consumer);
  jetstream_api::is_stored(text);
  auto acknowledgement = "$JS.ACK.AU-inbox.worker.1." + std::to_string(size) + ".1.1.0";
  fuzz::must(jetstream_api::sequence_of(acknowledgement) == size, "a sequence number is found");
  jetstream_api::sequence_of(text);
  return 0;
}
