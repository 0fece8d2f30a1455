#include "storage/ledger_snapshot.hpp"

#include "ledger_fixture.hpp"

#include <map>
#include <random>

using namespace igl;
using namespace igl::test;

namespace {

using entries = std::map<std::string, std::string>;

/// The same changes in three layers over LMDB, and in a map that says what should be seen.
struct layered {
  temporary_folder folder;
  std::shared_ptr<lmdb::environment> env;
  lmdb::database things;
  std::array<change_set, 3> layers; ///< the newest first
  entries expected;
  std::mt19937 random;

  explicit layered(unsigned seed) : random(seed) {
    lmdb::options how;
    how.path = folder.path();
    how.databases = {"things", "others"};
    env = value_of(lmdb::environment::open(how));
    things = env->named("things");
    CHECK_FALSE(env->write([&](lmdb::write_transaction& txn) -> caf::error {
      change([&](auto& key, auto& value) { txn.put(things, key, value); },
             [&](auto& key) { txn.erase(things, key); });
      return {};
    }));
    for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer)
      change([&](auto& key, auto& value) { layer->put(things, key, value); },
             [&](auto& key) { layer->erase(things, key); });
  }

  unsigned below(unsigned limit) { return static_cast<unsigned>(random() % limit); }

  /// Of few keys, so that the layers meet; one is another's beginning, and high bytes are among
  /// them.
  std::string any_key() {
    std::string key(1 + below(2), 'a');
    for (auto& c : key)
      c = "ab\x7f\xff"[below(4)];
    return key;
  }

  template <class Put, class Erase>
  void change(Put put, Erase erase) {
    for (unsigned i = below(8); i > 0; --i) {
      auto key = any_key();
      if (below(3) == 0) {
        erase(key);
        expected.erase(key);
      } else {
        auto value = std::to_string(random());
        put(key, value);
        expected[key] = value;
      }
    }
  }

  void look(const std::function<void(const ledger_snapshot&)>& at) {
    CHECK_FALSE(env->read([&](const lmdb::read_transaction& disk) -> caf::error {
      at(ledger_snapshot(disk, {&layers[0], &layers[1], &layers[2]}));
      return {};
    }));
  }
};

} // namespace

TEST_SUITE("ledger snapshot") {
  TEST_CASE("has of each key what was said last, in LMDB or over it") {
    for (unsigned seed = 0; seed < 300; ++seed) {
      CAPTURE(seed);
      layered world(seed);
      world.look([&](const ledger_snapshot& now) {
        for (int i = 0; i < 30; ++i) {
          auto key = world.any_key();
          auto found = now.find(world.things, key);
          auto wanted = world.expected.find(key);
          REQUIRE(found.has_value() == (wanted != world.expected.end()));
          if (found)
            REQUIRE(*found == wanted->second);
        }
        REQUIRE(now.size(world.things) == world.expected.size());
        REQUIRE(now.size(world.env->named("others")) == 0);
      });
    }
  }

  TEST_CASE("is walked in the order of its keys, in any direction and from anywhere") {
    for (unsigned seed = 0; seed < 300; ++seed) {
      CAPTURE(seed);
      layered world(seed);
      world.look([&](const ledger_snapshot& now) {
        auto& all = world.expected;
        auto at = now.walk(world.things);
        auto place = all.end();
        auto check = [&](bool moved, entries::iterator wanted) {
          REQUIRE(moved == (wanted != all.end()));
          place = wanted;
          if (!moved)
            return;
          REQUIRE(at.key() == wanted->first);
          REQUIRE(at.value() == wanted->second);
        };
        auto before = [&](entries::iterator x) {
          return x == all.begin() ? all.end() : std::prev(x);
        };
        for (int i = 0; i < 60; ++i) {
          auto what = world.below(place == all.end() ? 3 : 9);
          if (what == 0)
            check(at.first(), all.begin());
          else if (what == 1)
            check(at.last(), before(all.end()));
          else if (auto key = world.any_key(); what == 2)
            check(at.seek(key), all.lower_bound(key));
          else if (what < 6)
            check(at.next(), std::next(place));
          else
            check(at.previous(), before(place));
        }
      });
    }
  }

  TEST_CASE("a transaction sees its own changes, and changes nothing below") {
    layered world(1);
    auto below = world.layers[0].of(world.things);
    change_set changes;
    CHECK_FALSE(world.env->read([&](const lmdb::read_transaction& disk) -> caf::error {
      ledger_transaction txn(disk, {&world.layers[0], &world.layers[1], nullptr}, changes);
      txn.put(world.things, "new", "1");
      CHECK(txn.find(world.things, "new") == "1");
      CHECK_FALSE(txn.insert(world.things, "new", "2"));
      CHECK(txn.find(world.things, "new") == "1");
      txn.erase(world.things, "new");
      CHECK_FALSE(txn.find(world.things, "new"));
      CHECK(txn.insert(world.things, "new", "2"));
      CHECK(txn.find(world.things, "new") == "2");
      return {};
    }));
    CHECK(world.layers[0].of(world.things) == below);
    CHECK(changes.of(world.things).size() == 1);
  }
}
