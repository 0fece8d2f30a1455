#include "tests/system/member.hpp"

#include "actors/commands/child_process.hpp"
#include "messages/multihash.hpp"
#include "tests/support/raw_server.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <sys/resource.h>

using namespace igl;
using namespace igl::system_tests;

namespace {

const std::string node_apis =
    R"("message", "document", "subscriptions", "message-reception", "operator")";
const std::string in_process = "streams.kind = \"in-process\"\n";

int post(const member& node, const std::string& ref) {
  return node.ask("POST", "/message", {}, message_body(ref)).status;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

} // namespace

TEST_SUITE_BEGIN("signals");

TEST_CASE("a node and an endpoint live on after SIGHUP, and stop with 0 after SIGTERM") {
  temporary_folder folder;
  member node{folder, "node", "au", node_apis, "jurisdiction = \"AU\"\n" + in_process};
  member endpoint{folder, "endpoint", "channel", R"("channel", "operator")",
                  "endpoint = \"channel-au\"\njurisdictions = [\"AU\"]\n"
                  "participants = [\"AU\", \"SG\"]\nmedium.kind = \"memory\"\n" +
                      in_process};
  for (auto* x : {&node, &endpoint}) {
    x->process.signal(SIGHUP);
    CHECK(x->logs("SIGHUP"));
    CHECK(x->process.running());
  }
  CHECK(post(node, "after-hangup") == 201);
  for (auto* x : {&node, &endpoint}) {
    x->process.signal(SIGTERM);
    CHECK(x->process.wait(std::chrono::seconds{20}) == 0);
  }
}

TEST_CASE("a file that may not grow is a write that fails, not the end of the node") {
  temporary_folder folder;
  member node{folder, "node", "au", node_apis, "jurisdiction = \"AU\"\n" + in_process};
  REQUIRE(post(node, "before") == 201);
  rlimit usual{}, small{};
  REQUIRE(prlimit(node.process.pid(), RLIMIT_FSIZE, nullptr, &usual) == 0);
  small = usual;
  small.rlim_cur = 8192;
  REQUIRE(prlimit(node.process.pid(), RLIMIT_FSIZE, &small, nullptr) == 0);
  CHECK(post(node, "refused") / 100 == 5);
  CHECK(node.process.running());
  REQUIRE(prlimit(node.process.pid(), RLIMIT_FSIZE, &usual, nullptr) == 0);
  CHECK(eventually([&] { return post(node, "refused") == 201; }));
  CHECK(node.ask("GET", "/message/AU:before").status == 200);
}

TEST_CASE("SIGHUP ends the demo, as a closed terminal does, and any other command") {
  temporary_folder folder;
  auto demo = child_process::start({IGL_PROGRAM, "demo", "--folder", folder.path() + "/demo"},
                                   folder.path() + "/demo.log");
  REQUIRE(demo);
  REQUIRE(eventually([&] {
    return content_of(folder.path() + "/demo.log").find("Ctrl-C ends it") != std::string::npos;
  }));
  demo->signal(SIGHUP);
  CHECK(demo->wait(std::chrono::seconds{60}) == 0);
  auto invents = child_process::start({IGL_PROGRAM, "scenario", "fuzz", "-v", "--for", "1h"},
                                      folder.path() + "/fuzz.log");
  REQUIRE(invents);
  REQUIRE(eventually([&] { return !content_of(folder.path() + "/fuzz.log").empty(); }));
  invents->signal(SIGHUP);
  CHECK(invents->wait(std::chrono::seconds{60}) == 128 + SIGHUP);
}

TEST_CASE("a command that waits for a node ends at once with Ctrl-C, and leaves nothing behind") {
  std::atomic<int> asked{0};
  raw_server silent{[&](int socket, int) {
    // As long as it is asked; nothing is ever answered.
    for (char byte; ::read(socket, &byte, 1) > 0;)
      ++asked;
  }};
  temporary_folder folder;
  const auto document = multihash_of("a document");
  for (auto& arguments : std::vector<std::vector<std::string>>{
           {"message", "show", "AU:17", "--node", silent.url},
           {"document", "get", document, "--as", "SG", "--node", silent.url},
           {"scenario", "record", "--from", silent.url}})
    for (auto signal : {SIGINT, SIGTERM, SIGHUP}) {
      asked = 0;
      auto line = arguments;
      line.insert(line.begin(), IGL_PROGRAM);
      auto waits = child_process::start(line, folder.path("log"), {"TMPDIR=" + folder.path()});
      REQUIRE(waits);
      REQUIRE(eventually([&] { return asked > 0; }));
      waits->signal(signal);
      CHECK_MESSAGE(waits->wait(std::chrono::seconds{5}) == 128 + signal, arguments.front());
    }
  for (auto& left : std::filesystem::directory_iterator{folder.path()})
    CHECK(left.path().filename() == "log");
}

TEST_SUITE_END();
