#include "tests/system/world.hpp"

#include "messages/json.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <csignal>
#include <fstream>
#include <future>
#include <sstream>
#include <thread>

using namespace igl;
using namespace igl::system_tests;

namespace {

/// AU and SG, of which AU's configuration is changed while it runs.
struct changing_world : world {
  demo_network::member& au = network.node("AU");
  std::string original = content_of(au.config_file);

  static std::string content_of(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  void configure(const std::string& text) { std::ofstream(au.config_file) << text; }
  std::string without_channel() const {
    auto from = original.find("[[channels]]");
    return original.substr(0, from) + original.substr(original.find("[document_apis]"));
  }
  /// `lines` are of the channel.
  std::string with_lines(const std::string& lines) const {
    auto text = original;
    return text.insert(text.find("[[channels]]") + std::string{"[[channels]]\n"}.size(), lines);
  }

  node_status status() {
    node_client client({au.url, {}, {}});
    auto answer = client.operation("GET", "/operator/status");
    REQUIRE(answer);
    return answer->get<node_status>();
  }
  /// Changes the file and sends SIGHUP; returns when the node says what came of it.
  configuration_reload reload(const std::string& text) {
    auto before = status().last_reload.at;
    configure(text);
    au.process.signal(SIGHUP);
    REQUIRE(eventually([&] { return status().last_reload.at != before; }));
    return status().last_reload;
  }
  void post(const std::string& ref) {
    REQUIRE(post_messages(au.url, ref, 1, std::chrono::seconds{10}).size() == 1);
  }
  bool becomes(const std::string& ref, const std::string& status) {
    return eventually([&] { return all_have(au.url, {ref + "-0"}, status); },
                      std::chrono::seconds{30});
  }
};

uint32_t restarts_in(const supervision_node& x) {
  auto sum = x.restarts;
  for (auto& child : x.children)
    sum += restarts_in(child);
  return sum;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_SUITE_BEGIN("reload");

TEST_CASE("a reload adds, changes and removes a channel, without a restart and without a fault") {
  changing_world w;
  REQUIRE_FALSE(w.start());
  auto gone = w.reload(w.without_channel());
  CHECK(gone.result == reload_result::reloaded);
  CHECK(gone.who == "SIGHUP");
  CHECK(gone.said == std::vector<std::string>{"channel shared is gone"});
  CHECK(w.status().channels.empty());
  w.post("no-channel");
  CHECK(w.becomes("no-channel", "rejected"));

  CHECK(w.reload(w.original).said == std::vector<std::string>{"channel shared is new"});
  CHECK(w.status().channels.size() == 1);
  w.post("channel");
  CHECK(w.becomes("channel", "accepted"));

  w.reload(w.with_lines("filters.predicate.deny = [\"UN.CEFACT.*\"]\n"));
  w.post("denied");
  CHECK(w.becomes("denied", "rejected"));
  w.reload(w.original);
  w.post("allowed");
  CHECK(w.becomes("allowed", "accepted"));

  CHECK(events_by_subject(w.au.url, "configuration_reloaded")["configuration"] == 4);
  CHECK(restarts_in(w.status().tree) == 0);
}

TEST_CASE("a bad file leaves the old one in force, and says where the mistake is") {
  changing_world w;
  REQUIRE_FALSE(w.start());
  auto place = w.au.config_file + ":2:1: ";
  auto refused = w.reload("jurisdiction = \"AU\"\nchanels = 3\n");
  CHECK(refused.result == reload_result::refused);
  REQUIRE_FALSE(refused.said.empty());
  CHECK_MESSAGE(has(refused.said[0], place), refused.said[0]);
  CHECK(has(changing_world::content_of(w.au.log_file), place));

  auto told = run_igl({"config", "reload", "--node", w.au.url});
  CHECK(told.status == 1);
  CHECK_MESSAGE(has(told.out, place), told.out);
  CHECK(has(run_igl({"status", "--node", w.au.url}).out, "last reload   refused"));

  w.configure(w.original + "[streams]\njobs_in_flight = 7\n");
  told = run_igl({"config", "reload", "--node", w.au.url});
  CHECK(told.status == 1);
  CHECK(has(told.out, "streams.jobs_in_flight needs a restart; nothing was changed\n"));

  w.configure(w.with_lines("poll_interval = \"1s\"\n"));
  told = run_igl({"config", "reload", "--node", w.au.url});
  CHECK(told.status == 0);
  CHECK(told.out == "channel shared: poll_interval\nreloaded\n");
  told = run_igl({"config", "reload", "--node", w.au.url});
  CHECK(told.status == 0);
  CHECK(told.out == "nothing is different from what is in force\n");
  auto events = run_igl({"trace", "configuration", "--node", w.au.url}).out;
  CHECK(has(events, "the configuration was reloaded by "));
  CHECK(has(events, " at 127.0.0.1: channel shared: poll_interval"));
  w.post("goes-on");
  CHECK(w.becomes("goes-on", "accepted"));

  told = run_igl({"config", "reload", "--node", w.network.endpoint("AU").url});
  CHECK(told.status == 1);
  CHECK(has(told.out, "only a node takes a changed configuration while it runs"));
}

TEST_CASE("posts during ten reloads are all taken at the first try, and arrive once") {
  changing_world w;
  REQUIRE_FALSE(w.start());
  constexpr size_t many = 600;
  std::atomic<bool> done{false};
  std::atomic<size_t> next{0}, taken{0};
  std::vector<std::future<void>> clients;
  for (int i = 0; i < 4; ++i)
    clients.push_back(std::async(std::launch::async, [&] {
      node_client client({w.au.url, {}, {}});
      while (!done || next < many) {
        http_request request;
        request.method = "POST";
        request.url = w.au.url + "/message";
        request.headers.push_back({"Content-Type", "application/json"});
        request.body = message_body("m-" + std::to_string(next++));
        auto answer = client.exchange(std::move(request));
        taken += answer && answer->status == 201 ? 1 : 0;
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
      }
    }));
  for (int i = 1; i <= 10; ++i) {
    auto told = w.reload(w.with_lines("poll_interval = \"" + std::to_string(100 + i) + "ms\"\n"));
    CHECK(told.result == reload_result::reloaded);
  }
  done = true;
  for (auto& client : clients)
    client.get();
  CHECK(taken == next);
  std::set<std::string> promised;
  for (size_t n = 0; n < next; ++n)
    promised.insert("m-" + std::to_string(n));
  check_balance(w, promised);
  CHECK(restarts_in(w.status().tree) == 0);
  CHECK(events_by_subject(w.au.url, "configuration_reloaded")["configuration"] == 10);
}

TEST_SUITE_END();
