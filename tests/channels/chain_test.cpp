#include "channels/chain.hpp"
#include "tests/contracts/medium_contract.hpp"
#include "tests/storage/folder_content.hpp"
#include "tests/support/temporary_folder.hpp"

#include "channels/shared_database.hpp"

#include <atomic>
#include <thread>

using namespace igl;
using std::chrono::seconds;

namespace {

using kind = chain_place::kind_of_place;

struct chain_world {
  temporary_folder folder;
  std::shared_ptr<chain> on = opened();
  caf::timestamp now{seconds{1795262400}};

  std::shared_ptr<chain> opened() {
    auto x = chain::open(folder.path("chain"), size_t{1} << 24);
    REQUIRE_MESSAGE(x, sentence_of(x.error()));
    return *x;
  }
  void submit(std::vector<std::string> ids) {
    std::vector<medium_entry> entries;
    for (auto& id : ids)
      entries.push_back(entry_about(id));
    REQUIRE(!on->submit(entries));
  }
  /// A block with these.
  void block_of(std::vector<std::string> ids) {
    submit(std::move(ids));
    mine();
  }
  void mine(uint64_t blocks = 1) { REQUIRE(!on->mine(blocks, now)); }
  void fork(uint64_t depth, uint64_t blocks, rewritten what) {
    REQUIRE(!on->fork(depth, blocks, what, now));
  }
  chain_place find(const std::string& id) { return *on->find(id); }
  chain_status status() { return *on->status(100); }
  /// The blocks of the chain, from the tip down.
  std::vector<uint64_t> numbers() {
    std::vector<uint64_t> all;
    for (auto& x : status().newest)
      all.push_back(x.number);
    return all;
  }
};

} // namespace

TEST_SUITE_BEGIN("chain");

TEST_CASE_FIXTURE(chain_world, "puts what waits into the next block") {
  CHECK(status().height == 0);
  submit({"a", "b"});
  CHECK(find("a").kind == kind::waits);
  CHECK(find("x").kind == kind::unknown);
  CHECK(status().waiting == 2);
  mine();
  CHECK(find("a").kind == kind::on_chain);
  CHECK(find("a").block == 1);
  CHECK(find("a").confirmations == 1);
  mine(4);
  CHECK(find("b").confirmations == 5);
  auto x = status();
  CHECK(x.height == 5);
  CHECK(x.tip == 5);
  CHECK(x.waiting == 0);
  CHECK(x.transactions == 2);
  CHECK(x.newest.back().transactions == 2);
  CHECK(x.newest.front().transactions == 0);
  CHECK(x.newest.front().header.made == now);
}

TEST_CASE_FIXTURE(chain_world, "fills no block beyond its bound") {
  std::vector<std::string> ids;
  for (size_t i = 0; i < most_in_a_block + 5; ++i)
    ids.push_back("m" + std::to_string(i));
  submit(ids);
  mine();
  CHECK(status().waiting == 5);
  CHECK(find("m0").kind == kind::on_chain);
  CHECK(find(ids.back()).kind == kind::waits);
  fork(1, 2, rewritten::mined_again);
  CHECK(status().newest[0].transactions == 0);
  CHECK(status().newest[1].transactions == most_in_a_block);
}

TEST_CASE_FIXTURE(chain_world,
                  "forks to a longer, an equal, a shorter branch, and down to nothing") {
  mine(5);
  fork(2, 4, rewritten::waiting);
  CHECK(numbers() == std::vector<uint64_t>{9, 8, 7, 6, 3, 2, 1});
  fork(1, 1, rewritten::waiting);
  CHECK(numbers() == std::vector<uint64_t>{10, 8, 7, 6, 3, 2, 1});
  fork(3, 1, rewritten::waiting);
  CHECK(numbers() == std::vector<uint64_t>{11, 6, 3, 2, 1});
  fork(5, 0, rewritten::waiting);
  CHECK(numbers().empty());
  CHECK(status().height == 0);
  CHECK(status().blocks == 11);
  mine();
  CHECK(numbers() == std::vector<uint64_t>{12});
}

TEST_CASE_FIXTURE(chain_world, "does with rewritten transactions as it is told") {
  block_of({"below"});
  block_of({"a"});
  block_of({"b"});
  auto what = rewritten::waiting;
  auto then = kind::waits;
  SUBCASE("they wait") {}
  SUBCASE("they are mined again") {
    what = rewritten::mined_again;
    then = kind::on_chain;
  }
  SUBCASE("they are dropped") {
    what = rewritten::dropped;
    then = kind::left_behind;
  }
  fork(2, 1, what);
  for (auto id : {"a", "b"})
    CHECK(find(id).kind == then);
  CHECK(find("below").kind == kind::on_chain);
  CHECK(status().height == 2);
  submit({"a"});
  CHECK(find("a").kind == (what == rewritten::mined_again ? kind::on_chain : kind::waits));
  mine();
  CHECK(find("a").kind == kind::on_chain);
  CHECK(find("a").block == (what == rewritten::mined_again ? 4 : 5));
}

TEST_CASE_FIXTURE(chain_world, "keeps what finds no room in the new branch waiting") {
  block_of({"a"});
  fork(1, 0, rewritten::mined_again);
  CHECK(find("a").kind == kind::waits);
}

TEST_CASE_FIXTURE(chain_world, "switches to a branch that was left behind, and back") {
  block_of({"a"});
  block_of({"b"});
  fork(1, 2, rewritten::dropped);
  submit({"c"});
  mine();
  CHECK(find("b").kind == kind::left_behind);
  CHECK(numbers() == std::vector<uint64_t>{5, 4, 3, 1});
  REQUIRE(!on->switch_to(2));
  CHECK(numbers() == std::vector<uint64_t>{2, 1});
  CHECK(find("b").kind == kind::on_chain);
  CHECK(find("c").kind == kind::waits);
  REQUIRE(!on->switch_to(5));
  CHECK(numbers() == std::vector<uint64_t>{5, 4, 3, 1});
  CHECK(find("c").kind == kind::on_chain);
  CHECK(find("b").kind == kind::waits);
  REQUIRE(!on->switch_to(3));
  CHECK(numbers() == std::vector<uint64_t>{3, 1});
  CHECK(status().waiting == 2);
}

TEST_CASE_FIXTURE(chain_world,
                  "refuses forks below its first block, and blocks that are not there") {
  mine(2);
  auto why = on->fork(3, 1, rewritten::waiting, now);
  CHECK(code_of(why) == errc::bad_request);
  CHECK(sentence_of(why).find("is 2 blocks high") != std::string::npos);
  CHECK(code_of(on->switch_to(0)) == errc::not_found);
  CHECK(code_of(on->switch_to(3)) == errc::not_found);
  CHECK(numbers() == std::vector<uint64_t>{2, 1});
}

TEST_CASE_FIXTURE(chain_world, "makes a block when one is due, once, whoever asks") {
  auto other_process = opened();
  auto interval = seconds{10};
  CHECK(*on->mine_if_due(interval, now));
  CHECK(!*other_process->mine_if_due(interval, now));
  now += seconds{9};
  CHECK(!*on->mine_if_due(interval, now));
  now += seconds{1};
  CHECK(*other_process->mine_if_due(interval, now));
  CHECK(!*on->mine_if_due(interval, now));
  CHECK(status().height == 2);
  // The clock was set back.
  now -= seconds{3600};
  CHECK(*on->mine_if_due(interval, now));
}

TEST_CASE_FIXTURE(chain_world, "makes one block when many see at the same time that it is due") {
  constexpr int rounds = 40;
  constexpr int askers = 4;
  for (int round = 1; round <= rounds; ++round) {
    now += seconds{10};
    std::atomic<int> ready{0};
    std::atomic<int> made{0};
    std::vector<std::thread> all;
    for (int i = 0; i < askers; ++i)
      all.emplace_back([&] {
        ++ready;
        while (ready < askers)
          std::this_thread::yield();
        made += *on->mine_if_due(seconds{10}, now);
      });
    for (auto& x : all)
      x.join();
    REQUIRE(made == 1);
    REQUIRE(status().height == static_cast<uint64_t>(round));
  }
}

TEST_CASE_FIXTURE(chain_world, "rests when only empty blocks would follow") {
  auto due = [&] {
    now += seconds{1};
    return *on->mine_if_due(seconds{1}, now);
  };
  while (due())
    REQUIRE(status().height <= chain::most_at_rest);
  CHECK(status().height == chain::most_at_rest);
  submit({"a"});
  for (uint64_t i = 0; i <= chain::most_at_rest; ++i)
    CHECK(due());
  CHECK(!due());
  CHECK(find("a").confirmations == chain::most_at_rest + 1);
}

TEST_CASE_FIXTURE(chain_world, "is the same after it was closed") {
  block_of({"a"});
  fork(1, 2, rewritten::waiting);
  auto identity = on->identity();
  on.reset();
  on = opened();
  CHECK(on->identity() == identity);
  CHECK(numbers() == std::vector<uint64_t>{3, 2});
  CHECK(find("a").kind == kind::waits);
}

TEST_CASE_FIXTURE(chain_world, "opens what is there only, where it is asked to") {
  CHECK(chain::open_existing(folder.path("chain")));
  auto missing = chain::open_existing(folder.path("nothing"));
  REQUIRE(!missing);
  CHECK(code_of(missing.error()) == errc::not_found);
  CHECK(!std::filesystem::exists(folder.path("nothing")));
}

TEST_CASE_FIXTURE(chain_world, "refuses the folder of another medium, and one of another format") {
  open_shared_database_medium(folder.path("m"), size_t{1} << 20)->reset();
  auto before = content_of(folder.path("m"));
  auto x = chain::open(folder.path("m"));
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::storage_format);
  CHECK(sentence_of(x.error()).find("the shared database of a channel") != std::string::npos);
  CHECK(content_of(folder.path("m")) == before);
  on.reset();
  {
    auto env = std::move(*lmdb::environment::open({folder.path("chain"), {"chain"}}));
    auto about = env->named("chain");
    REQUIRE(!env->write([&](lmdb::write_transaction& txn) -> caf::error {
      txn.put(about, "format", "2");
      return caf::none;
    }));
  }
  x = chain::open(folder.path("chain"));
  REQUIRE(!x);
  CHECK(sentence_of(x.error()).find("format 2; this program reads format 1") != std::string::npos);
}

TEST_CASE_FIXTURE(chain_world,
                  "makes many blocks at once, and refuses what can only be a mistake") {
  mine(2500);
  CHECK(on->status()->height == 2500);
  for (auto count : {chain::most_blocks + 1, std::numeric_limits<uint64_t>::max()}) {
    CHECK(code_of(on->mine(count, now)) == errc::bad_request);
    CHECK(code_of(on->fork(1, count, rewritten::waiting, now)) == errc::bad_request);
    CHECK(code_of(on->fork(count, 1, rewritten::waiting, now)) == errc::bad_request);
    CHECK(code_of(on->switch_to(count)) == errc::not_found);
  }
  CHECK(on->status()->blocks == 2500);
}

TEST_SUITE_END();
