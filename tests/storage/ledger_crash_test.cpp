#include "ledger_fixture.hpp"

#include <csignal>
#include <random>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>

using namespace igl;
using namespace igl::test;

namespace {

struct acknowledged {
  uint64_t batch;
};

constexpr int messages_per_batch = 7;

/// What the child does until it is killed: each batch opens and closes a job, puts messages, stores
/// a document; then it says so.
[[noreturn]] void commit_until_killed(const ledger::options& how, uint64_t batch, int tell) {
  auto opened = ledger::open(how);
  if (!opened)
    _exit(2);
  auto& it = **opened;
  for (;; ++batch) {
    auto upload = it.begin();
    auto number = std::to_string(batch);
    std::string document = "document " + number;
    if (!upload || !it.store(store_piece{upload->upload, 0, document}))
      _exit(3);
    std::vector<settlement> settlements;
    for (int i = 0; i < messages_per_batch; ++i)
      settlements.push_back(putting(record_of(number + "." + std::to_string(i)), 0));
    settlements[0].opens.push_back(ledger_fixture::order("job " + number));
    settlements[0].objects.push_back({"Qm" + number, upload->upload, document.size()});
    for (const auto& result : it.commit(settlements))
      if (!result)
        _exit(4);
    due_jobs first;
    first.on = stream::outbox;
    first.at = caf::timestamp::max();
    auto job = it.read(first);
    if (!job)
      _exit(5);
    settlement done;
    done.job = job_outcome{};
    done.job->ticket = ledger_fixture::ticket_of(job->jobs.at(0));
    if (!it.commit({done}).at(0))
      _exit(6);
    acknowledged ack{batch};
    if (write(tell, &ack, sizeof ack) != sizeof ack)
      _exit(7);
  }
}

/// What the child does until it is killed: as many transactions at once as the ledger lets it; each
/// says when it is on disk.
[[noreturn]] void overlap_until_killed(ledger::options how, uint64_t batch, int tell) {
  how.overlapping = true;
  auto opened = ledger::open(how);
  if (!opened)
    _exit(2);
  for (;; ++batch) {
    std::vector<settlement> settlements;
    for (int i = 0; i < messages_per_batch; ++i)
      settlements.push_back(putting(record_of(std::to_string(batch) + "." + std::to_string(i)), 0));
    (*opened)->commit(settlements, [batch, tell](const auto& results) {
      for (const auto& result : results)
        if (!result)
          _exit(4);
      acknowledged ack{batch};
      if (write(tell, &ack, sizeof ack) != sizeof ack)
        _exit(7);
    });
  }
}

} // namespace

TEST_SUITE("ledger after a crash") {
  TEST_CASE("has everything that was acknowledged, and no half of a settlement") {
    temporary_folder folder;
    ledger::options how;
    how.path = folder.path();
    how.owner = "AU";
    how.map_bytes = 1 << 17; // so that it also dies while the map grows
    how.now = [] {
      return caf::make_timestamp();
    };
    std::mt19937 random(17);
    uint64_t next = 1; // every batch before this one is in the ledger
    for (int round = 0; round < 10; ++round) {
      CAPTURE(round);
      int channel[2];
      REQUIRE(pipe(channel) == 0);
      auto child = fork();
      if (child == 0)
        commit_until_killed(how, next, channel[1]);
      close(channel[1]);
      // Killed at some moment after some number of acknowledgements.
      auto enough = next + random() % 60;
      acknowledged last{next - 1};
      for (acknowledged ack; last.batch < enough && read(channel[0], &ack, sizeof ack) > 0;)
        last = ack;
      usleep(random() % 3000);
      kill(child, SIGKILL);
      int status = 0;
      waitpid(child, &status, 0);
      CHECK(WIFSIGNALED(status));
      for (acknowledged ack; read(channel[0], &ack, sizeof ack) == sizeof ack;)
        last = ack;
      close(channel[0]);

      auto it = value_of(ledger::open(how));
      for (uint64_t batch = next; batch <= last.batch + 1; ++batch) {
        auto number = std::to_string(batch);
        int messages = 0;
        for (int i = 0; i < messages_per_batch; ++i) {
          find_message what{{"AU", number + "." + std::to_string(i)}};
          messages += value_of(it->read(what)).record ? 1 : 0;
        }
        auto object = value_of(it->read(find_object{"Qm" + number})).info;
        if (batch <= last.batch)
          REQUIRE(messages == messages_per_batch);
        REQUIRE(messages == (object ? messages_per_batch : 0));
        if (object) {
          CHECK(value_of(it->read(read_piece{object->upload, 0})).bytes == "document " + number);
          last.batch = std::max(last.batch, batch);
        }
      }
      next = last.batch + 1;
      auto figures = value_of(it->read(ledger_figures_query{}));
      CHECK(figures.messages == last.batch * messages_per_batch);
      CHECK(figures.events == last.batch * messages_per_batch);
      CHECK(figures.objects == last.batch);
      CHECK(figures.open_jobs <= static_cast<uint64_t>(round) + 1);
      find_events newest;
      newest.after = figures.events - 1;
      CHECK(value_of(it->read(newest)).events.at(0).number == figures.events);
    }
  }

  TEST_CASE("has every transaction that was acknowledged while others were under way") {
    temporary_folder folder;
    ledger::options how;
    how.path = folder.path();
    how.owner = "AU";
    std::mt19937 random(18);
    uint64_t next = 1; // every batch before this one is in the ledger
    for (int round = 0; round < 10; ++round) {
      CAPTURE(round);
      int channel[2];
      REQUIRE(pipe(channel) == 0);
      auto child = fork();
      if (child == 0)
        overlap_until_killed(how, next, channel[1]);
      close(channel[1]);
      const auto enough = next + random() % 200;
      acknowledged last{next - 1};
      for (acknowledged ack; last.batch < enough && read(channel[0], &ack, sizeof ack) > 0;) {
        CHECK(ack.batch == last.batch + 1);
        last = ack;
      }
      usleep(random() % 3000);
      kill(child, SIGKILL);
      int status = 0;
      waitpid(child, &status, 0);
      CHECK(WIFSIGNALED(status));
      for (acknowledged ack; read(channel[0], &ack, sizeof ack) == sizeof ack;)
        last = ack;
      close(channel[0]);

      auto it = value_of(ledger::open(how));
      const auto messages_of = [&](uint64_t batch) {
        int messages = 0;
        for (int i = 0; i < messages_per_batch; ++i) {
          find_message what{{"AU", std::to_string(batch) + "." + std::to_string(i)}};
          messages += value_of(it->read(what)).record ? 1 : 0;
        }
        return messages;
      };
      for (; next <= last.batch; ++next)
        REQUIRE(messages_of(next) == messages_per_batch);
      // More may be on disk, but nothing that rests on what is not.
      for (int messages; (messages = messages_of(next)) != 0; ++next)
        REQUIRE(messages == messages_per_batch);
      CHECK(value_of(it->read(ledger_figures_query{})).messages == (next - 1) * messages_per_batch);
    }
  }

  TEST_CASE("ends the transactions that are under way when it closes") {
    temporary_folder folder;
    ledger::options how;
    how.path = folder.path();
    how.owner = "AU";
    how.overlapping = true;
    constexpr int transactions = 50;
    std::vector<int> ended;
    {
      auto it = value_of(ledger::open(how));
      for (int i = 0; i < transactions; ++i)
        it->commit({putting(record_of(std::to_string(i)), 0)}, [&ended, i](const auto& results) {
          if (results.at(0))
            ended.push_back(i);
        });
    }
    CHECK(ended.size() == transactions);
    CHECK(std::is_sorted(ended.begin(), ended.end()));
    CHECK(value_of(value_of(ledger::open(how))->read(ledger_figures_query{})).messages ==
          transactions);
  }

  TEST_CASE("undoes all that rests on a transaction which the disk refused") {
    temporary_folder folder;
    ledger::options how;
    how.path = folder.path();
    how.owner = "AU";
    how.overlapping = true;
    auto child = fork();
    if (child == 0) {
      signal(SIGXFSZ, SIG_IGN);
      auto it = *ledger::open(how);
      bool good = true;
      const auto upload = it->begin()->upload;
      good = good && it->store(store_piece{upload, 0, "document"});
      rlimit disk{};
      getrlimit(RLIMIT_FSIZE, &disk);
      auto room = disk;
      room.rlim_cur = 2 << 20;
      setrlimit(RLIMIT_FSIZE, &room);
      settlement refused = putting(record_of("1"), 0);
      refused.cursors.push_back({"c", std::string(3 << 20, 'x')});
      settlement naming = putting(record_of("2"), 0);
      naming.objects.push_back({"Qm", upload, 8});
      std::vector<errc> ended;
      const auto note = [&](const auto& results) {
        ended.push_back(test::code_of(results.at(0)));
      };
      it->commit({refused}, note);
      it->commit({naming}, note);
      it->commit({putting(record_of("2"), 0)}, note); // stale, or it fails with them
      it->abandon(it->begin()->upload);
      // It ends behind them, whether it began before they failed or after.
      const auto last = test::code_of(it->commit({putting(record_of("3"), 0)}).at(0));
      good = good && (last == errc::none || last == errc::storage_full);
      setrlimit(RLIMIT_FSIZE, &disk);
      good = good && ended.size() == 3 && ended[0] == errc::storage_full;
      // However far they had come, the upload is open until it became a document.
      if (!it->read(find_object{"Qm"})->info)
        good = good && it->commit({naming}).at(0);
      good = good && it->read(find_object{"Qm"})->info;
      auto numbers = it->read(find_events{});
      for (uint64_t i = 0; good && i < numbers->events.size(); ++i)
        good = good && numbers->events[i].number == i + 1;
      _exit(good ? 0 : 1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }

  TEST_CASE("while a refused write may come true, the pieces that it may name stay") {
    temporary_folder folder;
    ledger::options how;
    how.path = folder.path();
    how.owner = "AU";
    how.now = [] {
      return caf::make_timestamp();
    };
    auto child = fork();
    if (child == 0) {
      signal(SIGXFSZ, SIG_IGN);
      auto it = *ledger::open(how);
      auto abandoned = it->begin()->upload;
      auto other = it->begin()->upload;
      bool good = bool(it->store(store_piece{abandoned, 0, "piece"}));
      const auto is_there = [&] {
        return bool(it->read(read_piece{abandoned, 0}));
      };
      rlimit disk{};
      getrlimit(RLIMIT_FSIZE, &disk);
      auto room = disk;
      room.rlim_cur = 2 << 20;
      setrlimit(RLIMIT_FSIZE, &room);
      settlement refused;
      refused.objects.push_back({"Qm", abandoned, 5});
      refused.cursors.push_back({"c", std::string(3 << 20, 'x')});
      good = good && !it->commit({refused}).at(0);
      setrlimit(RLIMIT_FSIZE, &disk);
      it->abandon(abandoned);
      good = good && it->store(store_piece{other, 0, "piece"}) && is_there();
      good = good && it->commit({putting(record_of("1"), 0)}).at(0);
      good = good && it->store(store_piece{other, 1, "piece"}) && !is_there();
      _exit(good ? 0 : 1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }

  // A limit on the size of files stands for the disk: beyond it every write fails.
  TEST_CASE("whose disk is full says so, loses nothing, and goes on when there is room") {
    temporary_folder folder;
    ledger::options how;
    how.path = folder.path();
    how.owner = "AU";
    how.now = [] {
      return caf::make_timestamp();
    };
    auto child = fork();
    if (child == 0) {
      signal(SIGXFSZ, SIG_IGN);
      auto it = *ledger::open(how);
      rlimit disk{};
      getrlimit(RLIMIT_FSIZE, &disk);
      auto room = disk;
      room.rlim_cur = 32 << 20;
      setrlimit(RLIMIT_FSIZE, &room);
      // First a document fills the file of LMDB.
      auto upload = it->begin();
      std::string bytes(document_piece_size, 'p');
      caf::expected<piece_stored> piece{piece_stored{}};
      for (uint32_t i = 0; piece && i < 1000; ++i)
        piece = it->store(store_piece{upload->upload, i, bytes});
      // A limit that cuts a write of LMDB's short looks like a failing disk.
      auto refused = [](errc x) {
        return x == errc::storage_full || x == errc::storage_failed;
      };
      bool good = refused(test::code_of(piece));
      // The journal still takes some.
      int stored = 0;
      caf::expected<settled> result{settled{}};
      for (; result && stored < 10'000; ++stored) {
        auto x = putting(record_of(std::to_string(stored)), 0);
        x.cursors.push_back({std::to_string(stored), std::string(50'000, 'c')});
        result = it->commit({x}).at(0);
      }
      --stored;
      good = good && stored > 100 && refused(test::code_of(result));
      setrlimit(RLIMIT_FSIZE, &disk);
      auto all_there = [&] {
        for (int i = 0; i <= stored; ++i) {
          auto found = it->read(find_message{{"AU", std::to_string(i)}});
          good = good && found && bool(found->record) == (i < stored);
        }
      };
      all_there();
      // Nothing says so when it goes on: the next attempt does.
      auto more = putting(record_of(std::to_string(stored)), 0);
      auto deadline = std::chrono::steady_clock::now() + 10s;
      while (!it->commit({more}).at(0) && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(10ms);
      it.reset();
      it = *ledger::open(how);
      ++stored;
      all_there();
      auto figures = it->read(ledger_figures_query{});
      good = good && figures->events == static_cast<uint64_t>(stored);
      _exit(good ? 0 : 1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(ledger::open(how));
  }
}
