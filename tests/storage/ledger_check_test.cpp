#include "storage/ledger_check.hpp"

#include "full_ledger.hpp"
#include "storage/bytes.hpp"
#include "storage/ledger_keys.hpp"
#include "storage/ledger_values.hpp"

#include <fcntl.h>
#include <random>

using namespace igl;
using namespace igl::test;

namespace {

ledger_checked checked(const std::string& folder) {
  return value_of(check_ledger(folder, [](const std::string&) {}));
}

bool names(const ledger_checked& x, const std::string& text) {
  return std::any_of(x.faults.begin(), x.faults.end(), [&](const std::string& fault) {
    return fault.find(text) != std::string::npos;
  });
}

struct checked_ledger : full_ledger {
  checked_ledger() { it.reset(); }

  void change(const std::function<void(lmdb::environment&, lmdb::write_transaction&)>& what) {
    auto env = raw();
    CHECK_FALSE(env->write([&](lmdb::write_transaction& txn) -> caf::error {
      what(*env, txn);
      return {};
    }));
  }
  void erase_first(const std::string& database) {
    change([&](auto& env, auto& txn) {
      auto in = env.named(database);
      std::string key;
      {
        auto at = txn.walk(in);
        REQUIRE(at.first());
        key = at.key();
      }
      CHECK(txn.erase(in, key));
    });
  }
};

} // namespace

TEST_SUITE("ledger check") {
  TEST_CASE_FIXTURE(checked_ledger, "a whole ledger is good, with its figures") {
    auto x = checked(folder.path());
    for (const auto& fault : x.faults)
      MESSAGE(fault);
    CHECK(x.good());
    CHECK(x.figures["messages"] == messages);
    CHECK(x.figures["objects"] == 1);
    CHECK(x.figures["bytes of documents"] == document.size());
    CHECK(x.figures["dead_letters"] == 1);
    CHECK_FALSE(x.figures.contains("journal seed"));
    // It changed nothing, and the ledger goes on.
    reopen();
    CHECK(figures().messages == messages);
  }

  TEST_CASE_FIXTURE(full_ledger, "a ledger that is open is refused, and who has it is named") {
    auto x = check_ledger(folder.path(), [](const std::string&) {});
    REQUIRE(test::code_of(x) == errc::storage_locked);
    CHECK(sentence_of(x.error()).find("process " + std::to_string(getpid())) != std::string::npos);
  }

  TEST_CASE("what is no ledger is refused") {
    temporary_folder folder;
    CHECK(test::code_of(check_ledger(folder.path(), [](const std::string&) {})) ==
          errc::storage_format);
    folder.write("data.mdb", std::string(8192, 'x'));
    CHECK_FALSE(check_ledger(folder.path(), [](const std::string&) {}));
  }

  TEST_CASE_FIXTURE(checked_ledger, "every index entry that is missing is a fault") {
    for (auto index : {"events_about", "channel_updates", "subscription_ends", "subscriptions_of",
                       "hub_topics", "jobs_due", "lanes", "hub_wanted", "hub_wanted_ends"}) {
      CAPTURE(index);
      auto before = bytes_in(file());
      erase_first(index);
      CHECK_FALSE(checked(folder.path()).good());
      write_bytes(file(), before);
    }
    CHECK(checked(folder.path()).good());
  }

  TEST_CASE_FIXTURE(checked_ledger, "every record that only its index knows is a fault") {
    for (auto records : {"events", "channel_records", "subscriptions", "hub_events", "jobs",
                         "pieces", "objects"}) {
      CAPTURE(records);
      auto before = bytes_in(file());
      erase_first(records);
      CHECK_FALSE(checked(folder.path()).good());
      write_bytes(file(), before);
    }
  }

  TEST_CASE_FIXTURE(checked_ledger, "counters that do not add up, and a gap in the events") {
    auto before = bytes_in(file());
    change([&](auto& env, auto& txn) {
      auto meta = env.named("meta");
      auto state = decoded<ledger_state>(*txn.find(meta, meta_key::state));
      ++state.open_jobs[static_cast<size_t>(stream::outbox)];
      ++state.last_event;
      std::string value;
      encode(value, state);
      txn.put(meta, meta_key::state, value);
    });
    auto x = checked(folder.path());
    CHECK(names(x, "open jobs, the state says"));
    CHECK(names(x, "the last event is"));
    write_bytes(file(), before);
    change([&](auto& env, auto& txn) {
      CHECK(txn.erase(env.named("events"), ledger_keys::of_number(7)));
    });
    CHECK(names(checked(folder.path()), "7 is missing"));
  }

  TEST_CASE_FIXTURE(checked_ledger, "a document whose pieces are those of another one") {
    change([&](auto& env, auto& txn) {
      auto in = env.named("pieces");
      auto key = ledger_keys::of_piece(upload, 1);
      std::string bytes{*txn.find(in, key)};
      bytes[17] ^= 1;
      txn.put(in, key, bytes);
    });
    // Every sum is right.
    auto x = checked(folder.path());
    CHECK(x.faults.size() == 1);
    CHECK(names(x, "document " + multihash + ": its bytes are those of"));
  }

  TEST_CASE_FIXTURE(checked_ledger, "a damaged value and a damaged record of the journal") {
    REQUIRE(flip_in(file(), document.substr(300000, 64), 10));
    auto x = checked(folder.path());
    CHECK(names(x, "in the database pieces"));
    CHECK(names(x, "piece 1 is damaged"));
    CHECK(flip_in(folder.path() + "/journal.0", "job-3"));
    CHECK_NOTHROW(checked(folder.path()));
  }

  TEST_CASE_FIXTURE(checked_ledger, "whatever page is destroyed, the check comes to an end") {
    const auto whole = bytes_in(file());
    std::mt19937 random{17};
    size_t faulty = 0, pages = 0;
    for (size_t page = 2; page * 4096 < whole.size(); page += 1 + random() % 12) {
      auto bytes = whole;
      for (size_t i = 0; i < 4096; ++i)
        bytes[page * 4096 + i] = static_cast<char>(random());
      write_bytes(file(), bytes);
      auto x = check_ledger(folder.path(), [](const std::string&) {});
      ++pages;
      faulty += !x || !x->good() ? 1 : 0;
    }
    // The others are free.
    CHECK(faulty > pages / 2);
    write_bytes(file(), whole);
    CHECK(checked(folder.path()).good());
  }
}
