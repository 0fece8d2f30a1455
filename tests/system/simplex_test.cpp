#include "tests/support/raw_server.hpp"
#include "tests/system/posting.hpp"

#include "messages/text.hpp"

#include <atomic>
#include <thread>

using namespace igl;
using namespace igl::system_tests;
using namespace std::chrono_literals;

namespace {

const std::string shown_by_au = "token-that-au-shows-to-the-others";
const std::string shown_by_sg = "token-that-sg-shows-to-the-others";

std::string peer(const std::string& code, const std::string& url, const std::string& more) {
  return "[[peers]]\nid = \"channel-" + lower_case(code) + "\"\njurisdictions = [\"" + code +
         "\"]\nurl = \"" + url + "\"\n" + more;
}

/// AU, SG and NZ have nothing between them but their APIs. NZ's side is what a test makes it.
struct simplex_channel {
  temporary_folder folder;
  std::string au_url = free_url();
  std::string sg_url = free_url();
  std::string more; ///< of AU's settings
  std::string nz_timeout = "2s";

  std::string settings(const std::string& code, const std::string& peers) const {
    return "endpoint = \"channel-" + code + "\"\njurisdictions = [\"" + upper(code) +
           "\"]\nparticipants = [\"AU\", \"SG\", \"NZ\"]\n[medium]\nkind = \"api\"\npath = \"" +
           folder.path() + "/" + code +
           "-api\"\n[retry.medium]\nfirst = \"50ms\"\nlongest = "
           "\"200ms\"\n" +
           peers;
  }
  static std::string upper(const std::string& code) { return code == "au" ? "AU" : "SG"; }

  std::unique_ptr<member> start_au(const std::string& nz_url) {
    return std::make_unique<member>(
        folder, "endpoint", "au", R"("channel", "operator")",
        settings("au",
                 more +
                     peer("SG", sg_url,
                          "token = \"" + shown_by_sg +
                              "\"\nauth.kind = \"token\"\nauth.token = \"" + shown_by_au + "\"\n") +
                     peer("NZ", nz_url, "timeout = \"" + nz_timeout + "\"\n")),
        std::vector<std::string>{}, au_url);
  }
  std::unique_ptr<member> start_sg() {
    return std::make_unique<member>(
        folder, "endpoint", "sg", R"("channel", "operator")",
        settings("sg",
                 peer("AU", au_url,
                      "token = \"" + shown_by_au + "\"\nauth.kind = \"token\"\nauth.token = \"" +
                          shown_by_sg + "\"\n") +
                     peer("NZ", "http://127.0.0.1:1", "")),
        std::vector<std::string>{}, sg_url);
  }
};

/// What NZ's side does with every request until it is mended; then it takes all.
struct hostile_side {
  std::function<void(int socket)> harm;
  std::atomic<bool> mended{false};
  raw_server server{[this](int socket, int) {
    while (!raw_server::read_request(socket).empty()) {
      if (!mended)
        return harm(socket);
      if (!raw_server::write(socket, raw_server::ok(R"({"status": "delivered", "id": "1"})")))
        return;
    }
  }};
};

} // namespace

TEST_SUITE_BEGIN("simplex");

TEST_CASE_FIXTURE(simplex_channel, "two endpoints with nothing but their APIs exchange messages") {
  auto sg = start_sg();
  auto au = start_au("http://127.0.0.1:1");
  auto to_sg = post(*au, five_fields("AU", "SG", "1"));
  auto to_au = post(*sg, five_fields("SG", "AU", "2"));
  CHECK(becomes(*au, to_sg, "confirmed"));
  CHECK(becomes(*sg, to_sg, "confirmed"));
  CHECK(becomes(*sg, to_au, "confirmed"));
  CHECK(becomes(*au, to_au, "confirmed"));
  CHECK(arrived(*sg) == std::multiset<std::string>{"AU.abn.1"});
  CHECK(arrived(*au) == std::multiset<std::string>{"AU.abn.2"});
}

TEST_CASE_FIXTURE(simplex_channel,
                  "who hands over without the right token gets 401, as another 403") {
  auto sg = start_sg();
  auto hand_over = [&](const std::string& token, const std::string& sender) {
    auto answer = sg->ask("POST", "/messages/incoming", token, five_fields(sender, "SG", "1"));
    return answer.status;
  };
  CHECK(hand_over("", "AU") == 401);
  CHECK(hand_over("a-token-that-is-wrong", "AU") == 401);
  CHECK(hand_over(shown_by_au, "NZ") == 403);
  CHECK(arrived(*sg).empty());
  CHECK(hand_over(shown_by_au, "AU") == 200);
  CHECK(hand_over(shown_by_au, "AU") == 200);
  CHECK(eventually([&] { return arrived(*sg).size() == 1; }, 10s));
  CHECK(sg->logs("turns away POST /messages/incoming from 127.0.0.1"));
  CHECK(sg->logs("does not allow POST /messages/incoming to peer channel-au"));
  CHECK(sg->log().find(shown_by_au) == std::string::npos);
}

TEST_CASE_FIXTURE(simplex_channel,
                  "a side that harms loses no message and stops none to the others") {
  hostile_side nz;
  std::string nz_url = nz.server.url;
  SUBCASE("unreachable") {
    // Connections are taken and reset; the port is a real one, so that it can be mended.
    nz.harm = [](int socket) {
      linger none{1, 0};
      ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
    };
  }
  SUBCASE("slow") {
    nz.harm = [&](int) {
      while (!nz.mended)
        std::this_thread::sleep_for(10ms);
    };
  }
  SUBCASE("nonsense") {
    nz.harm = [](int socket) {
      raw_server::write(socket, raw_server::ok("<html>It works!</html>"));
    };
  }
  SUBCASE("no HTTP at all") {
    nz.harm = [](int socket) {
      raw_server::write(socket, "220 mail.example ESMTP\r\n");
    };
  }
  SUBCASE("redirects") {
    nz.harm = [this](int socket) {
      raw_server::write(socket, "HTTP/1.1 307 Temporary Redirect\r\nLocation: " + sg_url +
                                    "/messages/incoming\r\nContent-Length: 0\r\n\r\n");
    };
  }
  SUBCASE("an endless body") {
    nz.harm = [](int socket) {
      raw_server::write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n");
      std::string much(65536, ' ');
      while (raw_server::write(socket, much)) {
      }
    };
  }
  REQUIRE(nz.harm);
  auto sg = start_sg();
  auto au = start_au(nz_url);
  // More than may be on their way at once, so that those to SG have to get past them.
  std::vector<std::string> to_nz;
  for (int i = 0; i < 300; ++i)
    to_nz.push_back(post(*au, five_fields("AU", "NZ", "nz-" + std::to_string(i))));
  for (int i = 0; i < 20; ++i) {
    auto id = post(*au, five_fields("AU", "SG", std::to_string(i)));
    CHECK_MESSAGE(becomes(*au, id, "confirmed"), au->log());
  }
  for (auto& id : to_nz)
    REQUIRE(status_of(*au, id) == "received");
  CHECK(arrived(*sg).size() == 20);
  nz.mended = true;
  CHECK(eventually(
      [&] {
        return std::all_of(to_nz.begin(), to_nz.end(),
                           [&](auto& id) { return status_of(*au, id) == "confirmed"; });
      },
      40s));
}

TEST_CASE_FIXTURE(simplex_channel, "an endpoint ends cleanly, and soon, while a side hangs") {
  hostile_side nz;
  std::atomic<int> asked{0};
  nz.harm = [&](int) {
    ++asked;
    while (!nz.mended)
      std::this_thread::sleep_for(10ms);
  };
  nz_timeout = "5m";
  auto au = start_au(nz.server.url);
  auto id = post(*au, five_fields("AU", "NZ", "1"));
  REQUIRE(eventually([&] { return asked > 0; }));
  CHECK(au->process.stop(30s) == 0);
  nz.mended = true;
  au->start();
  CHECK(becomes(*au, id, "confirmed"));
}

TEST_CASE_FIXTURE(simplex_channel,
                  "a side that is away too long makes its messages undeliverable") {
  more = "attempts = 4\n";
  auto sg = start_sg();
  auto au = start_au("http://127.0.0.1:1");
  auto to_nz = post(*au, five_fields("AU", "NZ", "1"));
  auto to_sg = post(*au, five_fields("AU", "SG", "2"));
  CHECK(becomes(*au, to_nz, "undeliverable"));
  CHECK(becomes(*au, to_sg, "confirmed"));
}

TEST_SUITE_END();
