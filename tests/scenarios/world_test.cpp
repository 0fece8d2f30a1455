#include "scenarios/runner/world.hpp"

#include "messages/errors.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace igl;
using namespace igl::scenario;
using namespace std::chrono_literals;

namespace {

/// AU and SG on a channel, and an importer who wants to know everything.
struct two_nations {
  temporary_folder folder;
  world all{7, folder.path()};

  explicit two_nations(const std::string& medium = "memory", settings how = {}) {
    require(all.add_nation("AU", {}));
    require(all.add_nation("SG", {}));
    channel_plan plan;
    plan.name = "au-sg";
    plan.medium = medium;
    plan.between = {"AU", "SG"};
    plan.how = std::move(how);
    require(all.add_channel(std::move(plan)));
    subscriber who;
    who.name = "importer";
    who.at = "SG";
    who.topic = "UN.CEFACT.*";
    require(all.add_subscriber(std::move(who)));
    require(all.begin());
  }

  static void require(const caf::error& why) { REQUIRE_MESSAGE(!why, sentence_of(why)); }

  static http_request post(int number) {
    http_request x;
    x.method = "POST";
    x.url = "/message";
    x.headers = {{"Content-Type", "application/json"}};
    x.body = nlohmann::json{{"sender", "AU"},
                            {"receiver", "SG"},
                            {"subject", "AU.abn51"},
                            {"obj", "https://example.org/certificate"},
                            {"predicate", "UN.CEFACT.Trade.CertificateOfOrigin.created"},
                            {"sender_ref", std::to_string(number)}}
                 .dump();
    return x;
  }

  std::string status_of(const std::string& nation, const std::string& number) {
    auto found = all.node_of(nation)->book.lock()->read(find_message{{"AU", number}});
    REQUIRE(found);
    return found->record ? to_string(found->record->status) : "unknown";
  }
};

} // namespace

TEST_SUITE_BEGIN("simulated world");

TEST_CASE("a message crosses the border, and the importer is told") {
  two_nations x;
  auto answer = x.all.ask("AU", x.post(17));
  REQUIRE_MESSAGE(answer, sentence_of(answer.error()));
  CHECK(answer->status == 201);
  x.all.rest();
  CHECK(x.status_of("AU", "17") == "accepted");
  CHECK(x.status_of("SG", "17") == "received");
  auto& heard = x.all.subscribers().at("importer").heard;
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].about == "AU:17");
}

TEST_SUITE_END();
