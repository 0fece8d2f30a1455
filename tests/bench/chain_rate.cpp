#include "tests/bench/chain_rate.hpp"

#include "channels/chain.hpp"
#include "channels/chain_medium.hpp"
#include "messages/errors.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace igl::bench {

namespace {

constexpr size_t in_a_block = 100;

void must(const caf::error& why) {
  if (why)
    throw std::runtime_error(sentence_of(why));
}

void add_messages(chain& to, size_t count) {
  auto made = *to.status();
  auto next = made.transactions;
  while (count > 0) {
    std::vector<medium_entry> entries;
    for (size_t i = 0; i < std::min(count, in_a_block); ++i) {
      auto ref = std::to_string(++next);
      entries.push_back(
          {"6f0d0a00-0000-5000-8000-" + ref,
           {"AU", ref, "SG", "AU.abn.51824753556", "QmQtYtUS7K1AdKjbuMsmPmPGDLaKL38M5HYwqxW9RKW49n",
            "UN.CEFACT.Trade.CertificateOfOrigin.created"}});
    }
    count -= entries.size();
    must(to.submit(entries));
    must(to.mine(1, caf::make_timestamp()));
  }
}

/// Reads until nothing is new; the answer: how many changes there were.
size_t follow(medium& from, std::string& cursor) {
  size_t changes = 0;
  while (true) {
    auto page = from.read(cursor, 256);
    if (!page)
      must(page.error());
    if (page->changes.empty() && page->cursor == cursor)
      return changes;
    changes += page->changes.size();
    cursor = page->cursor;
  }
}

} // namespace

double chain_follow_seconds(const std::string& folder, size_t blocks, size_t behind) {
  auto on = chain::open(folder);
  if (!on)
    must(on.error());
  add_messages(**on, behind);
  chain_medium_settings how;
  how.path = folder;
  how.block_interval = std::chrono::milliseconds{0};
  how.now = caf::make_timestamp;
  auto opened = open_chain_medium(how);
  if (!opened)
    must(opened.error());
  auto& reader = **opened;
  std::string start;
  follow(reader, start);
  add_messages(**on, blocks * in_a_block);
  auto best = std::chrono::steady_clock::duration::max();
  for (int round = 0; round < 5; ++round) {
    auto cursor = start;
    auto before = std::chrono::steady_clock::now();
    auto changes = follow(reader, cursor);
    best = std::min(best, std::chrono::steady_clock::now() - before);
    // Each observed, and all but those of the last two blocks confirmed.
    if (changes < (2 * blocks - 2) * in_a_block)
      throw std::runtime_error("the reader of the chain told only " + std::to_string(changes));
  }
  return std::chrono::duration<double>(best).count();
}

} // namespace igl::bench
