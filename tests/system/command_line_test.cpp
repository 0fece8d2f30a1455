#include "tests/system/world.hpp"

#include "channels/chain.hpp"
#include "messages/json.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>

using namespace igl;
using namespace igl::system_tests;

namespace {

bool is_one_line(const std::string& text) {
  return !text.empty() && std::count(text.begin(), text.end(), '\n') == 1 && text.back() == '\n';
}

} // namespace

TEST_SUITE_BEGIN("command line");

TEST_CASE("a mistake is one line that says what to do, and not a success") {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"stauts"},
           {"message", "show", "no-colon"},
           {"message", "show", "AU:17", "--node", "http://127.0.0.1:1"},
           {"document", "put", "/nowhere/certificate.json", "--for", "SG"},
           {"document", "get", "not-a-hash", "--as", "SG"},
           {"trace", "AU:17", "--node", "http://127.0.0.1:1"},
           {"status", "--node", "http://127.0.0.1:1"},
           {"message", "send"},
           {"dead-letters", "--node", "http://127.0.0.1:1"},
           {"dead-letters", "show", "7", "--node", "http://127.0.0.1:1"},
           {"dead-letters", "replay"},
           {"dead-letters", "replay", "7", "--all"},
           {"dead-letters", "replay", "--all", "--rate", "0"},
           {"dead-letters", "replay", "--group", "nonsense"},
           {"dead-letters", "drop", "--yes"},
           {"dead-letters", "drop", "--group", "nonsense", "--yes"},
           {"dead-letters", "lst"},
           {"status", "--tree", "--node", "http://127.0.0.1:1"},
           {"node"},
           {"node", "--config", "/nowhere/node.toml"},
           {}}) {
    auto result = run_igl(arguments);
    CAPTURE(result.out);
    CHECK(result.status != 0);
    CHECK(is_one_line(result.out));
  }
  CHECK(run_igl({"stauts"}).out ==
        "igl: there is no command 'stauts'; did you mean 'status'? igl --help lists them\n");
  CHECK(run_igl({"frobnicate"}).out ==
        "igl: there is no command 'frobnicate'; igl --help lists them\n");
}

TEST_CASE("chain makes blocks and forks in the folder of a chain, and shows them") {
  temporary_folder folder;
  auto path = folder.path() + "/chain";
  auto run = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "chain");
    return run_igl(arguments);
  };
  auto missing = run({"status", path});
  CHECK(missing.status == 1);
  CHECK(is_one_line(missing.out));
  CHECK(missing.out.find("there is no chain in " + path) != std::string::npos);
  {
    auto on = chain::open(path);
    REQUIRE(on);
    CHECK(!(*on)->submit({{"m-1", {"AU", "1", "SG", "s", "o", "p"}}}));
  }
  CHECK(run({"find", path, "m-1"}).out == "m-1: waiting\n");
  CHECK(run({"find", path, "m-2"}).status == 1);
  auto mined = run({"mine", path, "--blocks", "3"});
  CHECK(mined.status == 0);
  CHECK(mined.out == "height 3, tip block 3, 0 waiting; 3 blocks were made, of 1 messages\n");
  CHECK(run({"find", path, "m-1"}).out == "m-1: on the chain, in block 1, 3 confirmations\n");
  CHECK(run({"fork", path, "--depth", "3", "--transactions", "dropped"}).status == 0);
  CHECK(run({"find", path, "m-1"}).out == "m-1: left behind in block 1\n");
  CHECK(run({"switch", path, "2"}).status == 0);
  auto shown = run({"status", path, "--json"});
  CHECK(shown.status == 0);
  auto as_json = nlohmann::json::parse(shown.out);
  CHECK(as_json.at("tip") == 2);
  CHECK(as_json.at("newest").size() == 2);
  for (auto wrong : std::vector<std::vector<std::string>>{{"fork", path, "--depth", "9"},
                                                          {"fork", path, "--transactions", "all"},
                                                          {"switch", path, "99"},
                                                          {"fork", path, "--depth", "5000"},
                                                          {"mine", folder.path()}}) {
    auto refused = run(wrong);
    CAPTURE(refused.out);
    CHECK(refused.status == 1);
    CHECK(is_one_line(refused.out));
  }
  for (auto typo : std::vector<std::vector<std::string>>{{"mine", path, "--blocks", "-1"},
                                                         {"mine", path, "--blocks", "10000000000"},
                                                         {"fork", path, "--depth", "-1"},
                                                         {"fork", path, "--blocks", "-1"},
                                                         {"switch", path, "--", "-1"},
                                                         {"switch", path, "0"}}) {
    auto refused = run(typo);
    CAPTURE(refused.out);
    CHECK(refused.status != 0);
    CHECK(is_one_line(refused.out));
  }
  CHECK(nlohmann::json::parse(run({"status", path, "--json"}).out) == as_json);
}

TEST_CASE("--help and --version succeed") {
  CHECK(run_igl({"--help"}).status == 0);
  CHECK(run_igl({"message", "send", "--help"}).status == 0);
  CHECK(run_igl({"--version"}).status == 0);
}

TEST_CASE("config check reports all mistakes at once with their places") {
  temporary_folder folder;
  auto file = folder.path() + "/node.toml";
  std::ofstream(file)
      << "jurisdiction = \"ZZ\"\ndata_dri = \"x\"\n[streams]\njobs_in_flight = \"many\"\n";
  auto result = run_igl({"config", "check", file});
  INFO(result.out);
  CHECK(result.status == 1);
  for (auto line : {":1:", ":2:", ":4:"})
    CHECK_MESSAGE(result.out.find(file + line) != std::string::npos, line);
  CHECK(result.out.find("data_dir") != std::string::npos);
  for (auto kind : {"node", "endpoint"}) {
    auto example = std::string(IGL_SOURCE_DIR) + "/config/" + kind + ".example.toml";
    auto checked = run_igl({"config", "check", example});
    CHECK_MESSAGE(checked.status == 0, checked.out);
    CHECK(run_igl({"config", "show", example}).status == 0);
    CHECK(run_igl({"config", "show", "--changed", example}).status == 0);
    auto shown = run_igl({"config", "show", "--json", example});
    CHECK(shown.status == 0);
    CHECK(parse_json(shown.out));
  }
}

TEST_CASE("a person and a machine can put, send, show, trace, get and see the status") {
  world w;
  REQUIRE_FALSE(w.start());
  auto au = w.network.node("AU").url;
  auto sg = w.network.node("SG").url;
  auto file = w.folder.path() + "/certificate.json";
  std::ofstream(file) << "{\"iD\": \"COO-1\"}\n";

  auto put = run_igl({"document", "put", file, "--for", "SG", "--node", au, "--json"});
  REQUIRE_MESSAGE(put.status == 0, put.out);
  auto stored = parse_json(put.out);
  REQUIRE(stored);
  auto hash = stored->at("multihash").get<std::string>();

  auto send = run_igl({"message", "send", "--to", "SG", "--subject", "AU.abn.1", "--obj", hash,
                       "--predicate", "UN.CEFACT.Trade.CertificateOfOrigin.created", "--ref",
                       "cli-1", "--node", au});
  REQUIRE_MESSAGE(send.status == 0, send.out);
  CHECK(send.out == "AU:cli-1  pending\n");

  REQUIRE(eventually([&] {
    return run_igl({"message", "show", "AU:cli-1", "--node", sg}).status == 0;
  }));
  auto show = run_igl({"message", "show", "AU:cli-1", "--node", sg, "--json"});
  auto shown = parse_json(show.out);
  REQUIRE_MESSAGE(shown, show.out);
  CHECK(shown->at("status") == "received");
  CHECK(shown->at("obj") == hash);

  REQUIRE(eventually([&] {
    auto got = run_igl({"document", "get", hash, "--as", "SG", "--node", sg});
    return got.status == 0 && got.out == "{\"iD\": \"COO-1\"}\n";
  }));
  CHECK(run_igl({"document", "get", hash, "--as", "NZ", "--node", sg}).status == 1);

  REQUIRE(eventually([&] { return all_have(au, {"cli-1"}, "accepted"); }));
  auto trace = run_igl({"trace", "AU:cli-1", "--node", au});
  CHECK(trace.status == 0);
  CHECK(std::count(trace.out.begin(), trace.out.end(), '\n') >= 4);
  auto traced = run_igl({"trace", "AU:cli-1", "--node", au, "--json"});
  CHECK(parse_json(traced.out.substr(0, traced.out.find('\n'))));
  CHECK(run_igl({"trace", "AU:unknown", "--node", au}).status != 0);

  auto status = run_igl({"status", "--node", au});
  CHECK(status.status == 0);
  for (auto part : {"outbox", "shared", "dead letters", "igl status --tree shows all of them"})
    CHECK_MESSAGE(status.out.find(part) != std::string::npos, part << " is not in\n" << status.out);
  auto as_json = run_igl({"status", "--node", w.network.endpoint("AU").url, "--json"});
  CHECK(as_json.status == 0);
  CHECK(parse_json(as_json.out));
  auto tree = run_igl({"status", "--tree", "--node", au});
  CHECK(tree.status == 0);
  for (auto part : {"igl-node AU", "pipeline", "outbox-source", "multichannel-router",
                    "ledger-writer", "restarts", " wait"})
    CHECK_MESSAGE(tree.out.find(part) != std::string::npos, part << " is not in\n" << tree.out);
  CHECK(tree.out.find("busy") == std::string::npos);
  CHECK(run_igl({"dead-letters", "list", "--node", au}).out == "no dead letters\n");
  CHECK(run_igl({"dead-letters", "--node", au}).out == "no dead letters\n");
  CHECK(run_igl({"dead-letters", "replay", "--all", "--node", au}).out == "no dead letters\n");
  CHECK(run_igl({"dead-letters", "show", "7", "--node", au}).status == 1);
  CHECK(run_igl({"dead-letters", "drop", "7", "--yes", "--node", au}).status == 1);
  CHECK(run_igl({"dead-letters", "replay", "7", "--node", au}).status == 1);
}

TEST_SUITE_END();
