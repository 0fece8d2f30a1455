#include "storage/nats_link.hpp"
#include "storage/nats_server.hpp"
#include "tests/system/posting.hpp"

#include <filesystem>
#include <memory>

using namespace igl;
using namespace igl::system_tests;
using namespace std::chrono_literals;

namespace {

/// AU and SG around a medium that is not there until it arrives.
struct channel_over {
  temporary_folder folder;
  std::string kind;
  std::string au_url = free_url();
  std::string sg_url = free_url();
  uint16_t nats_port = free_port();
  child_process nats;
  std::unique_ptr<member> au, sg;

  explicit channel_over(std::string of) : kind(std::move(of)) {
    // Below a file nobody can make a folder.
    std::ofstream(folder.path() + "/later") << "not yet";
  }

  std::string medium(const std::string& code, const std::string& other,
                     const std::string& other_url) const {
    auto shared = "path = \"" + folder.path() + "/later/medium\"\n";
    if (kind == "stream")
      return "url = \"nats://127.0.0.1:" + std::to_string(nats_port) + "\"\nstream = \"au-sg\"\n";
    if (kind == "chain")
      return shared + "confirmations = 2\nblock_interval = \"50ms\"\nsend_again = \"200ms\"\n";
    if (kind == "api")
      return "path = \"" + folder.path() + "/api-" + code + "\"\n[[peers]]\nid = \"other\"\n" +
             "jurisdictions = [\"" + other + "\"]\nurl = \"" + other_url + "\"\n";
    return shared;
  }
  std::unique_ptr<member> endpoint(const std::string& code, const std::string& url,
                                   const std::string& other, const std::string& other_url) const {
    return std::make_unique<member>(
        folder, "endpoint", code, R"("channel", "operator")",
        "endpoint = \"" + std::string{code == "AU" ? "au" : "sg"} + "\"\njurisdictions = [\"" +
            code + "\"]\nparticipants = [\"AU\", \"SG\"]\n" +
            "[retry.medium]\nfirst = \"50ms\"\nlongest = \"500ms\"\n[medium]\nkind = \"" + kind +
            "\"\n" + medium(code, other, other_url),
        std::vector<std::string>{}, url);
  }
  void start_au() { au = endpoint("AU", au_url, "SG", sg_url); }
  /// The medium is there, and the other side.
  void arrive() {
    std::filesystem::remove(folder.path() + "/later");
    std::filesystem::create_directory(folder.path() + "/later");
    if (kind == "stream") {
      auto program = find_nats_server({});
      REQUIRE(program);
      auto started =
          child_process::start({*program, "-js", "-a", "127.0.0.1", "-p", std::to_string(nats_port),
                                "-sd", folder.path() + "/nats"},
                               folder.path() + "/nats.log");
      REQUIRE(started);
      nats = std::move(*started);
    }
    sg = endpoint("SG", sg_url, "AU", au_url);
  }

  std::multiset<std::string> promised;
  std::vector<std::string> ids;

  void post_many(int count) {
    for (int i = 0; i < count; ++i) {
      auto number = std::to_string(promised.size());
      ids.push_back(post(*au, five_fields("AU", "SG", number)));
      REQUIRE_FALSE(ids.back().empty());
      promised.insert("AU.abn." + number);
    }
  }
  /// Everything is confirmed at AU, and there once and no more at SG.
  void check_balance() {
    CHECK_MESSAGE(eventually([&] { return arrived(*sg).size() >= promised.size(); }, 40s),
                  sg->log());
    CHECK(arrived(*sg) == promised);
    for (auto& id : ids)
      CHECK_MESSAGE(becomes(*au, id, "confirmed"), au->log());
  }
};

void takes_messages_while_it_is_away(const std::string& kind) {
  channel_over x{kind};
  x.start_au();
  x.post_many(20);
  x.au->kill();
  x.au->start();
  x.post_many(20);
  for (auto& id : x.ids)
    REQUIRE(status_of(*x.au, id) == "received");
  x.arrive();
  x.check_balance();
}

void survives_kills(const std::string& kind) {
  channel_over x{kind};
  x.start_au();
  x.arrive();
  for (int round = 0; round < 3; ++round) {
    x.post_many(30);
    x.sg->kill();
    x.post_many(30);
    x.sg->start();
    x.au->kill();
    x.au->start();
  }
  x.check_balance();
}

} // namespace

TEST_SUITE_BEGIN("media");

TEST_CASE("while a shared database is away messages are taken, and written when it is there") {
  takes_messages_while_it_is_away("shared-database");
}

TEST_CASE("while a chain is away messages are taken, and written when it is there") {
  takes_messages_while_it_is_away("chain");
}

TEST_CASE("while a stream is away messages are taken, and written when it is there") {
  takes_messages_while_it_is_away("stream");
}

TEST_CASE(
    "while the other side's API is away messages are taken, and handed over when it is there") {
  takes_messages_while_it_is_away("api");
}

TEST_CASE("what somebody else wrote into a stream stops nobody, and its operator is told once") {
  channel_over x{"stream"};
  x.start_au();
  x.arrive();
  x.post_many(3);
  x.check_balance();
  auto link = nats_link::open("nats://127.0.0.1:" + std::to_string(x.nats_port), "somebody", 5s,
                              [](const std::string&) {});
  REQUIRE(link);
  REQUIRE(!(*link)->publish(haste::at_once, "igl.medium.au-sg.junk", {}, "hello"));
  auto letters = [&](const member& at) {
    return run_igl({"dead-letters", "list", "--node", at.url}).out;
  };
  for (auto* at : {x.au.get(), x.sg.get()})
    CHECK(eventually([&] { return letters(*at).find("at place 4") != std::string::npos; }));
  x.post_many(3);
  x.check_balance();
  x.sg->kill();
  x.sg->start();
  x.post_many(1);
  x.check_balance();
  auto shown = letters(*x.sg);
  CHECK(shown.find("hello") != std::string::npos);
  CHECK(shown.find("at place 4") == shown.rfind("at place 4"));
  CHECK(x.sg->ask("GET", "/readyz").status == 200);
}

TEST_CASE("endpoints that are killed around a shared database lose and double nothing") {
  survives_kills("shared-database");
}

TEST_CASE("endpoints that are killed around a chain lose and double nothing") {
  survives_kills("chain");
}

TEST_CASE("endpoints that are killed around a stream lose and double nothing") {
  survives_kills("stream");
}

TEST_CASE("endpoints that are killed and have nothing between them lose and double nothing") {
  survives_kills("api");
}

TEST_SUITE_END();
