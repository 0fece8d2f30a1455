#include "fake_node.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

using namespace igl;
using wire::ask;
using wire::post_json;

namespace {

wire::response post(const fake_node& node, const nlohmann::json& changes) {
  return post_json(node.url(), "/message", message_json(changes));
}

wire::response patch(const fake_node& node, std::string_view path, std::string_view body) {
  return ask(node.url(), "PATCH", path, {{"Content-Type", "application/json"}}, body);
}

std::vector<std::string> names_of(const nlohmann::json& object) {
  std::vector<std::string> names;
  for (auto& [name, value] : object.items())
    names.push_back(name);
  return names;
}

} // namespace

TEST_SUITE("message API") {
  TEST_CASE("POST /message answers 201 with the stored message") {
    fake_node node;
    auto x = post(node, {{"sender_ref", "17"}});
    CHECK(x.status == 201);
    CHECK(x.field("Content-Type") == "application/json");
    auto stored = x.json();
    CHECK(stored["sender_ref"] == "17");
    CHECK(stored["status"] == "pending");
    CHECK(names_of(stored) == std::vector<std::string>{"obj", "predicate", "receiver", "sender",
                                                       "sender_ref", "status", "subject"});
    CHECK(post(node, {}).json()["sender_ref"] == "fresh-1");
    CHECK(post(node, {{"sender", "SG"}, {"receiver", "AU"}}).json()["status"] == "received");
  }

  TEST_CASE("a media type may have parameters and capitals, but must be JSON") {
    fake_node node;
    auto good = message_json();
    for (auto type : {"application/json", "application/json; charset=utf-8", "Application/JSON"}) {
      CAPTURE(type);
      CHECK(ask(node.url(), "POST", "/message", {{"Content-Type", type}}, good).status == 201);
    }
    for (auto type : {"text/plain", "application/jsonx", ""}) {
      CAPTURE(type);
      auto x = ask(node.url(), "POST", "/message", {{"Content-Type", type}}, good);
      CHECK(x.status == 415);
      CHECK(x.code() == "generic-http-error");
      CHECK(x.error()["title"] == "Unsupported Media Type");
      CHECK(x.error()["source"]["value"] == type);
      CHECK(x.error()["source"]["include"] == nlohmann::json{"application/json"});
      CHECK(x.error()["source"]["exclude"] == nlohmann::json::array());
    }
    CHECK(ask(node.url(), "POST", "/message", {}, "").status == 415);
  }

  TEST_CASE("a body that is no JSON object with a field is an empty one") {
    fake_node node;
    for (auto body : {"", "{", "[]", "\"text\"", "null", "{}", "{\"a\":1}}", "\xff"}) {
      CAPTURE(body);
      auto x = post_json(node.url(), "/message", body);
      CHECK(x.status == 400);
      CHECK(x.code() == "message-data-empty-error");
      CHECK(x.error()["title"] == "Message Data Empty Error");
      CHECK(x.error()["status"] == "Bad Request");
    }
  }

  TEST_CASE("a missing field and an unknown jurisdiction cannot be deserialized") {
    fake_node node;
    for (auto field : {"sender", "receiver", "obj", "predicate"}) {
      CAPTURE(field);
      auto x = post(node, {{field, "removed"}});
      CHECK(x.status == 400);
      CHECK(x.code() == "message-deserialization-error");
    }
    for (auto code : {"au", "AUS", "XX", ""}) {
      CAPTURE(code);
      CHECK(post(node, {{"receiver", code}}).code() == "message-deserialization-error");
      CHECK(post(node, {{"sender", code}}).code() == "message-deserialization-error");
    }
  }

  TEST_CASE("extra jurisdictions are the configuration's") {
    fake_node node{fake_node::start::later};
    node.how.known = jurisdictions{{"XK"}};
    node.open();
    CHECK(post(node, {{"receiver", "XK"}}).status == 201);
    CHECK(post(node, {{"receiver", "EU"}}).status == 400);
  }

  TEST_CASE("values that are none are not valid, and the source names them") {
    fake_node node;
    for (auto field : {"obj", "predicate"}) {
      CAPTURE(field);
      auto x = post(node, {{field, "no uri"}});
      CHECK(x.status == 400);
      CHECK(x.code() == "message-validation-error");
      CHECK(x.error()["source"].size() == 1);
      CHECK(x.error()["source"][0].get<std::string>().find(field) != std::string::npos);
      CHECK(x.error().contains("detail"));
    }
    CHECK(post(node, {{"obj", "x"}, {"predicate", "y"}}).error()["source"].size() == 2);
    for (auto& wrong : {nlohmann::json("removed"), nlohmann::json(""), nlohmann::json(nullptr),
                        nlohmann::json(7)}) {
      CAPTURE(wrong.dump());
      CHECK(post(node, {{"subject", wrong}}).code() == "message-validation-error");
    }
    CHECK(post(node, {{"receiver", 7}}).code() == "message-validation-error");
    for (auto& wrong : {nlohmann::json("a/b"), nlohmann::json(std::string(257, 'x')),
                        nlohmann::json(""), nlohmann::json(7)}) {
      CAPTURE(wrong.dump());
      CHECK(post(node, {{"sender_ref", wrong}}).status == 400);
    }
    CHECK(post(node, {{"sender_ref", std::string(256, 'x')}}).status == 201);
  }

  TEST_CASE("a retry gets what is stored, other content under the same reference a conflict") {
    fake_node node;
    auto first = post(node, {{"sender_ref", "17"}});
    auto again = post(node, {{"sender_ref", "17"}});
    CHECK(again.status == 201);
    CHECK(again.json() == first.json());
    auto other = post(node, {{"sender_ref", "17"}, {"subject", "another"}});
    CHECK(other.status == 409);
    CHECK(other.code() == "generic-http-error");
    CHECK(other.error()["title"] == "Conflict");
    CHECK(ask(node.url(), "GET", "/message/AU:17").json()["subject"] == first.json()["subject"]);
  }

  TEST_CASE("a body over the limit is 413 and ends the connection, one at the limit is read") {
    fake_node node{fake_node::start::later};
    node.how.message_bytes = 1000;
    node.open();
    auto padded = [](size_t size) {
      auto body = message_json();
      return body + std::string(size - body.size(), ' ');
    };
    CHECK(post_json(node.url(), "/message", padded(1000)).status == 201);
    auto x = post_json(node.url(), "/message", padded(1001));
    CHECK(x.status == 413);
    CHECK(x.closed);
    CHECK(x.code() == "generic-http-error");
    CHECK(x.error()["title"] == x.reason);
  }

  TEST_CASE("a chunked body is read, and counted") {
    fake_node node{fake_node::start::later};
    node.how.message_bytes = 1000;
    node.open();
    auto chunked = [&](std::string_view body) {
      std::string text;
      for (size_t at = 0; at < body.size(); at += 100) {
        auto piece = body.substr(at, 100);
        char size[16];
        std::snprintf(size, sizeof(size), "%zx\r\n", piece.size());
        text += size + std::string(piece) + "\r\n";
      }
      return ask(node.url(), "POST", "/message",
                 {{"Content-Type", "application/json"}, {"Transfer-Encoding", "chunked"}},
                 text + "0\r\n\r\n");
    };
    CHECK(chunked(message_json()).status == 201);
    CHECK(chunked(message_json() + std::string(1000, ' ')).status == 413);
    CHECK(chunked("").code() == "message-data-empty-error");
  }

  TEST_CASE("GET shows a message by its reference, colon encoded or not") {
    fake_node node;
    post(node, {{"sender_ref", "a:b c"}});
    for (auto path : {"/message/AU:a:b%20c", "/message/AU%3Aa%3ab%20c", "/message/AU:a:b%20c/"}) {
      CAPTURE(path);
      auto x = ask(node.url(), "GET", path);
      CHECK(x.status == 200);
      CHECK(x.json()["sender_ref"] == "a:b c");
      CHECK_FALSE(x.json().contains("channel_id"));
    }
  }

  TEST_CASE("GET of an unknown message is 404 and names the reference") {
    fake_node node;
    auto x = ask(node.url(), "GET", "/message/AU:x");
    CHECK(x.status == 404);
    CHECK(x.code() == "generic-http-error");
    CHECK(x.error()["title"] == "Message Not Found Error");
    CHECK(x.error()["status"] == "Not Found");
    CHECK(x.error()["source"] == nlohmann::json::parse(R"([{"reference": "AU:x"}])"));
    CHECK(x.error().contains("detail"));
  }

  TEST_CASE("GET without a colon, or badly encoded, is 400") {
    fake_node node;
    for (auto path : {"/message/AU", "/message/AU:", "/message/:x", "/message/AU%3"}) {
      CAPTURE(path);
      CHECK(ask(node.url(), "GET", path).status == 400);
    }
    CHECK(ask(node.url(), "GET", "/message/AU:a/b").status == 404);
  }

  TEST_CASE("PATCH sets a status once, and says the same again") {
    fake_node node;
    post(node, {{"sender_ref", "17"}});
    auto x = patch(node, "/message/AU:17", R"({"status": "accepted"})");
    CHECK(x.status == 200);
    CHECK(x.json()["status"] == "accepted");
    CHECK(patch(node, "/message/AU:17", R"({"status": "accepted"})").status == 200);
    for (auto same : {R"({"status": null})", R"({"status": ""})", R"({"other": 1})"}) {
      CAPTURE(same);
      auto y = patch(node, "/message/AU:17", same);
      CHECK(y.status == 200);
      CHECK(y.json() == x.json());
    }
    auto final = patch(node, "/message/AU:17", R"({"status": "rejected"})");
    CHECK(final.status == 409);
    CHECK(final.error()["title"] == "Conflict");
    CHECK(final.error()["detail"].get<std::string>().find("final") != std::string::npos);
  }

  TEST_CASE("PATCH to another status says what was expected") {
    fake_node node;
    post(node, {{"sender_ref", "17"}});
    auto x = patch(node, "/message/AU:17", R"({"status": "pending"})");
    CHECK(x.status == 400);
    CHECK(x.code() == "unexpected-message-status-error");
    CHECK(x.error()["source"] ==
          nlohmann::json::parse(
              R"([{"value": "pending", "expected": ["accepted", "rejected", null]}])"));
  }

  TEST_CASE("PATCH takes channel_id and channel_txn_id together and once") {
    fake_node node;
    post(node, {{"sender_ref", "17"}});
    CHECK(patch(node, "/message/AU:17", R"({"channel_id": "c"})").status == 400);
    CHECK_FALSE(ask(node.url(), "GET", "/message/AU:17").json().contains("channel_id"));
    auto both = R"({"channel_id": "c", "channel_txn_id": "4711"})";
    auto x = patch(node, "/message/AU:17", both);
    CHECK(x.status == 200);
    CHECK(x.json()["channel_id"] == "c");
    CHECK(ask(node.url(), "GET", "/message/AU:17").json()["channel_txn_id"] == "4711");
    CHECK(patch(node, "/message/AU:17", both).status == 409);
  }

  TEST_CASE("PATCH checks the media type, then the body, then whether there is a message") {
    fake_node node;
    CHECK(
        ask(node.url(), "PATCH", "/message/AU:x", {{"Content-Type", "text/plain"}}, "{}").status ==
        415);
    for (auto body : {"", "{", "[]"}) {
      CAPTURE(body);
      CHECK(patch(node, "/message/AU:x", body).code() == "message-data-empty-error");
    }
    CHECK(patch(node, "/message/AU", R"({"status": "accepted"})").status == 400);
    CHECK(patch(node, "/message/AU:x", R"({"status": "accepted"})").status == 404);
  }

  TEST_CASE("what an actor fails with is the answer") {
    fake_node node;
    auto refused_with = [&](errc code) {
      node.answers->post = [=](const post_message&) {
        return make_problem(code);
      };
      return post(node, {});
    };
    for (auto code : {errc::unavailable, errc::overloaded, errc::stale, errc::broken_promise}) {
      auto x = refused_with(code);
      CAPTURE(to_string(code));
      CHECK(x.status == 503);
      CHECK(x.field("Retry-After") == "1");
    }
    CHECK(refused_with(errc::storage_failed).status == 500);
  }

  TEST_CASE("an actor that is down is 503, and is asked again the next time") {
    fake_node node;
    node.answers->post = [](const post_message&) -> caf::expected<message_record> {
      throw std::runtime_error("crash");
    };
    CHECK(post(node, {}).status == 503);
    auto x = post(node, {});
    CHECK(x.status == 503);
    CHECK(x.error()["status"] == "Service Unavailable");
  }
}
