#include "channels/medium_observer.hpp"
#include "channels/memory_medium.hpp"
#include "channels/unreadable_entries.hpp"
#include "tests/channels/endpoint_world.hpp"

using namespace igl;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

struct medium_observer_world : endpoint_world {
  endpoint_settings how = examples::singaporean_endpoint();
  std::shared_ptr<memory_log> log = make_memory_log("log");
  std::unique_ptr<medium> other_end = make_memory_medium(log);
  std::shared_ptr<moody_medium::mood> mood = std::make_shared<moody_medium::mood>();

  medium_observer_actor observe() {
    auto open = [this]() -> caf::expected<std::unique_ptr<medium>> {
      return make_memory_medium(log);
    };
    auto observer = keep(system.spawn(medium_observer, with, how, moody_medium::over(open, mood)));
    run();
    return observer;
  }

  void append(const std::string& id, const std::string& receiver = "SG") {
    auto content = examples::certificate(id);
    content.receiver = receiver;
    REQUIRE(!other_end->append({{id, content}}));
  }

  bool has(const std::string& id) { return bool{record_of(channel_half::receiving, id)}; }
  std::string cursor() { return store->read(find_cursor{"medium"})->value; }
  channel_health health_of(const medium_observer_actor& x) {
    return *ask(x, channel_health_query{}).answer<channel_health>();
  }
};

} // namespace

TEST_SUITE_BEGIN("medium observer");

TEST_CASE_FIXTURE(medium_observer_world, "stores what comes for us, and tells its subscribers") {
  auto observer = observe();
  append("a");
  append("b", "NZ");
  pass(milliseconds{20}, milliseconds{5});
  CHECK(status_of(channel_half::receiving, "a") == channel_status::confirmed);
  CHECK(!has("b"));
  CHECK(details_about("a").size() == 2);
  REQUIRE(notices().size() == 2);
  CHECK(notices()[0].topic == "jurisdiction.SG");
  CHECK(notices()[0].body == R"({"id":"a"})");
  CHECK(notices()[1].topic == "a");
  CHECK(notices()[1].body == R"({"id":"a"})");
  CHECK(cursor() == "log:2");
  auto health = health_of(observer);
  CHECK(health.up);
  CHECK(health.id == how.id);
  CHECK(health.cursor == "log:2");
}

TEST_CASE_FIXTURE(medium_observer_world, "reads what was there before, many entries at a time") {
  for (int i = 0; i < 1000; ++i)
    append("m" + std::to_string(i));
  observe();
  pass(milliseconds{50}, milliseconds{5});
  CHECK(has("m0"));
  CHECK(has("m999"));
  CHECK(settlements == 4);
  CHECK(cursor() == "log:1000");
}

TEST_CASE_FIXTURE(medium_observer_world, "goes on after its cursor when it is started again") {
  caf::anon_send_exit(observe(), caf::exit_reason::kill);
  append("a");
  auto second = observe();
  pass(milliseconds{20}, milliseconds{5});
  caf::anon_send_exit(second, caf::exit_reason::kill);
  run();
  append("b");
  auto before = settlements;
  observe();
  pass(milliseconds{20}, milliseconds{5});
  CHECK(has("b"));
  CHECK(settlements == before + 1);
  CHECK(details_about("a").size() == 2);
}

TEST_CASE_FIXTURE(medium_observer_world,
                  "stores its cursor only now and then for what is not ours") {
  observe();
  for (int i = 0; i < 300; ++i)
    append("nz" + std::to_string(i), "NZ");
  pass(milliseconds{50}, milliseconds{5});
  CHECK(settlements == 0);
  append("a");
  pass(milliseconds{20}, milliseconds{5});
  CHECK(cursor() == "log:301");
  for (int i = 0; i < 4200; ++i)
    append("more" + std::to_string(i), "NZ");
  pass(milliseconds{200}, milliseconds{5});
  CHECK(settlements == 2);
  CHECK(cursor() != "log:301");
}

TEST_CASE_FIXTURE(medium_observer_world, "reads another medium from its start") {
  append("a");
  append("b");
  caf::anon_send_exit(observe(), caf::exit_reason::kill);
  pass(milliseconds{20}, milliseconds{5});
  log = make_memory_log("another");
  other_end = make_memory_medium(log);
  append("c");
  observe();
  pass(milliseconds{20}, milliseconds{5});
  CHECK(has("c"));
  CHECK(cursor() == "another:1");
}

TEST_CASE_FIXTURE(medium_observer_world,
                  "a jurisdiction that is added gets what the medium has had for it before") {
  append("a", "NZ");
  append("b");
  auto first = observe();
  pass(milliseconds{20}, milliseconds{5});
  CHECK(!has("a"));
  auto serve = [&](std::vector<std::string> jurisdictions) {
    caf::anon_send_exit(first, caf::exit_reason::kill);
    run();
    how.jurisdictions = std::move(jurisdictions);
    settlements = 0;
    first = observe();
    pass(milliseconds{100}, milliseconds{5});
  };
  serve({"SG", "NZ"});
  CHECK(status_of(channel_half::receiving, "a") == channel_status::confirmed);
  CHECK(details_about("b").size() == 2);
  CHECK(cursor() == "log:2");
  // Once; not when nobody was added.
  serve({"NZ", "SG"});
  CHECK(settlements == 0);
  serve({"SG"});
  append("c", "NZ");
  append("d");
  pass(milliseconds{20}, milliseconds{5});
  CHECK(has("d"));
  CHECK(!has("c"));
  // He was away in between.
  serve({"SG", "NZ"});
  CHECK(has("c"));
  CHECK(details_about("a").size() == 2);
}

TEST_CASE_FIXTURE(medium_observer_world,
                  "reads once more what was read when nobody noted for whom") {
  append("a");
  append("b");
  settlement older;
  older.cursors.push_back({"medium", "log:1"});
  apply(older);
  observe();
  pass(milliseconds{20}, milliseconds{5});
  CHECK(has("a"));
  CHECK(has("b"));
}

TEST_CASE_FIXTURE(medium_observer_world, "stores nothing twice when its cursor was lost") {
  append("a");
  append("b");
  caf::anon_send_exit(observe(), caf::exit_reason::kill);
  pass(milliseconds{20}, milliseconds{5});
  settlement forget;
  forget.cursors.push_back({"medium", ""});
  apply(forget);
  append("c");
  observe();
  pass(milliseconds{100}, milliseconds{5});
  CHECK(has("c"));
  CHECK(details_about("a").size() == 2);
  CHECK(details_about("c").size() == 2);
  CHECK(cursor() == "log:3");
}

TEST_CASE_FIXTURE(medium_observer_world,
                  "says what is wrong with the medium, and goes on when it is well") {
  mood->opens = make_problem(errc::storage_failed, "no such folder");
  auto observer = observe();
  pass(seconds{30}, milliseconds{100});
  auto health = health_of(observer);
  CHECK(!health.up);
  CHECK(health.last_error.find("no such folder") != std::string::npos);
  CHECK(health.last_error_at > caf::timestamp{});
  // Ever rarer, down to once in five seconds: about 9 doublings, then 5 more looks.
  CHECK(mood->opened > 8);
  CHECK(mood->opened < 25);
  append("a");
  mood->opens = {};
  pass(seconds{6}, milliseconds{100});
  CHECK(has("a"));
  CHECK(health_of(observer).up);
}

TEST_CASE_FIXTURE(medium_observer_world, "survives a medium that cannot be read") {
  auto observer = observe();
  append("a");
  mood->reads = make_problem(errc::bad_answer, "an entry is damaged");
  pass(seconds{1}, milliseconds{10});
  CHECK(!health_of(observer).up);
  CHECK(!has("a"));
  mood->reads = {};
  pass(seconds{6}, milliseconds{100});
  CHECK(has("a"));
  CHECK(health_of(observer).up);
}

TEST_CASE_FIXTURE(medium_observer_world,
                  "an entry that cannot be read is the operator's, once, and holds up nobody") {
  auto keeper = keep(system.spawn(unreadable_entries, with));
  auto work = [&] {
    pass(milliseconds{20}, milliseconds{5});
    for (auto& job : jobs_on(stream::channel_notifications))
      CHECK(ask(keeper, ticket_of(job), *parse_order<channel_notified>(job.order.body))
                .answer<settled>());
  };
  unreadable_entry planted{"at place 1", "a JSON object is expected", "\"hello\""};
  auto observer = observe();
  mood->unreadable = {planted};
  append("a");
  work();
  CHECK(has("a"));
  CHECK(health_of(observer).up);
  auto letters = store->read(find_dead_letters{})->letters;
  REQUIRE(letters.size() == 1);
  for (auto word : {"memory of this process", "at place 1", "a JSON object is expected", "hello"})
    CHECK(letters[0].reason.find(word) != std::string::npos);
  // Also alone on its page, and of a message for others.
  mood->unreadable = {{"at place 3", "no", "\"x\""}};
  append("b", "NZ");
  work();
  CHECK(store->read(find_dead_letters{})->letters.size() == 2);
  CHECK(cursor() == "log:2");
  // The medium is read once more.
  mood->unreadable = {planted};
  append("c");
  work();
  CHECK(has("c"));
  CHECK(store->read(find_dead_letters{})->letters.size() == 2);
  CHECK(jobs_on(stream::channel_notifications).empty());
  // Whoever replays it sees it again.
  CHECK(store->replay({letters[0].number, "operator"}));
  work();
  CHECK(store->read(find_dead_letters{})->letters.size() == 2);
}

TEST_CASE_FIXTURE(medium_observer_world, "reports a medium from which entries were taken away") {
  auto observer = observe();
  append("a");
  append("b");
  pass(milliseconds{20}, milliseconds{5});
  log = make_memory_log("log");
  mood->reads = make_problem(errc::storage_failed);
  pass(milliseconds{20}, milliseconds{5});
  mood->reads = {};
  pass(seconds{6}, milliseconds{100});
  auto health = health_of(observer);
  CHECK(!health.up);
  CHECK(health.last_error.find("ends at place 0, but was read up to 2") != std::string::npos);
}

TEST_CASE_FIXTURE(medium_observer_world, "tries again what the ledger could not store") {
  spoiled = {make_problem(errc::storage_full), make_problem(errc::stale),
             make_problem(errc::unavailable)};
  append("a");
  observe();
  pass(seconds{6}, milliseconds{100});
  CHECK(has("a"));
  CHECK(details_about("a").size() == 2);
}

TEST_SUITE_END();
