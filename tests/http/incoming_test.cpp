#include "fake_node.hpp"

#include "http/access_control.hpp"
#include "messages/errors.hpp"
#include "tests/support/token_issuer.hpp"

#include <doctest/doctest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

using namespace igl;
using nlohmann::json;
using test::signing_key;
using wire::ask;

namespace {

const std::string sg_token = "sg-token-0123456789";
const std::string node_token = "node-token-0123456789";

/// Behind POST /messages/incoming.
incoming_api_actor::behavior_type
fake_incoming(incoming_api_actor::pointer,
              std::function<caf::expected<channel_receipt>(const incoming_message&)> take) {
  return {[=](const incoming_message& x) -> caf::result<channel_receipt> {
            auto taken = take(x);
            if (!taken)
              return taken.error();
            return *taken;
          },
          [](caf::tick_atom) {
          }};
}

struct incoming_node : fake_node {
  std::function<caf::expected<channel_receipt>(const incoming_message&)> take =
      [](const incoming_message&) {
        return channel_receipt{"m-1"};
      };
  incoming_message taken;
  std::atomic<int> reached{0};
  incoming_api_actor door;
  std::ostringstream log;
  std::shared_ptr<spdlog::logger> before = spdlog::default_logger();

  explicit incoming_node(start when = start::now) : fake_node(start::later) {
    door = system->spawn(fake_incoming, [this](const incoming_message& x) {
      taken = x;
      ++reached;
      return take(x);
    });
    who.incoming = door;
    auto lines = std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log));
    lines->set_level(spdlog::level::warn);
    spdlog::set_default_logger(lines);
    if (when == start::now)
      open();
  }
  ~incoming_node() {
    spdlog::set_default_logger(before);
    server = nullptr;
    caf::anon_send_exit(door, caf::exit_reason::user_shutdown);
    door = nullptr;
    who.incoming = nullptr;
  }

  wire::response hand_over(const wire::headers& more = {}, const std::string& body = message_json(),
                           const std::string& type = "application/json") {
    wire::headers with{{"Content-Type", type}};
    with.insert(with.end(), more.begin(), more.end());
    return ask(url(api::channel), "POST", "/messages/incoming", with, body);
  }
  wire::response hand_over_with(const std::string& token) {
    return hand_over({{"Authorization", "Bearer " + token}});
  }
};

/// The endpoint of AU, whose peer of SG and NZ has a token, as does its node.
struct guarded_incoming : incoming_node {
  std::shared_ptr<key_ring> ring = std::make_shared<key_ring>();
  signing_key key{signing_key::kind::p256, "k-1"};

  guarded_incoming() : incoming_node(start::later) {
    endpoint_settings settings;
    settings.id = "channel";
    settings.jurisdictions = {"AU"};
    settings.nodes = {{"au-node", "AU", node_token, {}}};
    peer_settings peer;
    peer.id = "channel-sg";
    peer.jurisdictions = {"SG", "NZ"};
    peer.token = sg_token;
    peer_settings by_subject;
    by_subject.id = "channel-fr";
    by_subject.jurisdictions = {"FR"};
    by_subject.subject = "client-of-fr";
    settings.peers = {peer, by_subject};
    settings.access.jwks = "https://issuer.example/jwks";
    settings.access.issuer = "https://issuer.example";
    settings.access.audience = "channel";
    settings.access.jurisdiction_claim = "jurisdiction";
    ring->put(std::move(*key_set::parse(test::key_set_of({&key}))));
    auto now = [] {
      return caf::timestamp{std::chrono::seconds{1'800'000'000}};
    };
    how.channel_access = std::make_shared<const access_control>(settings, ring, now);
    how.peer_access =
        std::make_shared<const access_control>(access_control::of_peers(settings, ring, now));
    answers->post_to = [](const post_to_channel&) {
      return caf::expected<channel_receipt>{channel_receipt{"m-1"}};
    };
    open();
  }

  std::string web_token(const std::string& subject) {
    return key.sign({{"iss", "https://issuer.example"},
                     {"aud", "channel"},
                     {"sub", subject},
                     {"exp", 1'800'000'060},
                     {"jurisdiction", "AU"}});
  }
};

} // namespace

TEST_SUITE_BEGIN("incoming");

TEST_CASE_FIXTURE(incoming_node,
                  "POST /messages/incoming takes the five fields and says delivered") {
  auto x = hand_over();
  CHECK(x.status == 200);
  CHECK(x.json() == json{{"status", "delivered"}, {"id", "m-1"}});
  CHECK(taken.content.sender == "AU");
  CHECK(taken.content.receiver == "SG");
  CHECK(taken.key.empty());
  CHECK(taken.from.empty());
}

TEST_CASE_FIXTURE(incoming_node,
                  "POST /messages/incoming takes sender_ref and an encoded key too") {
  CHECK(hand_over({{"Idempotency-Key", "7%20%22%C3%A9%22%0A"}}, message_json({{"sender_ref", "17"}}))
            .status == 200);
  CHECK(taken.content.sender_ref == "17");
  CHECK(taken.key == "7 \"é\"\n");
  CHECK(hand_over({{"Idempotency-Key", "100%"}}).status == 200);
  CHECK(taken.key == "100%");
  CHECK(hand_over({{"Idempotency-Key", "%ff"}}).status == 200);
  CHECK(taken.key == "%ff");
}

TEST_CASE_FIXTURE(incoming_node, "faults of what is handed over are told, and nobody is asked") {
  auto x = hand_over({}, message_json({{"obj", "removed"}}));
  CHECK(x.status == 400);
  CHECK(x.json() == json::parse(R"({"obj": ["Missing data for required field."]})"));
  CHECK(hand_over({}, "{").status == 400);
  CHECK(hand_over({}, message_json({{"receiver", "XX"}})).status == 400);
  CHECK(hand_over({}, message_json(), "text/plain").status == 415);
  CHECK(hand_over({}, std::string(100'000, ' ')).status == 413);
  CHECK(reached == 0);
}

TEST_CASE_FIXTURE(incoming_node,
                  "what the endpoint refuses or cannot keep is not called delivered") {
  const std::vector<std::pair<errc, int>> all{{errc::forbidden, 403},
                                              {errc::message_validation, 400},
                                              {errc::conflict, 409},
                                              {errc::storage_full, 503},
                                              {errc::storage_failed, 500}};
  for (auto& [code, status] : all) {
    take = [code = code](const incoming_message&) -> caf::expected<channel_receipt> {
      return make_problem(code);
    };
    auto x = hand_over();
    CHECK(x.status == status);
    CHECK(x.body.find("delivered") == std::string::npos);
  }
}

TEST_CASE("on a channel with a medium of its own nothing can be handed over") {
  fake_node node;
  CHECK(ask(node.url(api::channel), "POST", "/messages/incoming",
            {{"Content-Type", "application/json"}}, message_json())
            .status == 405);
}

TEST_CASE("an endpoint that posts only is handed nothing") {
  incoming_node node(fake_node::start::later);
  node.how.channel_halves = {channel_half::posting};
  node.open();
  CHECK(node.hand_over().status == 405);
  CHECK(node.reached == 0);
}

TEST_CASE_FIXTURE(guarded_incoming, "a peer with its token hands over as itself") {
  CHECK(hand_over_with(sg_token).status == 200);
  CHECK(taken.from == "channel-sg");
  CHECK(hand_over_with(web_token("client-of-fr")).status == 200);
  CHECK(taken.from == "channel-fr");
}

TEST_CASE_FIXTURE(guarded_incoming,
                  "nothing is taken without the token of a peer; the log has it") {
  CHECK(hand_over().status == 401);
  auto wrong = hand_over_with("wrong-token-0123456789");
  CHECK(wrong.status == 401);
  CHECK(wrong.field("WWW-Authenticate") == R"(Bearer realm="channel", error="invalid_token")");
  CHECK(hand_over({}, "no JSON", "text/plain").status == 401);
  CHECK(reached == 0);
  auto lines = log.str();
  CHECK_MESSAGE(
      lines.find("turns away POST /messages/incoming from 127.0.0.1") != std::string::npos, lines);
  CHECK(lines.find("wrong-token") == std::string::npos);
}

TEST_CASE_FIXTURE(guarded_incoming,
                  "the token of a node is none of a peer, and the other way round") {
  CHECK(hand_over_with(node_token).status == 401);
  CHECK(hand_over_with(web_token("client-of-nobody")).status == 403);
  CHECK(reached == 0);
  auto post = [&](const std::string& token) {
    return ask(url(api::channel), "POST", "/messages",
               {{"Content-Type", "application/json"}, {"Authorization", "Bearer " + token}},
               message_json())
        .status;
  };
  CHECK(post(node_token) == 201);
  CHECK(post(sg_token) == 401);
}

TEST_CASE_FIXTURE(guarded_incoming, "a peer that speaks as another is 403, and the log says who") {
  take = [](const incoming_message&) -> caf::expected<channel_receipt> {
    return make_problem(errc::forbidden, "not as AU");
  };
  CHECK(hand_over_with(sg_token).status == 403);
  auto lines = log.str();
  CHECK_MESSAGE(
      lines.find("does not allow POST /messages/incoming to peer channel-sg, which speaks "
                 "for SG, NZ, from 127.0.0.1: not as AU") != std::string::npos,
      lines);
  CHECK(lines.find(sg_token) == std::string::npos);
}

TEST_SUITE_END();
