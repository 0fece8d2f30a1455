#include "channels/chain.hpp"
#include "channels/medium_observer.hpp"
#include "channels/medium_writer.hpp"
#include "channels/open_medium.hpp"
#include "tests/channels/endpoint_world.hpp"

using namespace igl;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

using texts = std::vector<std::string>;
using status = channel_status;

constexpr auto posting_half = channel_half::posting;
constexpr auto receiving_half = channel_half::receiving;

/// Both ends of a channel over a chain whose blocks a test makes: an endpoint of AU and SG.
struct chain_endpoint_world : endpoint_world {
  endpoint_settings how = settings();
  std::shared_ptr<chain> on = *chain::open(how.medium_path, size_t{1} << 24);
  std::shared_ptr<moody_medium::mood> mood = std::make_shared<moody_medium::mood>();
  medium_writer_actor writer;
  medium_observer_actor observer;

  endpoint_settings settings() {
    auto x = examples::australian_endpoint();
    x.jurisdictions = {"AU", "SG"};
    x.medium = medium_kind::chain;
    x.medium_path = folder.path("chain");
    x.medium_confirmations = 2;
    x.medium_grace = seconds{30};
    x.medium_block_interval = milliseconds{0};
    x.medium_send_again = seconds{10};
    x.medium_sends = 2;
    x.retry_medium.attempts = 3;
    return x;
  }

  void start() {
    auto open = moody_medium::over(opener_of(how, how.id, now()), mood);
    writer = keep(system.spawn(medium_writer, with, open, how, nullptr));
    observer = keep(system.spawn(medium_observer, with, how, open));
    look();
  }
  /// As after a crash: from what is in the ledger.
  void start_again() {
    caf::anon_send_exit(observer, caf::exit_reason::kill);
    caf::anon_send_exit(writer, caf::exit_reason::kill);
    run();
    start();
  }

  /// The observer looks; then every job that is due is done.
  void look() {
    pass(milliseconds{20}, milliseconds{5});
    due_jobs all;
    all.on = stream::medium_writes;
    all.at = now()();
    auto due = store->read(all);
    for (auto& job : due->jobs) {
      auto done = ask(writer, ticket_of(job), *parse_order<write_to_medium>(job.order.body))
                      .answer<settled>();
      if (done)
        continue;
      settlement again;
      again.job = job_outcome{ticket_of(job), job_end::again, now()() + seconds{1}, "failed"};
      apply(again);
    }
    pass(milliseconds{20}, milliseconds{5});
  }
  void wait(seconds time) {
    pass(time, seconds{1});
    look();
  }
  void mine(uint64_t blocks = 1) {
    REQUIRE(!on->mine(blocks, now()()));
    look();
  }
  void fork(uint64_t depth, uint64_t blocks, rewritten what) {
    REQUIRE(!on->fork(depth, blocks, what, now()()));
    look();
  }
  /// Posted and written, not in a block yet.
  void post(const std::string& id) {
    apply(posting(id, id));
    look();
  }

  status sent(const std::string& id) { return status_of(posting_half, id); }
  status received(const std::string& id) { return status_of(receiving_half, id); }
  bool is_stored(const std::string& id) { return bool{record_of(receiving_half, id)}; }
  texts posted; ///< the topics about posted messages that `heard` came across
  /// The other topics that were told since the last question.
  texts heard() {
    texts all;
    for (auto& x : notices())
      (x.topic.starts_with("posting.") ? posted : all).push_back(x.topic);
    told.clear();
    return all;
  }
  /// Ids of the receiving store in the order of their last change.
  texts updated() {
    channel_records_since since;
    texts all;
    auto found = store->read(since);
    for (auto& x : found->records)
      all.push_back(x.said.id + " " + to_string(x.said.status));
    return all;
  }
  size_t open_jobs() { return jobs_on(stream::medium_writes).size(); }
};

} // namespace

TEST_SUITE_BEGIN("endpoint on a chain");

TEST_CASE_FIXTURE(chain_endpoint_world,
                  "a message is received and observed until there are enough blocks on it") {
  start();
  post("a");
  CHECK(sent("a") == status::received);
  CHECK(!is_stored("a"));
  mine();
  CHECK(sent("a") == status::received);
  CHECK(received("a") == status::observed);
  CHECK(heard().empty());
  CHECK(updated() == texts{"a observed"});
  mine();
  CHECK(sent("a") == status::confirmed);
  CHECK(received("a") == status::confirmed);
  auto topics = heard();
  CHECK(std::multiset<std::string>(topics.begin(), topics.end()) ==
        std::multiset<std::string>{"jurisdiction.SG", "a", "a"});
  CHECK(updated() == texts{"a confirmed"});
  wait(seconds{11});
  CHECK(open_jobs() == 0);
  CHECK(details_about("a") == texts{"posted", "sent to the medium; not confirmed yet",
                                    "observed in block 1", "confirmed: it is on the medium, for SG",
                                    "confirmed in block 1"});
  mine(5);
  CHECK(details_about("a").size() == 5);
}

TEST_CASE_FIXTURE(chain_endpoint_world, "what was only observed makes no noise when it is gone") {
  start();
  post("a");
  mine();
  fork(1, 1, rewritten::dropped);
  how.medium_sends = 1;
  start_again();
  wait(seconds{11}); // it is found missing
  wait(seconds{31});
  CHECK(received("a") == status::false_alarm);
  CHECK(updated() == texts{"a false_alarm"});
  // Only the sender hears that it was sent for the last time.
  CHECK(sent("a") == status::undeliverable);
  CHECK(heard() == texts{"a"});
}

TEST_CASE_FIXTURE(chain_endpoint_world,
                  "what was confirmed is revoked and a false alarm, and both ends are told") {
  how.medium_sends = 1;
  start();
  post("a");
  mine(2);
  wait(seconds{11});
  heard();
  fork(2, 3, rewritten::dropped);
  wait(seconds{29});
  CHECK(sent("a") == status::confirmed);
  CHECK(received("a") == status::confirmed);
  CHECK(heard().empty());
  wait(seconds{2});
  CHECK(sent("a") == status::revoked);
  CHECK(received("a") == status::false_alarm);
  auto topics = heard();
  CHECK(std::multiset<std::string>(topics.begin(), topics.end()) ==
        std::multiset<std::string>{"jurisdiction.SG", "a", "a"});
  CHECK(posted == texts{"posting.AU.confirmed", "posting.AU.revoked"});
  CHECK(updated() == texts{"a false_alarm"});
  CHECK(open_jobs() == 0);
}

TEST_CASE_FIXTURE(chain_endpoint_world,
                  "what was rewritten away is sent again, and stays confirmed") {
  start();
  post("a");
  mine(2);
  wait(seconds{11});
  heard();
  fork(2, 1, rewritten::dropped);
  CHECK(on->find("a")->kind == chain_place::waits);
  mine(2);
  wait(seconds{60});
  CHECK(sent("a") == status::confirmed);
  CHECK(received("a") == status::confirmed);
  CHECK(heard().empty());
  CHECK(open_jobs() == 0);
}

TEST_CASE_FIXTURE(chain_endpoint_world, "what is mined again in another block is no news") {
  start();
  post("a");
  mine(2);
  wait(seconds{11});
  heard();
  auto events = details_about("a").size();
  fork(2, 3, rewritten::mined_again);
  mine(3);
  wait(seconds{40});
  CHECK(received("a") == status::confirmed);
  CHECK(heard().empty());
  CHECK(details_about("a").size() == events);
}

TEST_CASE_FIXTURE(chain_endpoint_world,
                  "what is lost before it is confirmed is sent again, then undeliverable") {
  start();
  post("a");
  mine();
  fork(1, 1, rewritten::dropped);
  CHECK(on->find("a")->kind == chain_place::left_behind);
  wait(seconds{11});
  CHECK(on->find("a")->kind == chain_place::waits);
  CHECK(details_about("a").back().find("again, time 2 of 2") != std::string::npos);
  CHECK(sent("a") == status::received);
  mine();
  fork(1, 1, rewritten::dropped);
  wait(seconds{11});
  // It may come back as long as those who received it reckon with that.
  CHECK(sent("a") == status::received);
  wait(seconds{29});
  CHECK(sent("a") == status::received);
  wait(seconds{1});
  CHECK(sent("a") == status::undeliverable);
  CHECK(details_about("a").back().find("sent 2 times") != std::string::npos);
  CHECK(heard() == texts{"a"});
  CHECK(open_jobs() == 0);
  wait(seconds{31});
  CHECK(received("a") == status::false_alarm);
  CHECK(heard().empty());
}

TEST_CASE_FIXTURE(chain_endpoint_world,
                  "what comes back within the grace after it was sent for the last time is "
                  "delivered, and the grace begins anew when it is lost again") {
  how.medium_sends = 1;
  start();
  post("a");
  mine();
  fork(1, 1, rewritten::dropped);
  wait(seconds{11});
  wait(seconds{25});
  REQUIRE(!on->switch_to(1));
  look();
  wait(seconds{11});
  CHECK(sent("a") == status::received);
  SUBCASE("delivered") {
    mine();
    CHECK(sent("a") == status::confirmed);
    wait(seconds{11});
    CHECK(open_jobs() == 0);
  }
  SUBCASE("lost again") {
    fork(1, 1, rewritten::dropped);
    wait(seconds{11});
    wait(seconds{25});
    CHECK(sent("a") == status::received);
    wait(seconds{6});
    CHECK(sent("a") == status::undeliverable);
  }
}

TEST_CASE_FIXTURE(chain_endpoint_world,
                  "a jurisdiction that is added gets what is on the chain, and nobody else hears") {
  how.jurisdictions = {"AU"};
  start();
  post("a");
  mine(2);
  post("b");
  mine(1);
  CHECK(sent("a") == status::confirmed);
  CHECK(!is_stored("a"));
  told.clear();
  auto before = details_about("a").size();
  how.jurisdictions = {"AU", "SG"};
  start_again();
  CHECK(received("a") == status::confirmed);
  CHECK(received("b") == status::observed);
  CHECK(sent("a") == status::confirmed);
  CHECK(details_about("a").size() == before + 2);
  mine(1);
  CHECK(received("b") == status::confirmed);
  wait(seconds{31});
  CHECK(received("a") == status::confirmed);
  CHECK(sent("a") == status::confirmed);
}

TEST_CASE_FIXTURE(chain_endpoint_world,
                  "what went while a jurisdiction was added is taken back all the same") {
  start();
  post("a");
  mine(2);
  CHECK(received("a") == status::confirmed);
  how.medium_sends = 1;
  caf::anon_send_exit(observer, caf::exit_reason::kill);
  caf::anon_send_exit(writer, caf::exit_reason::kill);
  run();
  REQUIRE(!on->fork(2, 1, rewritten::dropped, now()()));
  how.jurisdictions = {"AU", "SG", "NZ"};
  start();
  wait(seconds{31});
  CHECK(received("a") == status::false_alarm);
  CHECK(sent("a") == status::revoked);
}

TEST_CASE_FIXTURE(chain_endpoint_world, "a crash while the grace runs does not let it begin anew") {
  how.medium_sends = 1;
  start();
  post("a");
  mine();
  fork(1, 1, rewritten::dropped);
  wait(seconds{11});
  wait(seconds{20});
  start_again();
  CHECK(sent("a") == status::received);
  wait(seconds{11});
  CHECK(sent("a") == status::undeliverable);
}

TEST_CASE_FIXTURE(chain_endpoint_world,
                  "what was sent is not given up because the chain cannot be asked, opened or "
                  "written to") {
  start();
  post("a");
  // Three attempts are all that retry.medium allows.
  SUBCASE("asked") {
    mood->finds = make_problem(errc::storage_failed, "a bad disk");
  }
  SUBCASE("opened") {
    mood->opens = make_problem(errc::storage_failed, "a bad disk");
    mood->finds = mood->opens;
  }
  SUBCASE("written to") {
    mine();
    fork(1, 1, rewritten::dropped);
    mood->appends.assign(6, make_problem(errc::storage_failed, "a bad disk"));
  }
  for (int i = 0; i < 6; ++i)
    wait(seconds{11});
  CHECK(sent("a") == status::received);
  auto waits = jobs_on(stream::medium_writes);
  REQUIRE(waits.size() == 1);
  CHECK(waits[0].attempts == 0);
  mood->finds = {};
  mood->opens = {};
  wait(seconds{11});
  mine(2);
  CHECK(sent("a") == status::confirmed);
}

TEST_CASE_FIXTURE(chain_endpoint_world,
                  "what waits for a block is waited for without being sent again") {
  start();
  post("a");
  for (int i = 0; i < 10; ++i)
    wait(seconds{11});
  CHECK(sent("a") == status::received);
  CHECK(mood->batches.size() == 1);
  CHECK(details_about("a").size() == 2);
  mine(2);
  CHECK(sent("a") == status::confirmed);
}

TEST_CASE_FIXTURE(chain_endpoint_world,
                  "what comes back after a false alarm is an arrival of its own") {
  how.medium_sends = 1;
  start();
  post("a");
  mine(2);
  fork(2, 1, rewritten::dropped);
  wait(seconds{31});
  CHECK(received("a") == status::false_alarm);
  REQUIRE(!on->switch_to(2));
  heard();
  look();
  CHECK(received("a") == status::false_alarm);
  CHECK(received("a~2") == status::confirmed);
  CHECK(heard() == texts{"jurisdiction.SG", "a~2"});
  CHECK(updated() == texts{"a false_alarm", "a~2 confirmed"});
  // All of it is told again.
  settlement forget;
  forget.cursors.push_back({"medium", ""});
  apply(forget);
  start_again();
  CHECK(updated() == texts{"a false_alarm", "a~2 confirmed"});
  CHECK(!store->read(find_cursor{"medium"})->value.empty());
}

TEST_CASE_FIXTURE(chain_endpoint_world,
                  "a crash at any moment neither loses nor repeats a change") {
  start();
  for (auto id : {"a", "b", "c"})
    post(id);
  for (auto step = 0; step < 4; ++step) {
    spoiled = {make_problem(errc::unavailable), make_problem(errc::storage_full)};
    REQUIRE(!(step == 2 ? on->fork(1, 2, rewritten::mined_again, now()()) : on->mine(1, now()())));
    pass(milliseconds{5}, milliseconds{5});
    start_again();
    wait(seconds{1});
  }
  for (auto id : {"a", "b", "c"}) {
    CHECK(sent(id) == status::confirmed);
    CHECK(received(id) == status::confirmed);
    CHECK(details_about(id).size() == 5);
  }
  CHECK(heard().size() == 9);
}

TEST_CASE_FIXTURE(chain_endpoint_world, "a chain that fails is tried as often as configured") {
  start();
  mood->opens = make_problem(errc::storage_failed, "no such folder");
  post("a");
  CHECK(sent("a") == status::received);
  wait(seconds{2});
  CHECK(sent("a") == status::received);
  SUBCASE("and written when it is well again") {
    mood->opens = {};
    wait(seconds{10});
    mine(2);
    CHECK(sent("a") == status::confirmed);
  }
  SUBCASE("and then the message is undeliverable") {
    wait(seconds{2});
    CHECK(sent("a") == status::undeliverable);
    CHECK(details_about("a").back().find("no such folder") != std::string::npos);
  }
}

TEST_CASE_FIXTURE(chain_endpoint_world,
                  "a chain that cannot be asked about a message is asked again") {
  start();
  post("a");
  mood->finds = make_problem(errc::storage_failed, "a bad disk");
  wait(seconds{11});
  CHECK(sent("a") == status::received);
  mood->finds = {};
  mine(2);
  wait(seconds{11});
  CHECK(sent("a") == status::confirmed);
  CHECK(open_jobs() == 0);
}

TEST_SUITE_END();
