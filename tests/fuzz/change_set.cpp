#include "storage/change_set.hpp"

#include "storage/bytes.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <array>

// The body of a record of the journal.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace igl;
  constexpr std::array databases{lmdb::database{1}, lmdb::database{2}, lmdb::database{5}};
  try {
    auto once = change_set::decoded(fuzz::text_of(data, size), databases).encoded(databases);
    auto twice = change_set::decoded(once, databases).encoded(databases);
    fuzz::must(twice == once, "changes that are written out read the same");
    fuzz::must(once.size() <= size, "the last word on each key is no longer than all of them");
  } catch (const damaged_value& why) {
    fuzz::must(*why.what() != '\0', "what is damaged is said");
  }
  return 0;
}
