#pragma once

#include "messages/multihash.hpp"
#include "storage/ledger_databases.hpp"
#include "tests/storage/ledger_fixture.hpp"

#include <fstream>
#include <random>
#include <sstream>

namespace igl::test {

/// A ledger with something in almost every database.
struct full_ledger : ledger_fixture {
  static constexpr int messages = 40;
  std::string document;
  std::string multihash;
  uint64_t upload = 0;

  full_ledger() {
    std::mt19937 random{1};
    while (document.size() < 600000)
      document += static_cast<char>(random());
    multihash = multihash_of(document);
    upload = value_of(it->begin()).upload;
    for (uint32_t piece = 0; piece * document_piece_size < document.size(); ++piece)
      value_of(it->store(store_piece{
          upload, piece, document.substr(piece * document_piece_size, document_piece_size)}));
    settlement stored;
    stored.objects.push_back({multihash, upload, document.size()});
    stored.grants.push_back({multihash, "SG", "document-api"});
    stored.events.push_back(event_of(event_kind::document_stored, multihash));
    value_of(settle(stored));
    settlement subscribed;
    subscribed.subscriptions.push_back(
        {subscription_act::put, {"a", "a", "http://x", "secret", clock.now() + 1h}});
    value_of(settle(subscribed));
    for (int i = 0; i < messages; ++i) {
      auto x = putting(record_of(std::to_string(i)), 0);
      x.opens.push_back(order("job-" + std::to_string(i)));
      if (i % 8 == 0)
        x.tells.push_back({"AU:" + std::to_string(i), "cause", {{"a.b", "{}"}}});
      if (i % 4 == 0)
        x.opens.push_back(in_lane("lane-job-" + std::to_string(i)));
      if (i == 0)
        x.cursors.push_back({"a-cursor", "17"});
      value_of(settle(x));
    }
    auto first = due().front();
    value_of(end(ticket_of(first), job_end::dead, {}, "it died"));
    settlement told;
    channel_record_change change;
    change.record.half = channel_half::posting;
    change.record.said.id = "4711";
    change.record.said.content = record_of("1").content;
    told.channel_records.push_back(change);
    told.events.push_back(event_of(event_kind::channel_message_posted, "4711"));
    value_of(settle(told));
  }

  static job_order in_lane(const std::string& id) {
    auto x = order(id);
    x.lane = "http://x";
    x.place = 1;
    return x;
  }

  std::string file() const { return folder.path() + "/data.mdb"; }

  /// The environment as it lies there, without sums.
  std::shared_ptr<lmdb::environment> raw(bool sums = true) const {
    lmdb::options how;
    how.path = folder.path();
    how.databases = ledger_databases::names();
    how.sums = sums;
    how.without_sum = ledger_meta_without_sums();
    return value_of(lmdb::environment::open(how));
  }
};

inline std::string bytes_in(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream all;
  all << file.rdbuf();
  return all.str();
}

inline void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// Changes one bit behind the last place where a file has this text; false: it has not.
inline bool flip_in(const std::string& path, const std::string& text, size_t behind = 0) {
  auto all = bytes_in(path);
  bool any = false;
  for (auto at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) {
    all[at + behind] ^= 1;
    any = true;
  }
  write_bytes(path, all);
  return any;
}

} // namespace igl::test
