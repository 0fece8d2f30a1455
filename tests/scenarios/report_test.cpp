#include "messages/json.hpp"
#include "messages/multihash.hpp"
#include "scenarios/runner/command.hpp"
#include "scenarios/runner/junit.hpp"
#include "scenarios/runner/play.hpp"
#include "scenarios/runner/record.hpp"
#include "scenarios/runner/world.hpp"
#include "tests/scenarios/one_story.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

using namespace igl;
using namespace igl::scenario;

namespace {

const std::string brief = "nation AU\nnation SG\nchannel au-sg between=AU,SG\n----\nok\n\n"
                          "AU posts 17 to SG\nrun quietly\nshow message AU:17 at SG\n----\n";
const std::string answers = "AU   201  AU:17 pending\nSG   AU:17 received, to SG, over au-sg as "
                            "au-sg:1\n";

event at(int second, event_kind what, const std::string& about, const std::string& detail) {
  return {1, caf::timestamp{std::chrono::seconds{1000 + second}}, what, about, detail};
}

} // namespace

TEST_SUITE_BEGIN("scenario reports");

TEST_CASE("a story that comes true ends with 0") {
  one_story x{brief + answers};
  CHECK_MESSAGE(x.run() == 0, x.err.str());
  CHECK(x.out.str().find("1 story, 1 journeys") == 0);
}

TEST_CASE(
    "a story that does not come true shows what is missing and what is new, and how to see it "
    "again") {
  one_story x{brief + "AU   201  AU:17 pending\nSG   does not have AU:17\n"};
  x.how.seed = 5;
  CHECK(x.run() == 1);
  CHECK(x.err.str().find("  AU   201  AU:17 pending\n- SG   does not have AU:17\n+ SG   AU:17 "
                         "received") != std::string::npos);
  CHECK(x.err.str().find("again: igl scenario run " + x.file + " --seed 5\n") != std::string::npos);
}

TEST_CASE("--seeds stops at the first seed that fails") {
  one_story x{brief + answers};
  x.how.seeds = "3..6";
  CHECK_MESSAGE(x.run() == 0, x.err.str());
  CHECK(x.out.str().find("4 journeys") != std::string::npos);
  one_story y{brief + "something else\n"};
  y.how.seeds = "3..6";
  CHECK(y.run() == 1);
  CHECK(y.err.str().find("--seed 3\n") != std::string::npos);
  CHECK(y.err.str().find("--seed 4\n") == std::string::npos);
  y.how.seeds = "6..3";
  CHECK(y.run() == 2);
}

TEST_CASE("a run that takes long says how far it is") {
  one_story x{brief + answers};
  x.how.seeds = "1..3";
  CHECK(x.run() == 0);
  CHECK(x.out.str().find("with the seeds") == std::string::npos);
  x.how.silent_at_most = std::chrono::milliseconds{0};
  CHECK(x.run() == 0);
  for (auto* seeds : {"1..1", "1..2", "1..3"})
    CHECK_MESSAGE(x.out.str().find(x.file + " came true with the seeds " + seeds + ", ") !=
                      std::string::npos,
                  x.out.str());
}

TEST_CASE("--rewrite writes what came out into the story, and -v prints it as it comes") {
  one_story x{brief + "something else\n"};
  x.how.rewrite = x.how.verbose = true;
  CHECK(x.run() == 0);
  CHECK(text_of(x.file) == brief + answers);
  for (auto* line : {"0d 00:00:00.000  > AU posts 17 to SG\n", "    AU   201  AU:17 pending\n",
                     "inbound-message-processor   to outbox\n", "    SG   AU:17 received, to SG"})
    CHECK_MESSAGE(x.out.str().find(line) != std::string::npos, line, " is missing in\n",
                  x.out.str());
}

TEST_CASE("--junit writes a test case for each story, with its difference") {
  one_story x{brief + "something <else>\n"};
  x.how.junit = x.folder.path() + "/report.xml";
  CHECK(x.run() == 1);
  auto report = text_of(x.how.junit);
  CHECK(report.find("tests=\"1\" failures=\"1\"") != std::string::npos);
  CHECK(report.find("<testcase classname=\"scenarios\" name=\"a\"") != std::string::npos);
  CHECK(report.find("- something &lt;else&gt;\n") != std::string::npos);
  CHECK(junit_report({{"b.scenario", 0.5, {}}}).find("time=\"0.500\"/>") != std::string::npos);
}

TEST_CASE("what happened at a node becomes a story in which it happens again") {
  recording x;
  x.nation = "SG";
  x.events = {
      at(0, event_kind::subscribed, "UN.CEFACT.*", "http://importer.example/"),
      at(1, event_kind::message_received, "AU:17", "over channel au-sg as 4711"),
      at(1, event_kind::attempt_failed, "AU:17", "the peer failed"),
      at(9, event_kind::status_changed, "AU:17", "from received to accepted: a business said so"),
      at(9, event_kind::message_received, "AU:18", "over channel au-sg as 4712"),
  };
  x.messages["AU:17"] = {"AU",
                         "17",
                         "SG",
                         "a \"good\" subject",
                         "https://example.org/document",
                         "UN.CEFACT.Trade.Invoice.created"};
  x.messages["AU:18"] = x.messages["AU:17"];
  x.messages["AU:18"].sender_ref = "18";
  auto all = recorded_story(x, {});
  for (auto* line : {"nation AU\nnation SG\nchannel au-sg between=AU,SG\n----\n",
                     "\nsubscriber s1 at SG topic=UN.CEFACT.*\n",
                     "\nAU posts 17 to SG subject=\"a \\\"good\\\" subject\" "
                     "object=https://example.org/document "
                     "predicate=UN.CEFACT.Trade.Invoice.created\n",
                     "\nwait 8s quietly\n", "\nSG patches AU:17 status=accepted\n",
                     "\nshow events AU:18 at SG\n", "over channel au-sg as au-sg:1\n"})
    CHECK_MESSAGE(all.find(line) != std::string::npos, line, " is missing in\n", all);
  auto one = recorded_story(x, "AU:17");
  CHECK(one.find("AU:18") == std::string::npos);
  CHECK(one.find("AU posts 17") != std::string::npos);
  CHECK(std::holds_alternative<script>(parse_script("x", one)));
}

TEST_CASE("what a recorded document refers to is stored before it, for whom it was there") {
  const auto certificate = multihash_of("a certificate"), list = multihash_of("a packing list"),
             lost = multihash_of("what nobody stored");
  auto posted = [&](const std::string& sender, const std::string& number,
                    const std::string& receiver) {
    return message{sender, number, receiver, "s", certificate, "UN.CEFACT.Trade.Invoice.created"};
  };
  auto stores = [](const std::string& text) {
    std::string lines;
    std::istringstream story{text};
    for (std::string line; std::getline(story, line);)
      if (line.find(" stores ") == 2 || line.starts_with("# SG did not have"))
        lines += line + '\n';
    return lines;
  };
  const auto links = " links=" + list + ',' + lost + '\n';
  recording x;
  x.links[certificate] = {list, lost};
  x.links[list] = {};

  // At the sender's node: CN may not read the list, and so it will not be able to fetch it.
  x.nation = "AU";
  x.events = {at(0, event_kind::message_posted, "AU:17", "for SG"),
              at(0, event_kind::message_posted, "AU:18", "for SG"),
              at(0, event_kind::message_posted, "AU:19", "for CN")};
  x.messages = {{"AU:17", posted("AU", "17", "SG")},
                {"AU:18", posted("AU", "18", "SG")},
                {"AU:19", posted("AU", "19", "CN")}};
  x.read = {{certificate, "SG"}, {list, "SG"}, {certificate, "CN"}};
  CHECK(stores(recorded_story(x, {})) == "AU stores " + list + " for SG\nAU stores " + certificate +
                                             " for SG" + links + "AU stores " + certificate +
                                             " for CN" + links);
  // A document that lies beside the story says itself what it refers to.
  x.documents_are_beside = true;
  CHECK(stores(recorded_story(x, "AU:17")) ==
        "AU stores " + list + " for SG\nAU stores " + certificate + " for SG\n");

  // At the receiver's: each sender has its own, and what did not arrive yet will.
  x.documents_are_beside = false;
  x.nation = "SG";
  x.events = {at(0, event_kind::message_received, "AU:17", "over channel a as 1"),
              at(0, event_kind::message_received, "CN:1", "over channel a as 2")};
  x.messages = {{"AU:17", posted("AU", "17", "SG")}, {"CN:1", posted("CN", "1", "SG")}};
  std::string expected;
  for (std::string sender : {"AU", "CN"})
    expected += sender + " stores " + list + " for SG\n# SG did not have " + lost +
                "; in this story it gets it\n" + sender + " stores " + lost + " for SG\n" + sender +
                " stores " + certificate + " for SG" + links;
  CHECK(stores(recorded_story(x, {})) == expected);
}

TEST_CASE("what is recorded comes true when it is played") {
  temporary_folder folder;
  recording told;
  told.nation = "SG";
  {
    world x{1, folder.path()};
    REQUIRE(!x.add_nation("AU", {}));
    REQUIRE(!x.add_nation("SG", {}));
    channel_plan plan;
    plan.name = "au-sg";
    plan.medium = "memory";
    plan.between = {"AU", "SG"};
    REQUIRE(!x.add_channel(std::move(plan)));
    REQUIRE(!x.begin());
    igl::scenario::subscriber who;
    who.name = "importer.example";
    who.at = "SG";
    who.topic = "UN.CEFACT.*";
    REQUIRE(!x.add_subscriber(std::move(who)));
    x.rest();
    told.messages["AU:17"] = {
        "AU", "17", "SG", "a subject", "https://example.org/x", "UN.CEFACT.Trade.Invoice.created"};
    auto asks = [&](const std::string& nation, std::string method, std::string url,
                    std::string body) {
      http_request asked;
      asked.method = std::move(method);
      asked.url = std::move(url);
      asked.headers = {{"Content-Type", "application/json"}};
      asked.body = std::move(body);
      auto answer = x.ask(nation, std::move(asked));
      REQUIRE(answer);
      REQUIRE_MESSAGE(answer->status < 300, answer->body);
      x.rest();
    };
    // It is away at first: that is in remarks, and comes true without.
    x.set_listening(x.subscribers().at("importer.example"), false);
    asks("AU", "POST", "/message",
         message_to_channel(told.messages["AU:17"], sender_ref_field::included));
    x.set_listening(x.subscribers().at("importer.example"), true);
    x.pass(std::chrono::hours{1});
    asks("SG", "PATCH", "/message/AU:17", R"({"status": "accepted"})");
    told.events = x.node_of("SG")->book.lock()->read(find_events{"", 0, 1000})->events;
  }
  auto text = recorded_story(told, "AU:17");
  CHECK(text.find("\nsubscriber s1 at SG topic=UN.CEFACT.*\n") != std::string::npos);
  CHECK(text.find("\n# AU:17: ") != std::string::npos);
  CHECK(text.find("http://importer.example/") == std::string::npos);
  one_story again{text};
  CHECK_MESSAGE(again.run() == 0, again.err.str(), text);
}

TEST_CASE("real processes are asked for answers and final states, not for hops") {
  CHECK(comparable({"AU   201  AU:17 pending",
                    "AU   outbox                 multichannel-router         AU:17: routed",
                    "SG                          message-reception-api       to somebody",
                    "SG   importer was told two of AU:17", "SG   importer was told one of AU:17",
                    "SG   importer was told one of AU:17", "SG   AU:17 received"}) ==
        std::vector<std::string>{"AU   201  AU:17 pending", "SG   AU:17 received",
                                 "SG   importer was told one of AU:17",
                                 "SG   importer was told two of AU:17"});
}

TEST_CASE("what only a simulated world can do is named, with its line") {
  auto refusal = [](const std::string& line) {
    return only_simulated(std::get<script>(
        parse_script("a.scenario", "nation AU\n----\nok\n\n" + line + "\n----\nok\n")));
  };
  CHECK(refusal("run") == "");
  CHECK(refusal("wait 1m") == "");
  CHECK(refusal("kill AU") == "");
  CHECK(refusal("cut AU from au-sg") ==
        "a.scenario:5: only a simulated world does this: cut {SIDE} from {SIDE}");
  CHECK(refusal("wait 1d quietly") ==
        "a.scenario:5: nobody waits for 1d with real processes, 2m at most");
}

TEST_SUITE_END();
