#include "tests/system/world.hpp"

#include "http/callback_listener.hpp"
#include "messages/json.hpp"
#include "messages/uri.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <mutex>

using namespace igl;
using namespace igl::system_tests;

namespace {

constexpr auto certificate = "UN.CEFACT.Trade.CertificateOfOrigin.created";
constexpr auto invoice = "UN.CEFACT.Trade.Invoice.created"; // channel a does not carry it

struct sent_message {
  std::string from, to, ref;
  std::string name() const { return from + ":" + ref; }
};

/// The integration network of the specification, with a business at each node.
struct nations : world {
  nations() : world(three_nations()) { REQUIRE_FALSE(start()); }

  std::vector<sent_message> sent;

  const std::string& url(const std::string& nation) { return network.node(nation).url; }

  void send(const sent_message& x, const std::string& predicate,
            const std::string& obj = "UN.CEFACT.Trade.Certificate") {
    nlohmann::json body{{"sender", x.from}, {"receiver", x.to},       {"subject", "AU.abn.1"},
                        {"obj", obj},       {"predicate", predicate}, {"sender_ref", x.ref}};
    node_client client({url(x.from), {}, {}});
    http_request request;
    request.method = "POST";
    request.url = url(x.from) + "/message";
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = body.dump();
    auto answer = client.exchange(std::move(request));
    REQUIRE(answer);
    REQUIRE_MESSAGE(answer->status == 201, answer->body);
    sent.push_back(x);
  }

  std::string field(const std::string& nation, const sent_message& x, const std::string& name) {
    node_client client({url(nation), {}, {}});
    auto answer = client.json("GET", url(nation) + "/message/" + x.name());
    return answer ? answer->value(name, "") : "";
  }
  std::string status(const std::string& nation, const sent_message& x) {
    return field(nation, x, "status");
  }

  bool is_delivered(const sent_message& x, const std::string& channel) {
    return status(x.from, x) == "accepted" && status(x.to, x) == "received" &&
           field(x.from, x, "channel_id") == channel && field(x.to, x, "channel_id") == channel &&
           field(x.from, x, "channel_txn_id") == field(x.to, x, "channel_txn_id");
  }
  void check_delivered(const sent_message& x, const std::string& channel) {
    CHECK_MESSAGE(eventually([&] { return is_delivered(x, channel); }),
                  x.name() << " is " << status(x.from, x) << " at " << x.from << " over '"
                           << field(x.from, x, "channel_id") << "', " << status(x.to, x) << " at "
                           << x.to << " over '" << field(x.to, x, "channel_id") << "', not over "
                           << channel);
  }

  std::vector<event> events(const std::string& nation, const sent_message& x) {
    node_client client({url(nation), {}, {}});
    auto page = client.operation("GET", "/operator/events?limit=1000&about=" + x.name());
    REQUIRE(page);
    return page->at("events").get<std::vector<event>>();
  }
  /// What became of the status, in order: "pending accepted".
  std::string statuses_of(const std::string& nation, const sent_message& x) {
    std::string text;
    for (const auto& y : events(nation, x))
      if (y.what == event_kind::status_changed) {
        auto end = y.detail.find(':');
        auto to = y.detail.rfind(' ', end);
        text += y.detail.substr(to + 1, end - to - 1) + ' ';
      }
    return text;
  }

  /// Each message is in the lakes of its sender and its receiver once, and nowhere else; nothing
  /// was given up.
  void check_lakes() {
    for (const auto& nation : network.options().nations) {
      auto arrivals = events_by_subject(url(nation), "message_received");
      size_t own = 0, foreign = 0;
      for (const auto& x : sent) {
        own += x.from == nation;
        foreign += x.to == nation;
        if (x.to == nation)
          CHECK_MESSAGE(arrivals[x.name()] == 1, x.name() << " came into the lake of " << nation
                                                          << " " << arrivals[x.name()] << " times");
      }
      CHECK(arrivals.size() == foreign);
      CHECK(events_by_subject(url(nation), "message_posted").size() == own);
      node_client client({url(nation), {}, {}});
      auto now = client.operation("GET", "/operator/status");
      REQUIRE(now);
      auto figures = now->get<node_status>().ledger;
      CHECK(figures.messages == own + foreign);
      CHECK(figures.dead_letters == 0);
    }
  }
};

} // namespace

TEST_SUITE_BEGIN("three nations");

TEST_CASE("messages go in all directions over both channels, each into each lake once") {
  nations w;
  std::vector<std::pair<sent_message, std::string>> expected;
  for (const auto& channel : w.network.options().channels)
    for (const auto& from : w.network.nations_on(channel))
      for (const auto& to : w.network.nations_on(channel))
        for (auto number : {"1", "2"})
          if (from != to) {
            sent_message x{from, to, "over-" + channel.id + "-to-" + to + "-" + number};
            w.send(x, channel.id == "a" ? certificate : invoice);
            expected.emplace_back(x, channel.id);
          }
  CHECK(expected.size() == 2 * (6 + 2));
  for (const auto& [x, channel] : expected)
    w.check_delivered(x, channel);
  w.check_lakes();
  // No channel carries an invoice to CN.
  sent_message refused{"AU", "CN", "no-way"};
  w.send(refused, invoice);
  CHECK(eventually([&] { return w.status("AU", refused) == "rejected"; }));
  CHECK(w.status("CN", refused).empty());
}

TEST_CASE(
    "channel a is cut: messages go over channel b, and those that cannot wait for its return") {
  nations w;
  for (const auto& nation : w.network.options().nations)
    REQUIRE(w.network.stop(w.network.endpoint("a", nation)));
  sent_message there{"AU", "SG", "cut-sg"}, back{"SG", "AU", "cut-au"},
      only_a{"AU", "CN", "cut-cn"};
  for (const auto& x : {there, back, only_a})
    w.send(x, certificate);
  w.check_delivered(there, "b");
  w.check_delivered(back, "b");
  CHECK(eventually(
      [&] { return events_by_subject(w.url("AU"), "attempt_failed")[only_a.name()] > 0; }));
  CHECK(w.status("AU", only_a) == "pending");
  for (const auto& nation : w.network.options().nations)
    REQUIRE_FALSE(w.network.start(w.network.endpoint("a", nation)));
  w.check_delivered(only_a, "a");
  sent_message after{"AU", "SG", "after"};
  w.send(after, certificate);
  w.check_delivered(after, "a");
  w.check_lakes();
}

TEST_SUITE_END();
