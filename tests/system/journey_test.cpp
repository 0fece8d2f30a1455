#include "tests/system/world.hpp"

#include "http/callback_listener.hpp"
#include "messages/json.hpp"
#include "messages/multihash.hpp"
#include "messages/uri.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <mutex>

using namespace igl;
using namespace igl::system_tests;

namespace {

struct heard {
  std::mutex mutex;
  std::vector<received_callback> calls;

  size_t count_of(const std::string& text) {
    std::lock_guard guard{mutex};
    return static_cast<size_t>(
        std::count_if(calls.begin(), calls.end(), [&](const received_callback& call) {
          return call.body.find(text) != std::string::npos;
        }));
  }
};

http_response ask(node_client& client, const std::string& method, const std::string& url,
                  const std::string& body = {}, const std::string& type = "application/json") {
  http_request request;
  request.method = method;
  request.url = url;
  request.body = body;
  if (!body.empty())
    request.headers.push_back({"Content-Type", type});
  auto answer = client.exchange(std::move(request));
  REQUIRE_MESSAGE(answer, sentence_of(answer.error()));
  return *answer;
}

std::string stored(world& w, const std::string& name, const std::string& bytes) {
  auto file = w.folder.path() + "/" + name;
  std::ofstream(file, std::ios::binary) << bytes;
  auto put = run_igl({"document", "put", file, "--for", "SG", "--node", w.network.node("AU").url});
  INFO(put.out);
  REQUIRE(put.status == 0);
  return put.out.substr(0, put.out.find('\n'));
}

} // namespace

TEST_SUITE_BEGIN("journey");

TEST_CASE(
    "a certificate, what it links to, and every change of its message reach the other government") {
  world w;
  REQUIRE_FALSE(w.start());
  auto au = w.network.node("AU").url;
  auto sg = w.network.node("SG").url;
  node_client client({au, {}, {}});

  // A subscriber at SG for the content, one at AU for the message's own status.
  heard at_sg, at_au;
  auto listen = [](heard& ears) {
    return callback_listener::start(free_port(), [&ears](received_callback call) {
      std::lock_guard guard{ears.mutex};
      ears.calls.push_back(std::move(call));
      return 200;
    });
  };
  auto importer = listen(at_sg);
  auto exporter = listen(at_au);
  REQUIRE(importer);
  REQUIRE(exporter);
  auto subscribe = [&](const std::string& node, const std::string& topic,
                       const std::string& callback) {
    auto answer = ask(client, "POST", node + "/subscriptions",
                      "hub.mode=subscribe&hub.topic=" + percent_encode(topic) +
                          "&hub.callback=" + percent_encode(callback),
                      "application/x-www-form-urlencoded");
    REQUIRE(answer.status == 202);
  };
  subscribe(sg, "UN.CEFACT.*", (*importer)->url() + "/");
  subscribe(au, "message.17.status", (*exporter)->url() + "/");
  for (const auto& url : {au, sg}) {
    node_client at({url, {}, {}});
    REQUIRE(eventually([&] {
      auto status = at.operation("GET", "/operator/status");
      return status && status->get<node_status>().ledger.subscriptions == 1;
    }));
  }

  auto deepest = stored(w, "invoice.txt", "1,200 bottles of red wine\n");
  auto linked =
      stored(w, "packing-list.json", R"({"boxes": 100, "links": [{"link": ")" + deepest + "\"}]}");
  auto certificate =
      stored(w, "certificate.json", R"({"iD": "COO-17", "links": [{"link": ")" + linked + "\"}]}");

  auto posted =
      ask(client, "POST", au + "/message",
          R"({"sender":"AU","receiver":"SG","subject":"AU.abn.1","obj":")" + certificate +
              R"(","predicate":"UN.CEFACT.Trade.CertificateOfOrigin.created","sender_ref":"17"})");
  REQUIRE(posted.status == 201);
  auto body = parse_json(posted.body);
  REQUIRE(body);
  CHECK(body->at("status") == "pending");

  CHECK(eventually([&] { return all_have(au, {"17"}, "accepted"); }));
  CHECK(eventually([&] { return all_have(sg, {"17"}, "received"); }));
  for (const auto& hash : {certificate, linked, deepest})
    CHECK(eventually([&] {
      auto got = ask(client, "GET", sg + "/documents/" + hash + "?as_jurisdiction=SG");
      return got.status == 200 && multihash_of(got.body) == hash;
    }));
  CHECK(eventually([&] { return at_sg.count_of("COO") + at_sg.count_of(certificate) == 1; }));
  CHECK(eventually([&] { return at_au.count_of("message.17.status") == 1; }));

  // The importer's government decides; the change stays a change of SG's own record.
  auto decided = ask(client, "PATCH", sg + "/message/AU:17", R"({"status":"accepted"})");
  CHECK(decided.status == 200);
  CHECK(all_have(sg, {"17"}, "accepted"));
  CHECK(ask(client, "PATCH", sg + "/message/AU:17", R"({"status":"rejected"})").status == 409);

  // The channel's id of the message is the same on both sides.
  auto here = client.json("GET", au + "/message/AU:17");
  auto there = client.json("GET", sg + "/message/AU:17");
  REQUIRE(here);
  REQUIRE(there);
  CHECK(here->value("channel_txn_id", "none") == there->value("channel_txn_id", "other"));
  CHECK(here->value("channel_id", "none") == there->value("channel_id", "other"));
}

TEST_CASE("a retry of a post is safe and another message under the same reference is refused") {
  world w;
  REQUIRE_FALSE(w.start());
  auto au = w.network.node("AU").url;
  node_client client({au, {}, {}});
  CHECK(ask(client, "POST", au + "/message", message_body("again")).status == 201);
  CHECK(ask(client, "POST", au + "/message", message_body("again")).status == 201);
  auto other = message_body("again");
  other.replace(other.find("AU.abn.51824753556"), 18, "AU.abn.00000000000");
  CHECK(ask(client, "POST", au + "/message", other).status == 409);
  CHECK(eventually([&] { return all_have(w.network.node("SG").url, {"again"}, "received"); }));
  auto received = events_by_subject(w.network.node("SG").url, "message_received");
  CHECK(received.size() == 1);
}

TEST_CASE("a message that no channel carries is rejected and its trace says why") {
  world w;
  REQUIRE_FALSE(w.start());
  auto au = w.network.node("AU").url;
  node_client client({au, {}, {}});
  auto body = message_body("to-nowhere");
  body.replace(body.find("\"SG\""), 4, "\"NZ\"");
  CHECK(ask(client, "POST", au + "/message", body).status == 201);
  CHECK(eventually([&] { return all_have(au, {"to-nowhere"}, "rejected"); }));
  auto trace = run_igl({"trace", "AU:to-nowhere", "--node", au});
  CHECK(trace.status == 0);
  INFO(trace.out);
  CHECK(trace.out.find("rejected") != std::string::npos);
}

TEST_CASE("bad input gets its answer and changes nothing") {
  world w;
  REQUIRE_FALSE(w.start());
  auto au = w.network.node("AU").url;
  node_client client({au, {}, {}});
  auto figures = [&] {
    auto status = client.operation("GET", "/operator/status");
    REQUIRE(status);
    auto x = status->get<node_status>().ledger;
    return std::vector<uint64_t>{x.events,        x.messages,  x.objects,
                                 x.subscriptions, x.open_jobs, x.dead_letters};
  };
  auto before = figures();
  CHECK(ask(client, "POST", au + "/message", "{\"sender\":").status == 400);
  CHECK(ask(client, "POST", au + "/message", R"({"sender":"au"})").status == 400);
  CHECK(ask(client, "POST", au + "/message", message_body("x/y")).status == 400);
  CHECK(ask(client, "POST", au + "/message", message_body("x"), "text/plain").status == 415);
  CHECK(ask(client, "POST", au + "/message", std::string(1 << 20, ' ')).status == 413);
  CHECK(ask(client, "PATCH", au + "/message/AU:none", R"({"status":"accepted"})").status == 404);
  CHECK(ask(client, "DELETE", au + "/message").status == 405);
  CHECK(ask(client, "GET", au + "/nowhere/at/all").status == 404);
  CHECK(
      ask(client, "POST", au + "/jurisdictions/SG", "no boundary", "multipart/form-data").status ==
      400);
  CHECK(ask(client, "GET", au + "/documents/zz?as_jurisdiction=SG").status == 400);
  CHECK(ask(client, "POST", au + "/subscriptions", "hub.mode=subscribe",
            "application/x-www-form-urlencoded")
            .status == 400);
  CHECK(ask(client, "POST", au + "/channel-message/none", R"({"id": 1})").status == 404);
  CHECK(figures() == before);
}

TEST_SUITE_END();
