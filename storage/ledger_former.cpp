#include "storage/ledger_former.hpp"

#include "storage/bytes.hpp"
#include "storage/ledger_databases.hpp"
#include "storage/value_sums.hpp"

#include <spdlog/spdlog.h>

namespace igl {

namespace {

/// In `meta`, while it goes on: u8 the place of a database, and the last key that was done there.
constexpr std::string_view place_key = "sums-given-up-to";

/// In one transaction.
constexpr size_t most_bytes = size_t{8} << 20;
constexpr size_t most_entries = 20000;

using entries = std::vector<std::pair<std::string, std::string>>;

/// The next ones of a database behind `after`; fewer than it could be: there are no more.
entries next_of(const lmdb::write_transaction& txn, lmdb::database in, const std::string& after,
                bool& more) {
  entries result;
  size_t bytes = 0;
  auto at = txn.walk(in);
  more = after.empty() ? at.first() : at.seek(after);
  if (more && at.key() == after)
    more = at.next();
  for (; more && bytes < most_bytes && result.size() < most_entries; more = at.next()) {
    result.emplace_back(at.key(), at.value());
    bytes += at.key().size() + at.value().size();
  }
  return result;
}

} // namespace

caf::error give_sums(lmdb::environment& env, std::string_view format) {
  const auto names = ledger_databases::names();
  const auto meta = env.named("meta");
  lmdb::value_sums sums(ledger_meta_without_sums());
  for (const auto& name : names)
    sums.add(env.named(name), name);
  spdlog::info("the ledger gets a sum for each of its values");
  for (bool done = false; !done;) {
    auto err = env.write([&](lmdb::write_transaction& txn) -> caf::error {
      size_t place = 0;
      std::string after;
      if (auto stored = txn.find(meta, place_key)) {
        byte_reader read(*stored);
        place = read.u8();
        after = read.rest();
      }
      done = place >= names.size();
      if (done) {
        txn.erase(meta, place_key);
        txn.put(meta, meta_key::format, format);
        return {};
      }
      auto in = env.named(names[place]);
      bool more = false;
      for (const auto& [key, value] : next_of(txn, in, after, more)) {
        after = key;
        if (!sums.has_one(in, key) || (in == meta && key == place_key))
          continue;
        auto sum = sums.of(in, key, value);
        txn.put(in, key, value + std::string(sum.begin(), sum.end()));
      }
      std::string reached;
      byte_writer write(reached);
      write.u8(static_cast<uint8_t>(more ? place : place + 1));
      write.raw(more ? after : "");
      txn.put(meta, place_key, reached);
      txn.put(meta, meta_key::format, format_between);
      return {};
    });
    if (err)
      return err;
  }
  return {};
}

} // namespace igl
