#include "channels/follow_rules.hpp"
#include "tests/channels/examples.hpp"

#include <doctest/doctest.h>

using namespace igl;
using namespace igl::follow_rules;
using examples::record;

namespace {

using news = medium_news;
using status = channel_status;

const caf::timestamp noon{std::chrono::seconds{1795262400}};
const std::string id = record(channel_half::posting, status::received).said.id;

medium_change change_of(news what, const std::string& about, const std::string& receiver = "SG") {
  auto content = examples::certificate(about);
  content.receiver = receiver;
  return {what, {about, content}, "in block 7"};
}

/// The topics of the notices of a settlement, in order.
std::vector<std::string> topics_of(const settlement& s) {
  std::vector<std::string> all;
  for (auto& x : s.tells)
    for (auto& notice : x.notices)
      all.push_back(notice.topic);
  return all;
}

/// What follows when these changes concern one message, of which the store has this.
settlement after(std::vector<news> what, channel_half half, caf::optional<status> stored) {
  medium_page page;
  for (auto x : what)
    page.changes.push_back(change_of(x, id));
  page.cursor = "m:9";
  arrival known;
  if (stored)
    known.record = record(half, *stored);
  return followed(page, {{{half, id}, known}}, noon);
}

status status_after(const settlement& s, status before) {
  return s.channel_records.empty() ? before : s.channel_records.at(0).record.said.status;
}

std::vector<std::string> stored_ids(const settlement& s) {
  std::vector<std::string> ids;
  for (auto& x : s.channel_records)
    ids.push_back(x.record.said.id);
  return ids;
}

} // namespace

TEST_SUITE_BEGIN("follow rules");

TEST_CASE("every change meets every state of a received message") {
  struct {
    status before;
    news what;
    status then;
    bool told;
  } const rows[] = {
      {status::observed, news::observed, status::observed, false},
      {status::observed, news::confirmed, status::confirmed, true},
      {status::observed, news::missing, status::observed, false},
      {status::observed, news::gone, status::false_alarm, false},
      {status::confirmed, news::observed, status::confirmed, false},
      {status::confirmed, news::confirmed, status::confirmed, false},
      {status::confirmed, news::missing, status::confirmed, false},
      {status::confirmed, news::gone, status::false_alarm, true},
      {status::false_alarm, news::missing, status::false_alarm, false},
      {status::false_alarm, news::gone, status::false_alarm, false},
  };
  for (auto& row : rows) {
    CAPTURE(to_string(row.before));
    CAPTURE(static_cast<int>(row.what));
    auto s = after({row.what}, channel_half::receiving, row.before);
    CHECK(status_after(s, row.before) == row.then);
    CHECK(s.channel_records.size() == (row.then != row.before));
    CHECK(s.events.size() == (row.then != row.before));
    for (auto& x : s.channel_records)
      CHECK(x.expects == 7);
    CHECK(topics_of(s) == (row.told ? std::vector<std::string>{"jurisdiction.SG", id}
                                    : std::vector<std::string>{}));
    CHECK(s.opens.empty());
  }
}

TEST_CASE("every change meets every state of a posted message") {
  struct {
    status before;
    news what;
    status then;
  } const rows[] = {
      {status::received, news::observed, status::received},
      {status::received, news::confirmed, status::confirmed},
      {status::received, news::missing, status::received},
      {status::received, news::gone, status::received},
      {status::confirmed, news::observed, status::confirmed},
      {status::confirmed, news::confirmed, status::confirmed},
      {status::confirmed, news::missing, status::confirmed},
      {status::confirmed, news::gone, status::revoked},
      {status::undeliverable, news::observed, status::undeliverable},
      {status::undeliverable, news::confirmed, status::undeliverable},
      {status::undeliverable, news::missing, status::undeliverable},
      {status::undeliverable, news::gone, status::undeliverable},
      {status::revoked, news::observed, status::revoked},
      {status::revoked, news::confirmed, status::revoked},
      {status::revoked, news::missing, status::revoked},
      {status::revoked, news::gone, status::revoked},
  };
  for (auto& row : rows) {
    CAPTURE(to_string(row.before));
    CAPTURE(static_cast<int>(row.what));
    auto s = after({row.what}, channel_half::posting, row.before);
    CHECK(status_after(s, row.before) == row.then);
    CHECK(topics_of(s) == (row.then != row.before
                               ? std::vector<std::string>{id, "posting.AU." + to_string(row.then)}
                               : std::vector<std::string>{}));
    auto sends_again = row.before == status::confirmed && row.what == news::missing;
    CHECK(s.opens.size() == sends_again);
    CHECK(s.events.size() == (sends_again || row.then != row.before));
  }
}

TEST_CASE("a confirmed message that is missing is looked for and sent again") {
  auto s = after({news::missing}, channel_half::posting, status::confirmed);
  auto order = parse_order<write_to_medium>(s.opens.at(0).body);
  REQUIRE(order);
  CHECK(order->said.id == id);
  CHECK(order->sent == uint32_t{1});
}

TEST_CASE("a new message is stored, published when it is confirmed and not before") {
  auto s = after({news::observed}, channel_half::receiving, caf::none);
  CHECK(s.channel_records.at(0).expects == 0);
  CHECK(s.channel_records.at(0).record.half == channel_half::receiving);
  CHECK(s.channel_records.at(0).record.said.content == examples::certificate(id));
  CHECK(status_after(s, status::received) == status::observed);
  CHECK(s.events.at(0).detail == "observed in block 7");
  CHECK(s.tells.empty());
  s = after({news::confirmed}, channel_half::receiving, caf::none);
  CHECK(status_after(s, status::received) == status::confirmed);
  REQUIRE(s.events.size() == 2);
  CHECK(s.events[0].detail == "observed in block 7");
  CHECK(s.events[1].detail == "confirmed: it is on the medium, for SG");
  CHECK(topics_of(s) == std::vector<std::string>{"jurisdiction.SG", id});
  CHECK(s.tells[0].notices[0].body == "{\"id\":\"" + id + "\"}");
}

TEST_CASE("what the store does not have can neither be missing nor gone") {
  for (auto half : {channel_half::posting, channel_half::receiving})
    for (auto what : {news::missing, news::gone}) {
      auto s = after({what}, half, caf::none);
      CHECK(s.channel_records.empty());
      CHECK(s.events.empty());
      CHECK(s.opens.empty());
      CHECK(s.cursors.size() == 1);
    }
  CHECK(after({news::confirmed}, channel_half::posting, caf::none).channel_records.empty());
}

TEST_CASE("a record changes once, whatever happens within a page") {
  auto s = after({news::observed, news::confirmed, news::missing, news::gone},
                 channel_half::receiving, caf::none);
  REQUIRE(s.channel_records.size() == 1);
  CHECK(status_after(s, status::received) == status::false_alarm);
  CHECK(s.events.size() == 3);
  CHECK(s.tells.size() == 2);
}

TEST_CASE("a message that comes back after a false alarm is another arrival") {
  auto s = after({news::observed, news::gone, news::observed, news::confirmed},
                 channel_half::receiving, caf::none);
  CHECK(stored_ids(s) == std::vector<std::string>{id, id + "~2"});
  CHECK(s.channel_records[0].record.said.status == status::false_alarm);
  CHECK(s.channel_records[1].record.said.status == status::confirmed);
  CHECK(s.channel_records[1].expects == 0);
  CHECK(topics_of(s) == std::vector<std::string>{"jurisdiction.SG", id + "~2"});

  arrival x;
  auto over = record(channel_half::receiving, status::false_alarm);
  CHECK(is_over(x, over));
  CHECK(id_of({channel_half::receiving, "a"}, x) == "a~2");
  CHECK(is_over(x, over));
  CHECK(id_of({channel_half::receiving, "a"}, x) == "a~3");
  CHECK(!is_over(x, caf::none));
  medium_page page{{change_of(news::confirmed, "a")}, "m:9"};
  s = followed(page, {{{channel_half::receiving, "a"}, x}}, noon);
  CHECK(stored_ids(s) == std::vector<std::string>{"a~3"});
  CHECK(!is_over(x, record(channel_half::receiving, status::confirmed)));
}

TEST_CASE(
    "what is ours concerns us, and on a medium that takes back what one of us may have sent") {
  medium_page page{{change_of(news::confirmed, "a"), change_of(news::confirmed, "b", "NZ"),
                    change_of(news::gone, "a")},
                   "m:3"};
  auto of = [&](const endpoint_settings& how, bool takes_back) {
    std::vector<subject> all;
    for (auto& [subject, which] : concerned(page, how, takes_back))
      all.push_back(subject);
    return all;
  };
  auto sg = examples::singaporean_endpoint();
  auto au = examples::australian_endpoint();
  std::vector<subject> received{{channel_half::receiving, "a"}};
  std::vector<subject> posted{{channel_half::posting, "a"}, {channel_half::posting, "b"}};
  CHECK(of(sg, false) == received);
  CHECK(of(sg, true) == received);
  CHECK(of(au, false).empty());
  CHECK(of(au, true) == posted);
}

TEST_CASE("what does not concern us is passed over, and the cursor moves") {
  medium_page page{{change_of(news::confirmed, "a"), change_of(news::confirmed, "b", "NZ")}, "m:2"};
  auto s = followed(page, concerned(page, examples::singaporean_endpoint(), false), noon);
  CHECK(stored_ids(s) == std::vector<std::string>{"a"});
  REQUIRE(s.cursors.size() == 1);
  CHECK(s.cursors[0].name == "medium");
  CHECK(s.cursors[0].value == "m:2");
}

TEST_SUITE_END();
