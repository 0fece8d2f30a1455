#include "tests/system/world.hpp"

#include "http/callback_listener.hpp"
#include "messages/json.hpp"
#include "messages/multihash.hpp"
#include "messages/uri.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
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

/// A business's subscriber: it hears of every message at its node.
struct subscriber {
  std::mutex mutex;
  std::vector<std::string> calls;
  std::unique_ptr<callback_listener> listener;

  explicit subscriber(const std::string& node) {
    auto started = callback_listener::start(free_port(), [this](const received_callback& call) {
      std::lock_guard guard{mutex};
      calls.push_back(call.body);
      return 200;
    });
    REQUIRE(started);
    listener = std::move(*started);
    node_client client({node, {}, {}});
    http_request request;
    request.method = "POST";
    request.url = node + "/subscriptions";
    request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
    request.body = "hub.mode=subscribe&hub.topic=message.*&hub.callback=" +
                   percent_encode(listener->url() + "/");
    auto answer = client.exchange(std::move(request));
    REQUIRE(answer);
    REQUIRE(answer->status == 202);
    REQUIRE(eventually([&] {
      auto status = client.operation("GET", "/operator/status");
      return status && status->get<node_status>().ledger.subscriptions == 1;
    }));
  }

  /// Calls about a change of the message's status.
  size_t told_of_status(const sent_message& x) {
    std::lock_guard guard{mutex};
    return static_cast<size_t>(
        std::count_if(calls.begin(), calls.end(), [&](const std::string& body) {
          return body.find("message." + x.ref + ".status") != std::string::npos;
        }));
  }
};

/// The integration network of the specification.
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

  void accept(const std::string& nation, const sent_message& x) {
    node_client client({url(nation), {}, {}});
    REQUIRE(client.json("PATCH", url(nation) + "/message/" + x.name(), R"({"status":"accepted"})"));
  }

  std::string store_for_sg(const std::string& bytes) {
    auto file = folder.path() + "/document";
    std::ofstream(file, std::ios::binary) << bytes;
    auto put = run_igl({"document", "put", file, "--for", "SG", "--node", url("AU")});
    REQUIRE_MESSAGE(put.status == 0, put.out);
    return put.out.substr(0, put.out.find('\n'));
  }
  /// What SG's node answers its own people who ask for a document.
  int document_at_sg(const std::string& multihash) {
    node_client client({url("SG"), {}, {}});
    http_request request;
    request.method = "GET";
    request.url = url("SG") + "/documents/" + multihash + "?as_jurisdiction=SG";
    auto answer = client.exchange(std::move(request));
    REQUIRE(answer);
    return answer->status;
  }

  nlohmann::json place_of(const std::string& id) {
    auto found = run_igl({"chain", "find", network.medium_path("a"), id, "--json"});
    auto place = parse_json(found.out);
    REQUIRE_MESSAGE(place, found.out);
    return *place;
  }
  /// Leaves the block of a message behind for a longer branch. Blocks are made meanwhile, so it
  /// looks until it has left.
  void fork_under(const std::string& id, const std::string& transactions) {
    auto block = place_of(id).at("block");
    REQUIRE(eventually([&] {
      auto now = place_of(id);
      if (now.at("state") != "on the chain" || now.at("block") != block)
        return true;
      auto depth = now.at("confirmations").get<uint64_t>();
      auto forked =
          run_igl({"chain", "fork", network.medium_path("a"), "--depth", std::to_string(depth),
                   "--blocks", std::to_string(depth + 1), "--transactions", transactions});
      REQUIRE_MESSAGE(forked.status == 0, forked.out);
      return false;
    }));
  }

  /// Each message is in the lakes of its sender and its receiver once, and nowhere else; nothing
  /// was given up. Those of `again` came into the lake, left it, and came again.
  void check_lakes(const std::set<std::string>& again = {}) {
    for (const auto& nation : network.options().nations) {
      auto arrivals = events_by_subject(url(nation), "message_received");
      size_t own = 0, foreign = 0;
      for (const auto& x : sent) {
        own += x.from == nation;
        foreign += x.to == nation;
        if (x.to == nation)
          CHECK_MESSAGE(arrivals[x.name()] == 1 + again.count(x.name()),
                        x.name() << " came into the lake of " << nation << " " << arrivals[x.name()]
                                 << " times");
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

TEST_CASE("a fork under confirmed messages: the sender's are pending again and sent again, the "
          "receiver's are withdrawn unless decided, and everybody is told") {
  nations w;
  subscriber au{w.url("AU")}, sg{w.url("SG")}, cn{w.url("CN")};
  sent_message undecided{"AU", "SG", "undecided"}, decided{"AU", "CN", "decided"};
  auto document = w.store_for_sg("a certificate that only this message speaks of\n");
  w.send(undecided, certificate, document);
  w.send(decided, certificate);
  w.check_delivered(undecided, "a");
  w.check_delivered(decided, "a");
  REQUIRE(eventually([&] { return w.document_at_sg(document) == 200; }));
  w.accept("CN", decided);
  auto first_id = w.field("AU", undecided, "channel_txn_id");

  // With its endpoint down AU cannot send them again: what is seen now is the withdrawal alone.
  REQUIRE(w.network.stop(w.network.endpoint("a", "AU")));
  for (const auto& x : {undecided, decided})
    w.fork_under(w.field("AU", x, "channel_txn_id"), "dropped");
  CHECK(eventually([&] { return w.status("SG", undecided) == "rejected"; }));
  CHECK(w.statuses_of("SG", undecided) == "rejected ");
  CHECK(w.document_at_sg(document) == 404);
  CHECK(eventually([&] { return sg.told_of_status(undecided) == 1; }));
  // Its own decision, and then the withdrawal.
  CHECK(eventually([&] { return cn.told_of_status(decided) == 2; }));
  CHECK(w.status("CN", decided) == "accepted");
  CHECK(w.statuses_of("CN", decided) == "accepted ");

  REQUIRE_FALSE(w.network.start(w.network.endpoint("a", "AU")));
  for (const auto& x : {undecided, decided}) {
    CHECK(eventually([&] { return w.statuses_of("AU", x) == "accepted pending accepted "; }));
    CHECK(eventually([&] { return au.told_of_status(x) == 3; }));
  }
  CHECK(w.field("AU", undecided, "channel_txn_id") != first_id);
  // Over the other channel, for this one took it back; CN is on this one alone.
  w.check_delivered(undecided, "b");
  CHECK(w.field("AU", decided, "channel_id") == "a");
  CHECK(w.statuses_of("SG", undecided) == "rejected received ");
  CHECK(eventually([&] { return w.document_at_sg(document) == 200; }));
  CHECK(w.status("CN", decided) == "accepted");
  CHECK(eventually([&] {
    return w.field("CN", decided, "channel_txn_id") == w.field("AU", decided, "channel_txn_id");
  }));
  w.check_lakes({undecided.name(), decided.name()});
}

TEST_CASE("a fork whose messages are in the new branch too is no news to anybody") {
  nations w;
  sent_message x{"AU", "SG", "mined-again"}, after{"AU", "SG", "after"};
  w.send(x, certificate);
  w.check_delivered(x, "a");
  auto id = w.field("AU", x, "channel_txn_id");
  w.fork_under(id, "mined-again");
  REQUIRE(eventually([&] { return w.place_of(id).at("confirmations") >= 2; }));
  w.send(after, certificate);
  w.check_delivered(after, "a");
  CHECK(w.statuses_of("AU", x) == "accepted ");
  CHECK(w.statuses_of("SG", x).empty());
  CHECK(w.field("AU", x, "channel_txn_id") == id);
  w.check_lakes();
}

TEST_SUITE_END();
