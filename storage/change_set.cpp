#include "storage/change_set.hpp"

#include "storage/bytes.hpp"

#include <utility>

namespace igl {

namespace {

/// Of an entry in a journal: what was done with the key.
enum class deed : uint8_t { erased, put };

} // namespace

change_set::changes& change_set::in(lmdb::database x) {
  auto place = static_cast<size_t>(x);
  if (place >= databases_.size())
    databases_.resize(place + 1);
  return databases_[place];
}

const change_set::changes& change_set::of(lmdb::database x) const {
  static const changes none;
  auto place = static_cast<size_t>(x);
  return place < databases_.size() ? databases_[place] : none;
}

void change_set::put(lmdb::database x, std::string key, std::string_view value) {
  bytes_ += key.size() + value.size();
  in(x)[std::move(key)].emplace(value);
}

void change_set::erase(lmdb::database x, std::string key) {
  bytes_ += key.size();
  in(x)[std::move(key)].reset();
}

void change_set::merge(change_set&& newer) {
  merge(std::move(newer), [](lmdb::database, std::string_view) { return true; });
}

void change_set::merge(change_set&& newer, const lookup& is_below) {
  for (size_t place = 0; place < newer.databases_.size(); ++place) {
    auto& from = newer.databases_[place];
    if (from.empty())
      continue;
    auto& to = in(lmdb::database(place));
    if (to.empty())
      std::swap(to, from);
    while (!from.empty()) {
      auto result = to.insert(from.extract(from.begin()));
      if (result.inserted)
        continue;
      auto& [key, before] = *result.position;
      const bool gone = before && !result.node.mapped();
      before = std::move(result.node.mapped());
      if (gone && !is_below(lmdb::database(place), key))
        to.erase(result.position);
    }
  }
  bytes_ += newer.bytes_;
  newer.bytes_ = 0;
}

std::string change_set::encoded(std::span<const lmdb::database> order) const {
  std::string result;
  byte_writer to(result);
  result.reserve(bytes_ + bytes_ / 8);
  for (size_t place = 0; place < order.size(); ++place) {
    for (const auto& [key, value] : of(order[place])) {
      to.u8(static_cast<uint8_t>(place));
      to.u8(static_cast<uint8_t>(value ? deed::put : deed::erased));
      to.text(key);
      if (value)
        to.text(*value);
    }
  }
  return result;
}

change_set change_set::decoded(std::string_view from, std::span<const lmdb::database> order) {
  change_set result;
  byte_reader in(from);
  while (!in.at_end()) {
    auto place = in.u8();
    if (place >= order.size())
      throw damaged_value("a change of a database that does not exist");
    auto what = deed{in.u8()};
    auto key = in.text();
    if (what == deed::put)
      result.put(order[place], std::string{key}, in.text());
    else if (what == deed::erased)
      result.erase(order[place], std::string{key});
    else
      throw damaged_value("a change that is neither put nor erased");
  }
  return result;
}

} // namespace igl
