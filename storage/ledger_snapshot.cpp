#include "storage/ledger_snapshot.hpp"

#include <stdexcept>

namespace igl {

// -- cursor --------------------------------------------------------------------------------------

ledger_cursor::ledger_cursor(const lmdb::read_transaction& disk, const change_layers& layers,
                             lmdb::database in)
    : disk_(disk.walk(in)) {
  for (size_t i = 0; i < layers.size(); ++i)
    if (layers[i])
      layers_[i].all = &layers[i]->of(in);
}

void ledger_cursor::all_from(std::string_view key) {
  heading_ = direction::forward;
  for (auto& x : layers_) {
    if (!x.all)
      continue;
    x.at = x.all->lower_bound(key);
    x.valid = x.at != x.all->end();
  }
  disk_valid_ = key.empty() ? disk_.first() : disk_.seek(key);
}

void ledger_cursor::all_up_to(std::string_view key) {
  heading_ = direction::backward;
  for (auto& x : layers_) {
    if (!x.all)
      continue;
    x.at = x.all->upper_bound(key);
    x.valid = x.at != x.all->begin();
    if (x.valid)
      --x.at;
  }
  disk_valid_ = disk_.seek(key) ? disk_.key() == key || disk_.previous() : disk_.last();
}

void ledger_cursor::leave(std::string_view key) {
  const bool forward = heading_ == direction::forward;
  for (auto& x : layers_) {
    if (!x.valid || x.at->first != key)
      continue;
    if (forward)
      x.valid = ++x.at != x.all->end();
    else if (x.valid = x.at != x.all->begin(); x.valid)
      --x.at;
  }
  if (disk_valid_ && disk_.key() == key)
    disk_valid_ = forward ? disk_.next() : disk_.previous();
}

bool ledger_cursor::settle() {
  for (;;) {
    // Of several sources with the same key the first, which is the newest, is taken.
    const layer* nearest = nullptr;
    std::string_view found;
    auto nearer = [&](std::string_view key) {
      return heading_ == direction::forward ? key < found : key > found;
    };
    for (const auto& x : layers_) {
      if (x.valid && (!nearest || nearer(x.at->first))) {
        nearest = &x;
        found = x.at->first;
      }
    }
    if (disk_valid_ && (!nearest || nearer(disk_.key()))) {
      key_ = disk_.key();
      checked_ = false;
      return true;
    }
    if (!nearest)
      return false;
    if (nearest->at->second) {
      key_ = found;
      value_ = *nearest->at->second;
      checked_ = true;
      return true;
    }
    leave(found); // erased
  }
}

bool ledger_cursor::first() {
  return seek({});
}

bool ledger_cursor::last() {
  heading_ = direction::backward;
  for (auto& x : layers_) {
    x.valid = x.all && !x.all->empty();
    if (x.valid)
      x.at = std::prev(x.all->end());
  }
  disk_valid_ = disk_.last();
  return settle();
}

bool ledger_cursor::next() {
  if (heading_ != direction::forward)
    all_from(key_);
  leave(key_);
  return settle();
}

bool ledger_cursor::previous() {
  if (heading_ != direction::backward)
    all_up_to(key_);
  leave(key_);
  return settle();
}

bool ledger_cursor::seek(std::string_view key) {
  all_from(key);
  return settle();
}

// -- snapshot ------------------------------------------------------------------------------------

const std::optional<std::string>* ledger_snapshot::changed(lmdb::database in,
                                                           std::string_view key) const {
  for (const auto* layer : layers_) {
    if (!layer)
      continue;
    const auto& all = layer->of(in);
    if (auto found = all.find(key); found != all.end())
      return &found->second;
  }
  return nullptr;
}

std::optional<std::string_view> ledger_snapshot::find(lmdb::database in,
                                                      std::string_view key) const {
  if (const auto* change = changed(in, key))
    return *change;
  return disk_.find(in, key);
}

std::optional<std::string_view> ledger_snapshot::find_or_absent(lmdb::database in,
                                                                std::string_view key) const {
  if (const auto* change = changed(in, key))
    return *change;
  auto found = disk_.find(in, key);
  if (!found)
    disk_.check_absence(in, key);
  return found;
}

uint64_t ledger_snapshot::size(lmdb::database in) const {
  auto result = disk_.size(in);
  for (size_t i = 0; i < layers_.size(); ++i) {
    if (!layers_[i])
      continue;
    for (const auto& [key, value] : layers_[i]->of(in)) {
      bool said = false;
      for (size_t newer = 0; newer < i && !said; ++newer)
        said = layers_[newer] && layers_[newer]->of(in).contains(key);
      if (said)
        continue;
      bool on_disk = disk_.find_stored(in, key).has_value();
      if (value && !on_disk)
        ++result;
      else if (!value && on_disk)
        --result;
    }
  }
  return result;
}

// -- transaction ---------------------------------------------------------------------------------

void ledger_transaction::put(lmdb::database in, std::string key, std::string_view value) {
  constexpr size_t longest = 511;
  if (key.empty() || key.size() > longest)
    throw std::length_error("a key of " + std::to_string(key.size()) + " bytes");
  changes_.put(in, std::move(key), value);
}

bool ledger_transaction::insert(lmdb::database in, std::string key, std::string_view value) {
  if (find_or_absent(in, key))
    return false;
  put(in, std::move(key), value);
  return true;
}

} // namespace igl
