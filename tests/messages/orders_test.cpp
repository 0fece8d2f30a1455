#include "messages/orders.hpp"

#include "enum_values.hpp"
#include "examples.hpp"
#include "filled.hpp"
#include "messages/multihash.hpp"
#include "messages/uri.hpp"

#include <caf/deep_to_string.hpp>
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <set>

using namespace igl;
using nlohmann::json;

namespace {

message long_message() {
  auto x = test::certificate_of_origin();
  x.sender_ref = test::repeated("🚢", 256);
  return x;
}

/// An order's job has the same order in its body, and is the same each time. Only these fields may
/// be missing in the body.
template <class Order>
void check_job(const Order& x, const std::set<std::string>& may_be_missing = {}) {
  auto job = make_job(x);
  CHECK(make_job(x).id == job.id);
  CHECK(job.id.size() <= 400);
  CHECK(is_plain_text(job.id));
  CHECK(!job.about.empty());
  CHECK(job.due == caf::timestamp{});
  CHECK(job.id.substr(0, job.id.find('/')) == entry_of(job.on).order);
  auto back = parse_order<Order>(job.body);
  REQUIRE(back);
  CHECK(caf::deep_to_string(*back) == caf::deep_to_string(x));

  auto body = json::parse(job.body);
  for (auto& field : body.items()) {
    const auto& name = field.key();
    auto broken = body;
    broken.erase(name);
    CAPTURE(name);
    CHECK(static_cast<bool>(parse_order<Order>(broken.dump())) == (may_be_missing.count(name) > 0));
    broken[name] = true;
    CHECK(!parse_order<Order>(broken.dump()));
  }
  for (auto text : {"", "{}", "[]", "null", "1", "\"text\"", "{", "\xff"}) {
    auto broken = parse_order<Order>(text);
    REQUIRE(!broken);
    CHECK(code_of(broken.error()) == errc::internal);
  }
}

} // namespace

TEST_SUITE("stream catalogue") {

  TEST_CASE("every stream has one row, names differ and read back") {
    CHECK(stream_count == test::enumerators<stream>());
    std::set<std::string_view> names, orders, consumers;
    for (size_t i = 0; i < stream_count; ++i) {
      auto& entry = stream_catalogue()[i];
      CHECK(static_cast<size_t>(entry.id) == i);
      CHECK(&entry_of(entry.id) == &entry);
      CHECK(to_string(entry.id) == entry.name);
      CHECK(parse_stream(entry.name) == entry.id);
      CHECK(names.insert(entry.name).second);
      CHECK(orders.insert(entry.order).second);
      CHECK(consumers.insert(entry.consumer).second);
      // JetStream allows no dots, spaces or wildcards in names.
      CHECK(entry.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos);
    }
    CHECK(!parse_stream("nowhere"));
    CHECK(!parse_stream(""));
  }

  TEST_CASE("only a message that cannot be routed is rejected when attempts run out") {
    for (auto& entry : stream_catalogue())
      CHECK((entry.exhausted == on_exhausted::reject_message) == (entry.id == stream::outbox));
  }

} // TEST_SUITE

TEST_SUITE("jobs") {

  TEST_CASE("every order reads back, and its job is the same each time") {
    SUBCASE("process_message") {
      check_job(test::filled<process_message>(), {"said"});
    }
    SUBCASE("route_message") {
      check_job(test::filled<route_message>(), {"doubt", "taken_back_by"});
    }
    SUBCASE("check_delivery") {
      check_job(test::filled<check_delivery>(), {"doubt", "confirmed", "taken_back_by"});
    }
    SUBCASE("update_message") {
      check_job(test::filled<update_message>(), {"next_round"});
    }
    SUBCASE("reject_message") {
      check_job(test::filled<reject_message>());
    }
    SUBCASE("retrieve_object") {
      check_job(test::filled<retrieve_object>());
    }
    SUBCASE("message_changed") {
      check_job(test::filled<message_changed>(), {"from"});
    }
    SUBCASE("deliver_callback") {
      check_job(test::filled<deliver_callback>(), {"event"});
    }
    SUBCASE("channel_notified") {
      check_job(test::filled<channel_notified>(), {"unreadable", "half"});
    }
    SUBCASE("verify_intent") {
      check_job(test::filled<verify_intent>());
    }
    SUBCASE("write_to_medium") {
      auto x = test::filled<write_to_medium>();
      // Comes with each answer of the endpoint, and is not stored.
      x.said.confirmation = confirmation_kind::unsaid;
      check_job(x, {"sent", "absent", "doubt"});
    }
  }

  TEST_CASE("orders that an older version left in the ledger are read as it meant them") {
    const std::string content =
        R"("content":{"sender":"AU","sender_ref":"17","receiver":"SG","subject":"s",)"
        R"("obj":"o","predicate":"p"})";
    auto check = parse_order<check_delivery>(
        "{" + content +
        R"(,"round":2,"tried":["b"],"channel_id":"a","channel_txn_id":"4711","last":"received"})");
    REQUIRE(check);
    CHECK(check->round == 2);
    CHECK(check->last == channel_status::received);
    CHECK(!check->confirmed);
    auto arrived = parse_order<process_message>("{" + content +
                                                R"(,"channel_id":"a","channel_txn_id":"4711"})");
    REQUIRE(arrived);
    CHECK(arrived->channel_txn_id == "4711");
    CHECK(!arrived->said);
    auto update = parse_order<update_message>(
        R"({"about":{"sender":"AU","sender_ref":"17"},"patch":{"status":"accepted",)"
        R"("channel_id":"a","channel_txn_id":"4711"},"reason":"confirmed/1/a"})");
    REQUIRE(update);
    CHECK(update->patch.status == message_status::accepted);
    CHECK(!update->next_round);
  }

  TEST_CASE("a time in an order is readable, exact, and nothing else than a time") {
    check_delivery x;
    x.confirmed = caf::timestamp{std::chrono::seconds{1'800'000'000} + std::chrono::nanoseconds{7}};
    auto body = make_job(x).body;
    CHECK(body.find(R"("confirmed":"2027-01-15T08:00:00.000000007Z")") != std::string::npos);
    CHECK(parse_order<check_delivery>(body)->confirmed == x.confirmed);
    auto tree = json::parse(body);
    CHECK(parse_order<check_delivery>(tree.dump(2))->confirmed == x.confirmed);
    for (auto& value : {json("yesterday"), json(""), json(1'800'000'000), json(nullptr)}) {
      tree["confirmed"] = value;
      CHECK(!parse_order<check_delivery>(tree.dump()));
      auto text = body;
      auto at = text.find(R"("2027)");
      text.replace(at, text.find('"', at + 1) + 1 - at, value.dump());
      CHECK(!parse_order<check_delivery>(text));
    }
  }

  TEST_CASE("what a channel says of one message, confirmed or a false alarm, is one job") {
    auto m = test::certificate_of_origin();
    auto arrived = make_job(process_message{m, "a", "4711"});
    auto gone = make_job(process_message{m, "a", "4711", channel_status::false_alarm});
    CHECK(gone.id == arrived.id);
    CHECK(gone.body != arrived.body);
  }

  TEST_CASE("ids are readable") {
    auto m = test::certificate_of_origin();
    auto ref = m.ref();
    CHECK(make_job(process_message{m, "", ""}).id == "process_message/AU:17");
    CHECK(make_job(process_message{m, "au-sg", "4711"}).id == "process_message/au-sg/4711");
    CHECK(make_job(route_message{m, 1, {}, ""}).id == "route_message/AU:17/1");
    CHECK(make_job(route_message{m, 1, {"a"}, ""}).id == "route_message/AU:17/1/1");
    CHECK(make_job(check_delivery{m, 1, {}, "au-sg", "4711", channel_status::received}).id ==
          "check_delivery/AU:17/1/au-sg/4711/received");
    CHECK(make_job(update_message{ref, {}, "routed/1"}).id == "update_message/AU:17/routed/1");
    CHECK(make_job(reject_message{ref, "why"}).id == "reject_message/AU:17");
    CHECK(make_job(retrieve_object{ref, "Qm", "AU", "SG", 0}).id ==
          "retrieve_object/AU:17/Qm/AU/SG");
    CHECK(make_job(message_changed{"AU:17", "status/12", {}}).id ==
          "message_changed/AU:17/status/12");
    CHECK(make_job(deliver_callback{"AU:17", "received", "http://h/x", "un.cefact", ""}).id ==
          "deliver_callback/AU:17/received/un.cefact/http://h/x");
    CHECK(make_job(channel_notified{"au-sg", "4711"}).id == "channel_notified/au-sg/4711");
    CHECK(make_job(channel_notified{"au-sg", ""}).id == "channel_notified/au-sg");
    auto unreadable = make_job(channel_notified{"au-sg", "", std::string{"not an object: 7"}});
    CHECK(unreadable.id == "channel_notified/au-sg/unreadable/" + sha256_hex("not an object: 7"));
    verify_intent intent;
    intent.request_id = "r1";
    CHECK(make_job(intent).id == "verify_intent/*");
    intent.topic = "un.cefact";
    intent.callback = "http://h/x";
    CHECK(make_job(intent).id == "verify_intent/un.cefact <http://h/x>");
    auto later = intent;
    later.request_id = "r2";
    later.mode = "unsubscribe";
    later.secret = "s";
    CHECK(make_job(later).id == make_job(intent).id);
    CHECK(make_job(write_to_medium{{"4711", m, channel_status::received}}).id ==
          "write_to_medium/4711");
  }

  TEST_CASE("deliveries to one subscriber are a lane, and wait for what is not spread yet") {
    deliver_callback x{"AU:17", "received", "http://h/x", "un.cefact", "", 7};
    CHECK(make_job(x).lane == "http://h/x");
    CHECK(make_job(x).place == 7);
    x.event = caf::none;
    CHECK(make_job(x).lane.empty());
    message_changed all{"AU:17", "received", {{"a", "1"}, {"b", "2"}}};
    CHECK(make_job(all).place == 0);
    all.notices[0].number = 9;
    all.notices[1].number = 8;
    CHECK(make_job(all).place == 8);
    CHECK(make_job(all).lane.empty());
    auto rest = all;
    rest.from = spread_place{1, "b", "http://h/x"};
    CHECK(make_job(rest).id != make_job(all).id);
    CHECK(make_job(rest).place == 8);
    CHECK(parse_order<message_changed>(make_job(rest).body)->from->callback == "http://h/x");
  }

  TEST_CASE("a job is about the message's reference, or what else it is found by") {
    auto m = test::certificate_of_origin();
    CHECK(make_job(process_message{m, "au-sg", "4711"}).about == "AU:17");
    m.sender_ref.clear();
    CHECK(make_job(process_message{m, "au-sg", "4711"}).about == "au-sg/4711");
    CHECK(make_job(channel_notified{"au-sg", "4711"}).about == "au-sg");
    verify_intent everything;
    CHECK(make_job(everything).about == "*");
    everything.topic = "un.cefact";
    CHECK(make_job(everything).about == "un.cefact");
  }

  TEST_CASE("orders that differ in what identifies them are different jobs") {
    auto m = test::certificate_of_origin();
    auto other = m;
    other.sender_ref = "18";
    std::set<std::string> ids;
    auto add = [&](const auto& order) {
      CHECK(ids.insert(make_job(order).id).second);
    };
    for (auto& x : {m, other}) {
      add(process_message{x, "", ""});
      for (uint32_t round : {1, 2}) {
        for (auto& tried : {std::vector<std::string>{}, {"a"}, {"a", "b"}})
          add(route_message{x, round, tried, ""});
        for (auto channel : {"a", "b"})
          for (auto last : {channel_status::received, channel_status::confirmed})
            add(check_delivery{x, round, {}, channel, "1", last});
      }
      for (auto reason : {"routed/1", "confirmed/1"})
        add(update_message{x.ref(), {}, reason});
      add(reject_message{x.ref(), ""});
      for (auto hash : {"Qm1", "Qm2"})
        for (auto reader : {"SG", "NZ"})
          add(retrieve_object{x.ref(), hash, "AU", reader, 0});
      for (auto cause : {"received", "status/1"}) {
        add(message_changed{to_string(x.ref()), cause, {}});
        for (auto callback : {"http://h/1", "http://h/2"})
          for (auto topic : {"un", "un.cefact"})
            add(deliver_callback{to_string(x.ref()), cause, callback, topic, ""});
      }
    }
    for (auto channel : {"a", "b"})
      for (auto txn : {"1", "2"}) {
        add(process_message{m, channel, txn});
        add(channel_notified{channel, txn});
      }
  }

  TEST_CASE("an id that would be too long for a key is a digest") {
    auto x = long_message();
    for (auto& job : {make_job(process_message{x, "", ""}), make_job(route_message{x, 1, {}, ""}),
                      make_job(reject_message{x.ref(), ""}),
                      make_job(deliver_callback{"AU:17", "received",
                                                "http://h/" + std::string(5000, 'x'), "un", ""})}) {
      CHECK(job.id.size() == entry_of(job.on).order.size() + 1 + 64);
      CHECK(job.id.size() <= 400);
    }
    CHECK(make_job(route_message{x, 1, {}, ""}).id != make_job(route_message{x, 2, {}, ""}).id);
    CHECK(make_job(route_message{x, 1, {}, ""}).about == to_string(x.ref()));
  }

  TEST_CASE("an id of up to 400 bytes stays readable") {
    channel_notified x{"c", std::string(400 - std::string{"channel_notified/c/"}.size(), 'x')};
    CHECK(make_job(x).id == "channel_notified/c/" + x.message_id);
    x.message_id += 'x';
    CHECK(make_job(x).id.size() == std::string{"channel_notified/"}.size() + 64);
  }

  TEST_CASE("what a peer calls a message cannot end up in a header as a line break") {
    auto id = make_job(channel_notified{"au-sg", "1\r\nNats-Msg-Id: 2"}).id;
    CHECK(is_plain_text(id));
    CHECK(id.size() == std::string{"channel_notified/"}.size() + 64);
  }

  TEST_CASE("an order reads back however its JSON is laid out") {
    route_message x{test::odd_message(), 3, {"a", "b"}, "why"};
    auto tree = json::parse(make_job(x).body);
    for (auto& text :
         {tree.dump(), tree.dump(2), tree.dump(-1, ' ', true), make_job(x).body + " "}) {
      auto back = parse_order<route_message>(text);
      REQUIRE(back);
      CHECK(caf::deep_to_string(*back) == caf::deep_to_string(x));
    }
    tree["added by a later version"] = {1, 2};
    CHECK(parse_order<route_message>(tree.dump()));
  }

  TEST_CASE("an order changed in any one byte is refused or still JSON") {
    auto body = make_job(check_delivery{test::odd_message(), 10, {"a"}, "c", "1", {}}).body;
    for (size_t at = 0; at < body.size(); ++at)
      for (auto byte :
           {'\0', '"', '\\', '{', '}', '[', ']', ',', ':', '0', ' ', '\n', '\xff', '\x80', 'u'}) {
        auto broken = body;
        broken[at] = byte;
        auto read = parse_order<check_delivery>(broken);
        if (read)
          CHECK(json::parse(broken) == json::parse(make_job(*read).body));
      }
    for (size_t size = 0; size < body.size(); ++size)
      CHECK(!parse_order<check_delivery>(std::string_view{body}.substr(0, size)));
    CHECK(!parse_order<check_delivery>(body + "}"));
    CHECK(!parse_order<check_delivery>(body + body));
  }

  TEST_CASE("a number is refused in every spelling that is no number of its field") {
    auto body = make_job(route_message{test::certificate_of_origin(), 7, {}, ""}).body;
    auto with_round = [&](const std::string& spelling) {
      auto text = body;
      return text.replace(text.find(":7,") + 1, 1, spelling);
    };
    CHECK(parse_order<route_message>(with_round("4294967295"))->round == 4294967295u);
    CHECK(parse_order<route_message>(with_round("0"))->round == 0);
    for (auto spelling : {"4294967296", "18446744073709551616", "07", "-7", "7.5", "7e1", "7.0", "",
                          "+7", "\"7\"", "null", "0x7"})
      CHECK(!parse_order<route_message>(with_round(spelling)));
  }

  TEST_CASE("a patch without a status stays without") {
    update_message x;
    x.about = {"AU", "17"};
    x.patch.channel_id = "au-sg";
    x.patch.channel_txn_id = "1";
    auto back = parse_order<update_message>(make_job(x).body);
    REQUIRE(back);
    CHECK(!back->patch.status);
    CHECK(back->patch.channel_txn_id == "1");
  }

  TEST_CASE("odd texts survive") {
    route_message x{test::odd_message(), 1, {"a\"b", ""}, "line\nbreak"};
    x.content.sender_ref = test::repeated("🚢", 256);
    auto back = parse_order<route_message>(make_job(x).body);
    REQUIRE(back);
    CHECK(back->content == x.content);
    CHECK(back->tried == x.tried);
    CHECK(back->reasons == x.reasons);
  }

} // TEST_SUITE

TEST_SUITE("delivery") {

  TEST_CASE("ticket and order go through a stream") {
    auto job = make_job(route_message{test::odd_message(), 3, {"a"}, "b"});
    job_ticket ticket{job.id, 7, 12};
    auto back = decode_delivery(encode_delivery(ticket, job));
    REQUIRE(back);
    CHECK(back->ticket.id == job.id);
    CHECK(back->ticket.generation == 7);
    CHECK(back->ticket.attempt == 12);
    CHECK(back->about == job.about);
    CHECK(back->body == job.body);
  }

  TEST_CASE("the payload is one readable JSON object") {
    job_order job;
    job.about = "AU:17";
    job.body = R"({"reason":"no channel"})";
    CHECK(encode_delivery({"reject_message/AU:17", 0, 1}, job) ==
          R"({"id":"reject_message/AU:17","generation":0,"attempt":1,"about":"AU:17",)"
          R"("order":{"reason":"no channel"}})");
  }

  TEST_CASE("a payload that somebody else wrote is refused, whatever it is") {
    auto good = encode_delivery({"id", 0, 1}, make_job(reject_message{{"AU", "17"}, "why"}));
    for (size_t size = 0; size < good.size(); ++size)
      CHECK(!decode_delivery(std::string_view{good}.substr(0, size)));
    for (auto name : {"id", "generation", "attempt", "about", "order"}) {
      auto broken = json::parse(good);
      broken.erase(name);
      CHECK(!decode_delivery(broken.dump()));
    }
    for (auto& value : {json(-1), json(4294967296u), json(1.5), json("1"), json(), json(true)}) {
      auto broken = json::parse(good);
      broken["attempt"] = value;
      CHECK(!decode_delivery(broken.dump()));
    }
    for (auto payload : {"", "null", "[]", "{}", "\xff", "hello"}) {
      auto x = decode_delivery(payload);
      REQUIRE(!x);
      CHECK(code_of(x.error()) == errc::internal);
    }
  }

  TEST_CASE("a publication is known by id, generation and attempt") {
    CHECK(publication_id({"route_message/AU:17/1", 2, 3}) == "route_message/AU:17/1#2.3");
    std::set<std::string> ids;
    for (uint32_t generation : {0, 1, 11})
      for (uint32_t attempt : {1, 2, 11})
        CHECK(ids.insert(publication_id({"x", generation, attempt})).second);
  }

} // TEST_SUITE
