#include "tests/config/support.hpp"

#include <doctest/doctest.h>

using namespace igl;
using namespace std::chrono_literals;
using config_tests::mistakes_in_endpoint;
using config_tests::mistakes_in_node;
using lines = std::vector<std::string>;

TEST_SUITE_BEGIN("environment");

TEST_CASE("the environment overrides the file") {
  auto x = parse_node("jurisdiction = \"AU\"\n[streams]\njobs_in_flight = 64\n[hub]\n"
                      "verify_intent = true\n",
                      "f",
                      {{"IGL_STREAMS_JOBS_IN_FLIGHT", "128"},
                       {"IGL_STREAMS_URL", "nats://a:4222"},
                       {"IGL_HUB_VERIFY_INTENT", "false"},
                       {"IGL_LIMITS_DOCUMENT_BYTES", "1GiB"},
                       {"IGL_LIMITS_MESSAGE_BYTES", "2048"},
                       {"IGL_RETRY_CHANNEL_PENDING_FIRST", "3s"},
                       {"IGL_RETRY_CHANNEL_PENDING_JITTER", "0.5"},
                       {"IGL_EXTRA_JURISDICTIONS", "EU, XK"}});
  REQUIRE(x.good());
  CHECK(x.settings.jobs_in_flight == 128);
  CHECK(x.settings.streams_url == "nats://a:4222");
  CHECK_FALSE(x.settings.verify_intent);
  CHECK(x.settings.document_bytes == uint64_t{1} << 30);
  CHECK(x.settings.message_bytes == 2048);
  CHECK(x.settings.retry_channel_pending.first == 3s);
  CHECK(x.settings.retry_channel_pending.jitter == 0.5);
  CHECK(x.settings.extra_jurisdictions == lines{"EU", "XK"});
}

TEST_CASE("the environment can give what the file must have") {
  auto x = parse_node("", "f", {{"IGL_JURISDICTION", "AU"}});
  CHECK(x.good());
  CHECK(x.settings.jurisdiction == "AU");
}

TEST_CASE("a code that the environment adds exists in the file") {
  CHECK(mistakes_in_node("jurisdiction = \"XK\"\n", {{"IGL_EXTRA_JURISDICTIONS", "XK"}}).empty());
  CHECK(mistakes_in_node("jurisdiction = \"XK\"\n").size() == 1);
}

TEST_CASE("an empty variable makes a text or a list empty") {
  auto x = parse_node("jurisdiction = \"AU\"\nextra_jurisdictions = [\"XK\"]\n[streams]\nurl = "
                      "\"nats://a:4222\"\n",
                      "f", {{"IGL_STREAMS_URL", ""}, {"IGL_EXTRA_JURISDICTIONS", ""}});
  CHECK(x.good());
  CHECK(x.settings.streams_url.empty());
  CHECK(x.settings.extra_jurisdictions.empty());
}

TEST_CASE("a channel is named by its id, a listener by its number, a document API by its code") {
  auto text = "jurisdiction = \"AU\"\n[[listeners]]\naddress = \"127.0.0.1:1\"\napis = "
              "[\"message\"]\n[[channels]]\nid = \"sg-http\"\nurl = \"http://a\"\n"
              "auth.kind = \"oauth2\"\nauth.client_id = \"me\"\n"
              "auth.token_endpoint = \"http://t\"\n";
  auto x = parse_node(text, "f",
                      {{"IGL_CHANNELS_SG_HTTP_AUTH_CLIENT_SECRET", "secret"},
                       {"IGL_LISTENERS_1_ADDRESS", "127.0.0.1:0"},
                       {"IGL_DOCUMENT_APIS_SG", "http://documents"}});
  REQUIRE(x.good());
  CHECK(x.settings.channels[0].auth.client_secret == "secret");
  CHECK(x.settings.listeners[0].address == "127.0.0.1:0");
  CHECK(x.settings.document_apis.at("SG") == "http://documents");
}

TEST_CASE("the default listener can be moved") {
  auto x = parse_node("jurisdiction = \"AU\"\n", "f", {{"IGL_LISTENERS_1_ADDRESS", "127.0.0.1:0"}});
  REQUIRE(x.good());
  REQUIRE(x.settings.listeners.size() == 1);
  CHECK(x.settings.listeners[0].address == "127.0.0.1:0");
  CHECK(x.settings.listeners[0].apis.size() == 5);
}

TEST_CASE("bad values are mistakes that name their variable") {
  CHECK(
      mistakes_in_node("jurisdiction = \"AU\"\n", {{"IGL_STREAMS_JOBS_IN_FLIGHT", "many"},
                                                   {"IGL_HUB_VERIFY_INTENT", "yes"},
                                                   {"IGL_STREAMS_ACK_WAIT", "30"},
                                                   {"IGL_LISTENERS_1_ADDRESS", "here"}}) ==
      lines{"environment:IGL_HUB_VERIFY_INTENT: hub.verify_intent is \"yes\", expected true or "
            "false",
            "environment:IGL_LISTENERS_1_ADDRESS: listeners.address is \"here\", expected an "
            "IPv4 address or a name, and a port from 0 to 65535, such as \"127.0.0.1:5100\"",
            "environment:IGL_STREAMS_ACK_WAIT: streams.ack_wait is \"30\", expected a duration "
            "from 1s to 15m, such as \"500ms\" or \"10s\"",
            "environment:IGL_STREAMS_JOBS_IN_FLIGHT: streams.jobs_in_flight is \"many\", expected "
            "a number from 1 to 65536"});
}

TEST_CASE("a relation that the environment breaks is its mistake") {
  CHECK(mistakes_in_node("jurisdiction = \"AU\"\n", {{"IGL_RETRY_CALLBACK_FIRST", "20m"}}) ==
        lines{"environment:IGL_RETRY_CALLBACK_FIRST: retry.callback.first is longer than "
              "retry.callback.longest (10m), expected at most that"});
}

TEST_CASE("a slip of the pen in a variable's name is a mistake") {
  CHECK(mistakes_in_node("jurisdiction = \"AU\"\n", {{"IGL_STREAM_URL", "nats://a"}}) ==
        lines{"environment:IGL_STREAM_URL: is not an option, did you mean IGL_STREAMS_URL?"});
  CHECK(mistakes_in_node("jurisdiction = \"AU\"\n", {{"IGL_CHANNELS_CN_URL", "http://a"}}) ==
        lines{"environment:IGL_CHANNELS_CN_URL: belongs to nothing that is configured"});
}

TEST_CASE("variables of others are left alone") {
  CHECK(mistakes_in_node("jurisdiction = \"AU\"\n", {{"IGL_SERVICE_HOST", "10.0.0.1"},
                                                     {"IGL_PORT", "tcp://10.0.0.1:80"},
                                                     {"IGL_JURISDICTIONS", "AU"},
                                                     {"HOME", "/root"}})
            .empty());
  CHECK(mistakes_in_endpoint("endpoint = \"a\"\njurisdictions = \"AU\"\nparticipants = \"AU\"\n"
                             "medium.kind = \"memory\"\n",
                             {{"IGL_JURISDICTION", "AU"}, {"IGL_CHANNELS_SG_URL", "http://a"}})
            .empty());
}

TEST_SUITE_END();
