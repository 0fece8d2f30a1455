#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "scenarios/runner/story.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <fstream>

using namespace igl;
using namespace igl::scenario;
using namespace std::chrono_literals;

namespace {

struct moment {
  crash_point when;
  stream where;
};

/// Where the jobs of a process come to each moment while messages with a document go from AU to SG.
/// Nobody answers the endpoint of AU: it calls nobody.
const std::map<std::string, std::vector<moment>> moments{
    {"AU",
     {{crash_point::before_decision, stream::inbox},
      {crash_point::after_call, stream::outbox},
      {crash_point::after_commit, stream::channel_pending},
      {crash_point::after_acknowledgement, stream::message_updates}}},
    {"SG",
     {{crash_point::before_decision, stream::channel_notifications},
      {crash_point::after_call, stream::delivery_outbox},
      {crash_point::after_commit, stream::inbox},
      {crash_point::after_acknowledgement, stream::object_retrieval}}},
    {"au-sg/AU",
     {{crash_point::before_decision, stream::medium_writes},
      {crash_point::after_commit, stream::medium_writes},
      {crash_point::after_acknowledgement, stream::medium_writes}}},
    {"au-sg/SG",
     {{crash_point::before_decision, stream::notifications},
      {crash_point::after_call, stream::delivery_outbox},
      {crash_point::after_commit, stream::notifications},
      {crash_point::after_acknowledgement, stream::delivery_outbox}}},
};

constexpr world::death deaths[]{world::death::kill, world::death::exit_message,
                                world::death::exception};

/// AU and SG on a channel, an importer who wants to know everything, and a certificate.
struct stage {
  temporary_folder folder;
  story tale{std::make_unique<world>(7, folder.path()), folder.path()};
  std::vector<std::string> wrong;
  uint64_t posted = 0;

  stage() {
    std::ofstream(folder.path() + "/certificate.json") << "{\"iD\": \"COO-1\"}\n";
    say("nation AU");
    say("nation SG");
    say("channel au-sg between=AU,SG");
    say("subscriber importer at SG topic=UN.CEFACT.*");
    say("AU stores certificate.json for SG");
    say("run quietly");
  }

  /// A line of a story. What must always be true and is not, is kept.
  void say(const std::string& line) {
    auto words = words_of(line);
    REQUIRE(words);
    auto found =
        understand({1, *words, static_cast<uint32_t>(line.size())}, "this test", tale.phrases());
    REQUIRE_MESSAGE(std::holds_alternative<understood>(found), line);
    auto& [what, with] = std::get<understood>(found);
    auto why = what->act(with);
    REQUIRE_MESSAGE(!why, line << ": " << sentence_of(why));
    for (auto& out : tale.take())
      if (out.starts_with("NOT TRUE"))
        wrong.push_back(out);
  }

  void post(uint64_t first, uint64_t last) {
    say("AU posts " + std::to_string(first) + ".." + std::to_string(last) +
        " to SG object=certificate.json");
  }

  process& of(const std::string& label) {
    for (auto& x : tale.all().processes())
      if (x->label == label)
        return *x;
    FAIL("there is no process " << label);
    std::abort();
  }

  /// An actor ends at that moment in the life of a job, under load; then its supervisor has time.
  void end_actor(process& x, const std::string& name, moment at, world::death how) {
    CAPTURE(crash_points[static_cast<size_t>(at.when)]);
    CAPTURE(static_cast<int>(how));
    REQUIRE(x.actors.count(name) != 0);
    auto has_come = tale.all().kill_actor_at(x, name, at.when, at.where, how);
    post(posted + 1, posted + 2);
    posted += 2;
    tale.all().disturbed();
    tale.all().rest();
    // Else nothing was tested.
    CHECK(*has_come);
    tale.all().pass(65s);
  }

  void check_everything_arrived() {
    // Whom the node could not answer asks again.
    post(1, posted);
    say("recover");
    for (auto& line : wrong)
      FAIL_CHECK(line);
    for (auto& x : tale.all().processes()) {
      REQUIRE(x->running);
      CHECK(x->running->gave_up() == "");
      auto figures = x->book.lock()->read(ledger_figures_query{});
      REQUIRE(figures);
      CHECK(figures->dead_letters == 0);
      if (x->is == process::kind::node)
        CHECK(figures->messages == posted);
    }
    std::set<std::string> told;
    for (auto& x : tale.all().subscribers().at("importer").heard)
      told.insert(x.about);
    CHECK(told.size() == posted);
  }
};

/// Every `parts`-th actor of a process from one on: each ends in every way at every moment.
void end_every_actor_of(const std::string& label, size_t part = 0, size_t parts = 1) {
  spdlog::set_level(spdlog::level::off);
  std::vector<std::string> names;
  {
    stage only_to_look;
    for (auto& [name, actor] : only_to_look.of(label).actors)
      names.push_back(name);
  }
  REQUIRE(names.size() > 15);
  for (auto i = part; i < names.size(); i += parts) {
    CAPTURE(names[i]);
    stage x;
    for (auto how : deaths)
      for (auto at : moments.at(label))
        x.end_actor(x.of(label), names[i], at, how);
    x.check_everything_arrived();
  }
}

} // namespace

TEST_SUITE_BEGIN("every actor");

TEST_CASE("any actor of a sender's node may end at any moment, part 1") {
  end_every_actor_of("AU", 0, 3);
}
TEST_CASE("any actor of a sender's node may end at any moment, part 2") {
  end_every_actor_of("AU", 1, 3);
}
TEST_CASE("any actor of a sender's node may end at any moment, part 3") {
  end_every_actor_of("AU", 2, 3);
}
TEST_CASE("any actor of a receiver's node may end at any moment, part 1") {
  end_every_actor_of("SG", 0, 3);
}
TEST_CASE("any actor of a receiver's node may end at any moment, part 2") {
  end_every_actor_of("SG", 1, 3);
}
TEST_CASE("any actor of a receiver's node may end at any moment, part 3") {
  end_every_actor_of("SG", 2, 3);
}
TEST_CASE("any actor of a sender's endpoint may end at any moment") {
  end_every_actor_of("au-sg/AU");
}
TEST_CASE("any actor of a receiver's endpoint may end at any moment") {
  end_every_actor_of("au-sg/SG");
}

TEST_CASE("every actor of a node and of an endpoint says how it does") {
  spdlog::set_level(spdlog::level::off);
  stage x;
  auto tree_of = [&](const std::string& label) {
    http_request asked;
    asked.method = "GET";
    asked.url = "http://" + x.of(label).host + "/admin/tree";
    asked.headers = {{"Authorization", "Bearer scenario"}};
    caf::expected<http_response> answer = make_problem(errc::peer_timeout);
    bool answered = false;
    x.tale.all().wires().carry(x.of("AU").who, asked, [&](caf::expected<http_response> y) {
      answer = std::move(y);
      answered = true;
    });
    x.tale.all().time().go_on([&] { return answered; });
    REQUIRE(answer);
    REQUIRE_MESSAGE(answer->status == 200, answer->body);
    auto json = parse_json(answer->body);
    REQUIRE(json);
    return json->get<supervision_node>();
  };
  for (auto& label : {"AU", "SG", "au-sg/AU", "au-sg/SG"}) {
    CAPTURE(label);
    auto began = x.tale.all().now();
    auto tree = tree_of(label);
    // Nobody was waited for: each actor answered.
    CHECK(x.tale.all().now() - began < 400ms);
    size_t leaves = 0;
    std::function<void(const supervision_node&)> look = [&](const supervision_node& node) {
      CAPTURE(node.name);
      CHECK(node.state == "running");
      CHECK(node.doing.find("busy") == std::string::npos);
      if (node.children.empty())
        ++leaves;
      for (auto& child : node.children)
        look(child);
    };
    look(tree);
    CHECK(leaves > 12);
  }
}

TEST_SUITE_END();
