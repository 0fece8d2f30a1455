#include "tests/config/support.hpp"

#include <doctest/doctest.h>

using namespace igl;
using config_tests::mistakes_in_endpoint;
using config_tests::mistakes_in_node;
using lines = std::vector<std::string>;

namespace {

const std::string au = "jurisdiction = \"AU\"\n";
const std::string channel = au + "[[channels]]\nid = \"sg\"\nurl = \"http://a\"\n";

} // namespace

TEST_SUITE_BEGIN("mistakes");

TEST_CASE("all mistakes of a file are told at once, in its order") {
  CHECK(mistakes_in_node("jurisdiction = \"XX\"\n"
                         "colour = 1\n"
                         "broken\n"
                         "[streams]\n"
                         "ulr = \"nats://a\"\n"
                         "jobs_in_flight = 0\n"
                         "jobs_in_flight = 1\n"
                         "[limits]\n"
                         "connections = \"many\"\n") ==
        lines{"f:1:16: jurisdiction is \"XX\", expected the code of a jurisdiction: ISO 3166-1 "
              "alpha-2, such as \"AU\", or one of extra_jurisdictions",
              "f:2:1: colour is not an option, expected jurisdiction, data_dir, "
              "extra_jurisdictions, accept_foreign_sender, reception_url, operator, streams, "
              "limits, timeouts, hub, retry, log, spider, listeners, channels or document_apis",
              "f:3:7: this is not TOML: in the key-value pair: expected '=', saw '\\n'",
              "f:5:1: streams.ulr is not an option, did you mean url?",
              "f:6:18: streams.jobs_in_flight is 0, expected a number from 1 to 65536",
              "f:7:18: jobs_in_flight is given twice, expected it once",
              "f:9:15: limits.connections is \"many\", expected a number from 1 to 1000000"});
}

TEST_CASE("a value of the wrong type is told what was expected") {
  CHECK(mistakes_in_node(au + "data_dir = 1\naccept_foreign_sender = \"true\"\n"
                              "extra_jurisdictions = [1]\n[streams]\nack_wait = 30\n"
                              "[limits]\nmessage_bytes = \"64KB\"\n[retry.outbox]\njitter = \"a\"\n"
                              "[hub]\nurl = 2024-01-01\n") ==
        lines{"f:2:12: data_dir is 1, expected the path of a folder",
              "f:3:25: accept_foreign_sender is \"true\", expected true or false",
              "f:4:24: extra_jurisdictions is 1, expected a list, each two capital letters",
              "f:6:12: streams.ack_wait is 30, expected a duration from 1s to 15m, such as "
              "\"500ms\" or \"10s\"",
              "f:8:17: limits.message_bytes is \"64KB\", expected a size from 1KiB to 1MiB, such "
              "as \"64KiB\" or a number of bytes",
              "f:10:10: retry.outbox.jitter is \"a\", expected a decimal number from 0 to 1",
              "f:12:7: hub.url is a date or time, expected an http or https URL without query, "
              "such as \"https://example.org/igl\""});
}

TEST_CASE("the ends of a range are inside and what is beyond is not") {
  auto with = [](const std::string& text) {
    return mistakes_in_node(au + text).size();
  };
  CHECK(with("[streams]\nack_wait = \"1s\"\n") == 0);
  CHECK(with("[streams]\nack_wait = \"15m\"\n") == 0);
  CHECK(with("[streams]\nack_wait = \"999ms\"\n") == 1);
  CHECK(with("[streams]\nack_wait = \"16m\"\n") == 1);
  CHECK(with("[retry.outbox]\njitter = 1\n") == 0);
  CHECK(with("[retry.outbox]\njitter = 1.01\n") == 1);
  CHECK(with("[retry.outbox]\njitter = -0.1\n") == 1);
  CHECK(with("[retry.outbox]\njitter = nan\n") == 1);
  CHECK(with("[limits]\nconnections = -1\n") == 1);
  CHECK(with("[limits]\ndocument_bytes = \"1TiB\"\n") == 0);
  CHECK(with("[limits]\ndocument_bytes = \"2TiB\"\n") == 1);
}

TEST_CASE("a section that is no table, and a list of tables that is none, are mistakes") {
  CHECK(mistakes_in_node(au + "streams = 1\nchannels = 2\ndocument_apis = \"http://a\"\n"
                              "[listeners]\naddress = \"127.0.0.1:1\"\n") ==
        lines{"f:2:11: streams is a whole number, expected a table with kind, url, nats_server, "
              "jobs_in_flight, ack_wait or reconcile_interval",
              "f:3:12: channels is not a list of tables, expected each as [[channels]]",
              "f:4:17: document_apis is a text, expected a table: [document_apis]",
              "f:5:1: listeners is not a list of tables, expected each as [[listeners]]"});
}

TEST_CASE("an unknown key is told the nearest one at its place") {
  CHECK(mistakes_in_node(channel + "filtres = {}\nfilters.sender.alow = [\"AU\"]\n") ==
        lines{"f:5:1: channels.filtres is not an option, did you mean filters?",
              "f:6:16: channels.filters.sender.alow is not an option, did you mean allow?"});
  CHECK(mistakes_in_node(au + "[retry.callbak]\nfirst = \"1s\"\n") ==
        lines{"f:2:8: retry.callbak is not an option, did you mean callback?"});
  CHECK(mistakes_in_endpoint("endpoint = \"a\"\njurisdictions = [\"AU\"]\nparticipants = [\"AU\"]\n"
                             "[medium]\nknd = \"memory\"\nkind = \"memory\"\n") ==
        lines{"f:5:1: medium.knd is not an option, did you mean kind?"});
}

TEST_CASE("what is required and missing is told") {
  CHECK(mistakes_in_node("") ==
        lines{"f:1:1: jurisdiction is missing, expected the code of a jurisdiction: ISO 3166-1 "
              "alpha-2, such as \"AU\", or one of extra_jurisdictions"});
  CHECK(mistakes_in_endpoint("medium.kind = \"memory\"\n").size() == 3);
  CHECK(mistakes_in_node(au + "[[channels]]\nname = \"x\"\n[[listeners]]\n") ==
        lines{"f:2:1: channels.id is missing, expected 1 to 64 small letters, digits and hyphens",
              "f:2:1: channels.url is missing, expected an http or https URL without query, such "
              "as \"https://example.org/igl\"",
              "f:4:1: listeners.address is missing, expected an IPv4 address or a name, "
              "and a port from 0 to 65535, such as \"127.0.0.1:5100\"",
              "f:4:1: listeners.apis is missing, expected a list of some of \"message\", "
              "\"document\", \"subscriptions\", \"message-reception\", \"operator\""});
}

TEST_CASE("nothing is called missing in a file of which a part cannot be read") {
  CHECK(mistakes_in_node("jurisdiction = AU\n") ==
        lines{"f:1:16: this is not TOML: in the value: could not determine value type"});
}

TEST_CASE("jurisdictions that do not exist are mistakes wherever they stand") {
  CHECK(mistakes_in_node(channel + "jurisdictions = [\"SG\", \"XX\", \"sg\"]\n[document_apis]\n"
                                   "ZZ = \"http://a\"\n")
            .size() == 3);
  CHECK(mistakes_in_node("extra_jurisdictions = [\"XX\", \"ZZ\"]\n" + channel +
                         "jurisdictions = [\"SG\", \"XX\"]\n[document_apis]\nZZ = \"http://a\"\n")
            .empty());
}

TEST_CASE("something twice in a list is a mistake") {
  CHECK(mistakes_in_node(channel + "jurisdictions = [\"SG\", \"SG\"]\n") ==
        lines{"f:5:24: channels.jurisdictions has \"SG\" twice, expected it once"});
  CHECK(mistakes_in_node(au + "[[listeners]]\naddress = \"127.0.0.1:1\"\napis = [\"message\", "
                              "\"message\"]\n")
            .size() == 1);
}

TEST_CASE("a listener serves only what its kind of process has") {
  auto text = std::string{"[[listeners]]\naddress = \"127.0.0.1:1\"\napis = [\"channel\"]\n"};
  CHECK(mistakes_in_node(au + text) ==
        lines{"f:4:9: listeners.apis is \"channel\", expected a list of some of \"message\", "
              "\"document\", \"subscriptions\", \"message-reception\", \"operator\""});
  CHECK(mistakes_in_endpoint("endpoint = \"a\"\njurisdictions = \"AU\"\nparticipants = \"AU\"\n"
                             "medium.kind = \"memory\"\n" +
                             text)
            .empty());
  CHECK(mistakes_in_node(au + "[[listeners]]\naddress = \"127.0.0.1:1\"\napis = []\n").size() == 1);
}

TEST_CASE("addresses and URLs are checked") {
  CHECK(mistakes_in_node(au + "[[listeners]]\naddress = \"127.0.0.1:70000\"\napis = [\"message\"]\n"
                              "[streams]\nurl = \"a:4222\"\n[[channels]]\nid = \"a\"\n"
                              "url = \"a.example.org\"\n[document_apis]\nSG = \"ftp://a\"\n")
            .size() == 4);
}

TEST_CASE("a text goes over one line and is UTF-8") {
  CHECK(mistakes_in_node(channel + "name = \"a\\nb\"\n") ==
        lines{"f:5:8: channels.name is \"a\\u000Ab\", expected a text of one line"});
  CHECK(mistakes_in_node(channel, {{"IGL_CHANNELS_SG_NAME", "\xff"}}).size() == 1);
  CHECK(mistakes_in_node(channel + "name = \"Zürich\"\n").empty());
}

TEST_CASE("a channel is of a kind that exists") {
  CHECK(mistakes_in_node(channel + "kind = \"pigeon\"\n") ==
        lines{"f:5:8: channels.kind is \"pigeon\", expected one of \"http\""});
}

TEST_CASE("a bad secret is refused without being told, and so is what show prints for one") {
  CHECK(mistakes_in_node(channel + "subscription_secret = \"" + std::string(200, 'x') + "\"\n") ==
        lines{"f:5:23: channels.subscription_secret is not what it has to be, expected a text of "
              "less than 200 bytes"});
  CHECK(mistakes_in_node(au + "[operator]\ntoken = \"***\"\n") ==
        lines{"f:3:9: operator.token is ***, which is shown for what is secret, expected the "
              "secret"});
}

TEST_SUITE_END();
