#pragma once

#include "channels/chain_follower.hpp"

namespace igl {

/// What a chain looks like now.
struct chain_status {
  std::string identity;
  uint64_t tip = 0;    ///< block number; 0: there is none
  uint64_t height = 0; ///< of the tip
  uint64_t blocks = 0; ///< all that were ever made, those that do not count any more too
  uint64_t transactions = 0;
  uint64_t waiting = 0;
  struct line {
    uint64_t number = 0;
    block_header header;
    uint64_t transactions = 0;
  };
  std::vector<line> newest{}; ///< the tip and the blocks below it
};

/// Where a message is.
struct chain_place {
  enum kind_of_place : uint8_t { unknown, waits, on_chain, left_behind } kind = unknown;
  uint64_t block = 0;         ///< on_chain: its block; left_behind: the last one that held it
  uint64_t confirmations = 0; ///< on_chain: its block and those on top of it
};

/// What becomes of the transactions whose blocks a fork leaves behind.
enum class rewritten : uint8_t {
  mined_again, ///< they are in the new branch, those that find no room wait
  waiting,     ///< they wait for a block, as on most chains
  dropped,     ///< they are gone unless whoever sent them sends them again
};

/// A chain of blocks in a folder that several processes open at once (channels/FORMAT.md). No
/// consensus: every process may make the next block, and whoever forks it says which branch counts.
/// All functions fail with storage_failed or storage_full; thread-safe.
class chain {
public:
  /// Creates it if it is missing. Fails with storage_format if the folder is something else.
  static caf::expected<std::shared_ptr<chain>> open(const std::string& path,
                                                    size_t map_bytes = size_t{1} << 30);
  /// The same, but fails with not_found if there is none.
  static caf::expected<std::shared_ptr<chain>> open_existing(const std::string& path);

  /// What is neither on the chain nor waiting waits from now on. Fails with conflict or bad_request
  /// for all, then nothing has changed.
  caf::error submit(const std::vector<medium_entry>& entries);

  /// How many blocks are made at once at most; more are a typing error.
  static constexpr uint64_t most_blocks = 100000;
  /// Makes blocks of what waits, empty ones when nothing does; not all in one transaction, so that
  /// others can write in between. Fails with bad_request for too many.
  caf::error mine(uint64_t blocks, caf::timestamp now);
  /// Makes one block if the newest is older than `interval`; not if there is nothing to put in it
  /// and `most_at_rest` empty ones are on top. True: it did.
  caf::expected<bool> mine_if_due(std::chrono::milliseconds interval, caf::timestamp now);
  static constexpr uint64_t most_at_rest = 100;

  /// Leaves the `depth` newest blocks behind and makes `blocks` others in their place, also fewer.
  /// Fails with bad_request if the chain is not that high, or for too many.
  caf::error fork(uint64_t depth, uint64_t blocks, rewritten what, caf::timestamp now);
  /// Another block becomes the tip, one that was left behind too. Transactions that are not on the
  /// chain then wait. Fails with not_found.
  caf::error switch_to(uint64_t block);

  caf::expected<chain_status> status(size_t newest = 0) const;
  caf::expected<chain_place> find(const std::string& id) const;

  /// chain_follower::follow on a snapshot, which has the changes up to `seen`. Fails with
  /// storage_format if the position is of a block that is not there.
  caf::error follow(const chain_follower::rules& how, caf::timestamp now, uint32_t limit,
                    chain_follower::position& at, medium_page& page, uint64_t& seen) const;

  const std::string& identity() const { return identity_; }
  const std::string& path() const { return path_; }
  /// Grows with everything that happens on the chain; costs next to nothing. It is seen here before
  /// it is in a snapshot.
  uint64_t last_change() const { return env_->last_transaction(); }

private:
  chain(std::string path, std::shared_ptr<lmdb::environment> env);
  caf::error enter();
  caf::error check(const chain_view& view);

  std::string path_;
  std::shared_ptr<lmdb::environment> env_;
  chain_databases db_;
  std::string identity_;
};

} // namespace igl
