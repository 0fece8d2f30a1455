#include "actors/reloader.hpp"

#include "actors/job_source.hpp"
#include "tests/support/ledger_world.hpp"

#include <doctest/doctest.h>

using namespace igl;
using namespace std::chrono_literals;
using strings = std::vector<std::string>;

namespace {

const std::string head = "jurisdiction = \"AU\"\n";
const std::string one = "[[channels]]\nid = \"one\"\nurl = \"http://one\"\n";
const std::string two = "[[channels]]\nid = \"two\"\nurl = \"http://two\"\n";

loaded<node_settings> parsed(const std::string& text) {
  return parse_node(text, "node.toml", {});
}

/// What the neighbours of the reloader were asked, in order.
using diary = std::shared_ptr<strings>;

job_source_actor::behavior_type
fake_source(job_source_actor::stateful_pointer<job_source_state> self, const diary& book,
            bool hangs) {
  return {
      [](const job_arrived&) {},
      [=](const drain&) -> caf::result<drained> {
        book->push_back("drain");
        if (hangs)
          return self->make_response_promise<caf::typed_response_promise<drained>>();
        return drained{};
      },
      [](const source_query&) { return source_status{}; },
      [](caf::tick_atom) {},
  };
}

supervisor_actor::behavior_type fake_root(supervisor_actor::pointer, const diary& book,
                                          const current_settings& in_force) {
  return {
      [](const supervision_query&) { return supervision_node{}; },
      [=](const renew_child& x) {
        book->push_back("renew " + x.name + " with " +
                        std::to_string(in_force.now()->channels.size()));
        return child_renewed{};
      },
      [](const restart_child&) {},
      [](caf::tick_atom) {},
  };
}

struct reloaded_world : ledger_world {
  std::string file = head + one; ///< what it says when it is read
  diary book = std::make_shared<strings>();
  bool hangs = false;
  current_settings in_force{std::make_shared<const node_settings>(parsed(file).settings)};

  reloader_actor start() {
    std::vector<job_source_actor> sources;
    for (int i = 0; i < 2; ++i)
      sources.push_back(keep(system.spawn(fake_source, book, hangs)));
    auto root = keep(system.spawn(fake_root, book, in_force));
    auto read = [this] {
      return parsed(file);
    };
    return keep(
        system.spawn(reloader, around, reloadable_node{read, in_force, sources, root, "routing"}));
  }
  configuration_reload reload(const reloader_actor& tested) {
    auto told = ask(tested, reload_configuration{"a test"}).answer<configuration_reload>();
    REQUIRE(told);
    return *told;
  }
  strings events() {
    strings sentences;
    for (auto& x : on_disk->asked)
      for (auto& happened : x.events)
        sentences.push_back(sentence_of(happened));
    return sentences;
  }
};

} // namespace

TEST_SUITE_BEGIN("reloader");

TEST_CASE("a reload is refused for mistakes and for what needs a restart; else it is done") {
  struct row {
    std::string claim, file;
    reload_result result;
    strings said;
  };
  const std::vector<row> table{
      {"nothing", head + one, reload_result::unchanged, {}},
      {"a channel more", head + one + two, reload_result::reloaded, {"channel two is new"}},
      {"mistakes, all of them, in the words of config check",
       head + "[[channels]]\nid = \"one\"\nurl = \"one\"\n[log]\nlevl = \"info\"\n",
       reload_result::refused,
       {"node.toml:4:7: channels.url is \"one\", expected an http or https URL without query, such "
        "as "
        "\"https://example.org/igl\"",
        "node.toml:6:1: log.levl is not an option, did you mean level?"}},
      {"an address",
       head + one +
           "[[listeners]]\naddress = \"127.0.0.1:1\"\napis = [\"message\", \"document\", "
           "\"subscriptions\", \"message-reception\", \"operator\"]\n",
       reload_result::refused,
       {"listeners[0].address needs a restart; nothing was changed"}},
      {"something of both kinds: nothing is changed",
       "data_dir = \"x\"\n" + head + one + two + "[hub]\npublish = true\n",
       reload_result::refused,
       {"data_dir needs a restart; nothing was changed",
        "hub.publish needs a restart; nothing was changed"}}};
  for (auto& x : table) {
    CAPTURE(x.claim);
    auto found = judge(parsed(head + one).settings, parsed(x.file));
    CHECK(found.result == x.result);
    CHECK(found.said == x.said);
  }
}

TEST_CASE("the event names who reloaded, and what is different") {
  configuration_reload x{{}, "SIGHUP", reload_result::reloaded, {"channel one: url", "log.level"}};
  CHECK(sentence_of(record_of(x).events.at(0)) ==
        "the configuration was reloaded by SIGHUP: channel one: url; log.level");
}

TEST_CASE_FIXTURE(reloaded_world,
                  "jobs in hand are finished before what follows the settings is renewed") {
  auto tested = start();
  file = head + one + two;
  auto told = reload(tested);
  CHECK(told.result == reload_result::reloaded);
  CHECK(told.said == strings{"channel two is new"});
  CHECK(told.who == "a test");
  CHECK(told.at == now()());
  CHECK(*book == strings{"drain", "drain", "renew routing with 2"});
  CHECK(events() == strings{"the configuration was reloaded by a test: channel two is new"});
  auto last = ask(tested, last_reload_query{}).answer<configuration_reload>();
  REQUIRE(last);
  CHECK(last->said == told.said);
}

TEST_CASE_FIXTURE(reloaded_world,
                  "a job that does not end holds up a reload for three seconds only") {
  hangs = true;
  auto tested = start();
  file = head + two;
  auto told = ask(tested, reload_configuration{"a test"});
  pass(2900ms);
  CHECK_FALSE(told.answered());
  CHECK(in_force.now()->channels.at(0).id == "one");
  pass(200ms);
  CHECK(told.answer<configuration_reload>()->result == reload_result::reloaded);
  CHECK(in_force.now()->channels.at(0).id == "two");
}

TEST_CASE_FIXTURE(reloaded_world, "a bad file leaves everything as it is, and is remembered") {
  auto tested = start();
  file = head + one + "url = \"twice\"\n";
  auto told = reload(tested);
  CHECK(told.result == reload_result::refused);
  REQUIRE_FALSE(told.said.empty());
  CHECK(told.said[0].starts_with("node.toml:5:7: "));
  CHECK(book->empty());
  CHECK(events().empty());
  CHECK(in_force.now()->channels.at(0).url == "http://one");
  CHECK(ask(tested, last_reload_query{}).answer<configuration_reload>()->result ==
        reload_result::refused);
  file = head + one;
  CHECK(reload(tested).result == reload_result::unchanged);
  CHECK(book->empty());
}

TEST_CASE_FIXTURE(reloaded_world, "reloads that come at once are done one after the other") {
  hangs = true;
  auto tested = start();
  file = head + two;
  auto first = ask(tested, reload_configuration{"first"});
  file = head + one + two;
  auto second = ask(tested, reload_configuration{"second"});
  pass(3100ms);
  CHECK(first.answer<configuration_reload>()->said.size() == 2);
  CHECK(in_force.now()->channels.size() == 1);
  pass(3100ms);
  CHECK(second.answer<configuration_reload>()->said == strings{"channel one is new"});
  CHECK(in_force.now()->channels.size() == 2);
}

TEST_CASE_FIXTURE(reloaded_world,
                  "messages that are under way on a channel that goes are counted") {
  std::vector<job_order> jobs;
  for (uint32_t i = 1; i <= 700; ++i) {
    check_delivery order;
    order.content = example_message(i);
    order.channel_id = i % 7 == 0 ? "one" : "other";
    jobs.push_back(make_job(order));
    jobs.back().due = now()() + 1h;
  }
  open_jobs(std::move(jobs));
  auto tested = start();
  file = head + two;
  auto told = reload(tested);
  CHECK(told.said == strings{"channel one is gone", "channel two is new", left_behind("one", 100)});
  CHECK(left_behind("one", 100).starts_with("of 100 messages on channel one, which is gone"));
  CHECK(left_behind("one", 1).starts_with("of 1 message on channel one"));
}

TEST_CASE_FIXTURE(reloaded_world,
                  "an event that the ledger does not take is told, and the reload stands") {
  auto tested = start();
  on_disk->fails_with = make_problem(errc::storage_full);
  file = head + one + two;
  auto told = reload(tested);
  CHECK(told.result == reload_result::reloaded);
  REQUIRE(told.said.size() == 2);
  CHECK(told.said[1].find("storage_full") != std::string::npos);
  CHECK(in_force.now()->channels.size() == 2);
}

TEST_CASE_FIXTURE(reloaded_world, "a node that was not started from a file says so") {
  auto root = keep(system.spawn(fake_root, book, in_force));
  auto tested =
      keep(system.spawn(reloader, around, reloadable_node{{}, in_force, {}, root, "routing"}));
  auto told = ask(tested, reload_configuration{"a test"}).answer<configuration_reload>();
  CHECK(code_of(told.error()) == errc::conflict);
}

TEST_SUITE_END();
