#include "fake_node.hpp"

#include "http/access_control.hpp"
#include "messages/errors.hpp"

#include <doctest/doctest.h>

using namespace igl;

namespace {

const std::string by_callback = "?callback=http%3A%2F%2Fx%2F%3Fa%3D1";
const std::string callback = "http://x/?a=1";

wire::response get(const fake_node& node, const std::string& path, const std::string& token = {},
                   api which = api::subscriptions) {
  wire::headers with;
  if (!token.empty())
    with.push_back({"Authorization", "Bearer " + token});
  return wire::ask(node.url(which), "GET", path, with);
}

subscription example() {
  return {"un.cefact", "UN.CEFACT.*", callback, "s3cret", caf::timestamp{std::chrono::hours{24}}};
}

void answer_everything(fake_node& node) {
  node.answers->hub_events = [](const read_hub_events& x) -> caf::expected<found_hub_events> {
    if (x.topic.find('/') != std::string::npos)
      return make_problem(errc::topic_validation, "has a slash");
    found_hub_events y;
    y.kept_from = 3;
    y.events.push_back({x.after + 1, {}, x.topic, std::to_string(x.limit), {}, "{\"a\": 1}"});
    y.events.push_back({x.after + 2, {}, x.topic, "AU:17", "image/png", "\xff\xfe"});
    return y;
  };
  node.answers->report = [](const report_subscriber& x) -> caf::expected<subscriber_report> {
    auto known = x.reader == report_reader::operation || x.secret == "s3cret";
    if (x.callback != callback || !known)
      return make_problem(errc::subscription_not_found);
    subscriber_report y;
    y.callback = x.callback;
    y.subscriptions = {example()};
    y.deliveries.waiting = 2;
    open_job first;
    first.order.place = 7;
    first.last_error = "it answered 503";
    y.deliveries.first = first;
    y.latest.push_back({1, {}, event_kind::callback_delivered, "AU:17", "at x, answered 204"});
    return y;
  };
  node.answers->subscriptions = [](const find_subscriptions& x) {
    found_subscriptions y;
    if (x.after.callback.empty())
      y.subscriptions.assign(x.limit, example());
    return caf::expected<found_subscriptions>{y};
  };
  node.answers->act = [](const act_on_subscriber& x) -> caf::expected<subscriber_acted> {
    if (x.callback != callback || x.who.find("127.0.0.1") == std::string::npos)
      return make_problem(errc::subscription_not_found);
    return subscriber_acted{{to_string(x.act)}};
  };
}

struct hub_node : fake_node {
  explicit hub_node(const std::string& token = {}) : fake_node(start::later) {
    answer_everything(*this);
    how.operator_token = token;
    open();
  }
};

} // namespace

TEST_SUITE("subscriber desk routes") {
  TEST_CASE("a subscriber reads the events after a number, to the byte") {
    hub_node node;
    auto x = get(node, "/subscriptions/events?topic=UN.CEFACT.*&after=5&limit=9");
    CHECK(x.status == 200);
    auto events = x.json()["events"];
    REQUIRE(events.size() == 2);
    CHECK(events[0]["number"] == 6);
    CHECK(events[0]["topic"] == "UN.CEFACT.*");
    CHECK(events[0]["about"] == "9");
    CHECK(events[0]["body"] == "{\"a\": 1}");
    CHECK(events[0]["content_type"] == "application/json");
    CHECK(events[1]["body_base64"] == "//4=");
    CHECK(events[1]["content_type"] == "image/png");
    CHECK(x.json()["kept_from"] == 3);
    // Usually 100, at most 1000.
    CHECK(get(node, "/subscriptions/events?topic=a").json()["events"][0]["about"] == "100");
    CHECK(get(node, "/subscriptions/events?topic=a&limit=9999").json()["events"][0]["about"] ==
          "1000");
    CHECK(get(node, "/subscriptions/events?topic=a&after=x").status == 400);
    CHECK(get(node, "/subscriptions/events?topic=a%2Fb").status == 400);
  }

  TEST_CASE("a subscriber sees how it does if it shows its secret, the operator his token") {
    hub_node node{"operators"};
    CHECK(get(node, "/subscriptions" + by_callback).status == 401);
    CHECK(get(node, "/subscriptions" + by_callback, "wrong").status == 404);
    CHECK(get(node, "/subscriptions", "s3cret").status == 400);
    for (auto token : {"s3cret", "operators"}) {
      auto x = get(node, "/subscriptions" + by_callback, token);
      REQUIRE(x.status == 200);
      CHECK(
          x.json()["subscriptions"][0]["lease_ends"].get<std::string>().starts_with("1970-01-02"));
      CHECK(x.json()["waiting"]["events"] == 2);
      CHECK(x.json()["waiting"]["first"] == 7);
      CHECK(x.json()["waiting"]["first_error"] == "it answered 503");
      CHECK(x.json()["deliveries"][0]["detail"] == "at x, answered 204");
      CHECK(x.body.find("s3cret") == std::string::npos);
    }
  }

  TEST_CASE("an operator lists subscriptions and acts on them, others do not") {
    hub_node node{"operators"};
    CHECK(get(node, "/operator/subscriptions").status == 401);
    auto page = get(node, "/operator/subscriptions?limit=2", "operators");
    CHECK(page.json()["subscriptions"].size() == 2);
    CHECK(page.json()["next"]["after_callback"] == callback);
    CHECK(get(node, "/operator/subscriptions?after_topic=a&after_callback=b", "operators")
              .json()["subscriptions"]
              .empty());
    CHECK(get(node, "/operator/subscriptions" + by_callback, "operators").json()["callback"] ==
          callback);
    auto act = [&](const std::string& what, const std::string& token = "operators") {
      return wire::ask(node.url(), "POST", "/operator/subscriptions/" + what,
                       {{"Authorization", "Bearer " + token}});
    };
    for (std::string name : {"pause", "resume", "drop", "test"})
      CHECK(act(name + by_callback).json()["outcomes"][0] == name);
    CHECK(act("burn" + by_callback).status == 404);
    CHECK(act("drop").status == 400);
    CHECK(act("drop?callback=http%3A%2F%2Fother%2F").status == 404);
    CHECK(act("drop" + by_callback, "s3cret").status == 401);
  }

  TEST_CASE(
      "an endpoint has the same, and only for its operator where it asks who its callers are") {
    {
      hub_node open_to_all{"operators"};
      CHECK(get(open_to_all, "/subscriptions/events?topic=a", {}, api::channel).status == 200);
    }
    fake_node node{fake_node::start::later};
    answer_everything(node);
    node.how.operator_token = "operators";
    node.how.channel_access = std::make_shared<const access_control>(
        endpoint_settings{}, nullptr, [] { return caf::timestamp{}; });
    node.open();
    CHECK(get(node, "/subscriptions/events?topic=a", {}, api::channel).status == 401);
    CHECK(get(node, "/subscriptions" + by_callback, "s3cret", api::channel).status == 401);
    CHECK(get(node, "/subscriptions/events?topic=a", "operators", api::channel).status == 200);
  }
}
