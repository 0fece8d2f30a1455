#include "channels/channel_access.hpp"

#include "channels/channel_api.hpp"
#include "tests/channels/endpoint_world.hpp"

using namespace igl;
using examples::certificate;

namespace {

subscriptions_api_actor::behavior_type hub(subscriptions_api_actor::pointer,
                                           std::vector<std::string>* topics) {
  return {[=](const subscription_request& x) {
    topics->push_back(x.topic);
    return subscription_accepted{};
  }};
}

/// An endpoint that speaks for AU and SG and serves a node of each.
struct shared_endpoint : endpoint_world {
  endpoint_settings how = examples::australian_endpoint();
  std::vector<std::string> topics; ///< what reached the hub
  subscriptions_api_actor front = keep(system.spawn(hub, &topics));

  shared_endpoint() {
    how.jurisdictions = {"AU", "SG"};
    how.nodes = {{"au-node", "AU", "au-token-0123456789", {}},
                 {"sg-node", "SG", "sg-token-0123456789", {}}};
  }

  channel_api_actor api() { return keep(system.spawn(channel_api, with, how, front)); }

  /// The code of what was answered; none: it was done.
  template <class Answer, class Order>
  errc code(Order order, const std::string& as) {
    order.as_jurisdiction = as;
    auto x = ask(api(), std::move(order)).template answer<Answer>();
    return x ? errc::none : code_of(x.error());
  }
  errc post(const message& x, const std::string& as) {
    return code<channel_receipt>(post_to_channel{x, {}}, as);
  }
  errc find(const std::string& id, const std::string& as) {
    return code<channel_message>(find_channel_message{id}, as);
  }
  errc subscribe(const std::string& topic, const std::string& as) {
    return code<subscription_accepted>(subscription_request{"subscribe", topic, {}, {}, {}}, as);
  }
  void observe(const std::string& id, const std::string& sender, const std::string& receiver) {
    settlement s;
    channel_record record;
    record.half = channel_half::receiving;
    record.said = {id, certificate(id), channel_status::confirmed};
    record.said.content.sender = sender;
    record.said.content.receiver = receiver;
    s.channel_records.push_back({record, 0});
    s.events.push_back({0, {}, event_kind::channel_message_changed, id, "confirmed"});
    apply(s);
  }
};

} // namespace

TEST_SUITE_BEGIN("channel access");

TEST_CASE_FIXTURE(shared_endpoint, "a node posts as its own jurisdiction, and as no other") {
  CHECK(post(certificate(), "AU") == errc::none);
  CHECK(post(certificate(), "SG") == errc::forbidden);
  CHECK(settlements == 1);
}

TEST_CASE_FIXTURE(shared_endpoint,
                  "what is forbidden because of the token is told from the filters") {
  how.predicate.deny = {"UN.CEFACT.*"};
  auto source_of = [](const auto& x) {
    REQUIRE(!x);
    CHECK(code_of(x.error()) == errc::forbidden);
    return problem_of(x.error()).source;
  };
  auto posted_as = [&](const std::string& as) {
    return ask(api(), post_to_channel{certificate(), {}, as}).answer<channel_receipt>();
  };
  CHECK(source_of(posted_as("SG")) == channel_access::about_the_token);
  CHECK(source_of(posted_as("AU")) == "");
  find_channel_updates updates;
  updates.receiver = "SG";
  updates.as_jurisdiction = "AU";
  CHECK(source_of(ask(api(), updates).answer<channel_page>()) == channel_access::about_the_token);
  subscription_request topic{"subscribe", "jurisdiction.SG", {}, {}, {}, "AU"};
  CHECK(source_of(ask(api(), topic).answer<subscription_accepted>()) ==
        channel_access::about_the_token);
}

TEST_CASE_FIXTURE(shared_endpoint, "what nobody was asked for is not done at all") {
  apply(posting("p"));
  CHECK(post(certificate("18"), "") == errc::unauthorized);
  CHECK(find("p", "") == errc::unauthorized);
  CHECK(subscribe("p", "") == errc::unauthorized);
  CHECK(code<channel_page>(find_channel_updates{}, "") == errc::unauthorized);
  CHECK(code<channel_message>(revoke_channel_message{"p"}, "") == errc::unauthorized);
  CHECK(settlements == 0);
  how.nodes.clear();
  CHECK(post(certificate("18"), "") == errc::none);
  CHECK(find("p", "") == errc::none);
}

TEST_CASE_FIXTURE(shared_endpoint, "sender and receiver each find their own side of a message") {
  apply(posting("both"));
  observe("both", "AU", "SG");
  auto seen = [&](const std::string& as) {
    return ask(api(), find_channel_message{"both", as}).answer<channel_message>()->status;
  };
  CHECK(seen("AU") == channel_status::received);
  CHECK(seen("SG") == channel_status::confirmed);
  CHECK(find("both", "NZ") == errc::not_found);
}

TEST_CASE_FIXTURE(shared_endpoint, "of messages of others nobody is told that they exist") {
  apply(posting("posted"));
  observe("observed", "NZ", "AU");
  auto answer = [&](const std::string& id, const std::string& as) {
    auto x = ask(api(), find_channel_message{id, as}).answer<channel_message>();
    return x ? std::string{} : sentence_of(x.error());
  };
  CHECK(answer("posted", "AU").empty());
  CHECK(answer("observed", "AU").empty());
  auto unknown = answer("unknown", "SG");
  CHECK(unknown.find("not_found") != std::string::npos);
  for (std::string id : {"posted", "observed"}) {
    auto hidden = answer(id, "SG");
    CHECK(hidden.substr(0, hidden.size() - id.size()) == unknown.substr(0, unknown.size() - 7));
    CHECK(subscribe(id, "SG") == errc::not_found);
  }
}

TEST_CASE_FIXTURE(shared_endpoint, "a list is of what came for the node, whatever it asks for") {
  observe("1", "NZ", "AU");
  observe("2", "NZ", "SG");
  auto list = [&](const std::string& receiver, const std::string& cursor, const std::string& as) {
    find_channel_updates question;
    question.receiver = receiver;
    question.cursor = cursor;
    question.as_jurisdiction = as;
    return ask(api(), question).answer<channel_page>();
  };
  for (auto receiver : {"AU", ""}) {
    auto page = list(receiver, "", "AU");
    REQUIRE(page);
    REQUIRE(page->messages.size() == 1);
    CHECK(page->messages[0].id == "1");
  }
  CHECK(code_of(list("SG", "", "AU").error()) == errc::forbidden);
  // A cursor that another node was given leads to nothing of that node's.
  observe("3", "NZ", "SG");
  auto of_sg = list("SG", "", "SG")->cursor;
  observe("4", "NZ", "SG");
  observe("5", "NZ", "AU");
  auto page = list("", of_sg, "AU");
  REQUIRE(page);
  REQUIRE(page->messages.size() == 1);
  CHECK(page->messages[0].id == "5");
}

TEST_CASE_FIXTURE(shared_endpoint, "a node subscribes to what is sent to it, and to no more") {
  CHECK(subscribe("jurisdiction.AU", "AU") == errc::none);
  CHECK(subscribe("Jurisdiction.au", "AU") == errc::none);
  CHECK(subscribe("jurisdiction.AU.*", "AU") == errc::none);
  CHECK(topics.size() == 3);
  for (auto topic : {"jurisdiction.SG", "jurisdiction.sg", "jurisdiction", "jurisdiction.*",
                     "JURISDICTION.*", "jurisdiction.AU.x", "*"})
    CHECK_MESSAGE(subscribe(topic, "AU") == errc::forbidden, topic);
  CHECK(topics.size() == 3);
}

TEST_CASE_FIXTURE(shared_endpoint, "a node hears and lists what became of what it posted, alone") {
  for (auto topic : {"posting.AU", "posting.au.revoked", "posting.AU.*"})
    CHECK_MESSAGE(subscribe(topic, "AU") == errc::none, topic);
  for (auto topic : {"posting.SG.revoked", "posting", "posting.*", "posting.AUX"})
    CHECK_MESSAGE(subscribe(topic, "AU") == errc::forbidden, topic);
  apply(posting("p"));
  auto list = [&](const std::string& sender, const std::string& as) {
    find_channel_updates question;
    question.sender = sender;
    question.as_jurisdiction = as;
    return ask(api(), question).answer<channel_page>();
  };
  auto ours = list("AU", "AU");
  REQUIRE(ours);
  CHECK(ours->messages.size() == 1);
  CHECK(code_of(list("AU", "SG").error()) == errc::forbidden);
  CHECK(list("SG", "SG")->messages.empty());
  how.serves = {channel_half::receiving};
  CHECK(subscribe("posting.AU.revoked", "AU") == errc::topic_validation);
}

TEST_CASE_FIXTURE(shared_endpoint, "a node subscribes to its own messages by their ids") {
  apply(posting("a-1"));
  observe("a-1", "AU", "SG");
  observe("n-1", "NZ", "SG");
  CHECK(subscribe("a-1", "AU") == errc::none);
  CHECK(subscribe("a-1", "SG") == errc::none);
  CHECK(subscribe("n-1", "SG") == errc::none);
  CHECK(subscribe("n-1", "AU") == errc::not_found);
  CHECK(subscribe("n-1.*", "AU") == errc::not_found);
  CHECK(subscribe("N-1", "AU") == errc::not_found);
  CHECK(subscribe("un", "AU") == errc::none); // no topic: the hub says what is wrong with it
  CHECK(topics == std::vector<std::string>{"a-1", "a-1", "n-1", "un"});
}

TEST_CASE_FIXTURE(shared_endpoint, "only whoever posted a message may revoke it") {
  how.may_revoke = true;
  auto s = posting("p");
  s.channel_records[0].record.said.status = channel_status::confirmed;
  apply(s);
  CHECK(code<channel_message>(revoke_channel_message{"p"}, "SG") == errc::not_found);
  CHECK(status_of(channel_half::posting, "p") == channel_status::confirmed);
  CHECK(code<channel_message>(revoke_channel_message{"p"}, "AU") == errc::none);
  CHECK(status_of(channel_half::posting, "p") == channel_status::revoked);
}

TEST_CASE_FIXTURE(shared_endpoint, "a half that is not served finds nothing") {
  apply(posting("posted"));
  observe("observed", "NZ", "AU");
  how.serves = {channel_half::posting};
  CHECK(find("posted", "AU") == errc::none);
  CHECK(find("observed", "AU") == errc::not_found);
  CHECK(subscribe("jurisdiction.AU", "AU") == errc::topic_validation);
  CHECK(subscribe("*", "AU") == errc::forbidden);
  CHECK(subscribe("posted", "AU") == errc::none);
  how.serves = {channel_half::receiving};
  CHECK(find("posted", "AU") == errc::not_found);
  CHECK(find("observed", "AU") == errc::none);
  CHECK(subscribe("jurisdiction.AU", "AU") == errc::none);
}

TEST_CASE_FIXTURE(shared_endpoint, "what the channel's filters deny is refused with the reason") {
  how.predicate.deny = {"UN.CEFACT.Trade.*"};
  auto refused = ask(api(), post_to_channel{certificate(), {}, "AU"}).answer<channel_receipt>();
  REQUIRE(!refused);
  CHECK(code_of(refused.error()) == errc::forbidden);
  CHECK(problem_of(refused.error()).detail == "this channel's filters do not let the predicate "
                                              "UN.CEFACT.Trade.CertificateOfOrigin.created pass");
  how.predicate.deny = {};
  how.obj.allow = {"https://*", "QmQtYtUS7K1AdKjbuMsmPmPGDLaKL38M5HYwqxW9RKW49n"};
  CHECK(post(certificate(), "AU") == errc::none);
  how.subject.deny = {"AU.*"};
  CHECK(post(certificate("18"), "AU") == errc::forbidden);
}

TEST_SUITE_END();
