#include "tests/system/world.hpp"

#include "messages/json.hpp"
#include "messages/uri.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>
#include <sys/resource.h>

using namespace igl;
using namespace igl::system_tests;

namespace {

network_options impatient() {
  network_options how;
  how.node_settings =
      "[streams]\nreconcile_interval = \"1s\"\n[retry.outbox]\nfirst = \"100ms\"\nlongest = "
      "\"1s\"\nattempts = 200\n[retry.channel-pending]\nfirst = \"100ms\"\nlongest = "
      "\"1s\"\nattempts = 200\n[retry.object-retrieval]\nfirst = \"100ms\"\nlongest = "
      "\"1s\"\nattempts = 200\n";
  how.endpoint_settings = "[retry.callback]\nfirst = \"100ms\"\nlongest = \"1s\"\nattempts = 200\n";
  how.channel_settings = "updates_interval = \"1s\"\n";
  return how;
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream all;
  all << file.rdbuf();
  return all.str();
}

struct drill : world {
  drill() : world(impatient()) { REQUIRE_FALSE(start()); }

  std::map<std::string, std::string> documents; ///< by multihash

  const std::string& url(const std::string& nation) { return network.node(nation).url; }

  /// Stores a document at AU that SG may read.
  std::string store(size_t size) {
    std::string bytes;
    for (size_t i = 0; i < size; ++i)
      bytes += static_cast<char>((i * i + documents.size() * 7) % 253);
    auto put = run_igl(
        {"document", "put", folder.write("document", bytes), "--for", "SG", "--node", url("AU")});
    REQUIRE_MESSAGE(put.status == 0, put.out);
    auto hash = put.out.substr(0, put.out.find('\n'));
    documents[hash] = bytes;
    return hash;
  }

  std::string send(const std::string& from, const std::string& to, const std::string& ref,
                   const std::string& obj) {
    auto sent = run_igl({"message", "send", "--from", from, "--to", to, "--subject", "AU.abn.1",
                         "--obj", obj, "--predicate", "UN.CEFACT.Trade.CertificateOfOrigin.created",
                         "--ref", ref, "--node", url(from)});
    REQUIRE_MESSAGE(sent.status == 0, sent.out);
    return from + ":" + ref;
  }

  std::string status(const std::string& at, const std::string& reference) {
    node_client client({url(at), {}, {}});
    auto answer = client.json("GET", url(at) + "/message/" + percent_encode(reference));
    return answer ? answer->value("status", "") : to_string(code_of(answer.error()));
  }
  bool has(const std::string& at, const std::string& reference, const std::string& wanted) {
    return eventually([&] { return status(at, reference) == wanted; });
  }

  bool sg_has_documents() {
    return eventually([&] {
      auto to = folder.path() + "/fetched";
      for (const auto& [hash, bytes] : documents)
        if (run_igl({"document", "get", hash, "--as", "SG", "-o", to, "--node", url("SG")})
                    .status != 0 ||
            bytes_of(to) != bytes)
          return false;
      return true;
    });
  }
};

} // namespace

TEST_SUITE_BEGIN("restore");

TEST_CASE("the restore drill: what a node received before and after its backup is there, once") {
  drill w;
  const std::set<std::string> one{"one"};
  auto before = w.send("AU", "SG", "one", w.store(300000));
  auto own = w.send("SG", "AU", "own", "UN.CEFACT.Trade.Certificate");
  REQUIRE(w.has("SG", before, "received"));
  REQUIRE(w.has("SG", own, "accepted"));

  // A backup while AU posts.
  auto loading = std::async(std::launch::async, [&] {
    return post_messages(w.url("AU"), "load", 300, std::chrono::seconds{90});
  });
  REQUIRE(eventually([&] { return all_have(w.url("SG"), {"load-20"}, "received"); }));
  auto backup = w.folder.path() + "/backup";
  auto made = run_igl({"ledger", "backup", backup, "--node", w.url("SG")});
  REQUIRE_MESSAGE(made.status == 0, made.out);
  auto checked = run_igl({"ledger", "check", backup});
  CHECK_MESSAGE(checked.status == 0, checked.out);
  CHECK(run_igl({"ledger", "backup", backup, "--node", w.url("SG")}).status == 1);
  auto promised = loading.get();
  promised.insert("one");
  for (auto ref : {"after-1", "after-2", "after-3"}) {
    w.send("AU", "SG", ref, w.store(5000));
    promised.insert(ref);
  }
  auto lost = w.send("SG", "AU", "own-after", "UN.CEFACT.Trade.Certificate");
  REQUIRE(eventually([&] { return all_have(w.url("SG"), promised, "received"); }));
  REQUIRE(w.sg_has_documents());
  REQUIRE(w.has("AU", lost, "received"));

  // SG loses everything.
  auto& sg = w.network.node("SG");
  auto restore = std::vector<std::string>{"ledger", "restore", backup, "--config", sg.config_file};
  CHECK(run_igl(restore).status == 1); // it is running
  auto server = nats_server_of(sg.url);
  sg.process.signal(SIGKILL);
  REQUIRE(sg.process.wait(std::chrono::seconds{10}) == 128 + SIGKILL);
  REQUIRE(eventually([&] { return kill(server, 0) != 0; }));
  std::filesystem::remove_all(sg.data_dir);
  auto restored = run_igl(restore);
  REQUIRE_MESSAGE(restored.status == 0, restored.out);
  REQUIRE_FALSE(w.network.start(sg));

  CHECK(eventually([&] { return all_have(w.url("SG"), promised, "received"); }));
  CHECK(w.sg_has_documents());
  CHECK(w.has("SG", own, "accepted"));
  auto came = events_by_subject(w.url("SG"), "message_received");
  for (const auto& ref : promised)
    CHECK_MESSAGE(came["AU:" + ref] == 1,
                  "AU:" << ref << " came " << came["AU:" + ref] << " times");
  CHECK(events_by_subject(w.url("SG"), "ledger_restored")["ledger"] == 1);
  // What it posted itself after the backup is with AU, and not here.
  CHECK(w.status("AU", lost) == "received");
  CHECK(w.status("SG", lost) == "not_found");
  // It goes on, both ways.
  auto fresh = w.send("SG", "AU", "fresh", "UN.CEFACT.Trade.Certificate");
  CHECK(w.has("AU", fresh, "received"));
  CHECK(w.has("SG", fresh, "accepted"));
  CHECK(w.has("SG", w.send("AU", "SG", "fresh", "UN.CEFACT.Trade.Certificate"), "received"));
  promised.insert("fresh");
  check_balance(w, promised);

  // And its ledger is whole, with what came over it.
  REQUIRE(w.network.stop(sg));
  auto good = run_igl({"ledger", "check", "--config", sg.config_file});
  CHECK_MESSAGE(good.status == 0, good.out);
}

TEST_CASE("a backup of a node that is not running, and a restore that replaces") {
  drill w;
  auto first = w.send("AU", "SG", "first", "UN.CEFACT.Trade.Certificate");
  REQUIRE(w.has("AU", first, "accepted"));
  auto& au = w.network.node("AU");
  auto backup = w.folder.path() + "/backup";
  CHECK(run_igl({"ledger", "backup", backup, "--config", au.config_file}).status == 1);
  CHECK(run_igl({"ledger", "check", "--config", au.config_file}).status == 1);
  REQUIRE(w.network.stop(au));
  auto made = run_igl({"ledger", "backup", backup, "--config", au.config_file});
  REQUIRE_MESSAGE(made.status == 0, made.out);
  auto restore = std::vector<std::string>{"ledger", "restore", backup, "--config", au.config_file};
  auto refused = run_igl(restore);
  CHECK(refused.status == 1);
  CHECK(refused.out.find("--replace") != std::string::npos);
  restore.push_back("--replace");
  auto restored = run_igl(restore);
  CHECK_MESSAGE(restored.status == 0, restored.out);
  CHECK(restored.out.find("ledger.replaced-") != std::string::npos);
  REQUIRE_FALSE(w.network.start(au));
  CHECK(w.has("AU", first, "accepted"));
  auto second = w.send("AU", "SG", "second", "UN.CEFACT.Trade.Certificate");
  CHECK(w.has("AU", second, "accepted"));
}

TEST_CASE("a byte that the disk changed is named by readyz and check, and never served") {
  drill w;
  auto hash = w.store(300000);
  auto& au = w.network.node("AU");
  REQUIRE(w.network.stop(au));
  auto file = au.data_dir + "/ledger/data.mdb";
  auto bytes = bytes_of(file);
  auto place = bytes.find(w.documents[hash].substr(1000, 200));
  REQUIRE(place != std::string::npos);
  bytes[place] ^= 1;
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
  auto checked = run_igl({"ledger", "check", "--config", au.config_file});
  CHECK(checked.status == 1);
  CHECK(checked.out.find("document " + hash + ": piece 0 is damaged") != std::string::npos);
  REQUIRE_FALSE(w.network.start(au));
  auto got = run_igl({"document", "get", hash, "--as", "SG", "--node", au.url});
  CHECK(got.status == 1);
  node_client client({au.url, {}, {}});
  CHECK(eventually([&] {
    auto ready = client.operation("GET", "/readyz");
    return ready && ready->dump().find("DAMAGED") != std::string::npos;
  }));
  CHECK(run_igl({"status", "--node", au.url}).out.find("DAMAGED") != std::string::npos);
  // The rest goes on.
  CHECK(w.has("SG", w.send("AU", "SG", "x", "UN.CEFACT.Trade.Certificate"), "received"));
}

TEST_CASE("a full disk: posts are 503, reads go on, nothing is half written, and it recovers") {
  drill w;
  auto first = w.send("AU", "SG", "first", "UN.CEFACT.Trade.Certificate");
  REQUIRE(w.has("AU", first, "accepted"));
  auto& au = w.network.node("AU");
  REQUIRE(w.network.stop(au));
  // No file of this process may grow beyond the limit that it is given below: what is written there
  // fails as on a disk that is full.
  auto process = child_process::start({"/bin/sh", "-c", R"(trap '' XFSZ; exec "$0" "$@")",
                                       IGL_PROGRAM, "node", "--config", au.config_file},
                                      au.log_file);
  REQUIRE(process);
  au.process = std::move(*process);
  REQUIRE_FALSE(w.network.await_ready(au, std::chrono::seconds{30}));
  auto limit = [&](rlim_t bytes) {
    const rlimit how{bytes, RLIM_INFINITY};
    REQUIRE(prlimit(au.process.pid(), RLIMIT_FSIZE, &how, nullptr) == 0);
  };
  node_client client({au.url, {}, {}});
  auto post = [&](const std::string& ref) {
    http_request request;
    request.method = "POST";
    request.url = au.url + "/message";
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = message_body(ref);
    auto answer = client.exchange(std::move(request));
    REQUIRE(answer);
    return *answer;
  };
  limit(4096);
  std::set<std::string> promised{"first"};
  size_t refused = 0;
  for (int i = 0; i < 20; ++i) {
    auto ref = "full-" + std::to_string(i);
    auto answer = post(ref);
    if (answer.status == 201)
      promised.insert(ref);
    else
      ++refused;
    if (answer.status != 201) {
      CHECK(answer.status == 503);
      CHECK(answer.body.find("make room") != std::string::npos);
    }
  }
  CHECK(refused > 10);
  for (const auto& ref : promised)
    CHECK(w.status("AU", "AU:" + ref) != "not_found");
  limit(RLIM_INFINITY);
  REQUIRE(eventually([&] { return post("room-again").status == 201; }));
  promised.insert("room-again");
  for (int i = 0; i < 20; ++i) {
    auto ref = "then-" + std::to_string(i);
    CHECK(post(ref).status == 201);
    promised.insert(ref);
  }
  check_balance(w, promised);
  au.process.signal(SIGKILL);
  REQUIRE(au.process.wait(std::chrono::seconds{10}) == 128 + SIGKILL);
  auto good = run_igl({"ledger", "check", "--config", au.config_file});
  CHECK_MESSAGE(good.status == 0, good.out);
}

TEST_SUITE_END();
