#include "channels/channel_protocol.hpp"
#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "messages/text.hpp"
#include "messages/uri.hpp"
#include "tests/channels/examples.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <set>

using namespace igl;
using namespace igl::channel_protocol;
using examples::certificate;

namespace {

channel_settings channel() {
  channel_settings x;
  x.id = "au-sg";
  x.url = "http://channel.example:8080/base/";
  return x;
}

http_response answer(uint16_t status, std::string body = {},
                     std::vector<http_header> headers = {}) {
  return {status, std::move(headers), std::move(body)};
}

std::string header(const http_request& x, std::string_view name) {
  for (auto& h : x.headers)
    if (h.name == name)
      return h.value;
  return {};
}

const caf::timestamp noon{std::chrono::seconds{1795262400}}; // 2026-11-21T12:00:00Z
const http_request asked = [] {
  http_request x;
  x.method = "GET";
  x.url = "http://channel.example/messages";
  return x;
}();
const std::string five = R"("sender":"AU","receiver":"SG","subject":"s",)"
                         R"("obj":"QmQtYtUS7K1AdKjbuMsmPmPGDLaKL38M5HYwqxW9RKW49n",)"
                         R"("predicate":"UN.CEFACT.Trade.CoO.created")";

std::string wire(const std::string& id, const std::string& status) {
  return R"({"id":)" + id + R"(,"status":")" + status + R"(","message":{)" + five + "}}";
}

template <class Answer>
errc code_in(const caf::expected<Answer>& x) {
  return x ? errc::none : code_of(x.error());
}

caf::expected<channel_page> page(const http_response& x, find_channel_updates question = {}) {
  return read_page(question, asked, x, {noon, noon + std::chrono::seconds{2}});
}

} // namespace

TEST_SUITE_BEGIN("channel protocol");

TEST_CASE("posts the five fields, the reference if the channel takes it, and always a key") {
  auto x = post(channel(), {certificate(), "key-1"});
  CHECK(x.method == "POST");
  CHECK(x.url == "http://channel.example:8080/base/messages");
  CHECK(header(x, "Content-Type") == "application/json");
  CHECK(header(x, "Idempotency-Key") == "key-1");
  auto body = *parse_json(x.body);
  CHECK(body.size() == 6);
  CHECK(body["sender_ref"] == "17");

  auto reference = channel();
  reference.sends_sender_ref = false;
  auto to_reference = post(reference, {certificate(), ""});
  CHECK(parse_json(to_reference.body)->size() == 5);
  CHECK(header(to_reference, "Idempotency-Key") == "AU:17");
  CHECK(parse_json(post(channel(), {certificate(""), "k"}).body)->size() == 5);
}

TEST_CASE("a key that a header would not carry as it is comes encoded, so that no two are one") {
  auto key = [](const std::string& text) {
    return header(post(channel(), {certificate(), text}), "Idempotency-Key");
  };
  CHECK(key("AU:17/2") == "AU:17/2");
  std::set<std::string> all;
  for (std::string text :
       {"AU:17", "AU:17 ", " AU:17", "AU:17%20", "AU:17\t", "AU:17 18", "AU:é"}) {
    auto shown = key(text);
    CHECK(trimmed(shown) == shown);
    CHECK(all.insert(shown).second);
    if (shown != text)
      CHECK(percent_decode(shown) == text);
  }
}

TEST_CASE("asks for a message by its id, whatever is in it") {
  CHECK(find(channel(), {"123"}).url == "http://channel.example:8080/base/messages/123");
  CHECK(find(channel(), {"a/b?c"}).url == "http://channel.example:8080/base/messages/a%2Fb%3Fc");
}

TEST_CASE("asks for what is new since a time, or after a cursor") {
  auto first = list(channel(), {"", noon, "AU", 50});
  CHECK(first.url == "http://channel.example:8080/base/messages?updated_since="
                     "2026-11-21T12%3A00%3A00.000000Z&receiver=AU&limit=50");
  auto by_time = list(channel(), {"2026-11-21T12:00:01.000000Z", {}, "AU", 50});
  CHECK(by_time.url.find("updated_since=2026-11-21T12%3A00%3A01") != std::string::npos);
  auto by_link = list(channel(), {"?cursor=17&receiver=AU", {}, "AU", 50});
  CHECK(by_link.url == "http://channel.example:8080/base/messages?cursor=17&receiver=AU");
}

TEST_CASE("subscribes in the words of the path that is configured") {
  subscription_request wanted;
  wanted.mode = "subscribe";
  wanted.topic = "jurisdiction.AU";
  wanted.callback = "http://node.example/channel-message/au-sg";
  auto x = subscribe(channel(), wanted);
  CHECK(x.url == "http://channel.example:8080/base/subscriptions");
  CHECK(header(x, "Content-Type") == "application/x-www-form-urlencoded");
  CHECK(x.body == "hub.mode=subscribe&hub.topic=jurisdiction.AU&hub.callback="
                  "http%3A%2F%2Fnode.example%2Fchannel-message%2Fau-sg");
  wanted.secret = "s&t";
  wanted.lease_seconds = "3600";
  CHECK(subscribe(channel(), wanted).body.find("&hub.lease_seconds=3600&hub.secret=s%26t") !=
        std::string::npos);

  auto reference = channel();
  reference.subscription_path = "/messages/subscriptions/by_jurisdiction";
  CHECK(subscribe(reference, wanted).body.find("hub.topic=AU&") != std::string::npos);
  wanted.topic = "jurisdiction.au";
  CHECK(subscribe(reference, wanted).body.find("hub.topic=AU&") != std::string::npos);
}

TEST_CASE("takes any 2xx with an id for a receipt, the id being a text or a number") {
  for (auto status : {200, 201, 202, 299})
    CHECK(read_receipt(asked, answer(static_cast<uint16_t>(status), R"({"id":"x-1"})"))->id ==
          "x-1");
  CHECK(read_receipt(asked, answer(201, R"({"id":4711})"))->id == "4711");
  CHECK(read_receipt(asked, answer(201, R"({"id":12345678901234567890})"))->id ==
        "12345678901234567890");
}

TEST_CASE("tells what breaks the protocol from a refusal and from a failure") {
  struct {
    uint16_t status;
    std::string body;
    errc expected;
  } rows[] = {
      {201, "", errc::bad_answer},
      {201, "no json", errc::bad_answer},
      {201, "[]", errc::bad_answer},
      {201, "{}", errc::bad_answer},
      {201, R"({"id":null})", errc::bad_answer},
      {201, R"({"id":""})", errc::bad_answer},
      {201, R"({"id":1.5})", errc::bad_answer},
      {302, "", errc::bad_answer},
      {100, R"({"id":1})", errc::bad_answer},
      {400, R"({"obj":["bad"]})", errc::peer_refused},
      {401, "", errc::peer_refused},
      {403, "", errc::peer_refused},
      {404, "", errc::peer_refused},
      {409, "", errc::peer_refused},
      {408, "", errc::peer_failed},
      {429, "", errc::peer_failed},
      {500, "", errc::peer_failed},
      {503, R"({"id":1})", errc::peer_failed},
      // A proxy: what is behind it may have taken the message.
      {502, "", errc::peer_lost},
      {504, "", errc::peer_timeout},
  };
  for (auto& row : rows) {
    CAPTURE(row.status);
    CAPTURE(row.body);
    CHECK(code_in(read_receipt(asked, answer(row.status, row.body))) == row.expected);
  }
}

TEST_CASE("reads a message's state, and that it is unknown") {
  auto x = read_message(asked, answer(200, wire("123", "confirmed")));
  REQUIRE(x);
  CHECK(x->id == "123");
  CHECK(x->status == channel_status::confirmed);
  CHECK(x->content.receiver == "SG");
  CHECK(code_in(read_message(asked, answer(404))) == errc::not_found);
  CHECK(code_in(read_message(asked, answer(500))) == errc::peer_failed);
  CHECK(code_in(read_message(asked, answer(200, wire("123", "sunk")))) == errc::bad_answer);
  CHECK(code_in(read_message(asked, answer(200, R"({"id":1,"status":"confirmed"})"))) ==
        errc::bad_answer);
}

TEST_CASE("reads a page and where the next one is") {
  auto body = "[" + wire("\"a\"", "confirmed") + "," + wire("\"b\"", "false_alarm") + "]";
  find_channel_updates question{"", {}, "SG", 2};
  auto x =
      page(answer(200, body, {{"Link", R"(<http://other.host/x?limit=2&cursor=9>; rel="next")"}}),
           question);
  REQUIRE(x);
  CHECK(x->messages.size() == 2);
  CHECK(x->messages[1].status == channel_status::false_alarm);
  CHECK(x->cursor == "?limit=2&cursor=9");
  CHECK(x->more);
  auto next = list(channel(), {x->cursor, {}, "SG", 2});
  CHECK(next.url == "http://channel.example:8080/base/messages?limit=2&cursor=9");
}

TEST_CASE("believes an endpoint of ours whether there is more") {
  find_channel_updates question{"", {}, "SG", 1};
  auto body = "[" + wire("1", "confirmed") + "]";
  auto with = [&](const char* more) {
    return page(answer(200, body, {{"Link", R"(<?cursor=9>; rel="next")"}, {"X-More", more}}),
                question);
  };
  CHECK(with("true")->more);
  CHECK(!with("false")->more);
}

TEST_CASE("finds the next page among other links, and none where there is none") {
  auto cursor_of = [](const char* link) {
    return page(answer(200, "[]", {{"Link", link}}))->cursor;
  };
  CHECK(cursor_of(R"(<http://h/messages>; rel="self", </m?cursor=1>; title="x"; rel=next)") ==
        "?cursor=1");
  CHECK(cursor_of(R"(</m?cursor=1#end>; rel="next")") == "?cursor=1");
  for (auto link : {"", "nonsense", "<", "</m?cursor=1>", R"(</m?cursor=1>; rel="prev")",
                    R"(</m>; rel="next")", "</m?c=1>; rel", "</m?c=1>;;;"})
    CHECK(cursor_of(link) == to_rfc3339({}));
}

TEST_CASE("a link that nobody can ask for is not one to go on with") {
  for (auto link : {R"(<?cursor=a b>; rel="next")", R"(<?cursor=%zz>; rel="next")",
                    "<?cursor=\"9\">; rel=next", "<?cursor=\xc3\xa9>; rel=next"})
    CHECK(code_in(page(answer(200, "[]", {{"Link", link}}))) == errc::bad_answer);
}

TEST_CASE("a link has the parameters up to the next comma") {
  // Each link was looked for in all that follow, which took seconds for a header of this size.
  std::string links;
  for (int i = 0; i < 100'000; ++i)
    links += "<>;";
  CHECK(page(answer(200, "[]", {{"Link", links + R"(, <?cursor=9>; rel="next")"}}))->cursor ==
        "?cursor=9");
}

TEST_CASE("a peer's clock may be in any year") {
  auto body = "[" + wire("1", "confirmed") + "]";
  auto dated = page(answer(200, body, {{"Date", "Fri, 31 Dec 9999 23:59:59 GMT"}}));
  REQUIRE(dated);
  CHECK(dated->cursor > "2261-12-31");
}

TEST_CASE("goes on from the peer's time where there is no link, a little earlier") {
  auto body = "[" + wire("1", "confirmed") + "]";
  auto dated = page(answer(200, body, {{"Date", "Sat, 21 Nov 2026 11:00:00 GMT"}}));
  REQUIRE(dated);
  // Its clock is an hour behind; two seconds passed while it answered, five more are for safety.
  CHECK(dated->cursor == "2026-11-21T10:59:53.000000Z");
  CHECK(!dated->more);
  CHECK(page(answer(200, body))->cursor == "2026-11-21T11:59:55.000000Z");
  CHECK(page(answer(200, body, {{"Date", "yesterday"}}))->cursor == "2026-11-21T11:59:55.000000Z");
}

TEST_CASE("never goes back in time, and stays where it is while there is nothing") {
  auto body = "[" + wire("1", "confirmed") + "]";
  find_channel_updates question{"2026-11-21T13:00:00.000000Z", {}, "SG", 100};
  CHECK(page(answer(200, body), question)->cursor == question.cursor);
  CHECK(page(answer(200, "[]"), question)->cursor == question.cursor);
  question.cursor.clear();
  question.since = noon;
  CHECK(page(answer(200, "[]"), question)->cursor == "2026-11-21T12:00:00.000000Z");
}

namespace {

std::string list_of(int messages) {
  std::string text;
  for (int i = 0; i < messages; ++i)
    text += (i == 0 ? "" : ",") + wire(std::to_string(i), "confirmed");
  return "[" + text + "]";
}

} // namespace

TEST_CASE("a full list without a link may go on: a longer one is asked for, from the same time") {
  find_channel_updates question{"2026-11-21T11:00:00.000000Z", {}, "SG", 2};
  for (auto count : {2, 3}) {
    auto full = page(answer(200, list_of(count)), question);
    REQUIRE(full);
    CHECK(full->messages.size() == static_cast<size_t>(count));
    CHECK(full->more);
    CHECK(full->cursor == "?updated_since=2026-11-21T11%3A00%3A00.000000Z&receiver=SG&limit=4");
    find_channel_updates longer{full->cursor, {}, "SG", 2};
    CHECK(list(channel(), longer).url ==
          "http://channel.example:8080/base/messages" + full->cursor);
    auto longest = page(answer(200, list_of(5)), longer);
    REQUIRE(longest);
    CHECK(longest->more);
    CHECK(longest->cursor.ends_with("&limit=8"));
    auto whole = page(answer(200, list_of(3)), longer);
    REQUIRE(whole);
    CHECK(!whole->more);
    CHECK(whole->cursor == "2026-11-21T11:59:55.000000Z");
  }
}

TEST_CASE("a channel that pages by itself and gives no link is not passed over in silence") {
  find_channel_updates longer{"?updated_since=2026&receiver=SG&limit=4", {}, "SG", 2};
  auto capped = page(answer(200, list_of(2)), longer);
  REQUIRE(!capped);
  CHECK(code_of(capped.error()) == errc::bad_answer);
  CHECK(sentence_of(capped.error()).find("has_updated_since") != std::string::npos);
  // The limit that we ask for has an end, too.
  find_channel_updates longest{"?updated_since=2026&limit=64000", {}, "SG", 500};
  std::string sevens = "7";
  for (int i = 1; i < 64000; ++i)
    sevens += ",7";
  CHECK(code_in(page(answer(200, "[" + sevens + "]"), longest)) == errc::bad_answer);
}

TEST_CASE("tells a link that the channel does not know any more from what it refuses") {
  for (auto status : {400, 404, 410}) {
    auto gone = static_cast<uint16_t>(status);
    CHECK(code_in(page(answer(gone), {"?cursor=9", {}, "SG", 2})) == errc::bad_request);
    CHECK(code_in(page(answer(gone), {"2026-11-21T11:00:00Z", {}, "SG", 2})) == errc::peer_refused);
    // It does not like the limit: everything from the start would not help.
    CHECK(code_in(page(answer(gone), {"?updated_since=2026&limit=4", {}, "SG", 2})) ==
          errc::peer_refused);
  }
  CHECK(code_in(page(answer(403), {"?cursor=9", {}, "SG", 2})) == errc::peer_refused);
}

TEST_CASE("takes a list in an envelope, and refuses what is no list of messages") {
  CHECK(page(answer(200, R"({"messages":[)" + wire("1", "confirmed") + "]}"))->messages.size() ==
        1);
  for (auto body : {"", "{}", "7", R"({"messages":7})", R"({"messages":{}})", "[7"})
    CHECK(code_in(page(answer(200, body))) == errc::bad_answer);
  CHECK(code_in(page(answer(400))) == errc::peer_refused);
  CHECK(code_in(page(answer(502))) == errc::peer_failed);
}

TEST_CASE("an element that cannot be read does not hold up the others, and is not lost") {
  auto x =
      page(answer(200, "[" + wire("1", "confirmed") + R"(,{"id":"b","status":"confirmed"},7,)" +
                           wire("4", "sunk") + "," + wire("5", "confirmed") + "]"));
  REQUIRE(x);
  REQUIRE(x->messages.size() == 2);
  CHECK(x->messages[0].id == "1");
  CHECK(x->messages[1].id == "5");
  REQUIRE(x->unreadable.size() == 3);
  CHECK(x->unreadable[0].id == "b");
  CHECK(x->unreadable[0].reason == "the channel's answer has no message");
  CHECK(x->unreadable[0].said == R"({"id":"b","status":"confirmed"})");
  CHECK(x->unreadable[1].id.empty());
  CHECK(x->unreadable[1].said == "7");
  CHECK(x->unreadable[2].id == "4");
  CHECK(x->unreadable[2].reason.find("sunk") != std::string::npos);
}

TEST_CASE("the cursor moves on over what cannot be read, and it counts towards the limit") {
  find_channel_updates question{"2026-11-21T11:00:00.000000Z", {}, "SG", 2};
  CHECK(page(answer(200, "[7]"), question)->cursor == "2026-11-21T11:59:55.000000Z");
  auto linked = page(answer(200, "[7]", {{"Link", R"(<?cursor=9>; rel="next")"}}), question);
  CHECK(linked->cursor == "?cursor=9");
  question.limit = 1;
  CHECK(page(answer(200, "[7]", {{"Link", R"(<?cursor=9>; rel="next")"}}), question)->more);
}

TEST_CASE("of what cannot be read only a bounded part is shown, and no character is cut") {
  for (auto padding : {997, 998, 999}) { // the umlaut ends at, goes over, begins after the bound
    auto text = std::string(static_cast<size_t>(padding), 'x') + "ä" + std::string(5000, 'y');
    auto x = page(answer(200, "[\"" + text + "\"]"));
    REQUIRE(x->unreadable.size() == 1);
    auto& said = x->unreadable[0].said;
    CHECK(said.size() <= 1000 + std::string{"…"}.size());
    CHECK(said.substr(0, 900) == "\"" + std::string(899, 'x'));
    CHECK(parse_json(said + "\"")); // all of it is UTF-8
  }
  auto long_id = page(answer(200, R"([{"id":")" + std::string(5000, 'x') + R"("}])"));
  REQUIRE(long_id->unreadable.size() == 1);
  CHECK(long_id->unreadable[0].id.empty());
}

TEST_CASE("a message that cannot be read is shown with the reason") {
  auto x = read_message(asked, answer(200, R"({"id":1,"status":"confirmed"})"));
  REQUIRE(!x);
  auto sentence = sentence_of(x.error());
  CHECK(sentence.find("has no message") != std::string::npos);
  CHECK(sentence.find(R"({"id":1,"status":"confirmed"})") != std::string::npos);
}

TEST_CASE("takes any 2xx for an accepted subscription") {
  CHECK(read_acceptance(asked, answer(202)));
  CHECK(read_acceptance(asked, answer(200, "fine")));
  CHECK(code_in(read_acceptance(asked, answer(302))) == errc::bad_answer);
  CHECK(code_in(read_acceptance(asked, answer(400))) == errc::peer_refused);
  CHECK(code_in(read_acceptance(asked, answer(500))) == errc::peer_failed);
}

TEST_CASE("takes a refusal for a sign of life, and silence not") {
  CHECK(tells_up({}));
  CHECK(tells_up(make_problem(errc::peer_refused)));
  CHECK(tells_up(make_problem(errc::not_found)));
  for (auto code :
       {errc::peer_failed, errc::peer_timeout, errc::peer_unreachable, errc::bad_answer})
    CHECK(!tells_up(make_problem(code)));
}

TEST_SUITE_END();
