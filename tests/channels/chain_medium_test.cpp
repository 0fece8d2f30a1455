#include "channels/chain.hpp"
#include "channels/chain_medium.hpp"
#include "channels/entry_text.hpp"
#include "channels/open_medium.hpp"
#include "tests/contracts/medium_contract.hpp"
#include "tests/support/temporary_folder.hpp"

#include <atomic>
#include <map>
#include <numeric>
#include <random>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace igl;
using namespace std::chrono_literals;

namespace {

/// A chain in a folder and a clock.
struct chain_place_world {
  explicit chain_place_world(std::string folder) {
    how.path = std::move(folder);
    how.confirmations = 3;
    how.grace = 10s;
    how.block_interval = 0ms;
    how.now = [now = now] {
      return *now;
    };
    on = *chain::open(how.path, map_bytes);
  }

  static constexpr size_t map_bytes = size_t{1} << 24;
  std::shared_ptr<caf::timestamp> now =
      std::make_shared<caf::timestamp>(std::chrono::seconds{1795262400});
  chain_medium_settings how;
  std::shared_ptr<chain> on;

  std::unique_ptr<medium> open() const {
    auto x = open_chain_medium(how, map_bytes);
    REQUIRE_MESSAGE(x, sentence_of(x.error()));
    return std::move(*x);
  }
  void mine(uint64_t blocks) const { REQUIRE(!on->mine(blocks, *now)); }
  /// Writes something else into a transaction, as another program might.
  void damage(uint64_t transaction, const std::string& value) const {
    auto env = std::move(*lmdb::environment::open({how.path, {"transactions"}}));
    auto transactions = env->named("transactions");
    REQUIRE(!env->write([&](lmdb::write_transaction& txn) -> caf::error {
      txn.put(transactions, std::string(7, '\0') + static_cast<char>(transaction), value);
      return caf::none;
    }));
  }
  void fork(uint64_t depth, uint64_t blocks, rewritten what) const {
    REQUIRE(!on->fork(depth, blocks, what, *now));
  }
};

std::function<changing_place()> places_in(const temporary_folder& folder) {
  return [&folder, places = std::make_shared<int>()] {
    auto x = std::make_shared<chain_place_world>(folder.path("chain-" + std::to_string(++*places)));
    changing_place place;
    place.open = [x] {
      return x->open();
    };
    place.settle = [x] {
      x->mine(3);
    };
    place.observe = [x] {
      x->mine(1);
    };
    place.lose = [x] {
      x->fork(3, 2, rewritten::dropped);
    };
    place.plant = [x](const std::string& data) {
      auto name = "planted " + std::to_string(x->on->status()->transactions);
      REQUIRE(!x->on->submit({entry_about(name)}));
      x->damage(x->on->status()->transactions, data);
    };
    place.bring_back = [x] {
      REQUIRE(!x->on->switch_to(3));
    };
    place.wait = [x] {
      *x->now += 10s;
    };
    return place;
  };
}

/// What whoever follows the rules of a receiving endpoint believes, kept with the cursor.
struct belief {
  enum state : uint8_t { observed, confirmed, false_alarm };
  std::map<std::string, std::vector<state>> arrivals;
  std::string cursor;

  void hear(const medium_change& x) {
    auto& all = arrivals[x.about.id];
    auto nothing_there = all.empty() || all.back() == false_alarm;
    if (x.what == medium_news::observed && nothing_there)
      all.push_back(observed);
    else if (x.what == medium_news::confirmed && nothing_there)
      all.push_back(confirmed);
    else if (x.what == medium_news::confirmed)
      all.back() = confirmed;
    else if (x.what == medium_news::gone && !nothing_there)
      all.back() = false_alarm;
  }
};

} // namespace

TEST_SUITE_BEGIN("chain medium");

TEST_CASE("keeps the promises of a medium") {
  temporary_folder folder;
  medium_contract(places_in(folder));
}

TEST_CASE("keeps the promises of a medium that takes back") {
  temporary_folder folder;
  changing_medium_contract(places_in(folder));
}

TEST_CASE("a message that is mined again in another block is no news") {
  temporary_folder folder;
  chain_place_world x{folder.path("c")};
  auto here = x.open();
  std::string cursor;
  CHECK(!here->append({entry_about("a")}));
  x.mine(3);
  rest_of(*here, cursor);
  x.fork(3, 1, rewritten::mined_again);
  // What is not confirmed any more stays believed: it is there.
  for (auto& change : rest_of(*here, cursor))
    CHECK(change.what == medium_news::observed);
  x.mine(2);
  for (auto& change : rest_of(*here, cursor))
    CHECK(change.what == medium_news::confirmed);
  *x.now += 10s;
  CHECK(rest_of(*here, cursor).empty());
}

TEST_CASE("a fork to a shorter branch takes back what is not on it, and nothing else") {
  temporary_folder folder;
  chain_place_world x{folder.path("c")};
  auto here = x.open();
  std::string cursor;
  for (auto id : {"a", "b", "c"}) {
    CHECK(!here->append({entry_about(id)}));
    x.mine(1);
  }
  x.mine(2);
  CHECK(ids_in(rest_of(*here, cursor), medium_news::confirmed).size() == 3);
  x.fork(4, 0, rewritten::dropped);
  using ids = std::vector<std::string>;
  CHECK(ids_in(rest_of(*here, cursor)) == ids{"c", "b"});
  *x.now += 10s;
  CHECK(ids_in(rest_of(*here, cursor), medium_news::gone) == ids{"c", "b"});
  CHECK(*here->find("a") == medium_presence::under_way);
}

TEST_CASE("the grace begins anew when a message came back and was lost again") {
  temporary_folder folder;
  chain_place_world x{folder.path("c")};
  auto here = x.open();
  std::string cursor;
  CHECK(!here->append({entry_about("a")}));
  x.mine(1);
  rest_of(*here, cursor);
  x.fork(1, 0, rewritten::waiting);
  rest_of(*here, cursor);
  *x.now += 6s;
  x.mine(1);
  rest_of(*here, cursor);
  x.fork(1, 0, rewritten::dropped);
  CHECK(ids_in(rest_of(*here, cursor), medium_news::missing) == std::vector<std::string>{"a"});
  *x.now += 6s;
  CHECK(rest_of(*here, cursor).empty());
  *x.now += 4s;
  CHECK(ids_in(rest_of(*here, cursor), medium_news::gone) == std::vector<std::string>{"a"});
}

TEST_CASE("the grace begins anew also when the same block came back and was lost again") {
  temporary_folder folder;
  chain_place_world x{folder.path("c")};
  auto here = x.open();
  std::string cursor;
  CHECK(!here->append({entry_about("a")}));
  x.mine(1);
  rest_of(*here, cursor);
  x.fork(1, 0, rewritten::dropped);
  rest_of(*here, cursor);
  *x.now += 6s;
  REQUIRE(!x.on->switch_to(1));
  rest_of(*here, cursor);
  x.fork(1, 0, rewritten::dropped);
  rest_of(*here, cursor);
  *x.now += 6s;
  CHECK(rest_of(*here, cursor).empty());
  *x.now += 4s;
  CHECK(ids_in(rest_of(*here, cursor), medium_news::gone) == std::vector<std::string>{"a"});
}

TEST_CASE("each message has its own grace, also when a fork goes deeper later") {
  temporary_folder folder;
  chain_place_world x{folder.path("c")};
  auto here = x.open();
  std::string cursor;
  for (auto id : {"a", "b"}) {
    CHECK(!here->append({entry_about(id)}));
    x.mine(1);
  }
  rest_of(*here, cursor);
  x.fork(1, 0, rewritten::dropped);
  rest_of(*here, cursor);
  *x.now += 6s;
  x.fork(1, 0, rewritten::dropped);
  rest_of(*here, cursor);
  *x.now += 4s;
  CHECK(ids_in(rest_of(*here, cursor), medium_news::gone) == std::vector<std::string>{"b"});
  *x.now += 6s;
  CHECK(ids_in(rest_of(*here, cursor), medium_news::gone) == std::vector<std::string>{"a"});
}

TEST_CASE("what came back above the place of a reader and went again before he saw it is gone") {
  temporary_folder folder;
  chain_place_world x{folder.path("c")};
  x.how.confirmations = 1;
  auto here = x.open();
  belief kept;
  auto hear = [&](uint32_t most) {
    for (auto& change : next_of(*here, kept.cursor, most))
      kept.hear(change);
  };
  CHECK(!here->append({entry_about("a")}));
  x.mine(1);
  hear(100);
  CHECK(kept.arrivals["a"].back() == belief::confirmed);
  x.fork(1, 0, rewritten::dropped);
  hear(100);
  // It returns two blocks above; the page ends after the first one.
  for (auto id : {"b", "a"}) {
    CHECK(!here->append({entry_about(id)}));
    x.mine(1);
  }
  *x.now += x.how.grace;
  hear(1);
  x.fork(1, 1, rewritten::dropped);
  here = x.open();
  hear(100);
  *x.now += x.how.grace;
  hear(100);
  CHECK(*here->find("a") == medium_presence::absent);
  CHECK(kept.arrivals["a"].back() == belief::false_alarm);
  CHECK(kept.arrivals["b"].back() == belief::confirmed);
}

TEST_CASE("other confirmations or another grace lose nothing") {
  temporary_folder folder;
  chain_place_world x{folder.path("c")};
  std::string cursor;
  CHECK(!x.open()->append({entry_about("a")}));
  x.mine(2);
  CHECK(ids_in(rest_of(*x.open(), cursor)) == std::vector<std::string>{"a"});
  x.how.confirmations = 1;
  auto seen = rest_of(*x.open(), cursor);
  CHECK(ids_in(seen, medium_news::confirmed) == std::vector<std::string>{"a"});
  x.how.confirmations = 5;
  CHECK(!x.open()->append({entry_about("b")}));
  x.mine(4);
  CHECK(ids_in(rest_of(*x.open(), cursor), medium_news::confirmed).empty());
  x.mine(1);
  CHECK(ids_in(rest_of(*x.open(), cursor), medium_news::confirmed) ==
        std::vector<std::string>{"b"});
}

TEST_CASE("reading makes the blocks that are due, and none where they are made by command") {
  temporary_folder folder;
  chain_place_world x{folder.path("c")};
  auto by_command = x.open();
  x.how.block_interval = 1s;
  auto first = x.open();
  auto second = x.open();
  CHECK(!first->append({entry_about("a")}));
  std::string cursor;
  CHECK(rest_of(*by_command, cursor).empty());
  CHECK(ids_in(all_of(*first), medium_news::observed).size() == 1);
  all_of(*second);
  CHECK(x.on->status()->height == 1);
  for (int i = 0; i < 2; ++i) {
    *x.now += 1s;
    all_of(*second);
    all_of(*first);
  }
  CHECK(x.on->status()->height == 3);
  CHECK(ids_in(all_of(*by_command), medium_news::confirmed).size() == 1);
}

TEST_CASE("tells a transaction that cannot be read once, and the others as ever") {
  temporary_folder folder;
  chain_place_world x{folder.path("c")};
  auto here = x.open();
  for (auto id : {"a", "b", "c"})
    CHECK(!here->append({entry_about(id)}));
  x.mine(1);
  x.damage(2, "hello");
  auto page = *here->read("", 100);
  CHECK(ids_in(page.changes, medium_news::observed) == std::vector<std::string>{"a", "c"});
  REQUIRE(page.unreadable.size() == 1);
  CHECK(page.unreadable[0].where == "in transaction 2");
  CHECK(page.unreadable[0].said == "\"hello\"");
  x.mine(2);
  page = *here->read(page.cursor, 100);
  CHECK(ids_in(page.changes, medium_news::confirmed) == std::vector<std::string>{"a", "c"});
  CHECK(page.unreadable.empty());
  x.fork(3, 0, rewritten::dropped);
  page = *here->read(page.cursor, 100);
  CHECK(ids_in(page.changes, medium_news::missing) == std::vector<std::string>{"a", "c"});
  CHECK(page.unreadable.empty());
  *x.now += 10s;
  page = *here->read(page.cursor, 100);
  CHECK(ids_in(page.changes, medium_news::gone) == std::vector<std::string>{"a", "c"});
  CHECK(page.unreadable.empty());
}

TEST_CASE("never goes on after a block that cannot be read") {
  temporary_folder folder;
  chain_place_world x{folder.path("c")};
  x.how.confirmations = 1;
  auto here = x.open();
  for (auto id : {"a", "b", "c"}) {
    CHECK(!here->append({entry_about(id)}));
    x.mine(1);
  }
  auto env = std::move(*lmdb::environment::open({x.how.path, {"blocks"}}));
  auto blocks = env->named("blocks");
  REQUIRE(!env->write([&](lmdb::write_transaction& txn) -> caf::error {
    txn.put(blocks, std::string(7, '\0') + '\2', "x");
    return caf::none;
  }));
  auto page = *here->read("", 100);
  CHECK(ids_in(page.changes) == std::vector<std::string>{"a"});
  auto stuck = here->read(page.cursor, 100);
  REQUIRE(!stuck);
  CHECK(code_of(stuck.error()) == errc::bad_answer);
  CHECK(sentence_of(stuck.error()).find("after block 1") != std::string::npos);
}

TEST_CASE("says so when blocks were taken away, and when a cursor is none") {
  temporary_folder folder;
  chain_place_world x{folder.path("c")};
  x.mine(2);
  auto here = x.open();
  auto stuck = here->read(x.on->identity() + ":3.1", 10);
  REQUIRE(!stuck);
  CHECK(code_of(stuck.error()) == errc::storage_format);
  CHECK(sentence_of(stuck.error()).find("ends with block 2, but was read up to block 3") !=
        std::string::npos);
  for (auto bad :
       {"", "1", "1.", ".1", "1.1;", "1.1;2", "1.1;2-1", "1.1;1-2@5", "1.1;2-1@x", "1.1 "}) {
    CAPTURE(bad);
    auto refused = here->read(x.on->identity() + ":" + bad, 10);
    REQUIRE(!refused);
    CHECK(code_of(refused.error()) == errc::storage_format);
  }
}

TEST_CASE("the last change is told, also to who looks while it is being written") {
  temporary_folder folder;
  chain_place_world x{folder.path("chain")};
  auto read = x.open();
  std::atomic<uint64_t> wanted{0}, made{0};
  constexpr uint64_t rounds = 500;
  std::thread writer([&] {
    for (uint64_t i = 1; i <= rounds; ++i) {
      while (wanted < i)
        std::this_thread::yield();
      x.mine(1);
      made = i;
    }
  });
  std::string cursor;
  auto look = [&] {
    auto page = read->read(cursor, 10);
    REQUIRE(page);
    cursor = page->cursor;
  };
  for (uint64_t i = 1; i <= rounds; ++i) {
    wanted = i;
    while (made < i)
      look();
    look();
    look();
    auto observed = cursor.substr(cursor.find(':') + 1);
    CHECK(observed.substr(0, observed.find('.')) == std::to_string(i));
  }
  writer.join();
}

TEST_CASE("is written and followed by several processes at once") {
  temporary_folder folder;
  constexpr int each = 60;
  std::vector<pid_t> children;
  for (std::string name : {"au", "sg"}) {
    auto child = fork();
    if (child == 0) {
      chain_medium_settings how;
      how.path = folder.path("c");
      how.block_interval = 1ms;
      how.now = caf::make_timestamp;
      auto own = open_chain_medium(how, size_t{1} << 24);
      if (!own)
        _exit(1);
      std::string cursor;
      for (int i = 0; i < each; ++i) {
        auto page = (*own)->read(cursor, 100);
        if (!page || (*own)->append({entry_about(name + std::to_string(i))}))
          _exit(2);
        cursor = page->cursor;
      }
      _exit(0);
    }
    children.push_back(child);
  }
  chain_medium_settings how;
  how.path = folder.path("c");
  how.block_interval = 1ms;
  how.now = caf::make_timestamp;
  auto here = std::move(*open_chain_medium(how, size_t{1} << 24));
  std::string cursor;
  std::set<std::string> seen;
  size_t told = 0;
  while (seen.size() < 2 * each)
    for (auto& id : ids_in(next_of(*here, cursor), medium_news::confirmed)) {
      seen.insert(id);
      ++told;
    }
  CHECK(told == seen.size());
  for (auto child : children) {
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0);
  }
}

TEST_CASE("whoever follows believes in the end what is on the chain, whatever happened to both") {
  std::vector<uint32_t> seeds(15);
  std::iota(seeds.begin(), seeds.end(), 1);
  // With these a message was given up between two pages while the chain changed.
  for (uint32_t once_wrong : {746, 771, 800, 801, 881, 955, 972, 1803, 1879, 2015, 2059, 2354})
    seeds.push_back(once_wrong);
  for (auto seed : seeds) {
    CAPTURE(seed);
    temporary_folder folder;
    chain_place_world x{folder.path("c")};
    std::mt19937 chance{seed};
    auto up_to = [&](uint32_t most) {
      return chance() % (most + 1);
    };
    x.how.confirmations = 1 + up_to(3);
    x.how.grace = std::chrono::seconds{up_to(10)};
    auto here = x.open();
    belief kept;
    std::vector<std::string> ids;
    for (int round = 0; round < 100; ++round) {
      switch (up_to(7)) {
      case 0:
      case 1:
        ids.push_back("m" + std::to_string(ids.size()));
        REQUIRE(!here->append({entry_about(ids.back())}));
        break;
      case 2:
        x.mine(1 + up_to(2));
        break;
      case 3: {
        auto depth = std::min<uint64_t>(up_to(5), x.on->status()->height);
        x.fork(depth, up_to(6), static_cast<rewritten>(up_to(2)));
        break;
      }
      case 4:
        if (auto blocks = x.on->status()->blocks; blocks > 0)
          REQUIRE(!x.on->switch_to(1 + up_to(static_cast<uint32_t>(blocks) - 1)));
        break;
      case 5:
        *x.now += std::chrono::seconds{up_to(8)};
        break;
      case 6:
        if (!ids.empty())
          REQUIRE(!here->append({entry_about(ids[up_to(static_cast<uint32_t>(ids.size()) - 1)])}));
        break;
      case 7: {
        auto heard = kept;
        for (auto pages = up_to(3); pages > 0; --pages)
          for (auto& change : next_of(*here, heard.cursor, 1 + up_to(3)))
            heard.hear(change);
        // Killed before it kept that, now and then.
        if (up_to(3) != 0)
          kept = std::move(heard);
        else
          here = x.open();
        break;
      }
      }
    }
    x.mine(x.how.confirmations);
    for (auto& change : rest_of(*here, kept.cursor))
      kept.hear(change);
    *x.now += x.how.grace;
    for (auto& change : rest_of(*here, kept.cursor))
      kept.hear(change);
    for (auto& id : ids) {
      CAPTURE(id);
      auto& arrivals = kept.arrivals[id];
      auto believed = !arrivals.empty() && arrivals.back() != belief::false_alarm;
      auto place = *x.on->find(id);
      CHECK(believed == (place.kind == chain_place::on_chain));
      if (believed && place.confirmations >= x.how.confirmations)
        CHECK(arrivals.back() == belief::confirmed);
    }
  }
}

TEST_CASE("opens where the settings say") {
  temporary_folder folder;
  endpoint_settings how;
  how.medium = medium_kind::chain;
  how.medium_path = folder.path("c");
  auto x = opener_of(how, "au-sg")();
  REQUIRE(x);
  CHECK((*x)->description() == "chain " + folder.path("c"));
  CHECK((*x)->takes_back());
  how.medium_path = "/proc/no/such/folder";
  CHECK(code_of(opener_of(how, "au-sg")().error()) == errc::storage_failed);
}

TEST_SUITE_END();
