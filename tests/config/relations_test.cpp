#include "tests/config/support.hpp"

#include <doctest/doctest.h>

using namespace igl;
using config_tests::mistakes_in_endpoint;
using config_tests::mistakes_in_node;
using namespace std::string_literals;
using lines = std::vector<std::string>;

namespace {

const std::string au = "jurisdiction = \"AU\"\n";
const std::string endpoint =
    "endpoint = \"a\"\njurisdictions = [\"AU\"]\nparticipants = [\"AU\", \"SG\"]\n";

std::string channel(const std::string& id, const std::string& more = {}) {
  return "[[channels]]\nid = \"" + id + "\"\nurl = \"http://a\"\n" + more;
}

std::string listener(const std::string& address, const std::string& apis) {
  return "[[listeners]]\naddress = \"" + address + "\"\napis = [" + apis + "]\n";
}

} // namespace

TEST_SUITE_BEGIN("relations");

TEST_CASE("the first pause of a schedule is not longer than its longest") {
  CHECK(mistakes_in_node(au + "[retry.callback]\nfirst = \"1m\"\nlongest = \"1m\"\n").empty());
  CHECK(mistakes_in_node(au + "[retry.callback]\nfirst = \"2m\"\nlongest = \"1m\"\n") ==
        lines{"f:3:9: retry.callback.first is longer than retry.callback.longest (1m), expected "
              "at most that"});
  CHECK(mistakes_in_node(au + "[retry.callback]\nlongest = \"10ms\"\n") ==
        lines{"f:3:11: retry.callback.longest is shorter than retry.callback.first (1s), expected "
              "at least that"});
}

TEST_CASE("every schedule is checked") {
  auto bad = [](const std::string& name) {
    return "[retry." + name + "]\nfirst = \"5ms\"\nlongest = \"1ms\"\n";
  };
  for (std::string name : {"internal", "outbox", "channel-pending", "object-retrieval", "callback",
                           "channel-notifications", "revoked", "verification"})
    CHECK_MESSAGE(mistakes_in_node(au + bad(name)).size() == 1, name);
  for (std::string name : {"internal", "callback", "verification", "medium"})
    CHECK_MESSAGE(
        mistakes_in_endpoint(endpoint + "medium.kind = \"memory\"\n" + bad(name)).size() == 1,
        name);
}

TEST_CASE("a message on a chain is sent again before it is given up") {
  auto chain = endpoint + "[medium]\nkind = \"chain\"\npath = \"c\"\n";
  CHECK(mistakes_in_endpoint(chain + "grace = \"10s\"\nsend_again = \"10s\"\n").empty());
  CHECK(mistakes_in_endpoint(chain + "grace = \"1s\"\nsends = 1\n").empty());
  auto short_grace = mistakes_in_endpoint(chain + "grace = \"1s\"\n");
  REQUIRE(short_grace.size() == 1);
  CHECK(short_grace[0].find("medium.grace is shorter than medium.send_again (10s)") !=
        std::string::npos);
  auto rarely = mistakes_in_endpoint(chain + "send_again = \"1m\"\n");
  REQUIRE(rarely.size() == 1);
  CHECK(rarely[0].find("medium.send_again is longer than medium.grace (30s)") != std::string::npos);
  // Only a chain has either.
  CHECK(mistakes_in_endpoint(endpoint + "[medium]\nkind = \"memory\"\ngrace = \"1s\"\n").empty());
}

TEST_CASE("one address has no more connections than all together") {
  CHECK(mistakes_in_node(au + "[limits]\nconnections = 100\n").empty());
  CHECK(mistakes_in_node(au + "[limits]\nconnections_per_address = 0\n").empty());
  CHECK(mistakes_in_node(au + "[limits]\nconnections = 9\nconnections_per_address = 9\n").empty());
  CHECK(mistakes_in_node(au + "[limits]\nconnections = 9\nconnections_per_address = 10\n") ==
        lines{"f:4:27: limits.connections_per_address is more than limits.connections (9), "
              "expected at most that"});
}

TEST_CASE("requests are refused before connections run out") {
  CHECK(mistakes_in_node(au + "[limits]\nconnections = 8\nrequests_in_flight = 6\n").empty());
  CHECK(mistakes_in_node(au + "[limits]\nconnections = 8\nrequests_in_flight = 7\n") ==
        lines{"f:4:22: limits.requests_in_flight is more than three quarters of limits.connections "
              "(8), expected at most 6"});
}

TEST_CASE("a schedule of the other kind of process is no option") {
  CHECK(mistakes_in_node(au + "[retry.medium]\nattempts = 3\n").size() == 1);
  CHECK(mistakes_in_endpoint(endpoint + "medium.kind = \"memory\"\n[retry.outbox]\nattempts = 3\n")
            .size() == 1);
}

TEST_CASE("a value that is wrong in itself breaks no relation") {
  CHECK(mistakes_in_node(au + "[retry.callback]\nfirst = \"20m\"\nlongest = \"long\"\n").size() ==
        1);
}

TEST_CASE("two listeners do not share an address, unless a free port is taken") {
  CHECK(mistakes_in_node(au + listener("127.0.0.1:1", "\"message\"") +
                         listener("127.0.0.1:1", "\"document\"")) ==
        lines{"f:6:11: listeners.address is \"127.0.0.1:1\" on two listeners, expected each "
              "address once"});
  CHECK(mistakes_in_node(au + listener("127.0.0.1:0", "\"message\"") +
                         listener("127.0.0.1:0", "\"document\""))
            .empty());
}

TEST_CASE("a node has a listener") {
  CHECK(mistakes_in_node(au + "listeners = []\n") ==
        lines{"f:2:1: listeners is empty, expected at least one listener"});
}

TEST_CASE("the operator API beyond the loopback address needs a token") {
  auto open = listener("0.0.0.0:5100", "\"message\", \"operator\"");
  CHECK(mistakes_in_node(au + open) ==
        lines{"f:3:11: listeners.address is no loopback address and serves the operator API, "
              "expected operator.token to be set, or 127.0.0.1"});
  CHECK(mistakes_in_node(au + open + "[operator]\ntoken = \"t\"\n").empty());
  CHECK(mistakes_in_node(au + listener("0.0.0.0:5100", "\"message\"")).empty());
  CHECK(mistakes_in_node(au + listener("127.0.0.1:5100", "\"operator\"")).empty());
}

TEST_CASE("whoever listens on every address says which URL others are told") {
  auto mistake = [](const std::string& place, const std::string& api, const std::string& option) {
    return lines{"f:" + place + ": listeners.address is every address of this host and serves \"" +
                 api + "\", expected " + option +
                 " to be set: others are told a URL that they can reach"};
  };
  auto reception = listener("0.0.0.0:5100", "\"message-reception\"");
  CHECK(mistakes_in_node(au + reception + channel("a")) ==
        mistake("3:11", "message-reception", "reception_url"));
  CHECK(
      mistakes_in_node(au + "reception_url = \"http://au\"\n" + reception + channel("a")).empty());
  CHECK(mistakes_in_node(au + reception).empty());
  CHECK(mistakes_in_node(au + listener("127.0.0.1:5100", "\"message-reception\"") + channel("a"))
            .empty());
  CHECK(mistakes_in_node(au + listener("10.0.0.1:5100", "\"message-reception\"") + channel("a"))
            .empty());
  auto hub = listener("0.0.0.0:5100", "\"subscriptions\"");
  CHECK(mistakes_in_node(au + hub) == mistake("3:11", "subscriptions", "hub.url"));
  CHECK(mistakes_in_node(au + hub + "[hub]\nurl = \"http://au/subscriptions\"\n").empty());
  auto of_endpoint =
      endpoint + "medium.kind = \"memory\"\n" + listener("0.0.0.0:5200", "\"channel\"");
  CHECK(mistakes_in_endpoint(of_endpoint) == mistake("6:11", "channel", "hub.url"));
  CHECK(mistakes_in_endpoint(of_endpoint + "[hub]\nurl = \"http://a\"\n").empty());
}

TEST_CASE("leases are within their bounds, and announced before they end") {
  auto hub = au + "[hub]\n";
  CHECK(mistakes_in_node(hub + "default_lease = \"1h\"\nlongest_lease = \"1h\"\n").empty());
  CHECK(
      mistakes_in_node(hub + "shortest_lease = \"121h\"\n") ==
      lines{"f:3:18: hub.shortest_lease is longer than hub.default_lease (120h), expected at most "
            "that"});
  CHECK(mistakes_in_node(hub + "longest_lease = \"119h\"\n") ==
        lines{"f:3:17: hub.longest_lease is shorter than hub.default_lease (120h), expected at "
              "least that"});
  CHECK(mistakes_in_node(hub + "ending_notice = \"61m\"\n").size() == 1);
  CHECK(mistakes_in_node(hub + "ending_notice = \"60m\"\n").empty());
}

TEST_CASE("a NATS URL goes neither with streams in memory nor with a nats-server to start") {
  auto url = au + "[streams]\nurl = \"nats://a\"\n";
  CHECK(mistakes_in_node(url).empty());
  CHECK(mistakes_in_node(url + "kind = \"in-process\"\n").size() == 1);
  CHECK(mistakes_in_node(url + "nats_server = \"/usr/sbin/nats-server\"\n").size() == 1);
  CHECK(mistakes_in_node(au + "[streams]\nkind = \"in-process\"\n").empty());
}

TEST_CASE("no bound is set higher than the jobs in flight that it bounds") {
  auto jobs = au + "[streams]\njobs_in_flight = 8\n";
  CHECK(mistakes_in_node(jobs).empty());
  CHECK(mistakes_in_node(jobs + "[hub]\ncallbacks_per_host = 8\n").empty());
  CHECK(mistakes_in_node(jobs + "[hub]\ncallbacks_per_host = 9\n") ==
        lines{"f:5:22: hub.callbacks_per_host is more than streams.jobs_in_flight (8), expected at "
              "most that"});
  CHECK(mistakes_in_node(jobs + "[spider]\nretrievals_per_jurisdiction = 9\n").size() == 1);
  CHECK(mistakes_in_node(jobs + channel("a", "in_flight = 9\n")).size() == 1);
  CHECK(mistakes_in_node(jobs + channel("a", "in_flight = 8\n")).empty());
}

TEST_CASE("two channels do not share an id") {
  CHECK(mistakes_in_node(au + channel("a") + channel("b")).empty());
  CHECK(mistakes_in_node(au + channel("a") + channel("b") + channel("a")) ==
        lines{"f:9:6: channels.id is \"a\" for two channels, expected each id once"});
}

TEST_CASE("oauth2 has its fields, and its fields have oauth2") {
  CHECK(mistakes_in_node(au + channel("a", "auth.kind = \"oauth2\"\n")) ==
        lines{"f:5:1: channels.auth.client_id is missing, expected it with auth.kind = \"oauth2\"",
              "f:5:1: channels.auth.client_secret is missing, expected it with auth.kind = "
              "\"oauth2\"",
              "f:5:1: channels.auth.token_endpoint is missing, expected it with auth.kind = "
              "\"oauth2\""});
  auto fields = std::string{"auth.client_id = \"a\"\nauth.client_secret = \"b\"\n"
                            "auth.token_endpoint = \"https://t/token\"\n"};
  CHECK(mistakes_in_node(au + channel("a", "auth.kind = \"oauth2\"\n" + fields)).empty());
  CHECK(mistakes_in_node(au + channel("a", fields)).size() == 3);
}

TEST_CASE("a channel that can only notify needs the message reception API") {
  auto deaf = channel("a", "has_updated_since = false\n");
  CHECK(mistakes_in_node(au + deaf).empty());
  CHECK(mistakes_in_node(au + deaf + listener("127.0.0.1:1", "\"message\"")).size() == 1);
}

TEST_CASE("a shared database and a chain have a path, and memory has none") {
  CHECK(mistakes_in_endpoint(endpoint) ==
        lines{"f:1:1: medium.path is missing, expected a folder with medium.kind = "
              "\"shared-database\""});
  CHECK(mistakes_in_endpoint(endpoint + "[medium]\npath = \"shared\"\n").empty());
  CHECK(mistakes_in_endpoint(endpoint + "[medium]\nkind = \"chain\"\n") ==
        lines{"f:4:2: medium.path is missing, expected a folder with medium.kind = \"chain\""});
  CHECK(mistakes_in_endpoint(endpoint + "[medium]\nkind = \"chain\"\npath = \"shared\"\n").empty());
  CHECK(mistakes_in_endpoint(endpoint + "[medium]\nkind = \"memory\"\n").empty());
  CHECK(mistakes_in_endpoint(endpoint + "[medium]\nkind = \"memory\"\npath = \"a\"\n").size() == 1);
}

TEST_CASE("a stream has a NATS and a name, and other media have none") {
  auto stream = endpoint + "[medium]\nkind = \"stream\"\n";
  CHECK(mistakes_in_endpoint(stream) ==
        lines{"f:4:2: medium.stream is missing, expected a name with medium.kind = \"stream\"",
              "f:4:2: medium.url is missing, expected the URL of a NATS with medium.kind = "
              "\"stream\""});
  auto where = std::string{"url = \"nats://10.1.2.3:4222\"\nstream = \"au-sg\"\n"};
  CHECK(mistakes_in_endpoint(stream + where).empty());
  CHECK(mistakes_in_endpoint(stream + where + "path = \"shared\"\n").size() == 1);
  CHECK(mistakes_in_endpoint(endpoint + "[medium]\nkind = \"memory\"\n" + where).size() == 2);
}

TEST_CASE("an endpoint's jurisdictions are among the participants") {
  CHECK(mistakes_in_endpoint("endpoint = \"a\"\njurisdictions = [\"AU\", \"CN\"]\n"
                             "participants = [\"AU\", \"SG\"]\nmedium.kind = \"memory\"\n") ==
        lines{"f:2:17: jurisdictions has \"CN\", expected only some of participants"});
}

TEST_CASE(
    "what is only received needs no word about revocations, what is only posted no listener") {
  auto no_reception = au + listener("127.0.0.1:5100", "\"message\"");
  auto told_only = "has_updated_since = false\n";
  CHECK(mistakes_in_node(no_reception + channel("a", told_only)).size() == 1);
  CHECK(mistakes_in_node(no_reception + channel("a", told_only + "serves = [\"posting\"]\n"s))
            .empty());
  auto revocable = "revocable_for = \"1h\"\n"s;
  CHECK(mistakes_in_node(au + channel("a", revocable)).empty());
  CHECK(mistakes_in_node(au + channel("a", revocable + "serves = [\"posting\"]\n")).empty());
  CHECK(mistakes_in_node(au + channel("a", revocable + "serves = [\"receiving\"]\n")) ==
        lines{"f:5:17: channels.revocable_for is set, expected serves with \"posting\": nothing "
              "is posted to this channel"});
  auto everywhere = au + listener("0.0.0.0:5100", "\"message-reception\"");
  CHECK(mistakes_in_node(everywhere + channel("a")).size() == 1);
  CHECK(mistakes_in_node(everywhere + channel("a", "serves = [\"posting\"]\n")).empty());
}

TEST_SUITE_END();
