#include "actors/channel_observer.hpp"
#include "actors/channel_poller.hpp"
#include "actors/inbound_message_processor.hpp"
#include "actors/message_api.hpp"
#include "actors/message_updater.hpp"
#include "actors/multichannel_router.hpp"
#include "actors/rejected_message_processor.hpp"

#include "tests/actors/fakes.hpp"
#include "tests/support/ledger_world.hpp"

using namespace igl;
using namespace std::chrono_literals;
using fakes::channel_book;
using status = message_status;

namespace {

/// The workers of a node over a real ledger; jobs are done when a test says so, in any order.
struct workshop : ledger_world {
  std::shared_ptr<channel_book> a = std::make_shared<channel_book>();
  std::shared_ptr<channel_book> b = std::make_shared<channel_book>();
  std::shared_ptr<const node_settings> how = australia();
  std::map<std::string, channel_actor> channels{{"a", keep(system.spawn(fakes::channel, a))},
                                                {"b", keep(system.spawn(fakes::channel, b))}};
  inbound_message_processor_actor processor =
      keep(system.spawn(inbound_message_processor, around, how));
  multichannel_router_actor router = keep(system.spawn(multichannel_router, around, how, channels));
  channel_poller_actor poller = keep(system.spawn(channel_poller, around, how, channels));
  message_updater_actor updater = keep(system.spawn(message_updater, around, how));
  rejected_message_processor_actor rejecter =
      keep(system.spawn(rejected_message_processor, around, how));

  static std::shared_ptr<const node_settings> australia() {
    auto x = fakes::australia();
    x.channels[0].revocable_for = 80s;
    x.retry_revoked = {2s, 10min, 4, 0.0};
    return fakes::shared(x);
  }

  static job_ticket ticket_of(const open_job& x) {
    return {x.order.id, x.generation, x.attempts + 1};
  }
  std::vector<open_job> due_on(stream on) {
    std::vector<open_job> found;
    for (auto& job : due())
      if (job.order.on == on)
        found.push_back(job);
    return found;
  }
  template <class Order, class Worker>
  caf::expected<settled> give(const Worker& worker, const open_job& job) {
    return ask(worker, ticket_of(job), *parse_order<Order>(job.order.body))
        .template answer<settled>();
  }
  /// Does the one job that is due there.
  template <class Order, class Worker>
  void work(stream on, const Worker& worker) {
    auto jobs = due_on(on);
    REQUIRE(jobs.size() == 1);
    auto done = give<Order>(worker, jobs[0]);
    REQUIRE_MESSAGE(done, sentence_of(done.error()));
  }
  void route() { work<route_message>(stream::outbox, router); }
  void poll(const std::string& id, channel_status says, const std::shared_ptr<channel_book>& on) {
    on->finds.answers.push_back(channel_message{id, example_message(1), says});
    work<check_delivery>(stream::channel_pending, poller);
  }
  void update() { work<update_message>(stream::message_updates, updater); }
  void process() { work<process_message>(stream::inbox, processor); }

  message_record stored(const message& x) {
    auto found = on_disk->read(find_message{x.ref()});
    REQUIRE(found);
    REQUIRE(found->record);
    return *found->record;
  }
  status status_of_ours() { return stored(example_message(1)).status; }
  bool may_we_read(const std::string& document) {
    return on_disk->read(may_read{document, "AU"})->granted;
  }

  /// Ours is posted, taken by channel a as 4711 and confirmed.
  void send_over_a() {
    write(post_of(new_record(example_message(1), *how, now()())));
    process();
    a->posts.answers.push_back(channel_receipt{"4711"});
    route();
    pass(100ms);
    poll("4711", channel_status::confirmed, a);
  }

  /// What an observer makes of a page.
  void observe(const std::string& channel, const std::string& id, channel_status says) {
    write(decide(channel_page{{{id, theirs(), says}}, "c"}, fakes::channel_named(channel), *how));
  }
  static message theirs() { return fakes::sg_to_au(); }
};

} // namespace

TEST_SUITE_BEGIN("what channels take back");

TEST_CASE_FIXTURE(workshop,
                  "a revoked message is pending, routed with a new key and accepted again") {
  send_over_a();
  update();
  CHECK(status_of_ours() == status::accepted);
  CHECK(due_on(stream::channel_pending).empty());
  pass(2s);
  poll("4711", channel_status::revoked, a);
  update();
  CHECK(status_of_ours() == status::pending);
  CHECK(stored(example_message(1)).channel_id.empty());
  // Not at once, and not over the channel that revoked as long as there is another one.
  CHECK(due_on(stream::outbox).empty());
  pass(2s);
  b->posts.answers.push_back(channel_receipt{"9"});
  route();
  CHECK(a->posts.asked.size() == 1);
  CHECK(b->posts.asked.at(0).idempotency_key == "AU:1/2");
  pass(100ms);
  poll("9", channel_status::confirmed, b);
  update();
  CHECK(status_of_ours() == status::accepted);
  CHECK(stored(example_message(1)).channel_id == "b");
  CHECK(figures().open_jobs == 0); // channel b is final
}

TEST_CASE_FIXTURE(workshop,
                  "the channel that revoked gets the message again when no other takes it") {
  send_over_a();
  update();
  pass(2s);
  poll("4711", channel_status::revoked, a);
  update();
  pass(2s);
  b->posts.answers.push_back(make_problem(errc::peer_refused, "not mine"));
  a->posts.answers.push_back(channel_receipt{"4712"});
  route();
  CHECK(b->posts.asked.size() == 1);
  CHECK(a->posts.asked.at(1).idempotency_key == "AU:1/2");
  CHECK(stored(example_message(1)).channel_txn_id == "4712");
}

TEST_CASE_FIXTURE(workshop,
                  "revoked in every round: each waits longer, and the last one is an operator's") {
  send_over_a();
  update();
  std::vector<caf::timespan> pauses;
  for (auto id : {"4712", "4713", "4714"}) {
    pass(2s);
    poll(stored(example_message(1)).channel_txn_id, channel_status::revoked, a);
    update();
    CHECK(status_of_ours() == status::pending);
    auto revoked_at = now()();
    while (due_on(stream::outbox).empty())
      pass(1s);
    pauses.push_back(now()() - revoked_at);
    b->posts.answers.push_back(make_problem(errc::peer_refused, "not mine"));
    a->posts.answers.push_back(channel_receipt{id});
    route();
    pass(100ms);
    poll(id, channel_status::confirmed, a);
    update();
    CHECK(status_of_ours() == status::accepted);
  }
  CHECK(pauses == std::vector<caf::timespan>{2s, 4s, 8s});
  // Four rounds are allowed.
  pass(2s);
  poll("4714", channel_status::revoked, a);
  update();
  pass(16s);
  auto before = a->posts.asked.size() + b->posts.asked.size();
  route();
  CHECK(a->posts.asked.size() + b->posts.asked.size() == before);
  CHECK(status_of_ours() == status::pending);
  CHECK(figures().open_jobs == 0);
  auto letters = on_disk->read(find_dead_letters{})->letters;
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].reason.find("revoked 4 times, by a, a, a, a") != std::string::npos);
  // The operator allows more, and says again.
  auto more = *how;
  more.retry_revoked.attempts = 5;
  router = keep(system.spawn(multichannel_router, around, fakes::shared(more), channels));
  REQUIRE(on_disk->replay({letters[0].number, "tester"}));
  b->posts.answers.push_back(channel_receipt{"9"});
  route();
  CHECK(b->posts.asked.back().idempotency_key == "AU:1/5");
  CHECK(stored(example_message(1)).channel_id == "b");
}

TEST_CASE_FIXTURE(workshop, "told of a revocation it need not be asked for, and hears it once") {
  send_over_a();
  update();
  channel_notified told{"a", "4711"};
  told.half = channel_half::posting;
  settlement news;
  news.opens.push_back(make_job(told));
  write(std::move(news));
  a->finds.answers.push_back(channel_message{"4711", example_message(1), channel_status::revoked});
  work<channel_notified>(stream::channel_notifications, poller);
  update();
  CHECK(status_of_ours() == status::pending);
  // The question that was planned finds the same, and changes nothing.
  pass(2s);
  poll("4711", channel_status::revoked, a);
  update();
  CHECK(due_on(stream::outbox).size() == 1);
  CHECK(stored(example_message(1)).taken_back_by == std::vector<std::string>{"a"});
}

TEST_CASE_FIXTURE(workshop,
                  "where a confirmation may be revoked it is asked about until that is over") {
  send_over_a();
  update();
  auto questions = 0;
  auto started = now()();
  while (figures().open_jobs > 0 && questions < 100) {
    pass(1s, 1s);
    if (due_on(stream::channel_pending).empty())
      continue;
    poll("4711", channel_status::confirmed, a);
    ++questions;
  }
  CHECK(questions > 5);
  CHECK(questions < 20);
  CHECK(now()() - started >= 80s);
  CHECK(now()() - started < 90s);
  CHECK(status_of_ours() == status::accepted);
}

TEST_CASE_FIXTURE(workshop, "a revocation that overtakes its confirmation is not undone by it") {
  send_over_a();
  auto late = due_on(stream::message_updates);
  REQUIRE(late.size() == 1);
  pass(2s);
  poll("4711", channel_status::revoked, a);
  auto both = due_on(stream::message_updates);
  REQUIRE(both.size() == 2);
  CHECK(give<update_message>(updater, both[1]));
  CHECK(give<update_message>(updater, both[0]));
  CHECK(status_of_ours() == status::pending);
  pass(2s);
  // Nobody takes it: it is not accepted because of what was said before.
  for (auto& channel : {a, b})
    channel->posts.answers.push_back(make_problem(errc::peer_refused, "no"));
  route();
  work<reject_message>(stream::rejected, rejecter);
  CHECK(status_of_ours() == status::rejected);
}

TEST_CASE_FIXTURE(workshop,
                  "a false alarm closes what rested on the message; it comes again and opens it") {
  observe("a", "1", channel_status::confirmed);
  process();
  settlement retrieved;
  auto about = to_string(theirs().ref());
  retrieved.grants = {
      {"QmCertificate", "AU", about}, {"QmLinked", "AU", about}, {"QmLinked", "AU", "SG:other"}};
  write(std::move(retrieved));
  CHECK(may_we_read("QmCertificate"));

  observe("a", "1", channel_status::false_alarm);
  process();
  CHECK(stored(theirs()).status == status::rejected);
  CHECK_FALSE(may_we_read("QmCertificate"));
  CHECK(may_we_read("QmLinked"));

  observe("a", "1~2", channel_status::confirmed);
  process();
  CHECK(stored(theirs()).status == status::received);
  CHECK(may_we_read("QmCertificate"));
  CHECK(figures().messages == 1);
}

TEST_CASE_FIXTURE(workshop,
                  "what was confirmed and taken back before it was handled never comes in") {
  observe("a", "1", channel_status::confirmed);
  observe("a", "1", channel_status::false_alarm);
  process();
  CHECK(due_on(stream::inbox).empty());
  CHECK(figures().messages == 0);
}

TEST_CASE_FIXTURE(workshop, "what is taken back while it is handled is withdrawn next") {
  observe("a", "1", channel_status::confirmed);
  auto in_hand = due_on(stream::inbox);
  REQUIRE(in_hand.size() == 1);
  observe("a", "1", channel_status::false_alarm);
  // A worker that got the job before settles it now; the job stays open for what was said later.
  REQUIRE(give<process_message>(processor, in_hand[0]));
  CHECK(stored(theirs()).status == status::received);
  process();
  CHECK(stored(theirs()).status == status::rejected);
  CHECK(due_on(stream::inbox).empty());
}

TEST_CASE_FIXTURE(workshop,
                  "over two channels it is in the lake once, and stays until both take it back") {
  observe("a", "1", channel_status::confirmed);
  process();
  observe("b", "9", channel_status::confirmed);
  process();
  observe("b", "9",
          channel_status::confirmed); // told again, by a notification or an emptied cursor
  process();
  CHECK(figures().messages == 1);
  observe("a", "1", channel_status::false_alarm);
  process();
  CHECK(stored(theirs()).status == status::received);
  observe("b", "9", channel_status::false_alarm);
  process();
  CHECK(stored(theirs()).status == status::rejected);
}

TEST_CASE_FIXTURE(workshop, "what died before it was taken back is not brought in by a replay") {
  auto die = [&] {
    auto jobs = due_on(stream::inbox);
    REQUIRE(jobs.size() == 1);
    pass(1s);
    settlement dead;
    dead.job = job_outcome{ticket_of(jobs[0]), job_end::dead, {}, "unknown_jurisdiction"};
    write(dead);
  };
  observe("a", "7", channel_status::confirmed);
  die();
  REQUIRE(dead_letters().size() == 1);
  observe("a", "7", channel_status::false_alarm);
  process();
  CHECK(dead_letters().empty());
  CHECK(!on_disk->read(find_message{theirs().ref()})->record);
  auto events = on_disk->read(find_events{to_string(theirs().ref())})->events;
  REQUIRE(events.size() >= 2);
  CHECK(events[events.size() - 2].what == event_kind::delivery_checked);
  CHECK(events.back().what == event_kind::dead_letter_dropped);
  CHECK(events.back().detail.find("channel a took the message back") != std::string::npos);
  CHECK(code_of(on_disk->replay({1, "an operator"}).error()) == errc::not_found);

  // Nor while what takes it back still waits.
  observe("a", "8", channel_status::confirmed);
  die();
  observe("a", "8", channel_status::false_alarm);
  CHECK(on_disk->replay({2, "an operator"}));
  process();
  CHECK(due_on(stream::inbox).empty());
  CHECK(!on_disk->read(find_message{theirs().ref()})->record);
}

TEST_SUITE_END();
