#include "messages/multihash.hpp"

#include "messages/multibase.hpp"
#include "tests/fuzz/fuzz.hpp"

// The names of documents, and the bases they are written in.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace igl;
  auto text = fuzz::text_of(data, size);
  if (auto bytes = base58_decode(text))
    fuzz::must(base58_encode(*bytes) == text, "base58 has one text for some bytes");
  if (auto bytes = base64_decode(text))
    fuzz::must(base64_encode(*bytes) == text, "base64 has one text for some bytes");
  if (auto bytes = base64url_decode(text))
    fuzz::must(bytes->size() <= text.size(), "bytes are not longer than their text");
  multibase_decode(text);
  auto few = text.substr(0, 180);
  fuzz::must(base58_decode(base58_encode(few)) == std::string{few}, "bytes are decoded again");
  fuzz::must(base64_decode(base64_encode(text)) == std::string{text}, "bytes are decoded again");
  fuzz::must(!is_multihash(text) || is_cid(text) || text.substr(0, 2) != "Qm",
             "a sha2-256 multihash is a CID of version 0");
  if (auto document = document_of(text))
    fuzz::must(is_multihash(*document) && document_of(*document) == *document,
               "a document has one name");
  return 0;
}
