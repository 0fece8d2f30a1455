#include "examples.hpp"
#include "messages/json.hpp"
#include "messages/topic.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace igl;
using nlohmann::json;

namespace {

const json five_fields{{"sender", "AU"},
                       {"receiver", "SG"},
                       {"subject", "AU.abn0000000000.XXXX-XXXXX-XXXXX-XXXXXX"},
                       {"obj", test::certificate},
                       {"predicate", "UN.CEFACT.Trade.CertificateOfOrigin.created"}};

json five_fields_and(const json& more) {
  auto x = five_fields;
  x.update(more);
  return x;
}

json answer_with(const char* field, json value) {
  json x{{"id", 123}, {"status", "confirmed"}, {"message", five_fields}};
  x[field] = std::move(value);
  return x;
}

errc refusal(const json& x) {
  auto result = channel_message_from_wire(x);
  return result ? errc::none : code_of(result.error());
}

} // namespace

TEST_SUITE("wire") {

  TEST_CASE("a stored message has the five fields, sender_ref and status") {
    message_record x;
    x.content = test::certificate_of_origin();
    CHECK(json::parse(message_to_wire(x)) ==
          five_fields_and({{"sender_ref", "17"}, {"status", "pending"}}));
  }

  TEST_CASE("a stored message has the channel's fields when known") {
    message_record x;
    x.content = test::certificate_of_origin();
    x.status = message_status::accepted;
    x.channel_id = "au-sg";
    x.channel_txn_id = "4711";
    CHECK(json::parse(message_to_wire(x)) == five_fields_and({{"sender_ref", "17"},
                                                              {"status", "accepted"},
                                                              {"channel_id", "au-sg"},
                                                              {"channel_txn_id", "4711"}}));
  }

  TEST_CASE("subscribers of the predicate hear the message without its status") {
    CHECK(json::parse(message_to_notice(test::certificate_of_origin())) ==
          five_fields_and({{"sender_ref", "17"}}));
  }

  TEST_CASE("subscribers of a message's status hear the light form") {
    CHECK(json::parse(status_to_notice({"AU", "17"}, status_topic("17"))) ==
          json{{"predicate", "message.17.status"}, {"sender_ref", "AU:17"}});
  }

  TEST_CASE("a channel is sent exactly the five fields, and the reference if it takes it") {
    auto x = test::certificate_of_origin();
    CHECK(json::parse(message_to_channel(x, sender_ref_field::left_out)) == five_fields);
    CHECK(json::parse(message_to_channel(x, sender_ref_field::included)) ==
          five_fields_and({{"sender_ref", "17"}}));
    x.sender_ref.clear();
    CHECK(json::parse(message_to_channel(x, sender_ref_field::included)) == five_fields);
  }

  TEST_CASE("odd texts reach the other side as they are") {
    auto x = test::odd_message();
    auto wire = json::parse(message_to_channel(x, sender_ref_field::included));
    CHECK(wire["subject"] == x.subject);
    CHECK(wire["sender_ref"] == x.sender_ref);
    auto back = channel_message_from_wire(json::parse(
        channel_message_to_wire({"1", x, channel_status::confirmed}, sender_ref_field::included)));
    REQUIRE(back);
    CHECK(back->content == x);
  }

  TEST_CASE("a channel's message goes there and back") {
    channel_message x{"4711", test::certificate_of_origin(), channel_status::observed};
    auto wire = json::parse(channel_message_to_wire(x, sender_ref_field::left_out));
    CHECK(wire == json{{"id", "4711"}, {"status", "observed"}, {"message", five_fields}});
    auto back = channel_message_from_wire(wire);
    REQUIRE(back);
    CHECK(back->id == "4711");
    CHECK(back->status == channel_status::observed);
    CHECK(back->content.sender_ref == "");
    CHECK(back->content.predicate == x.content.predicate);
  }

  TEST_CASE("an answer spelt as usual is read at once, any other is left to the complete reader") {
    const channel_message said{"4711", test::certificate_of_origin(), channel_status::observed};
    const auto usual = channel_message_to_wire(said, sender_ref_field::included);
    auto x = usual_channel_message(usual);
    REQUIRE(x);
    CHECK(x->id == said.id);
    CHECK(x->status == said.status);
    CHECK(x->content == said.content);
    auto all = usual_channel_messages("[" + usual + "," + usual + "]");
    REQUIRE(all);
    REQUIRE(all->size() == 2);
    CHECK(all->back().content == said.content);
    CHECK(usual_channel_messages("[]")->empty());

    // What is at one place of it otherwise.
    const auto with = [&](const std::string& place, const std::string& otherwise) {
      auto text = usual;
      REQUIRE(text.find(place) != std::string::npos);
      return text.replace(text.find(place), place.size(), otherwise);
    };
    CHECK(usual_channel_message(with(R"("subject":")", R"("more":"x","subject":")"))->content ==
          said.content);
    CHECK(usual_channel_message(with(R"("subject":")", R"("subject":"\"é)"))->content.subject ==
          "\"é" + said.content.subject);
    CHECK(usual_channel_message(with(R"("sender_ref":)", R"("other":)"))->content.sender_ref == "");

    for (auto& text :
         {std::string{}, usual + " ", usual + usual, usual.substr(0, usual.size() - 1),
          with(R"("4711")", "4711"), with(R"("4711")", R"("")"), with("observed", "pending"),
          with(R"("sender":"AU")", R"("sender":"Australia")"), with(R"("sender":)", R"("from":)"),
          with(R"("sender":)", R"("sender":1,"from":)"),
          with(R"("sender_ref":")", R"("sender_ref":"a/)")})
      CHECK_FALSE(usual_channel_message(text));
    for (auto& text : {std::string{}, usual, std::string{"["}, "[" + usual, "[" + usual + ",]",
                       "[" + usual + "]]", "[" + usual + usual + "]", "[1," + usual + "]"})
      CHECK_FALSE(usual_channel_messages(text));

    // Nor more than the complete reader takes.
    auto list = "[" + usual;
    while (list.size() <= (size_t{16} << 20))
      list += "," + usual;
    CHECK_FALSE(usual_channel_messages(list + "]"));
  }

  TEST_CASE("a channel's id may be a number or a text; what it said is kept") {
    CHECK(channel_message_from_wire(answer_with("id", 123))->id == "123");
    CHECK(channel_message_from_wire(answer_with("id", -1))->id == "-1");
    CHECK(channel_message_from_wire(answer_with("id", 18446744073709551615u))->id ==
          "18446744073709551615");
    CHECK(channel_message_from_wire(answer_with("id", "0x1f"))->id == "0x1f");
    CHECK(channel_message_from_wire(answer_with("id", "007"))->id == "007");
    for (auto& id : {json(), json(""), json(1.5), json(true), json::array(), json::object()})
      CHECK(refusal(answer_with("id", id)) == errc::bad_answer);
  }

  TEST_CASE("every state that a channel has is understood, no other") {
    for (auto status :
         {"received", "confirmed", "undeliverable", "revoked", "observed", "false_alarm"}) {
      auto x = channel_message_from_wire(answer_with("status", status));
      REQUIRE(x);
      CHECK(to_string(x->status) == status);
    }
    for (auto& status : {json("pending"), json(""), json(), json(1)})
      CHECK(refusal(answer_with("status", status)) == errc::bad_answer);
  }

  TEST_CASE("an answer that is no channel's message is a bad answer") {
    for (auto& x : {json(), json::array(), json("text"), json::object(), json{{"id", 1}},
                    json{{"id", 1}, {"status", "confirmed"}}})
      CHECK(refusal(x) == errc::bad_answer);
    for (auto& x : {json(), json::array(), json("text"), json::object()})
      CHECK(refusal(answer_with("message", x)) == errc::bad_answer);
    for (auto field : {"sender", "receiver", "subject", "obj", "predicate"}) {
      auto inner = five_fields;
      inner.erase(field);
      CHECK(refusal(answer_with("message", inner)) == errc::bad_answer);
      inner[field] = 1;
      CHECK(refusal(answer_with("message", inner)) == errc::bad_answer);
    }
    for (auto field : {"sender", "receiver"}) {
      auto inner = five_fields;
      inner[field] = "Australia";
      CHECK(refusal(answer_with("message", inner)) == errc::bad_answer);
    }
  }

  TEST_CASE("a channel that speaks of the reference is believed if it is one") {
    auto inner = five_fields_and({{"sender_ref", "17"}});
    CHECK(channel_message_from_wire(answer_with("message", inner))->content.sender_ref == "17");
    inner["sender_ref"] = nullptr;
    CHECK(channel_message_from_wire(answer_with("message", inner))->content.sender_ref == "");
    for (auto& ref : {json(""), json("a/b"), json(17), json(std::string(257, 'x'))}) {
      inner["sender_ref"] = ref;
      CHECK(refusal(answer_with("message", inner)) == errc::bad_answer);
    }
  }

} // TEST_SUITE

TEST_SUITE("problem on the wire") {

  TEST_CASE("an error has status, code, title, detail and source") {
    auto wire = json::parse(problem_to_wire(
        {errc::message_validation, "the message is not valid", R"(["obj is not a URI: abc"])"}));
    CHECK(wire == json{{"errors",
                        {{{"status", "Bad Request"},
                          {"code", "message-validation-error"},
                          {"title", "Message Validation Error"},
                          {"detail", "the message is not valid"},
                          {"source", {"obj is not a URI: abc"}}}}}});
  }

  TEST_CASE("a message that is not there is a generic error with its own title") {
    auto wire =
        json::parse(problem_to_wire({errc::message_not_found, {}, R"([{"reference":"AU:x"}])"}));
    auto& x = wire["errors"][0];
    CHECK(x["status"] == "Not Found");
    CHECK(x["code"] == "generic-http-error");
    CHECK(x["title"] == "Message Not Found Error");
    CHECK(x["source"][0]["reference"] == "AU:x");
    CHECK(x["detail"].get<std::string>().size() > 0);
  }

  TEST_CASE("who hears of a full disk learns what helps") {
    auto wire = json::parse(problem_to_wire({errc::storage_full, "/data: no space", {}}));
    CHECK(wire["errors"][0]["detail"] ==
          "the ledger has no room; make room on its disk: /data: no space");
  }

  TEST_CASE("detail and source come together or not at all") {
    for (auto& entry : errc_table())
      for (std::string detail : {"", "why"})
        for (std::string source : {"", "[1]"}) {
          CAPTURE(entry.name);
          auto x = json::parse(problem_to_wire({entry.code, detail, source}))["errors"][0];
          CHECK(x.contains("detail") == x.contains("source"));
          if (!detail.empty())
            CHECK(x["detail"].get<std::string>().ends_with(detail));
          if (!source.empty())
            CHECK(x["source"] == json::array({1}));
        }
    CHECK(!json::parse(problem_to_wire({errc::method_not_allowed, {}, {}}))["errors"][0].contains(
        "source"));
  }

} // TEST_SUITE
