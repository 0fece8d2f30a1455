#include "scenarios/runner/invariants.hpp"
#include "tests/scenarios/one_story.hpp"

#include <doctest/doctest.h>
#include <spdlog/spdlog.h>

using namespace igl;
using namespace igl::scenario;

namespace {

const std::string callback = "http://importer/told";

/// SG's node, with an importer who is subscribed to everything, and what is seen of them.
struct watched_node {
  temporary_folder folder;
  world all{1, folder.path()};
  process node;
  subscriber importer;

  watched_node() {
    node.label = node.party = node.nation = "SG";
    importer.name = "importer";
    importer.at = "SG";
    importer.topic = "*";
    REQUIRE(!all.add_nation("SG", {}));
    REQUIRE(!all.add_subscriber(importer));
  }

  static deliver_callback delivery(uint64_t number) {
    return {"AU:" + std::to_string(number), "received", callback, "*", {}, number};
  }
  template <class Watcher>
  void begins(Watcher& to, uint64_t number) {
    settlement x;
    x.opens.push_back(make_job(delivery(number)));
    to.saw(hop{node, x, {}});
  }
  template <class Watcher>
  void ends(Watcher& to, uint64_t number, job_end how = job_end::done) {
    settlement x;
    x.job = job_outcome{{make_job(delivery(number)).id}, how, {}, {}};
    if (how == job_end::done)
      x.events.push_back({0, {}, event_kind::callback_delivered, "AU:17", ""});
    to.saw(hop{node, x, {}});
  }
  subscriber::told told(uint64_t number) const {
    return {all.now(), "*", "UN.CEFACT.x", "AU:" + std::to_string(number), "", number};
  }
};

} // namespace

TEST_SUITE_BEGIN("scenario invariants");

TEST_CASE("a subscriber hears of each event for the first time in order, and of any again") {
  watched_node x;
  tellings all{x.all};
  for (uint64_t number : {1, 2, 2, 1, 4})
    all.saw(x.importer, x.told(number));
  CHECK(all_of(all.take()) == "");
  all.saw(x.importer, x.told(3));
  CHECK(all_of(all.take()) ==
        "importer was told event 3 of AU:3 for the first time after event 4\n");
}

TEST_CASE("what was given up may be told behind its time") {
  watched_node x;
  tellings all{x.all};
  x.begins(all, 3);
  x.ends(all, 3, job_end::dead);
  for (uint64_t number : {4, 3})
    all.saw(x.importer, x.told(number));
  CHECK(all_of(all.take()) == "");
}

TEST_CASE("what a hub says it delivered was told, and in order") {
  watched_node x;
  tellings all{x.all};
  for (uint64_t number : {1, 2})
    x.begins(all, number);
  all.saw(x.importer, x.told(1));
  x.ends(all, 1);
  CHECK(all_of(all.take()) == "");
  x.ends(all, 2);
  CHECK(all_of(all.take()) ==
        "SG says that http://importer/told was told event 2 of AU:2, and it was not\n");
}

TEST_CASE("a delivery that has not ended is for its subscriber and its message only") {
  watched_node x;
  tellings all{x.all};
  x.begins(all, 17);
  CHECK(all.is_to_tell(x.node, callback, "AU:17"));
  CHECK_FALSE(all.is_to_tell(x.node, "http://exporter/told", "AU:17"));
  CHECK_FALSE(all.is_to_tell(x.node, callback, "AU:18"));
  x.ends(all, 17, job_end::again);
  CHECK(all.is_to_tell(x.node, callback, "AU:17"));
  x.ends(all, 17);
  CHECK_FALSE(all.is_to_tell(x.node, callback, "AU:17"));
}

TEST_CASE("whoever is told has asked for it, and its subscription is not over") {
  watched_node x;
  hearing all;
  auto now = x.all.now();
  CHECK(all.saw(x.importer, x.told(1)) ==
        "importer was told UN.CEFACT.x of AU:1 though it is not subscribed to *");
  settlement subscribes;
  subscribes.subscriptions.push_back(
      {subscription_act::put, {"", "*", callback, "", now + std::chrono::hours{1}}});
  all.saw(hop{x.node, subscribes, {}}, now);
  CHECK(all.saw(x.importer, x.told(1)) == "");
  auto late = x.told(1);
  late.at = now + std::chrono::minutes{63};
  CHECK(all.saw(x.importer, late) ==
        "importer was told UN.CEFACT.x of AU:1 though its subscription to * is over");
}

TEST_CASE("each change of a status is to be told, not one of them") {
  watched_node x;
  hearing all;
  auto now = x.all.now();
  message_record record;
  record.content = {"SG", "17", "AU", "s", "o", "UN.CEFACT.x"};
  settlement one;
  one.subscriptions.push_back(
      {subscription_act::put, {"", "*", callback, "", now + std::chrono::hours{24}}});
  one.messages.push_back({record, 0});
  all.saw(hop{x.node, one, {}}, now);
  auto told = x.told(1);
  told.about = "SG:17";
  auto never = [](auto&...) {
    return false;
  };
  CHECK(all.missing(never, now).empty()); // it subscribed with the same settlement
  auto changes = [&](message_status to) {
    settlement next;
    record.status = to;
    next.messages.push_back({record, 1});
    all.saw(hop{x.node, next, {}}, now);
  };
  for (auto to : {message_status::accepted, message_status::pending, message_status::accepted})
    changes(to);
  told.predicate = "message.17.status";
  for (uint64_t number : {5, 5, 6}) {
    told.number = number;
    all.saw(x.importer, told);
  }
  CHECK(
      all_of(all.missing(never, now)) ==
      "importer is subscribed at SG and was never told message.17.status of SG:17 the 3th time\n");
  told.number = 7;
  all.saw(x.importer, told);
  CHECK(all.missing(never, now).empty());
}

TEST_CASE("a process answers and acknowledges when it has it on disk, not before") {
  watched_node x;
  invariants all{x.all};
  all.accepted({"SG", "17"});
  all.stored("SG", "Qm17", "AU", {});
  auto job = make_job(x.delivery(17));
  all.forgotten(x.node, encode_delivery({job.id, 1, 1}, job));
  CHECK(all_of(all.broken()) ==
        "SG answered 201 for SG:17 before it had it\nSG answered 200 for Qm17 before it had it\n"
        "SG acknowledged " +
            job.id + " before it was settled\n");
}

TEST_CASE("a subscriber waits for what is not taken up yet, and is forgotten when nobody will") {
  spdlog::set_level(spdlog::level::off);
  temporary_folder folder;
  world all{1, folder.path()};
  invariants watching{all};
  all.on_hop = [&](const hop& x) {
    watching.saw(x);
  };
  REQUIRE(!all.add_nation("AU", {}));
  REQUIRE(!all.add_nation("SG", {}));
  channel_plan channel;
  channel.name = "au-sg";
  channel.medium = "memory";
  channel.between = {"AU", "SG"};
  REQUIRE(!all.add_channel(channel));
  subscriber importer;
  importer.name = "importer";
  importer.at = "AU";
  importer.topic = "UN.CEFACT.*";
  REQUIRE(!all.add_subscriber(importer));
  REQUIRE(!all.begin());

  http_request post;
  post.method = "POST";
  post.url = "/message";
  post.headers = {{"Content-Type", "application/json"}};
  post.body = R"({"sender": "AU", "sender_ref": "17", "receiver": "SG", "subject": "AU.abn51",
                  "obj": "https://example.org/document", "predicate": "UN.CEFACT.x"})";
  auto& node = *all.node_of("AU");
  auto answer = all.ask("AU", post);
  REQUIRE(answer);
  REQUIRE(answer->status == 201);
  node.under->disk_full = true;
  all.pass(std::chrono::hours{1});
  auto book = node.book.lock();
  auto open = book->read(due_jobs{stream::inbox, {}, all.now() + std::chrono::hours{24}, 10});
  REQUIRE(open);
  REQUIRE(open->jobs.size() == 1);
  CHECK(all_of(watching.broken()) == "");

  node.under->disk_full = false;
  settlement forgets;
  forgets.job =
      job_outcome{{open->jobs[0].order.id, open->jobs[0].generation}, job_end::done, {}, {}};
  REQUIRE(book->commit({forgets}).at(0));
  CHECK(all_of(watching.broken()) ==
        "importer is subscribed at AU and was never told UN.CEFACT.x of AU:17\n");
}

TEST_SUITE_END();
