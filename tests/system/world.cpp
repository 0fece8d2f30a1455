#include "tests/system/world.hpp"

#include "messages/json.hpp"
#include "messages/uri.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include <unistd.h>

namespace igl::system_tests {

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds at_most) {
  auto until = std::chrono::steady_clock::now() + at_most;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return true;
}

ran run_igl(std::vector<std::string> arguments, std::chrono::seconds at_most) {
  temporary_folder folder;
  auto log = folder.path() + "/output";
  arguments.insert(arguments.begin(), IGL_PROGRAM);
  auto process = child_process::start(std::move(arguments), log);
  REQUIRE(process);
  ran result;
  result.status = process->wait(at_most);
  std::ifstream output(log);
  std::ostringstream text;
  text << output.rdbuf();
  result.out = text.str();
  return result;
}

network_options world::with_folder(network_options how) const {
  how.folder = folder.path();
  how.program = IGL_PROGRAM;
  return how;
}

world::world(network_options how) : network(with_folder(std::move(how))) {}

world::~world() {
  network.stop_all();
}

std::string message_body(const std::string& sender_ref) {
  return R"({"sender":"AU","receiver":"SG","subject":"AU.abn.51824753556",)"
         R"("obj":"UN.CEFACT.Trade.Certificate","predicate":"UN.CEFACT.Trade.CertificateOfOrigin.created",)"
         R"("sender_ref":")" +
         sender_ref + "\"}";
}

std::set<std::string> post_messages(const std::string& node_url, const std::string& prefix,
                                    size_t count, std::chrono::seconds at_most) {
  std::set<std::string> promised;
  std::mutex mutex;
  std::atomic<size_t> next{0};
  auto until = std::chrono::steady_clock::now() + at_most;
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i)
    clients.emplace_back([&] {
      node_client client({node_url, {}, {}});
      for (auto n = next++; n < count; n = next++) {
        auto ref = prefix + "-" + std::to_string(n);
        while (std::chrono::steady_clock::now() < until) {
          http_request request;
          request.method = "POST";
          request.url = node_url + "/message";
          request.headers.push_back({"Content-Type", "application/json"});
          request.body = message_body(ref);
          request.timeout = std::chrono::seconds{5};
          auto answer = client.exchange(std::move(request));
          if (answer && answer->status == 201) {
            std::lock_guard guard{mutex};
            promised.insert(ref);
            break;
          }
          std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
      }
    });
  for (auto& client : clients)
    client.join();
  return promised;
}

std::map<std::string, std::string> statuses(const std::string& node_url,
                                            const std::set<std::string>& references) {
  node_client client({node_url, {}, {}});
  std::map<std::string, std::string> result;
  for (const auto& ref : references) {
    auto answer = client.json("GET", node_url + "/message/AU:" + percent_encode(ref));
    result[ref] = answer ? answer->value("status", "") : sentence_of(answer.error());
  }
  return result;
}

bool all_have(const std::string& node_url, const std::set<std::string>& references,
              const std::string& status) {
  node_client client({node_url, {}, {}});
  // The last ones are the likeliest to be missing.
  for (auto ref = references.rbegin(); ref != references.rend(); ++ref) {
    auto answer = client.json("GET", node_url + "/message/AU:" + percent_encode(*ref));
    if (!answer || answer->value("status", "") != status)
      return false;
  }
  return true;
}

std::map<std::string, size_t> events_by_subject(const std::string& url, const std::string& kind) {
  node_client client({url, {}, {}});
  std::map<std::string, size_t> result;
  for (uint64_t after = 0;;) {
    auto page =
        client.operation("GET", "/operator/events?limit=1000&after=" + std::to_string(after));
    REQUIRE(page);
    const auto& events = page->at("events");
    for (const auto& entry : events) {
      auto x = entry.get<event>();
      after = x.number;
      if (to_string(x.what) == kind)
        ++result[x.about];
    }
    if (events.empty())
      return result;
  }
}

namespace {

/// Nothing is left to do anywhere, and nothing was given up.
void check_rest(world& w) {
  for (auto& x : w.network.members()) {
    const auto& name = x.first;
    node_client client({x.second.url, {}, {}});
    ledger_figures left;
    auto rests = eventually(
        [&] {
          auto status = client.operation("GET", "/operator/status");
          if (!status)
            return false;
          left = status->get<node_status>().ledger;
          return left.open_jobs == 0;
        },
        std::chrono::seconds{60});
    CHECK_MESSAGE(rests, name << " has " << left.open_jobs << " open jobs");
    CHECK_MESSAGE(left.dead_letters == 0, name << " has " << left.dead_letters << " dead letters");
  }
}

} // namespace

void check_balance(world& w, const std::set<std::string>& promised) {
  auto au = w.network.node("AU").url;
  auto sg = w.network.node("SG").url;
  auto settled = eventually(
      [&] { return all_have(au, promised, "accepted") && all_have(sg, promised, "received"); },
      std::chrono::seconds{120});
  if (!settled)
    for (const auto& end : {std::pair{au, "accepted"}, std::pair{sg, "received"}})
      for (const auto& x : statuses(end.first, promised))
        if (x.second != end.second)
          MESSAGE(end.first << " has AU:" << x.first << " as " << x.second);
  CHECK(settled);
  check_rest(w);
  for (const auto& came : events_by_subject(sg, "message_received"))
    CHECK_MESSAGE(came.second == 1,
                  came.first << " came into the lake of SG " << came.second << " times");
  // Each message lies on the channel once: as many observed ids as messages.
  node_client client({w.network.endpoint("SG").url, {}, {}});
  std::map<std::string, size_t> on_channel;
  std::string url =
      client.where().url + "/messages?updated_since=2020-01-01T00:00:00Z&receiver=SG&limit=500";
  for (;;) {
    http_request request;
    request.method = "GET";
    request.url = url;
    request.max_body = uint64_t{64} << 20;
    auto answer = client.exchange(std::move(request));
    REQUIRE(answer);
    REQUIRE(answer->status == 200);
    auto page = parse_json(answer->body);
    REQUIRE(page);
    for (const auto& x : *page)
      ++on_channel[x.at("message").at("sender_ref").get<std::string>()];
    if (answer->header("X-More") != "true")
      break;
    auto link = answer->header("Link");
    url = link.substr(link.find('<') + 1, link.find('>') - link.find('<') - 1);
    if (url.front() == '/')
      url = client.where().url + url;
  }
  for (const auto& ref : promised)
    CHECK_MESSAGE(on_channel[ref] == 1,
                  "AU:" << ref << " is on the channel " << on_channel[ref] << " times");
}

pid_t nats_server_of(const std::string& node_url) {
  node_client client({node_url, {}, {}});
  auto status = client.operation("GET", "/operator/status");
  if (!status)
    return 0;
  auto detail = status->get<node_status>().streams.detail;
  auto place = detail.find("pid ");
  return place == std::string::npos ? 0 : std::stoi(detail.substr(place + 4));
}

} // namespace igl::system_tests
