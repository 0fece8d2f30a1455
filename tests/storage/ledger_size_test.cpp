#include "ledger_fixture.hpp"

#include <chrono>
#include <thread>

using namespace igl;
using namespace igl::test;

namespace {

/// A settlement as a worker makes it: closes a job, changes a message, logs two events, opens two
/// jobs.
settlement typical(const std::string& ref) {
  settlement x = putting(record_of(ref), 0);
  x.messages[0].record.content.obj = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG";
  x.events[0].detail = "by a business in AU";
  x.events.push_back(event_of(event_kind::access_granted, "AU:" + ref, "SG may read the obj"));
  for (auto on : {stream::outbox, stream::notifications}) {
    job_order order;
    order.id = (on == stream::outbox ? "route/AU:" : "notify/AU:") + ref;
    order.on = on;
    order.about = "AU:" + ref;
    order.body = std::string(300, 'j');
    x.opens.push_back(order);
  }
  return x;
}

constexpr int many = 100'000;

/// 100,000 messages, 200,000 events, 100,000 open jobs.
void fill(ledger& it) {
  std::vector<settlement> batch;
  for (int i = 0; i < many; ++i) {
    batch.push_back(typical(std::to_string(i)));
    batch.back().opens.pop_back();
    if (batch.size() == 1000 || i == many - 1) {
      for (const auto& result : it.commit(batch))
        REQUIRE(result);
      batch.clear();
    }
  }
}

template <class What>
std::chrono::microseconds time_of(What what) {
  auto begin = std::chrono::steady_clock::now();
  what();
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                               begin);
}

} // namespace

TEST_SUITE("ledger of some size") {
  TEST_CASE_FIXTURE(ledger_fixture, "opens within a second with 100,000 messages and open jobs") {
    fill(*it);
    found_due_jobs first;
    ledger_figures found;
    auto opening = time_of([&] {
      reopen();
      found = figures();
      due_jobs what;
      what.on = stream::outbox;
      what.at = clock.now();
      first = read(what);
    });
    MESSAGE("opened, counted and first jobs read in ", opening.count(), " us");
    CHECK(opening < 1s);
    CHECK(found.messages == many);
    CHECK(found.events == 2 * many);
    CHECK(found.open_jobs == many);
    CHECK(first.jobs.size() == 512);
    MESSAGE("bytes used per message: ", found.used_bytes / many);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "grows from a tiny map under concurrent readers") {
    it.reset();
    std::filesystem::remove_all(folder.path());
    auto how = options();
    how.map_bytes = 1 << 17;
    it = value_of(ledger::open(how));
    value_of(settle(putting(record_of("first"), 0)));
    std::atomic<bool> done{false};
    std::atomic<int> wrong{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 2; ++i)
      readers.emplace_back([&] {
        find_message what{{"AU", "first"}};
        due_jobs jobs;
        jobs.at = clock.now();
        while (!done) {
          auto found = it->read(what);
          wrong += !found || !found->record || found->record->content.sender_ref != "first";
          wrong += !it->read(jobs);
        }
      });
    for (int batch = 0; batch < 50; ++batch) {
      std::vector<settlement> settlements;
      for (int i = 0; i < 50; ++i)
        settlements.push_back(typical(std::to_string(batch * 50 + i)));
      for (const auto& result : it->commit(settlements))
        REQUIRE(result);
    }
    done = true;
    for (auto& reader : readers)
      reader.join();
    CHECK(wrong == 0);
    it.reset();
    it = value_of(ledger::open(how));
    auto found = figures();
    CHECK(found.map_bytes > 1 << 17);
    CHECK(found.messages == 2501);
    CHECK(found.open_jobs == 5000);
    CHECK(found.events == 5001);
  }
}
