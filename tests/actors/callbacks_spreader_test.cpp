#include "actors/callbacks_spreader.hpp"

#include "tests/actors/fakes.hpp"

#include <algorithm>

using namespace igl;
using namespace igl::fakes;

namespace {

subscription by(const std::string& callback, const std::string& topic) {
  subscription x;
  x.topic = *canonical_topic(topic);
  x.topic_as_asked = topic;
  x.callback = callback;
  x.ends = caf::timestamp::max();
  return x;
}

const message_changed order{
    "AU:17",
    "received",
    {{"UN.CEFACT.Trade.CoO.created", "{\"full\":1}"}, {"message.17.received", "{\"light\":1}"}}};

} // namespace

TEST_SUITE_BEGIN("callbacks spreader");

TEST_CASE("makes one job for each subscriber of each notice") {
  auto x = decide(ticket, order,
                  {{{by("http://a/", "UN.CEFACT.*"), by("http://b/", "UN.CEFACT.*")}},
                   {{by("http://b/", "message.17.received")}}});
  CHECK(x.job->end == job_end::done);
  REQUIRE(x.opens.size() == 3);
  auto first = order_in<deliver_callback>(x.opens[0]);
  CHECK(first.callback == "http://a/");
  CHECK(first.topic == "UN.CEFACT.*");
  CHECK(first.body == "{\"full\":1}");
  CHECK(order_in<deliver_callback>(x.opens[2]).body == "{\"light\":1}");
}

TEST_CASE("tells a subscriber with several matching subscriptions once, under the longest topic") {
  auto x = callbacks_for(order, order.notices[0],
                         {by("http://a/", "UN.CEFACT.*"), by("http://a/", "*"),
                          by("http://a/", "UN.CEFACT.Trade.CoO")});
  REQUIRE(x.size() == 1);
  CHECK(x[0].topic == "UN.CEFACT.Trade.CoO");
}

TEST_CASE("a subscriber of everything gets both notices, as two jobs") {
  auto everything = by("http://a/", "*");
  auto x = decide(ticket, order, {{{everything}}, {{everything}}});
  REQUIRE(x.opens.size() == 2);
  CHECK(x.opens[0].id != x.opens[1].id);
}

TEST_CASE("closes the job when nobody subscribed") {
  auto x = decide(ticket, order, {{}, {}});
  CHECK(x.job->end == job_end::done);
  CHECK(x.opens.empty());
}

TEST_CASE_FIXTURE(office,
                  "asks for the subscribers of each notice that are not over, and settles") {
  auto over = by("http://over/", "*");
  over.ends = around.now();
  ledger_book->subscriptions = {by("http://a/", "UN.CEFACT.*"), by("http://b/", "message.17"),
                                over};
  process_settings settings;
  auto spreader = keep(
      system.spawn(callbacks_spreader, around, std::make_shared<const process_settings>(settings)));
  CHECK(ask(spreader, ticket, order).answer<settled>());
  auto opened = ledger_book->opened<deliver_callback>(stream::delivery_outbox);
  REQUIRE(opened.size() == 2);
  CHECK(opened[0].callback == "http://a/");
  CHECK(opened[1].callback == "http://b/");
}

TEST_SUITE_END();
