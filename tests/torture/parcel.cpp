#include "tests/torture/parcel.hpp"

#include "messages/multihash.hpp"

#include <random>

namespace igl::torture {

namespace {

constexpr uint64_t one_in_with_document = 4;

uint64_t seed_of(uint64_t seed, const std::string& name) {
  // FNV-1a: the same everywhere.
  uint64_t hash = 14695981039346656037u ^ seed;
  for (unsigned char c : name)
    hash = (hash ^ c) * 1099511628211u;
  return hash;
}

/// Mostly a few kilobytes; some do not fit into one piece of the ledger (256 KiB).
std::string some_bytes(std::mt19937_64& chance) {
  auto size = chance() % 50 == 0 ? 250'000 + chance() % 350'000 : 1 + chance() % 8'000;
  std::string bytes;
  bytes.reserve(size + 8);
  while (bytes.size() < size) {
    auto eight = chance();
    bytes.append(reinterpret_cast<const char*>(&eight), sizeof eight);
  }
  bytes.resize(size);
  return bytes;
}

} // namespace

parcel parcel_of(uint64_t seed, const lane& over, uint64_t number) {
  parcel x;
  x.content.sender = over.sender;
  x.content.sender_ref = over.name() + "-" + std::to_string(number);
  x.content.receiver = over.receiver;
  x.content.subject = over.sender + ".abn." + std::to_string(51824753556 + number);
  x.content.predicate = over.predicate;
  x.content.obj = "UN.CEFACT.Trade.Certificate." + std::to_string(number);
  if (number % one_in_with_document != 0)
    return x;
  std::mt19937_64 chance{seed_of(seed, x.content.sender_ref)};
  x.documents.push_back(some_bytes(chance));
  auto hash = multihash_of(x.documents.back());
  if (chance() % 2 == 0) {
    x.documents.push_back(R"({"iD": ")" + x.content.sender_ref + R"(", "links": [{"link": ")" +
                          hash + "\"}]}\n");
    hash = multihash_of(x.documents.back());
  }
  x.content.obj = hash;
  return x;
}

} // namespace igl::torture
