#include "messages/dead_letters.hpp"

#include "filled.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace igl;

namespace {

dead_letter died(job_order order, std::string reason, uint64_t number = 1) {
  dead_letter x;
  x.number = number;
  x.job.order = std::move(order);
  x.reason = std::move(reason);
  x.died = caf::timestamp{std::chrono::seconds{1'700'000'000 + number}};
  return x;
}

deliver_callback callback(const std::string& url) {
  deliver_callback x;
  x.about = "AU:17";
  x.cause = "received";
  x.callback = url;
  x.topic = "UN.CEFACT.*";
  return x;
}

/// One order of each kind.
std::vector<job_order> all_orders() {
  return {make_job(test::filled<process_message>()),  make_job(test::filled<route_message>()),
          make_job(test::filled<check_delivery>()),   make_job(test::filled<update_message>()),
          make_job(test::filled<reject_message>()),   make_job(test::filled<retrieve_object>()),
          make_job(test::filled<message_changed>()),  make_job(test::filled<deliver_callback>()),
          make_job(test::filled<channel_notified>()), make_job(test::filled<verify_intent>()),
          make_job(test::filled<write_to_medium>())};
}

} // namespace

TEST_SUITE("dead letters") {
  TEST_CASE("for every stream of the catalogue it is said what is lost") {
    std::set<stream> seen;
    std::set<std::string> sentences;
    for (auto& order : all_orders()) {
      CAPTURE(order.id);
      seen.insert(order.on);
      auto lost = consequence_of(order);
      CHECK(lost.find("nobody can read") == std::string::npos);
      CHECK(lost.size() > 20);
      sentences.insert(lost);
    }
    CHECK(seen.size() == stream_catalogue().size());
    CHECK(sentences.size() == seen.size());
  }

  TEST_CASE("what is lost names who and what") {
    CHECK(consequence_of(make_job(callback("http://importer/told"))) ==
          "the subscriber http://importer/told will never hear of AU:17 (UN.CEFACT.*)");
    route_message route;
    route.content.sender = "AU";
    route.content.sender_ref = "17";
    route.content.receiver = "SG";
    CHECK(consequence_of(make_job(route)) == "AU:17 will never be sent to SG and stays pending");
    route.doubt = route_doubt{{"au-sg"}, 5};
    CHECK(consequence_of(make_job(route)) ==
          "AU:17 will never be sent to SG and stays pending, unless channel au-sg has it without "
          "having said so");
    process_message inbound;
    inbound.content = route.content;
    inbound.channel_id = "au-sg";
    inbound.channel_txn_id = "4711";
    CHECK(consequence_of(make_job(inbound)).find("never be in the lake") != std::string::npos);
    inbound.said = channel_status::false_alarm;
    CHECK(consequence_of(make_job(inbound)).find("never be withdrawn") != std::string::npos);
    verify_intent intent;
    intent.callback = "http://importer/told";
    intent.topic_as_asked = "a.b";
    intent.mode = "unsubscribe";
    CHECK(consequence_of(make_job(intent)) ==
          "the subscriber http://importer/told goes on being told of a.b");
  }

  TEST_CASE("of an order that nobody can read, that is said") {
    auto order = make_job(callback("http://importer/told"));
    order.body = "{";
    CHECK(consequence_of(order).find("nobody can read") != std::string::npos);
    CHECK(cause_of(died(order, "internal: x")).peer.empty());
  }

  TEST_CASE("a cause is stream, error code and peer") {
    auto cause = cause_of(died(make_job(callback("http://importer:8080/told?x=1")),
                               "peer_failed: the peer failed: http://importer:8080 answered 500"));
    CHECK(to_string(cause) == "delivery-outbox/peer_failed/http://importer:8080");
    cause = cause_of(died(make_job(callback("http://importer/told")), "another word: for it"));
    CHECK(cause.code.empty());
    CHECK(to_string(cause) == "delivery-outbox/-/http://importer:80");
    cause = cause_of(died(make_job(test::filled<update_message>()), "internal"));
    CHECK(cause.code == "internal");
    CHECK(to_string(cause) == "message-updates/internal/-");
  }

  TEST_CASE("the text of a cause can be read again, and other texts cannot") {
    for (auto& order : all_orders()) {
      auto cause = cause_of(died(order, "peer_timeout: x"));
      auto read = parse_dead_letter_cause(to_string(cause));
      REQUIRE(read);
      CHECK(*read == cause);
    }
    for (auto wrong : {"", "outbox", "outbox/no_channel", "outbox/no_channel/", "outbax/x/y", "/"})
      CHECK_MESSAGE(!parse_dead_letter_cause(wrong), wrong);
  }

  TEST_CASE("groups of several pages add up") {
    std::vector<dead_letter_group> first, second, all;
    auto importer = make_job(callback("http://importer/told"));
    auto other = make_job(callback("http://other/told"));
    add_to(first, died(importer, "peer_failed: a", 1));
    add_to(first, died(other, "peer_failed: b", 2));
    add_to(second, died(importer, "peer_failed: c", 3));
    for (auto& page : {first, second})
      for (auto& group : page)
        add_to(all, group);
    REQUIRE(all.size() == 2);
    CHECK(all[0].count == 2);
    CHECK(all[0].first_number == 1);
    CHECK(all[0].first == died({}, "", 1).died);
    CHECK(all[0].last == died({}, "", 3).died);
    CHECK(all[0].last_reason == "peer_failed: c");
    CHECK(all[1].count == 1);
  }
}
