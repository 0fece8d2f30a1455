#include "channels/chain_blocks.hpp"

#include "channels/entry_text.hpp"
#include "messages/errors.hpp"
#include "storage/bytes.hpp"

namespace igl {

namespace {

constexpr std::string_view tip_key = "tip";

std::string key_of(uint64_t number) {
  std::string key;
  byte_writer{key}.u64(number);
  return key;
}

uint64_t number_in(std::string_view key) {
  return byte_reader{key}.u64();
}

std::vector<uint64_t> numbers_in(std::string_view value) {
  std::vector<uint64_t> all;
  byte_reader from{value};
  for (auto left = value.size() / 8; left > 0; --left)
    all.push_back(from.u64());
  return all;
}

block_header take_header(byte_reader& from) {
  block_header x;
  x.parent = from.u64();
  x.height = from.u64();
  x.made = from.time();
  return x;
}

uint64_t last_number(const lmdb::read_transaction& txn, lmdb::database in) {
  auto at = txn.walk(in);
  return at.last() ? number_in(at.key()) : 0;
}

} // namespace

chain_databases::chain_databases(const lmdb::environment& env)
    : chain(env.named("chain")), blocks(env.named("blocks")), heights(env.named("heights")),
      transactions(env.named("transactions")), ids(env.named("ids")), mined(env.named("mined")),
      waiting(env.named("waiting")) {}

std::vector<std::string> chain_databases::names() {
  return {"chain", "blocks", "heights", "transactions", "ids", "mined", "waiting"};
}

std::string chain_view::text(std::string_view name) const {
  return std::string{txn_.find(db_.chain, name).value_or("")};
}

uint64_t chain_view::tip() const {
  auto found = txn_.find(db_.chain, tip_key);
  return found ? number_in(*found) : 0;
}

uint64_t chain_view::newest_block() const {
  return last_number(txn_, db_.blocks);
}

block_header chain_view::header_of(uint64_t number) const {
  if (number == 0)
    return {};
  auto found = txn_.find(db_.blocks, key_of(number));
  if (!found)
    throw damaged_value("a block that is missing");
  byte_reader from{*found};
  return take_header(from);
}

block chain_view::block_of(uint64_t number) const {
  if (number == 0)
    return {};
  auto found = txn_.find(db_.blocks, key_of(number));
  if (!found)
    throw damaged_value("a block that is missing");
  byte_reader from{*found};
  auto header = take_header(from);
  return {header, numbers_in(from.rest())};
}

uint64_t chain_view::block_at(uint64_t height) const {
  auto found = txn_.find(db_.heights, key_of(height));
  return found ? number_in(*found) : 0;
}

bool chain_view::counts(uint64_t number) const {
  return number == 0 || block_at(header_of(number).height) == number;
}

std::optional<uint64_t> chain_view::transaction_of(std::string_view id) const {
  auto found = txn_.find(db_.ids, id);
  if (!found)
    return std::nullopt;
  return number_in(*found);
}

std::optional<std::string_view> chain_view::data_of(uint64_t transaction) const {
  return txn_.find(db_.transactions, key_of(transaction));
}

medium_entry chain_view::entry_of(uint64_t transaction) const {
  auto found = data_of(transaction);
  if (!found)
    throw damaged_value("a transaction that is missing");
  auto x = entry_in(*found);
  if (!x)
    throw damaged_value(
        ("transaction " + std::to_string(transaction) + ": " + sentence_of(x.error())).c_str());
  return std::move(*x);
}

std::vector<uint64_t> chain_view::blocks_with(uint64_t transaction) const {
  auto found = txn_.find(db_.mined, key_of(transaction));
  return found ? numbers_in(*found) : std::vector<uint64_t>{};
}

uint64_t chain_view::block_with(uint64_t transaction) const {
  for (auto number : blocks_with(transaction))
    if (counts(number))
      return number;
  return 0;
}

bool chain_view::waits(uint64_t transaction) const {
  return txn_.find(db_.waiting, key_of(transaction)).has_value();
}

std::vector<uint64_t> chain_view::waiting(size_t most) const {
  std::vector<uint64_t> all;
  auto at = txn_.walk(db_.waiting);
  for (auto more = at.first(); more && all.size() < most; more = at.next())
    all.push_back(number_in(at.key()));
  return all;
}

void chain_editor::put_text(std::string_view name, std::string_view value) {
  changing_.put(db_.chain, name, value);
}

void chain_editor::add(const medium_entry& x) {
  auto key = key_of(last_number(txn_, db_.transactions) + 1);
  changing_.append(db_.transactions, key, text_of(x));
  changing_.put(db_.ids, x.id, key);
  changing_.put(db_.waiting, key, {});
}

void chain_editor::wait(uint64_t transaction) {
  changing_.put(db_.waiting, key_of(transaction), {});
}

void chain_editor::add_block(const std::vector<uint64_t>& transactions, caf::timestamp made) {
  auto parent = tip();
  auto number = newest_block() + 1;
  std::string value;
  byte_writer to{value};
  to.u64(parent);
  to.u64(header_of(parent).height + 1);
  to.time(made);
  for (auto x : transactions)
    to.u64(x);
  changing_.append(db_.blocks, key_of(number), value);
  for (auto x : transactions) {
    auto key = key_of(x);
    std::string holders{txn_.find(db_.mined, key).value_or("")};
    changing_.put(db_.mined, key, holders + key_of(number));
  }
  step_on(number);
}

void chain_editor::step_back() {
  auto header = header_of(tip());
  changing_.erase(db_.heights, key_of(header.height));
  set_tip(header.parent);
}

void chain_editor::step_on(uint64_t number) {
  auto x = block_of(number);
  changing_.put(db_.heights, key_of(x.header.height), key_of(number));
  for (auto transaction : x.transactions)
    changing_.erase(db_.waiting, key_of(transaction));
  set_tip(number);
}

void chain_editor::set_tip(uint64_t number) {
  changing_.put(db_.chain, tip_key, key_of(number));
}

} // namespace igl
