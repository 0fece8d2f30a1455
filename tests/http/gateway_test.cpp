#include "http/detail/gateway.hpp"
#include "wire.hpp"

#include "messages/interfaces.hpp"

#include <caf/all.hpp>
#include <doctest/doctest.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

using namespace igl;
using namespace std::chrono_literals;

namespace {

message_api_actor::behavior_type knows_nothing(message_api_actor::pointer) {
  auto refuse = [](const auto&) -> caf::result<message_record> {
    return make_problem(errc::message_not_found);
  };
  return {[=](const post_message&) -> caf::result<message_record> { return message_record{}; },
          [=](const find_message& x) { return refuse(x); },
          [=](const patch_message& x) {
            return refuse(x);
          }};
}

/// Takes every question and answers none.
message_api_actor::behavior_type never_answers(message_api_actor::pointer self) {
  auto keep = std::make_shared<std::vector<caf::typed_response_promise<message_record>>>();
  auto take = [=](const auto&) {
    keep->push_back(self->make_response_promise<message_record>());
    return keep->back();
  };
  return {[=](const post_message& x) { return take(x); },
          [=](const find_message& x) { return take(x); },
          [=](const patch_message& x) {
            return take(x);
          }};
}

/// A gateway, and an actor behind it that answers `post_message` and refuses the rest.
struct gate {
  struct config : caf::actor_system_config {
    config() { add_to(*this); }
  };

  config how;
  caf::actor_system system{how};
  message_api_actor api = system.spawn(knows_nothing);
  gateway through{system, nullptr};

  gate() { spdlog::set_level(spdlog::level::off); }
  ~gate() { caf::anon_send_exit(api, caf::exit_reason::kill); }

  /// Does the gateway still ask, and hear the answer?
  bool lives() const {
    auto heard = std::make_shared<std::promise<bool>>();
    auto answer = heard->get_future();
    through.request(
        api, 10s, post_message{}, [=](const message_record&) { heard->set_value(true); },
        [=](const caf::error&) { heard->set_value(false); });
    return answer.wait_for(10s) == std::future_status::ready && answer.get();
  }

  /// What `otherwise` hears when `then` is run on an answer; unknown: nothing.
  template <class Then>
  caf::optional<errc> heard_after(Then then) const {
    auto heard = std::make_shared<std::promise<errc>>();
    auto answer = heard->get_future();
    through.request(api, 10s, post_message{}, std::move(then),
                    [=](const caf::error& why) { heard->set_value(code_of(why)); });
    if (answer.wait_for(10s) != std::future_status::ready)
      return caf::none;
    return answer.get();
  }
};

} // namespace

TEST_SUITE("http gateway") {
  TEST_CASE("what a continuation throws becomes an internal error, and the gateway lives") {
    gate x;
    CHECK(x.heard_after([](const message_record&) { throw std::runtime_error("crash"); }) ==
          errc::internal);
    CHECK(x.lives());
    CHECK(x.heard_after([](const message_record&) { throw 42; }) == errc::internal);
    CHECK(x.lives());
  }

  TEST_CASE("what an error's continuation throws ends nothing") {
    gate x;
    auto called = std::make_shared<std::atomic<int>>(0);
    x.through.request(
        x.api, 10s, find_message{}, [](const message_record&) {},
        [=](const caf::error&) {
          ++*called;
          throw std::runtime_error("crash");
        });
    CHECK(x.lives());
    CHECK(wire::eventually([&] { return *called == 1; }));
    CHECK(x.lives());
    CHECK(*called == 1);
  }

  TEST_CASE("what a forgotten request held may take long to end, as a file on a disk that hangs") {
    gate x;
    auto silent = x.system.spawn(never_answers);
    std::promise<void> disk_goes_on;
    std::atomic<int> ended{0};
    auto hangs = [&, until = disk_goes_on.get_future().share()](void*) {
      until.wait();
      ++ended;
    };
    std::atomic<int> heard{0};
    auto ask = [&] {
      std::shared_ptr<void> file(nullptr, hangs);
      x.through.request(
          silent, 1s, post_message{}, [file](const message_record&) {},
          [&](const caf::error&) { ++heard; });
    };
    ask();
    CHECK(wire::eventually([&] { return heard == 1; }));
    ask();
    CHECK(wire::eventually([&] { return heard == 2; }));
    CHECK(ended == 0);
    disk_goes_on.set_value();
    CHECK(wire::eventually([&] { return ended == 2; }));
    caf::anon_send_exit(silent, caf::exit_reason::kill);
  }

  TEST_CASE("a request that nobody answers is ended when its time is over") {
    gate x;
    auto silent = x.system.spawn(never_answers);
    auto heard = std::make_shared<std::promise<errc>>();
    auto answer = heard->get_future();
    x.through.request(
        silent, 1s, post_message{}, [](const message_record&) {},
        [=](const caf::error& why) { heard->set_value(code_of(why)); });
    REQUIRE(answer.wait_for(20s) == std::future_status::ready);
    CHECK(answer.get() == code_of(caf::make_error(caf::sec::request_timeout)));
    CHECK(x.lives());
    caf::anon_send_exit(silent, caf::exit_reason::kill);
  }

  TEST_CASE("what follows from a time-out may set timers, more than the clock can take at once") {
    gate x;
    auto silent = x.system.spawn(never_answers);
    auto heard = std::make_shared<std::promise<void>>();
    auto over = heard->get_future();
    x.through.request(
        silent, 1s, post_message{}, [](const message_record&) {},
        [=, &x](const caf::error&) {
          for (int i = 0; i < 1000; ++i)
            caf::delayed_anon_send(x.api, 1h, find_message{});
          heard->set_value();
        });
    REQUIRE(over.wait_for(20s) == std::future_status::ready);
    CHECK(x.lives());
    caf::anon_send_exit(silent, caf::exit_reason::kill);
  }

  TEST_CASE("who asks an actor that is gone hears so at once, and may ask again from there") {
    gate x;
    auto gone = x.system.spawn(never_answers);
    caf::anon_send_exit(gone, caf::exit_reason::kill);
    caf::scoped_actor self{x.system};
    self->wait_for(gone);
    std::vector<errc> heard;
    auto ask = [&](const auto& otherwise) {
      x.through.request(
          gone, 10s, post_message{}, [](const message_record&) {}, otherwise);
    };
    ask([&](const caf::error& first) {
      heard.push_back(code_of(first));
      ask([&](const caf::error& second) { heard.push_back(code_of(second)); });
    });
    CHECK(heard == std::vector<errc>(2, code_of(caf::make_error(caf::sec::request_receiver_down))));
    CHECK(x.lives());
  }

  TEST_CASE("once it is stopped it asks nobody, and who waited is forgotten") {
    gate x;
    auto silent = x.system.spawn(never_answers);
    auto kept = std::make_shared<int>();
    x.through.request(
        silent, 1s, post_message{}, [kept](const message_record&) {},
        [kept](const caf::error&) { ++*kept; });
    x.through.stop();
    CHECK(*kept == 0);
    CHECK(kept.use_count() == 1);
    CHECK(x.heard_after([](const message_record&) {}) == errc::broken_promise);
    caf::anon_send_exit(silent, caf::exit_reason::kill);
  }
}
