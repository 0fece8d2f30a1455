#include "channels/api_medium.hpp"
#include "channels/incoming_api.hpp"
#include "channels/incoming_rules.hpp"
#include "tests/channels/examples.hpp"
#include "tests/contracts/medium_contract.hpp"
#include "tests/support/actor_world.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace igl;

namespace {

endpoint_settings singapore() {
  auto x = examples::singaporean_endpoint();
  x.medium = medium_kind::api;
  peer_settings au;
  au.id = "channel-au";
  au.jurisdictions = {"AU"};
  peer_settings nz = au;
  nz.id = "channel-nz";
  nz.jurisdictions = {"NZ"};
  x.peers = {au, nz};
  return x;
}

endpoint_settings guarded() {
  auto x = singapore();
  x.peers[0].token = "token-of-the-australian-side";
  return x;
}

incoming_message handed(const std::string& key, const std::string& from = {}) {
  return {examples::certificate(), key, from};
}

struct incoming_world : actor_world {
  temporary_folder folder;
  caf::error fails; ///< what opening answers
  int opened = 0;
  incoming_api_actor door = keep(system.spawn(
      incoming_api, singapore(), [this]() -> caf::expected<std::unique_ptr<shared_database>> {
        ++opened;
        if (fails)
          return fails;
        return open_incoming(folder.path("api"));
      }));

  caf::expected<channel_receipt> hand_over(const incoming_message& x) {
    return ask(door, x).answer<channel_receipt>();
  }
  std::vector<medium_change> there() { return all_of(**open_incoming(folder.path("api"))); }
};

} // namespace

TEST_SUITE_BEGIN("incoming API");

TEST_CASE_FIXTURE(incoming_world, "answers when the message is on disk, under its key") {
  auto receipt = hand_over(handed("a"));
  REQUIRE(receipt);
  CHECK(receipt->id == "a");
  REQUIRE(there().size() == 1);
  CHECK(there()[0].about.id == "a");
  CHECK(there()[0].about.content == examples::certificate());
}

TEST_CASE_FIXTURE(incoming_world,
                  "what was taken stays delivered, also when the filters deny it by now") {
  auto first = hand_over(handed("a"));
  REQUIRE(first);
  auto how = guarded();
  how.obj.deny = {"*"};
  door =
      keep(system.spawn(incoming_api, how, [this] { return open_incoming(folder.path("api")); }));
  auto again = hand_over(handed("a", "channel-au"));
  REQUIRE_MESSAGE(again, sentence_of(again.error()));
  CHECK(again->id == first->id);
  CHECK(there().size() == 1);
  CHECK(!hand_over(handed("b", "channel-au")));
  // Whoever may not hand over is not told either.
  CHECK(code_of(hand_over(handed("a")).error()) == errc::unauthorized);
  CHECK(code_of(hand_over(handed("a", "channel-nz")).error()) == errc::forbidden);
  auto other = handed("a", "channel-au");
  other.content.subject += "-2";
  CHECK(!hand_over(other));
  CHECK(there().size() == 1);
}

TEST_CASE_FIXTURE(incoming_world, "the same message handed over twice is there once") {
  SUBCASE("with a key") {
    CHECK(hand_over(handed("a"))->id == hand_over(handed("a"))->id);
  }
  SUBCASE("with a reference") {
    CHECK(hand_over(handed(""))->id == hand_over(handed(""))->id);
  }
  SUBCASE("with nothing but its content, as the reference software does") {
    auto x = handed("");
    x.content.sender_ref.clear();
    CHECK(hand_over(x)->id == hand_over(x)->id);
  }
  CHECK(there().size() == 1);
}

TEST_CASE_FIXTURE(incoming_world, "other references and other contents are other messages") {
  auto first = handed("");
  auto second = first;
  SUBCASE("reference") {
    second.content.sender_ref = "18";
  }
  SUBCASE("content") {
    first.content.sender_ref.clear();
    second.content.sender_ref.clear();
    second.content.subject = "another";
  }
  CHECK(hand_over(first)->id != hand_over(second)->id);
  CHECK(there().size() == 2);
}

TEST_CASE_FIXTURE(incoming_world,
                  "the same key for another message of the same sender is refused") {
  CHECK(hand_over(handed("a")));
  auto other = handed("a");
  other.content.subject = "another";
  CHECK(code_of(hand_over(other).error()) == errc::conflict);
  CHECK(there().size() == 1);
}

TEST_CASE_FIXTURE(incoming_world,
                  "nobody keeps a message of another sender away by taking its id") {
  CHECK(hand_over(handed("a"))->id == "a");
  auto next = incoming_rules::id_after("a", "NZ");
  CHECK(hand_over(handed(next))->id == next);
  auto nz = handed("a");
  nz.content.sender = "NZ";
  auto receipt = hand_over(nz);
  REQUIRE(receipt);
  CHECK(receipt->id != "a");
  CHECK(receipt->id != next);
  CHECK(hand_over(nz)->id == receipt->id);
  CHECK(hand_over(handed("a"))->id == "a");
  CHECK(there().size() == 3);
}

TEST_CASE_FIXTURE(incoming_world,
                  "what comes at once is written at once, each with its own answer") {
  auto conflicting = handed("a");
  conflicting.content.subject = "another";
  auto nz = handed("a");
  nz.content.sender = "NZ";
  auto put = [&](const incoming_message& x) {
    return self->request(door, caf::infinite, x);
  };
  auto first = put(handed("a"));
  auto second = put(conflicting);
  auto third = put(nz);
  auto fourth = put(handed("b"));
  run();
  auto code = [](auto& response) {
    auto result = errc::internal;
    response.receive([&](const channel_receipt&) { result = errc::none; },
                     [&](const caf::error& why) { result = code_of(why); });
    return result;
  };
  CHECK(code(first) == errc::none);
  CHECK(code(second) == errc::conflict);
  CHECK(code(third) == errc::none);
  CHECK(code(fourth) == errc::none);
  CHECK(there().size() == 3);
  CHECK(opened == 1);
}

TEST_CASE_FIXTURE(incoming_world, "what could not be kept is not taken, until the disk is well") {
  fails = make_problem(errc::storage_full, "no space");
  CHECK(code_of(hand_over(handed("a")).error()) == errc::storage_full);
  fails = caf::none;
  CHECK(hand_over(handed("a")));
  CHECK(there().size() == 1);
}

TEST_CASE_FIXTURE(incoming_world, "what is refused leaves nothing behind") {
  auto x = handed("a");
  x.content.receiver = "NZ";
  CHECK(!hand_over(x));
  CHECK(opened == 0);
}

TEST_CASE("a peer hands over messages of those it speaks for, and of nobody else") {
  CHECK(!incoming_rules::refusal_of(guarded(), handed("a", "channel-au")));
  auto x = handed("a", "channel-nz");
  auto why = incoming_rules::refusal_of(guarded(), x);
  CHECK(code_of(why) == errc::forbidden);
  CHECK(sentence_of(why).find("peer channel-nz does not speak for AU") != std::string::npos);
  CHECK(code_of(incoming_rules::refusal_of(guarded(), handed("a", "nobody"))) == errc::forbidden);
}

TEST_CASE("where peers are asked, one that was not asked hands over nothing") {
  CHECK(code_of(incoming_rules::refusal_of(guarded(), handed("a"))) == errc::unauthorized);
  CHECK(!incoming_rules::refusal_of(singapore(), handed("a")));
}

TEST_CASE("nobody speaks for a jurisdiction without a peer, our own among them") {
  for (auto code : {"SG", "FR"}) {
    auto x = handed("a");
    x.content.sender = code;
    CHECK(code_of(incoming_rules::refusal_of(singapore(), x)) == errc::forbidden);
  }
}

TEST_CASE("takes messages for its own jurisdictions only") {
  auto x = handed("a");
  x.content.receiver = "NZ";
  CHECK(code_of(incoming_rules::refusal_of(singapore(), x)) == errc::message_validation);
}

TEST_CASE("what the channel's filters deny does not come in either") {
  auto how = singapore();
  how.predicate.deny = {"UN.CEFACT.*"};
  CHECK(code_of(incoming_rules::refusal_of(how, handed("a"))) == errc::forbidden);
}

TEST_CASE("a key of more than 256 bytes is none") {
  CHECK(!incoming_rules::refusal_of(singapore(), handed(std::string(256, 'k'))));
  CHECK(code_of(incoming_rules::refusal_of(singapore(), handed(std::string(257, 'k')))) ==
        errc::bad_request);
}

TEST_SUITE_END();
