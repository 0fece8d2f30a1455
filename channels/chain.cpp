#include "channels/chain.hpp"

#include "channels/fresh_uuid.hpp"
#include "channels/numbered_log.hpp"
#include "messages/errors.hpp"
#include "storage/folder_kind.hpp"

#include <algorithm>
#include <filesystem>

namespace igl {

namespace {

constexpr std::string_view format_key = "format";
constexpr std::string_view identity_key = "identity";
constexpr std::string_view format_now = "1";

/// Makes a block of the first transactions of a list and takes them off it.
void add_block_of(chain_editor& to, std::vector<uint64_t>& transactions, caf::timestamp now) {
  auto count = std::min(transactions.size(), most_in_a_block);
  auto end = transactions.begin() + static_cast<ptrdiff_t>(count);
  to.add_block({transactions.begin(), end}, now);
  transactions.erase(transactions.begin(), end);
}

void add_block_of_waiting(chain_editor& to, caf::timestamp now) {
  to.add_block(to.waiting(most_in_a_block), now);
}

/// Moves the tip down until a block counts no more; the answer: the transactions that were above
/// it, the oldest first.
std::vector<uint64_t> step_back_to(chain_editor& to, uint64_t height) {
  std::vector<uint64_t> left;
  while (to.header_of(to.tip()).height > height) {
    auto transactions = to.block_of(to.tip()).transactions;
    left.insert(left.end(), transactions.rbegin(), transactions.rend());
    to.step_back();
  }
  std::reverse(left.begin(), left.end());
  return left;
}

bool only_empty_blocks_on_top(const chain_view& chain, uint64_t most) {
  auto number = chain.tip();
  for (uint64_t i = 0; i < most; ++i) {
    auto x = chain.block_of(number);
    if (number == 0 || !x.transactions.empty())
      return false;
    number = x.header.parent;
  }
  return true;
}

constexpr uint64_t blocks_at_once = 1000;

caf::error check_count(uint64_t blocks) {
  if (blocks > chain::most_blocks)
    return make_problem(errc::bad_request,
                        std::to_string(blocks) + " blocks are too many; at most " +
                            std::to_string(chain::most_blocks) + " are made at once");
  return caf::none;
}

} // namespace

chain::chain(std::string path, std::shared_ptr<lmdb::environment> env)
    : path_(std::move(path)), env_(std::move(env)), db_(*env_) {}

caf::expected<std::shared_ptr<chain>> chain::open(const std::string& path, size_t map_bytes) {
  lmdb::options how;
  how.path = path;
  how.map_bytes = map_bytes;
  // The endpoints may run as different users of one group; the umask has the last word.
  how.file_mode = 0664;
  how.databases = chain_databases::names();
  auto env = open_folder(folder_kind::chain, how);
  if (!env)
    return env.error();
  auto opened = std::shared_ptr<chain>{new chain{path, std::move(*env)}};
  if (auto why = opened->enter())
    return why;
  return opened;
}

caf::expected<std::shared_ptr<chain>> chain::open_existing(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path + "/data.mdb", ignored))
    return make_problem(errc::not_found,
                        "there is no chain in " + path + "; the first endpoint makes it");
  return open(path);
}

caf::error chain::check(const chain_view& view) {
  auto format = view.text(format_key);
  if (format.empty())
    return caf::none;
  if (format != format_now)
    return make_problem(errc::storage_format, "the chain in " + path_ + " has format " + format +
                                                  "; this program reads format 1");
  identity_ = view.text(identity_key);
  if (identity_.empty())
    return make_problem(errc::storage_format, "the chain in " + path_ + " has no identity");
  return caf::none;
}

/// Checks what is there; writes format and identity into a new one.
caf::error chain::enter() {
  auto why = env_->read([&](const lmdb::read_transaction& txn) -> caf::error {
    return check(chain_view{txn, db_});
  });
  if (why || !identity_.empty())
    return why;
  auto fresh = fresh_uuid();
  return env_->write([&](lmdb::write_transaction& txn) -> caf::error {
    chain_editor to{txn, db_};
    // Another process may have done the same at this moment.
    if (to.text(format_key).empty()) {
      to.put_text(format_key, format_now);
      to.put_text(identity_key, fresh);
    }
    return check(to);
  });
}

caf::error chain::submit(const std::vector<medium_entry>& entries) {
  return env_->write([&](lmdb::write_transaction& txn) -> caf::error {
    chain_editor to{txn, db_};
    for (auto& x : entries) {
      if (auto why = numbered_log::check_id(x.id))
        return why;
      auto known = to.transaction_of(x.id);
      if (!known) {
        to.add(x);
        continue;
      }
      if (!same_message(to.entry_of(*known).content, x.content))
        return numbered_log::other_content(x.id);
      if (to.block_with(*known) == 0)
        to.wait(*known);
    }
    return caf::none;
  });
}

caf::error chain::mine(uint64_t blocks, caf::timestamp now) {
  if (auto why = check_count(blocks))
    return why;
  while (blocks > 0) {
    auto some = std::min(blocks, blocks_at_once);
    auto why = env_->write([&](lmdb::write_transaction& txn) -> caf::error {
      chain_editor to{txn, db_};
      for (uint64_t i = 0; i < some; ++i)
        add_block_of_waiting(to, now);
      return caf::none;
    });
    if (why)
      return why;
    blocks -= some;
  }
  return caf::none;
}

caf::expected<bool> chain::mine_if_due(std::chrono::milliseconds interval, caf::timestamp now) {
  // First without keeping others from writing.
  auto is_due = [&](const chain_view& view) {
    auto made = view.header_of(view.tip()).made;
    // A clock that was set back must not stop the chain.
    auto age = made > now ? made - now : now - made;
    return age >= interval &&
           (view.count_of_waiting() > 0 || !only_empty_blocks_on_top(view, most_at_rest));
  };
  auto due = false;
  auto why = env_->read([&](const lmdb::read_transaction& txn) -> caf::error {
    due = is_due(chain_view{txn, db_});
    return caf::none;
  });
  if (why)
    return why;
  if (!due)
    return false;
  why = env_->write([&](lmdb::write_transaction& txn) -> caf::error {
    chain_editor to{txn, db_};
    due = is_due(to);
    if (due)
      add_block_of_waiting(to, now);
    return caf::none;
  });
  if (why)
    return why;
  return due;
}

caf::error chain::fork(uint64_t depth, uint64_t blocks, rewritten what, caf::timestamp now) {
  if (auto why = check_count(blocks))
    return why;
  // One transaction: nobody may see the old branch gone and the new one not there.
  return env_->write([&](lmdb::write_transaction& txn) -> caf::error {
    chain_editor to{txn, db_};
    auto height = to.header_of(to.tip()).height;
    if (depth > height)
      return make_problem(errc::bad_request, "the chain is " + std::to_string(height) +
                                                 " blocks high; it cannot fork " +
                                                 std::to_string(depth) + " blocks below its tip");
    auto left = step_back_to(to, height - depth);
    std::vector<uint64_t> again;
    if (what == rewritten::mined_again)
      again.swap(left);
    for (uint64_t i = 0; i < blocks; ++i)
      add_block_of(to, again, now);
    if (what == rewritten::waiting)
      again.swap(left);
    for (auto x : again)
      to.wait(x);
    return caf::none;
  });
}

caf::error chain::switch_to(uint64_t wanted) {
  return env_->write([&](lmdb::write_transaction& txn) -> caf::error {
    chain_editor to{txn, db_};
    if (wanted == 0 || wanted > to.newest_block())
      return make_problem(errc::not_found, "there is no block " + std::to_string(wanted));
    std::vector<uint64_t> path;
    auto number = wanted;
    for (; !to.counts(number); number = to.header_of(number).parent)
      path.push_back(number);
    auto left = step_back_to(to, to.header_of(number).height);
    for (auto x = path.rbegin(); x != path.rend(); ++x)
      to.step_on(*x);
    for (auto x : left)
      if (to.block_with(x) == 0)
        to.wait(x);
    return caf::none;
  });
}

caf::expected<chain_status> chain::status(size_t newest) const {
  chain_status result;
  auto why = env_->read([&](const lmdb::read_transaction& txn) -> caf::error {
    chain_view view{txn, db_};
    result.identity = identity_;
    result.tip = view.tip();
    result.height = view.header_of(result.tip).height;
    result.blocks = view.count_of_blocks();
    result.transactions = view.count_of_transactions();
    result.waiting = view.count_of_waiting();
    for (auto number = result.tip; number != 0 && result.newest.size() < newest;) {
      auto x = view.block_of(number);
      result.newest.push_back({number, x.header, x.transactions.size()});
      number = x.header.parent;
    }
    return caf::none;
  });
  if (why)
    return why;
  return result;
}

caf::expected<chain_place> chain::find(const std::string& id) const {
  if (auto why = numbered_log::check_id(id))
    return why;
  chain_place result;
  auto why = env_->read([&](const lmdb::read_transaction& txn) -> caf::error {
    chain_view view{txn, db_};
    auto transaction = view.transaction_of(id);
    if (!transaction)
      return caf::none;
    result.block = view.block_with(*transaction);
    if (result.block != 0) {
      result.kind = chain_place::on_chain;
      result.confirmations =
          view.header_of(view.tip()).height - view.header_of(result.block).height + 1;
    } else if (view.waits(*transaction)) {
      result.kind = chain_place::waits;
    } else {
      result.kind = chain_place::left_behind;
      auto holders = view.blocks_with(*transaction);
      result.block = holders.empty() ? 0 : holders.back();
    }
    return caf::none;
  });
  if (why)
    return why;
  return result;
}

caf::error chain::follow(const chain_follower::rules& how, caf::timestamp now, uint32_t limit,
                         chain_follower::position& at, medium_page& page, uint64_t& seen) const {
  return env_->read([&](const lmdb::read_transaction& txn) -> caf::error {
    seen = txn.id();
    chain_view view{txn, db_};
    if (auto newest = view.newest_block(); at.observed > newest)
      return make_problem(errc::storage_format,
                          "the chain in " + path_ + " ends with block " + std::to_string(newest) +
                              ", but was read up to block " + std::to_string(at.observed) +
                              ": blocks were taken away; restore the chain");
    return chain_follower::follow(view, how, now, limit, at, page);
  });
}

} // namespace igl
