#pragma once

#include "channels/medium.hpp"
#include "storage/lmdb.hpp"

#include <optional>
#include <vector>

/// What is in the databases of a chain, and how it changes (channels/FORMAT.md says which byte
/// means what). Blocks and transactions are numbered in the order in which they came, and never
/// removed; one of the blocks is the tip, and it and its ancestors are the chain that counts.
///
/// All that is here throws: damaged_value, or what LMDB fails with. `lmdb::environment` catches it.
namespace igl {

struct chain_databases {
  explicit chain_databases(const lmdb::environment& env);
  static std::vector<std::string> names();

  lmdb::database chain, blocks, heights, transactions, ids, mined, waiting;
};

struct block_header {
  uint64_t parent = 0; ///< 0: it is the first one
  uint64_t height = 0; ///< 1: it is the first one
  caf::timestamp made;
};

struct block {
  block_header header;
  std::vector<uint64_t> transactions;
};

/// Reads a snapshot. Block 0, at height 0, is what the first block lies on: always on the chain and
/// without transactions.
class chain_view {
public:
  chain_view(const lmdb::read_transaction& txn, const chain_databases& db) : txn_(txn), db_(db) {}

  std::string text(std::string_view name) const; ///< of the chain: format, identity
  uint64_t tip() const;
  uint64_t newest_block() const; ///< the highest number; 0: none
  block_header header_of(uint64_t number) const;
  block block_of(uint64_t number) const;
  uint64_t block_at(uint64_t height) const; ///< on the chain; 0: none
  bool counts(uint64_t number) const;       ///< it is on the chain
  /// The transactions of an id; none: no such id.
  std::optional<uint64_t> transaction_of(std::string_view id) const;
  medium_entry entry_of(uint64_t transaction) const;
  /// Its bytes; none: it is missing.
  std::optional<std::string_view> data_of(uint64_t transaction) const;
  /// The blocks that hold a transaction, in order of number.
  std::vector<uint64_t> blocks_with(uint64_t transaction) const;
  /// The one of them that is on the chain; 0: none.
  uint64_t block_with(uint64_t transaction) const;
  bool waits(uint64_t transaction) const;
  uint64_t count_of_waiting() const { return txn_.size(db_.waiting); }
  uint64_t count_of_transactions() const { return txn_.size(db_.transactions); }
  uint64_t count_of_blocks() const { return txn_.size(db_.blocks); }
  /// The first ones that wait, in order of number.
  std::vector<uint64_t> waiting(size_t most) const;

protected:
  const lmdb::read_transaction& txn_;
  const chain_databases& db_;
};

class chain_editor : public chain_view {
public:
  chain_editor(lmdb::write_transaction& txn, const chain_databases& db)
      : chain_view(txn, db), changing_(txn) {}

  void put_text(std::string_view name, std::string_view value);
  /// A new transaction, which waits.
  void add(const medium_entry& x);
  void wait(uint64_t transaction);
  /// A new block on the tip becomes the tip. Its transactions do not wait any more.
  void add_block(const std::vector<uint64_t>& transactions, caf::timestamp made);
  /// Moves the tip to its parent.
  void step_back();
  /// Moves the tip to a block whose parent it is.
  void step_on(uint64_t number);

private:
  void set_tip(uint64_t number);

  lmdb::write_transaction& changing_;
};

/// How many transactions a block holds at most.
inline constexpr size_t most_in_a_block = 1000;

} // namespace igl
