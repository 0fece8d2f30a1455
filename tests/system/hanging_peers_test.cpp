#include "tests/support/sick_peer.hpp"
#include "tests/system/world.hpp"

#include "messages/json.hpp"
#include "messages/multihash.hpp"
#include "messages/uri.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <future>
#include <thread>

using namespace igl;
using namespace igl::system_tests;
using namespace std::chrono_literals;

namespace {

constexpr int rounds = 7;
constexpr int messages_a_round = 25;
/// A machine that is busy with other things can make one series of rounds look bad, not three.
constexpr int series = 3;
constexpr double most = 2;

double median(std::vector<double> x) {
  REQUIRE_FALSE(x.empty());
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

/// Medians in milliseconds.
struct latencies {
  double post = 0, read = 0, journey = 0;
};

std::string body_of(const std::string& from, const std::string& to, const std::string& obj,
                    const std::string& ref) {
  return nlohmann::json{{"sender", from},
                        {"receiver", to},
                        {"subject", from + ".abn.51824753556"},
                        {"obj", obj},
                        {"predicate", "UN.CEFACT.Trade.CertificateOfOrigin.created"},
                        {"sender_ref", ref}}
      .dump();
}

int ask(node_client& client, const std::string& method, const std::string& url,
        const std::string& body = {}, const std::string& type = "application/json") {
  http_request request;
  request.method = method;
  request.url = url;
  request.body = body;
  if (!body.empty())
    request.headers.push_back({"Content-Type", type});
  auto answer = client.exchange(std::move(request));
  return answer ? answer->status : 0;
}

/// AU and SG, and what is measured between them.
struct measured : world {
  measured() : world(options()) {}

  static network_options options() {
    network_options how;
    how.environment = {
        "IGL_ACCEPT_FOREIGN_SENDER=true", // so that SG hears from CN
                                          // So that each sickness is met while it is measured.
        "IGL_SPIDER_RETRIEVAL_TIMEOUT=2s"};
    return how;
  }

  std::string url(const std::string& nation) { return network.node(nation).url; }

  /// When each message whose reference begins so came into a lake.
  std::map<std::string, caf::timestamp> times(const std::string& nation, event_kind what,
                                              uint64_t& after, const std::string& prefix) {
    node_client client({url(nation), {}, {}});
    std::map<std::string, caf::timestamp> result;
    for (;;) {
      auto page =
          client.operation("GET", "/operator/events?limit=5000&after=" + std::to_string(after));
      REQUIRE(page);
      for (const auto& entry : page->at("events")) {
        auto x = entry.get<event>();
        after = x.number;
        if (x.what == what && x.about.starts_with("AU:" + prefix))
          result[x.about] = x.at;
      }
      if (page->at("events").empty())
        return result;
    }
  }

  latencies round(const std::string& prefix) {
    using clock = std::chrono::steady_clock;
    auto ms_since = [](clock::time_point x) {
      return std::chrono::duration<double, std::milli>(clock::now() - x).count();
    };
    auto au = url("AU");
    node_client client({au, {}, {}});
    ask(client, "GET", au + "/healthz"); // connects
    std::vector<double> posts, reads, journeys;
    std::set<std::string> refs;
    for (int i = 0; i < messages_a_round; ++i) {
      auto ref = prefix + "-" + std::to_string(i);
      auto start = clock::now();
      REQUIRE(ask(client, "POST", au + "/message", body_of("AU", "SG", "UN.CEFACT.Trade.X", ref)) ==
              201);
      posts.push_back(ms_since(start));
      start = clock::now();
      REQUIRE(ask(client, "GET", au + "/message/AU:" + ref) == 200);
      reads.push_back(ms_since(start));
      refs.insert(ref);
      std::this_thread::sleep_for(20ms);
    }
    REQUIRE(eventually([&] { return all_have(url("SG"), refs, "received"); }));
    auto sent = times("AU", event_kind::message_posted, seen_at_au, prefix);
    auto arrived = times("SG", event_kind::message_received, seen_at_sg, prefix);
    REQUIRE(arrived.size() == refs.size());
    for (const auto& [about, at] : arrived)
      journeys.push_back(std::chrono::duration<double, std::milli>(at - sent.at(about)).count());
    return {median(posts), median(reads), median(journeys)};
  }

  uint64_t seen_at_au = 0, seen_at_sg = 0;
};

/// The same with a channel, a foreign document API and a subscriber that are ill, and work for all
/// three that never ends.
struct ill : measured {
  sick_peer channel{sickness::hangs}, documents{sickness::hangs}, subscriber{sickness::hangs};
  std::atomic<bool> over{false};
  std::future<void> work;

  ill() {
    std::ofstream(network.node("AU").config_file, std::ios::app)
        << "[[channels]]\nid = \"sick\"\nurl = \"" << channel.url()
        << "\"\njurisdictions = [\"CN\"]\n";
    // The file ends with [document_apis].
    std::ofstream(network.node("SG").config_file, std::ios::app)
        << "CN = \"" << documents.url() << "\"\n";
  }
  ~ill() {
    over = true;
    if (work.valid())
      work.wait();
  }

  void begin() {
    REQUIRE_FALSE(start());
    for (auto nation : {"AU", "SG"}) {
      node_client client({url(nation), {}, {}});
      REQUIRE(ask(client, "POST", url(nation) + "/subscriptions",
                  "hub.mode=subscribe&hub.topic=UN.CEFACT.*&hub.callback=" +
                      percent_encode(subscriber.url() + "/" + nation),
                  "application/x-www-form-urlencoded") == 202);
      REQUIRE(eventually([&] {
        auto status = client.operation("GET", "/operator/status");
        return status && status->get<node_status>().ledger.subscriptions == 1;
      }));
    }
    work = std::async(std::launch::async, [this] {
      node_client client({url("AU"), {}, {}});
      for (int i = 0; !over; ++i) {
        auto ref = "sick-" + std::to_string(i);
        ask(client, "POST", url("AU") + "/message", body_of("AU", "CN", "UN.CEFACT.Trade.X", ref));
        ask(client, "POST", url("SG") + "/message",
            body_of("CN", "SG", multihash_of("document " + ref), ref));
        std::this_thread::sleep_for(100ms);
      }
    });
  }

  void become(sickness x) {
    for (auto* peer : {&channel, &documents, &subscriber})
      peer->how = x;
  }
};

struct ratios {
  double post = 0, read = 0, journey = 0;
  bool good() const { return post <= most && read <= most && journey <= most; }
};

ratios compare(measured& well, ill& sick, const std::string& prefix) {
  std::vector<double> posts, reads, journeys;
  for (int i = 0; i < rounds; ++i) {
    auto name = prefix + "-" + std::to_string(i);
    auto without = well.round(name);
    auto with = sick.round(name);
    posts.push_back(with.post / without.post);
    reads.push_back(with.read / without.read);
    journeys.push_back(with.journey / without.journey);
    MESSAGE(name << ": POST " << without.post << " → " << with.post << " ms, GET " << without.read
                 << " → " << with.read << " ms, journey " << without.journey << " → "
                 << with.journey << " ms");
  }
  return {median(posts), median(reads), median(journeys)};
}

} // namespace

TEST_SUITE_BEGIN("hanging peers");

TEST_CASE("a channel, a document API and a subscriber that hang, crawl or fail delay nobody else's "
          "posts, reads and messages") {
  measured well;
  ill sick;
  REQUIRE_FALSE(well.start());
  sick.begin();
  for (const auto& x : {std::pair{sickness::hangs, "hanging"}, std::pair{sickness::crawls, "crawling"},
                        std::pair{sickness::fails, "failing"}}) {
    const std::string name = x.second;
    sick.become(x.first);
    auto before = std::array{sick.channel.requests.load(), sick.documents.requests.load(),
                             sick.subscriber.requests.load()};
    ratios found;
    for (int i = 0; i < series; ++i) {
      found = compare(well, sick, name + "-" + std::to_string(i));
      MESSAGE(name << ": POST " << found.post << ", GET " << found.read << ", journey "
                                << found.journey << " times as long");
      if (found.good())
        break;
    }
    CHECK_MESSAGE(found.good(), name);
    // All three were called while that was measured.
    CHECK(eventually([&] { return sick.channel.requests > before[0]; }));
    CHECK(eventually([&] { return sick.documents.requests > before[1]; }));
    CHECK(eventually([&] { return sick.subscriber.requests > before[2]; }));
  }
}

TEST_SUITE_END();
