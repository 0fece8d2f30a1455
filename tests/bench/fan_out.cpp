#include "tests/bench/fan_out.hpp"

#include "actors/commands/child_process.hpp"
#include "actors/commands/node_client.hpp"
#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "messages/uri.hpp"
#include "storage/ledger.hpp"
#include "tests/bench/load.hpp"

#include <cpprest/http_client.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <iostream>
#include <mutex>
#include <thread>

namespace igl::bench {

namespace {

using steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

double seconds_since(steady::time_point start) {
  return std::chrono::duration<double>(steady::now() - start).count();
}

[[noreturn]] void give_up(const std::string& why) {
  std::cerr << "igl_bench: " << why << '\n';
  std::exit(1);
}

/// A node with its subscribers.
class hub {
public:
  explicit hub(const hub_options& how) {
    std::ofstream(how.folder + ".toml")
        << "jurisdiction = \"AU\"\ndata_dir = \"" << how.folder << "\"\n"
        << "[hub]\nverify_intent = false\ncallbacks_per_host = 64\ncallbacks_per_url = 0\n"
        << "breaker_failures = 0\nallowed_callbacks = [\"127.0.0.0/8\"]\n"
        << "[[listeners]]\naddress = \"" << address_
        << "\"\napis = [\"message\", \"subscriptions\", \"operator\"]\n";
    auto started = child_process::start({how.program, "node", "--config", how.folder + ".toml"},
                                        how.folder + ".log");
    if (!started)
      give_up(sentence_of(started.error()));
    process_ = std::move(*started);
    for (auto start = steady::now(); !exchange("GET", "/readyz"); std::this_thread::sleep_for(20ms))
      if (seconds_since(start) > 30)
        give_up("the hub's node is not ready, see " + how.folder + ".log");
    for (size_t i = 0; i < how.subscribers; ++i)
      subscribe(how.listener + "/" + std::to_string(i));
  }
  ~hub() {
    if (process_.stop(20s) != 0)
      std::cerr << "igl_bench: the hub's node did not end cleanly\n";
  }

  void post() {
    auto body = R"({"sender":"AU","receiver":"SG","subject":"AU.abn.51824753556","obj":)"
                R"("QmQtYtUS7K1AdKjbuMsmPmPGDLaKL38M5HYwqxW9RKW49n",)"
                R"("predicate":"UN.CEFACT.Trade.CertificateOfOrigin.created"})";
    if (!exchange("POST", "/message", body, "application/json"))
      give_up("a message was not taken");
  }
  /// Jobs that are open on some of the streams.
  uint64_t open(std::initializer_list<stream> on) {
    auto status = client_.operation("GET", "/operator/status");
    if (!status)
      give_up(sentence_of(status.error()));
    uint64_t result = 0;
    for (auto& x : status->get<node_status>().streams.streams)
      if (std::find(on.begin(), on.end(), x.id) != on.end())
        result += x.open;
    return result;
  }
  uint64_t told() {
    auto page = client_.json("GET", url_ + "/subscriptions/events?topic=UN.CEFACT.*&limit=1000");
    if (!page)
      give_up(sentence_of(page.error()));
    body_ = page->at("events").empty() ? "" : page->at("events").at(0).at("body");
    return page->at("events").size();
  }
  const std::string& body() const { return body_; }
  uint64_t memory() const { return memory_of(process_.pid(), "RssAnon"); }

private:
  bool exchange(const std::string& method, const std::string& path, const std::string& body = {},
                const std::string& type = {}) {
    http_request x;
    x.method = method;
    x.url = url_ + path;
    x.body = body;
    if (!type.empty())
      x.headers.push_back({"Content-Type", type});
    auto answer = client_.exchange(std::move(x));
    return answer && answer->status / 100 == 2;
  }
  void subscribe(const std::string& callback) {
    if (!exchange("POST", "/subscriptions",
                  "hub.mode=subscribe&hub.topic=UN.CEFACT.*&hub.callback=" +
                      percent_encode(callback),
                  "application/x-www-form-urlencoded"))
      give_up("a subscription was not taken");
  }

  std::string address_ = "127.0.0.1:" + std::to_string(free_port());
  std::string url_ = "http://" + address_;
  std::string body_;
  child_process process_;
  node_client client_{{url_, {}, {}}};
};

} // namespace

hub_figures fan_out(const hub_options& how) {
  hub here(how);
  auto start = steady::now();
  for (size_t i = 0; i < how.events; ++i)
    here.post();
  while (here.told() < how.events ||
         here.open({stream::notifications, stream::delivery_outbox}) > 0)
    std::this_thread::sleep_for(20ms);
  hub_figures result;
  result.told_per_second = static_cast<double>(how.subscribers * how.events) / seconds_since(start);
  result.body = here.body();
  return result;
}

hub_figures waiting_deliveries(const hub_options& how) {
  hub here(how);
  here.post();
  while (here.open({stream::delivery_outbox}) < how.subscribers)
    std::this_thread::sleep_for(50ms);
  auto before = here.memory();
  for (size_t i = 1; i < how.events; ++i)
    here.post();
  while (here.open({stream::delivery_outbox}) < how.subscribers * how.events)
    std::this_thread::sleep_for(50ms);
  std::this_thread::sleep_for(3s); // what was written last is moved into LMDB
  auto after = here.memory();
  hub_figures result;
  result.bytes_per_wait = (static_cast<double>(after) - static_cast<double>(before)) /
                          static_cast<double>(how.subscribers * (how.events - 1));
  return result;
}

double client_rate(const std::string& url, const std::string& body, size_t posts, size_t at_once) {
  web::http::client::http_client client(url);
  std::mutex mutex;
  std::condition_variable ended;
  size_t begun = 0, running = 0, bad = 0;
  std::unique_lock lock(mutex);
  auto start = steady::now();
  while (begun < posts || running > 0) {
    if (begun == posts || running == at_once) {
      ended.wait(lock);
      continue;
    }
    web::http::http_request x(web::http::methods::POST);
    x.set_request_uri("/" + std::to_string(begun % 1000));
    x.set_body(body, "application/json");
    ++begun;
    ++running;
    lock.unlock();
    // None of them waits: the library's threads are few, and all would wait for each other.
    client.request(x)
        .then([](const web::http::http_response& said) { return said.content_ready(); })
        .then([&](const pplx::task<web::http::http_response>& answer) {
          auto good = false;
          try {
            good = answer.get().status_code() / 100 == 2;
          } catch (const std::exception&) {
            good = false;
          }
          std::lock_guard guard(mutex);
          --running;
          bad += good ? 0 : 1;
          ended.notify_one();
        });
    lock.lock();
  }
  if (bad > 0)
    give_up(std::to_string(bad) + " posts of the bare client failed");
  return static_cast<double>(posts) / seconds_since(start);
}

double matching_microseconds(const std::string& folder, size_t subscriptions) {
  auto open = [&] {
    ledger::options options;
    options.path = folder;
    options.owner = "AU";
    auto opened = ledger::open(std::move(options));
    if (!opened)
      give_up(sentence_of(opened.error()));
    return std::move(*opened);
  };
  auto insist = [](const caf::expected<settled>& x) {
    if (!x)
      give_up(sentence_of(x.error()));
  };
  auto on_disk = open();
  const auto ends = caf::make_timestamp() + std::chrono::hours{24};
  // Ten to a topic, all topics below one.
  for (size_t i = 0; i < subscriptions;) {
    settlement page;
    for (auto end = std::min(i + 1000, subscriptions); i < end; ++i) {
      auto topic = "un.cefact.trade.t" + std::to_string(i / 10);
      page.subscriptions.push_back(
          {subscription_act::put, {topic, topic, "http://h/" + std::to_string(i), {}, ends}});
    }
    insist(on_disk->commit({page}).at(0));
  }
  // So that they are in LMDB, and nothing is on its way there any more.
  on_disk.reset();
  on_disk = open();
  constexpr int events = 1000;
  auto start = steady::now();
  for (int i = 0; i < events; ++i) {
    auto topic =
        "UN.CEFACT.Trade.T" + std::to_string(static_cast<size_t>(i) % (subscriptions / 10));
    settlement x;
    x.tells.push_back({"AU:17", "bench/" + std::to_string(i), {{topic + ".created", "{}"}}});
    insist(on_disk->commit({x}).at(0));
    find_subscribers what{topic + ".created", caf::make_timestamp()};
    what.limit = 500;
    auto found = on_disk->read(what);
    if (!found || found->subscriptions.size() != 10)
      give_up("an event did not find its ten subscribers");
  }
  return seconds_since(start) * 1e6 / events;
}

} // namespace igl::bench
