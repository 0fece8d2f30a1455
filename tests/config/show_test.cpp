#include "tests/config/support.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace igl;

namespace {

const char* const node = R"(
jurisdiction = "AU"
extra_jurisdictions = ["XK"]
[[listeners]]
address = "0.0.0.0:443"
apis = ["message", "operator"]
[operator]
token = "t0ken"
[streams]
url = "nats://me:passw0rd@nats:4222"
[retry.callback]
attempts = 3
[[channels]]
id = "sg-http"
url = "http://a"
auth = { kind = "oauth2", client_id = "me", client_secret = "secr3t", token_endpoint = "http://t" }
filters.subject.deny = ["AU.abn.*", "a \"quoted\" text"]
[document_apis]
SG = "http://documents"
)";

node_settings settings() {
  return parse_node(node, "f", {}).settings;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_SUITE_BEGIN("show");

TEST_CASE("everything that is shown is a good file of the same settings") {
  auto text = show(settings());
  auto again = parse_node(
      text, "shown",
      {{"IGL_OPERATOR_TOKEN", "t0ken"}, {"IGL_CHANNELS_SG_HTTP_AUTH_CLIENT_SECRET", "secr3t"}});
  // The two secrets, which the file cannot say.
  CHECK(again.mistakes.size() == 2);
  CHECK(show(again.settings) == text);
}

TEST_CASE("every option is shown under its meaning, its bounds, its default and its variable") {
  auto text = show(settings());
  CHECK(has(text, "\n[streams]\n"));
  CHECK(has(text, "\n# Jobs of one stream that are worked on at once.\n"
                  "# a number from 1 to 65536; default 256; IGL_STREAMS_JOBS_IN_FLIGHT\n"
                  "jobs_in_flight = 256\n"));
  CHECK(has(text, "required; IGL_JURISDICTION\njurisdiction = \"AU\"\n"));
  CHECK(has(text, "IGL_CHANNELS_SG_HTTP_URL; a reload takes it\nurl = \"http://a\"\n"));
  CHECK(has(text, "filters.subject.deny = [\"AU.abn.*\", \"a \\\"quoted\\\" text\"]\n"));
}

TEST_CASE("only what differs from the defaults is shown when that is asked for") {
  auto text = show(settings(), shown::changed);
  for (auto part : {"jurisdiction = \"AU\"", "extra_jurisdictions = [\"XK\"]", "attempts = 3",
                    "[retry.callback]", "[[channels]]", "id = \"sg-http\"", "[document_apis]",
                    "SG = \"http://documents\"", "address = \"0.0.0.0:443\""})
    CHECK_MESSAGE(has(text, part), part);
  for (auto part : {"[limits]", "[retry.outbox]", "jobs_in_flight", "poll_interval", "data_dir"})
    CHECK_MESSAGE(!has(text, part), part);
}

TEST_CASE("secrets are shown as stars in every form") {
  for (auto& text : {show(settings()), show(settings(), shown::changed), show_json(settings()),
                     show_json(settings(), shown::changed)}) {
    CHECK_FALSE(has(text, "t0ken"));
    CHECK_FALSE(has(text, "passw0rd"));
    CHECK_FALSE(has(text, "secr3t"));
    CHECK(has(text, "***"));
    CHECK(has(text, "nats://***@nats:4222"));
  }
}

TEST_CASE("machines get every option with its value, default, meaning and variable") {
  auto x = nlohmann::json::parse(show_json(settings()));
  CHECK(x["kind"] == "node");
  auto find = [&](const std::string& name) {
    for (auto& option : x["options"])
      if (option["option"] == name)
        return option;
    return nlohmann::json{};
  };
  CHECK(find("jurisdiction")["value"] == "AU");
  CHECK(find("jurisdiction")["default"].is_null());
  CHECK(find("retry.callback.attempts")["value"] == 3);
  CHECK(find("retry.callback.attempts")["default"] == 24);
  CHECK(find("retry.callback.jitter")["value"] == 0.2);
  CHECK(find("streams.ack_wait")["value"] == "30s");
  CHECK(find("limits.message_bytes")["value"] == 65536);
  CHECK(find("hub.verify_intent")["value"] == true);
  CHECK(find("channels[0].url")["value"] == "http://a");
  CHECK(find("channels[0].url")["environment"] == "IGL_CHANNELS_SG_HTTP_URL");
  CHECK(find("channels[0].url")["reload"] == true);
  CHECK(find("streams.ack_wait")["reload"] == false);
  CHECK(find("listeners[0].apis")["value"] == nlohmann::json{"message", "operator"});
  CHECK_FALSE(find("streams.ack_wait")["meaning"].get<std::string>().empty());
}

TEST_CASE("machines get only the changed options when that is asked for") {
  auto all = nlohmann::json::parse(show_json(settings()))["options"].size();
  auto changed = nlohmann::json::parse(show_json(settings(), shown::changed))["options"];
  CHECK(changed.size() < all / 4);
  for (auto& option : changed)
    CHECK(option["value"] != option["default"]);
}

TEST_CASE("an endpoint is shown with its medium") {
  auto x = parse_endpoint("endpoint = \"a\"\njurisdictions = [\"AU\"]\nparticipants = [\"AU\"]\n"
                          "[medium]\nkind = \"memory\"\n[filters]\nobj.deny = \"*\"\n",
                          "f", {});
  REQUIRE(x.good());
  auto changed = show(x.settings, shown::changed);
  CHECK(has(changed, "endpoint = \"a\""));
  CHECK(has(changed, "kind = \"memory\""));
  CHECK(has(changed, "obj.deny = [\"*\"]"));
  CHECK(nlohmann::json::parse(show_json(x.settings))["kind"] == "endpoint");
  auto again = parse_endpoint(show(x.settings), "shown", {});
  CHECK(again.good());
  CHECK(show(again.settings) == show(x.settings));
}

TEST_SUITE_END();
