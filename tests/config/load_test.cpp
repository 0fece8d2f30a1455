#include "tests/config/support.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>

using namespace igl;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("load");

TEST_CASE("a node needs nothing but its jurisdiction") {
  auto x = parse_node("jurisdiction = \"AU\"\n", "f", {});
  REQUIRE(x.good());
  CHECK(x.settings.jurisdiction == "AU");
  REQUIRE(x.settings.listeners.size() == 1);
  CHECK(x.settings.listeners[0].address == "127.0.0.1:5100");
  CHECK(x.settings.listeners[0].apis == std::vector{api::message, api::document, api::subscriptions,
                                                    api::message_reception, api::operation});
  CHECK(x.settings.streams_kind == "jetstream");
  CHECK(x.settings.streams_url.empty());
  CHECK(x.settings.channels.empty());
  CHECK(x.settings.retry_callback.first == 1s);
  CHECK(x.settings.retry_callback.longest == 10min);
  CHECK(x.settings.retry_callback.attempts == 24);
  CHECK(x.settings.retry_outbox.attempts == 1320);
  CHECK(x.settings.retry_channel_pending.attempts == 1320);
  CHECK(x.settings.retry_internal.longest == 30s);
}

namespace {

/// How long the pauses of a schedule last at least.
std::chrono::milliseconds time_of(const retry_settings& x) {
  auto all = 0ms;
  for (uint32_t failed = 1; failed < x.attempts; ++failed)
    all += pause_after(x, failed, 0.0);
  return all;
}

} // namespace

TEST_CASE("an outage of days costs no message") {
  auto node = parse_node("jurisdiction = \"AU\"\n", "f", {}).settings;
  CHECK(time_of(node.retry_outbox) > 96h);
  CHECK(time_of(node.retry_channel_pending) > 96h);
  CHECK(time_of(node.retry_channel_notifications) > 96h);
  auto endpoint = parse_endpoint("endpoint = \"channel-au\"\njurisdictions = [\"AU\"]\n"
                                 "participants = [\"AU\", \"SG\"]\n[medium]\npath = \"shared\"\n",
                                 "f", {})
                      .settings;
  CHECK(time_of(endpoint.retry_medium) > 20h);
}

TEST_CASE("the text of an option says how long its attempts last") {
  auto says = [](file_kind kind, const char* text) {
    std::string words;
    for (char c : example_file(kind)) // the comments are broken into lines
      if (c == '\n' || c == ' ' || c == '#')
        words += words.empty() || words.back() == ' ' ? "" : " ";
      else
        words += c;
    return words.find(text) != std::string::npos;
  };
  CHECK(says(file_kind::node, "then the message is rejected. The defaults last about 5 days."));
  CHECK(says(file_kind::endpoint,
             "then the message is undeliverable, or an operator's if it may have arrived. The "
             "defaults last about 24 hours."));
  CHECK(
      says(file_kind::node, "then there is no subscription. The defaults last about 17 seconds."));
}

TEST_CASE("an endpoint keeps its jobs in memory and listens on its own port") {
  auto x = parse_endpoint("endpoint = \"channel-au\"\njurisdictions = [\"AU\"]\n"
                          "participants = [\"AU\", \"SG\"]\n[medium]\npath = \"shared\"\n",
                          "f", {});
  REQUIRE(x.good());
  CHECK(x.settings.id == "channel-au");
  CHECK(x.settings.streams_kind == "in-process");
  REQUIRE(x.settings.listeners.size() == 1);
  CHECK(x.settings.listeners[0].address == "127.0.0.1:5200");
  CHECK(x.settings.listeners[0].apis == std::vector{api::channel, api::operation});
  CHECK(x.settings.medium == medium_kind::shared_database);
  CHECK(x.settings.medium_path == "shared");
  CHECK(x.settings.participants == std::vector<std::string>{"AU", "SG"});
}

TEST_CASE("every part of a node's file comes where it belongs") {
  auto x = parse_node(R"(
jurisdiction = "XK"
data_dir = "/var/lib/igl"
extra_jurisdictions = ["XK"]
accept_foreign_sender = true
reception_url = "https://igl.example.org/"

[[listeners]]
address = "0.0.0.0:443"
apis = ["message", "document"]
[[listeners]]
address = "localhost:0"
apis = ["message-reception", "operator"]

[operator]
token = "t0ken"

[streams]
url = "nats://nats.example.org:4222"
jobs_in_flight = 64
ack_wait = "1m"

[limits]
message_bytes = 1024
document_bytes = "20GiB"

[hub]
verify_intent = false

[retry.channel-pending]
first = "2s"
jitter = 0

[[channels]]
id = "sg"
url = "http://127.0.0.1:5200/"
jurisdictions = ["SG"]
auth = { kind = "oauth2", client_id = "a", client_secret = "b", token_endpoint = "http://t/x" }
filters = { sender = { allow = ["XK"] }, predicate = { deny = "UN.CEFACT.*" } }
poll_interval = "500ms"
[[channels]]
id = "any"
url = "https://example.org/channel"
sends_sender_ref = false
[channels.filters.obj]
deny = ["*"]

[document_apis]
SG = "http://127.0.0.1:5110/documents/"

[spider]
link_depth = 0
)",
                      "f", {});
  for (auto& mistake : x.mistakes)
    MESSAGE(to_string(mistake));
  REQUIRE(x.good());
  auto& s = x.settings;
  CHECK(s.jurisdiction == "XK");
  CHECK(s.data_dir == "/var/lib/igl");
  CHECK(s.accept_foreign_sender);
  CHECK(s.reception_url == "https://igl.example.org");
  REQUIRE(s.listeners.size() == 2);
  CHECK(s.listeners[0].apis == std::vector{api::message, api::document});
  CHECK(s.listeners[1].address == "localhost:0");
  CHECK(s.listeners[1].apis == std::vector{api::message_reception, api::operation});
  CHECK(s.operator_token == "t0ken");
  CHECK(s.streams_url == "nats://nats.example.org:4222");
  CHECK(s.jobs_in_flight == 64);
  CHECK(s.ack_wait == 1min);
  CHECK(s.message_bytes == 1024);
  CHECK(s.document_bytes == uint64_t{20} << 30);
  CHECK_FALSE(s.verify_intent);
  CHECK(s.retry_channel_pending.first == 2s);
  CHECK(s.retry_channel_pending.longest == 5min);
  CHECK(s.retry_channel_pending.jitter == 0.0);
  REQUIRE(s.channels.size() == 2);
  CHECK(s.channels[0].id == "sg");
  CHECK(s.channels[0].url == "http://127.0.0.1:5200");
  CHECK(s.channels[0].auth.kind == channel_auth::oauth2);
  CHECK(s.channels[0].auth.client_secret == "b");
  CHECK(s.channels[0].sender.allow == std::vector<std::string>{"XK"});
  CHECK(s.channels[0].predicate.deny == std::vector<std::string>{"UN.CEFACT.*"});
  CHECK(s.channels[0].poll_interval == 500ms);
  CHECK(s.channels[0].sends_sender_ref);
  CHECK_FALSE(s.channels[1].sends_sender_ref);
  CHECK(s.channels[1].obj.deny == std::vector<std::string>{"*"});
  CHECK(s.document_apis ==
        std::map<std::string, std::string>{{"SG", "http://127.0.0.1:5110/documents"}});
  CHECK(s.link_depth == 0);
}

TEST_CASE("every part of an endpoint's file comes where it belongs") {
  auto x = parse_endpoint(R"(
endpoint = "channel-au"
jurisdictions = ["AU"]
participants = ["AU", "SG"]
[streams]
kind = "jetstream"
[medium]
kind = "memory"
interval = "50ms"
may_revoke = true
[filters]
sender.allow = ["AU"]
predicate = { deny = ["UN.*"] }
)",
                          "f", {});
  REQUIRE(x.good());
  CHECK(x.settings.streams_kind == "jetstream");
  CHECK(x.settings.medium == medium_kind::memory);
  CHECK(x.settings.medium_interval == 50ms);
  CHECK(x.settings.may_revoke);
  CHECK(x.settings.sender.allow == std::vector<std::string>{"AU"});
  CHECK(x.settings.predicate.deny == std::vector<std::string>{"UN.*"});
}

TEST_CASE("the kind of a file is seen from its first key") {
  temporary_folder folder;
  auto kind = [&](const std::string& text, const environment& env = {}) {
    return kind_of(folder.write("f.toml", text), env);
  };
  CHECK(kind("jurisdiction = \"AU\"\n") == file_kind::node);
  CHECK(kind("jurisdiction = \"AU\"\nbroken\n") == file_kind::node);
  CHECK(kind("endpoint = \"a\"\njurisdictions = [\"AU\"]\n") == file_kind::endpoint);
  CHECK(kind("endpoint = \"a\"\njurisdiction = \"AU\"\n") == file_kind::unknown);
  CHECK(kind("") == file_kind::unknown);
  CHECK(kind("", {{"IGL_JURISDICTION", "AU"}}) == file_kind::node);
  CHECK(kind("endpoint = \"a\"\n", {{"IGL_JURISDICTION", "AU"}}) == file_kind::endpoint);
  CHECK(kind_of(folder.path() + "/none.toml") == file_kind::unknown);
}

TEST_CASE("a file on disk is read as the same text is") {
  temporary_folder folder;
  auto path = folder.write("node.toml", "jurisdiction = \"AU\"\nulr = 1\n");
  auto x = load_node(path, {});
  CHECK(x.settings.jurisdiction == "AU");
  REQUIRE(x.mistakes.size() == 1);
  CHECK(x.mistakes[0].file == path);
  auto missing = load_endpoint(folder.path() + "/none.toml", {});
  REQUIRE(missing.mistakes.size() == 1);
  CHECK(missing.mistakes[0].line == 0);
}

TEST_SUITE_END();
