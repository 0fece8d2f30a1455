#include "http/token_keys.hpp"

#include "messages/errors.hpp"
#include "messages/promise.hpp"
#include "tests/support/actor_world.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/token_issuer.hpp"

#include <deque>
#include <fstream>

using namespace igl;
using std::chrono::minutes;
using std::chrono::seconds;
using test::signing_key;

namespace {

/// The issuer's server: what it answers next, and how often it was asked.
struct issuer {
  caf::expected<http_response> answer = http_response{};
  int asked = 0;
  bool silent = false;
};

struct fake_client_state {
  std::vector<std::shared_ptr<guarded_promise<http_response>>> open;
};

http_client_actor::behavior_type
fake_client(http_client_actor::stateful_pointer<fake_client_state> self, issuer* side) {
  return {[=](const http_request& x) -> caf::result<http_response> {
    ++side->asked;
    CHECK(x.method == "GET");
    auto answer = promise_of<http_response>(self);
    if (side->silent)
      self->state.open.push_back(answer);
    else
      answer->deliver(side->answer);
    return answer->unguarded();
  }};
}

struct token_keys_world : actor_world {
  issuer side;
  access_settings how;
  std::shared_ptr<key_ring> ring = std::make_shared<key_ring>();
  signing_key first{signing_key::kind::p256, "k-1"};
  signing_key second{signing_key::kind::p256, "k-2"};

  token_keys_world() {
    how.jwks = "https://issuer.example/jwks";
    how.jwks_refresh = minutes{10};
    serve({&first});
  }

  void serve(std::initializer_list<const signing_key*> keys) {
    side.answer = http_response{200, {}, test::key_set_of(keys)};
  }
  token_keys_actor start() {
    auto client = keep(system.spawn(fake_client, &side));
    auto x = keep(system.spawn(token_keys, how, ring, client));
    run();
    return x;
  }
  size_t known() const {
    auto keys = ring->current();
    return keys ? keys->size() : 0;
  }
};

} // namespace

TEST_SUITE_BEGIN("token keys");

TEST_CASE_FIXTURE(token_keys_world, "the keys are read at the start and at an interval") {
  start();
  CHECK(known() == 1);
  serve({&first, &second});
  pass(minutes{9}, seconds{10});
  CHECK(known() == 1);
  pass(minutes{2}, seconds{10});
  CHECK(known() == 2);
  CHECK(side.asked == 2);
}

TEST_CASE_FIXTURE(token_keys_world, "whoever misses a key waits until they were read again") {
  auto keys = start();
  pass(minutes{1}, seconds{1});
  serve({&first, &second});
  auto answer = ask(keys, renew_token_keys{"k-2 is missing"}).answer<token_keys_renewed>();
  REQUIRE(answer);
  CHECK(answer->keys == 2);
  CHECK(known() == 2);
}

TEST_CASE_FIXTURE(token_keys_world, "many who miss a key cause one reading") {
  auto keys = start();
  pass(minutes{1}, seconds{1});
  for (int i = 0; i < 100; ++i)
    self->send(keys, renew_token_keys{"k-9 is missing"});
  CHECK(ask(keys, renew_token_keys{"k-9 is missing"}).answer<token_keys_renewed>());
  CHECK(side.asked == 2);
}

TEST_CASE_FIXTURE(token_keys_world, "shortly after a reading they wait a moment for the next") {
  auto keys = start();
  serve({&first, &second});
  auto waiting = ask(keys, renew_token_keys{"k-2 is missing"});
  CHECK_FALSE(waiting.answered());
  pass(seconds{2});
  REQUIRE(waiting.answered());
  CHECK(waiting.answer<token_keys_renewed>()->keys == 2);
  CHECK(side.asked == 2);
  // There is still one timer.
  pass(minutes{11}, seconds{1});
  CHECK(side.asked == 3);
}

TEST_CASE_FIXTURE(token_keys_world, "a reading that is under way is not started again") {
  auto keys = start();
  pass(minutes{1}, seconds{1});
  side.silent = true;
  auto waiting = ask(keys, renew_token_keys{"k-2 is missing"});
  ask(keys, renew_token_keys{"k-3 is missing"});
  pass(minutes{12}, seconds{10});
  CHECK(side.asked == 2);
  CHECK_FALSE(waiting.answered());
}

TEST_CASE_FIXTURE(token_keys_world, "what cannot be read leaves the keys that are there") {
  auto keys = start();
  pass(minutes{1}, seconds{1});
  for (auto& bad : std::initializer_list<caf::expected<http_response>>{
           make_problem(errc::peer_unreachable), http_response{500, {}, "{}"},
           http_response{302, {}, ""}, http_response{200, {}, "<html>"},
           http_response{200, {}, R"({"keys": []})"}}) {
    side.answer = bad;
    auto answer = ask(keys, renew_token_keys{"k-2 is missing"});
    pass(seconds{2});
    auto failed = answer.answer<token_keys_renewed>();
    REQUIRE(!failed);
    CHECK(code_of(failed.error()) == errc::unavailable);
    CHECK(known() == 1);
  }
  serve({&first, &second});
  pass(minutes{10}, seconds{1});
  CHECK(known() == 2);
}

TEST_CASE_FIXTURE(token_keys_world, "after a failure they are read soon, and later and later") {
  side.answer = make_problem(errc::peer_unreachable);
  start();
  CHECK(known() == 0);
  pass(seconds{64}, seconds{1});
  CHECK(side.asked == 7); // at 0, 1, 3, 7, 15, 31, 63 seconds
  serve({&first});
  pass(seconds{64}, seconds{1});
  CHECK(known() == 1);
}

TEST_CASE_FIXTURE(token_keys_world, "the keys of a file are read again too") {
  temporary_folder folder;
  how.jwks = folder.path() + "/keys.json";
  auto write = [&](const std::string& text) {
    std::ofstream{how.jwks} << text;
  };
  auto keys = start();
  CHECK(known() == 0);
  write(test::key_set_of({&first}));
  pass(seconds{2});
  CHECK(known() == 1);
  write(test::key_set_of({&first, &second}));
  auto answer = ask(keys, renew_token_keys{"k-2 is missing"});
  pass(seconds{2});
  CHECK(answer.answer<token_keys_renewed>());
  CHECK(known() == 2);
  write(std::string(2 << 20, ' '));
  pass(minutes{11}, seconds{1});
  CHECK(known() == 2);
  CHECK(side.asked == 0);
}

TEST_SUITE_END();
