#include "channels/update_cursor.hpp"
#include "messages/errors.hpp"
#include "storage/ledger.hpp"
#include "tests/channels/examples.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <thread>

using namespace igl;

namespace {

constexpr size_t messages = 1500;

/// An endpoint's ledger, written by one thread and listed by others.
struct busy_endpoint {
  temporary_folder folder;
  std::shared_ptr<ledger> store;
  std::atomic<bool> written{false};
  std::atomic<int64_t> seconds{1'800'000'000}; ///< the clock, which now and then goes back

  busy_endpoint() {
    ledger::options how;
    how.path = folder.path("ledger");
    how.owner = "endpoint";
    how.map_bytes = size_t{1} << 26;
    how.now = [this] {
      return caf::timestamp{std::chrono::seconds{seconds}};
    };
    auto opened = ledger::open(how);
    REQUIRE_MESSAGE(opened, sentence_of(opened.error()));
    store = std::move(*opened);
  }

  static settlement change(const channel_record& x) {
    settlement s;
    s.channel_records.push_back({x, x.version});
    s.events.push_back({0, {}, event_kind::channel_message_changed, x.said.id, "observed"});
    s.events.push_back({0, {}, event_kind::channel_message_changed, x.said.id, "confirmed"});
    return s;
  }

  /// Message n, for AU or SG in turn.
  static channel_record fresh(size_t n) {
    channel_record x;
    x.half = channel_half::receiving;
    x.said = {"m-" + std::to_string(n), examples::certificate(std::to_string(n)),
              channel_status::confirmed};
    x.said.content.receiver = n % 2 == 0 ? "AU" : "SG";
    return x;
  }

  /// In transactions of different sizes, as group commit makes them; every tenth message turns out
  /// to be a false alarm a while later.
  void write() {
    size_t alarms = 0;
    for (size_t n = 0; n < messages;) {
      std::vector<settlement> together;
      for (size_t i = 0; i <= n % 7 && n < messages; ++i, ++n)
        together.push_back(change(fresh(n)));
      for (; alarms + 50 < n; alarms += 10)
        together.push_back(false_alarm(alarms));
      store->commit(together);
      seconds += n % 5 == 0 ? -3 : 1;
    }
    written = true;
  }

  settlement false_alarm(size_t n) {
    auto found =
        store->read(find_channel_record{channel_half::receiving, "m-" + std::to_string(n)});
    auto x = *found->record;
    x.said.status = channel_status::false_alarm;
    return change(x);
  }

  /// Lists page by page until everything was written and a page is empty. What came, and how often
  /// in each state.
  std::map<std::string, std::map<channel_status, int>> follow(const std::string& receiver,
                                                              uint32_t limit) {
    std::map<std::string, std::map<channel_status, int>> came;
    find_channel_updates asked;
    asked.receiver = receiver;
    asked.limit = limit;
    for (;;) {
      auto ends = written.load();
      auto page = next(asked);
      for (auto& x : page.messages)
        ++came[x.id][x.status];
      CHECK(page.messages.size() <= limit);
      if (ends && page.messages.empty() && !page.more)
        return came;
      asked.cursor = page.cursor;
    }
  }

  /// What channel_api asks and answers.
  channel_page next(const find_channel_updates& asked) const {
    auto from = update_cursor::place_of(asked);
    REQUIRE_MESSAGE(from, sentence_of(from.error()));
    if (from->version != 0) {
      auto why = update_cursor::check(
          *from, store->read(update_cursor::event_number(from->version))->events);
      REQUIRE_MESSAGE(!why, sentence_of(why));
    }
    auto found = store->read(update_cursor::question_of(asked, *from));
    REQUIRE(found);
    auto version = update_cursor::version_in(*found);
    std::vector<event> newest;
    if (version != 0)
      newest = store->read(update_cursor::event_number(version))->events;
    return update_cursor::page_of(*from, *found, newest);
  }
};

} // namespace

TEST_SUITE_BEGIN("updates");

TEST_CASE_FIXTURE(busy_endpoint,
                  "pages lose nothing and repeat nothing while messages come and change") {
  std::vector<std::map<std::string, std::map<channel_status, int>>> came(3);
  std::thread writer([&] { write(); });
  std::thread first([&] { came[0] = follow("AU", 3); });
  std::thread second([&] { came[1] = follow("SG", 500); });
  came[2] = follow("", 17);
  for (auto* x : {&writer, &first, &second})
    x->join();
  CHECK(came[0].size() == messages / 2);
  CHECK(came[1].size() == messages / 2);
  CHECK(came[2].size() == messages);
  for (auto& all : came)
    for (auto& followed : all) {
      const auto& id = followed.first;
      const auto& states = followed.second;
      auto last = store->read(find_channel_record{channel_half::receiving, id})->record;
      CAPTURE(id);
      // Each state once at most, and the last one without fail.
      CHECK(states.count(last->said.status) == 1);
      for (auto& [status, times] : states)
        CHECK(times == 1);
    }
}

TEST_SUITE_END();
