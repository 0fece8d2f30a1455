#include "channels/medium_lanes.hpp"
#include "messages/promise.hpp"
#include "tests/channels/examples.hpp"
#include "tests/support/actor_world.hpp"

using namespace igl;
using namespace std::chrono_literals;

namespace {

/// Lanes whose writers answer for NZ when a test says so.
struct lanes_world : actor_world {
  std::vector<std::shared_ptr<guarded_promise<settled>>> waiting; ///< of messages to NZ
  medium_writer_actor to_nz;
  caf::error outcome; ///< what is answered next; none: settled
  int made = 0;
  std::shared_ptr<writer_mood> mood; ///< of the lane that was made last
  std::vector<settlement> settlements;
  surroundings with{keep(system.spawn(ledger, this)), {}, now(), random()};
  medium_writer_actor lanes = keep(system.spawn(
      medium_lanes, with, 2u, [this](caf::local_actor* parent, std::shared_ptr<writer_mood> x) {
        ++made;
        mood = x;
        return parent->spawn<caf::linked>(writing, this);
      }));

  static ledger_actor::behavior_type ledger(ledger_actor::pointer, lanes_world* world) {
    return {
        [=](const settlement& x) {
          world->settlements.push_back(x);
          return settled{};
        },
        [](const begin_upload&) { return upload_begun{}; },
        [](const store_piece&) { return piece_stored{}; },
        [](const abandon_upload&) { return settled{}; },
        [](const replay_dead_letter&) { return settled{}; },
        [](const drop_dead_letter&) { return settled{}; },
    };
  }

  static medium_writer_actor::behavior_type writing(medium_writer_actor::pointer self,
                                                    lanes_world* world) {
    return {[=](const job_ticket&, const write_to_medium& order) -> caf::result<settled> {
              auto answer = promise_of<settled>(self);
              if (order.said.content.receiver != "NZ") {
                answer->deliver(settled{});
              } else {
                world->to_nz = self;
                world->waiting.push_back(answer);
              }
              return answer->unguarded();
            },
            [=](caf::tick_atom) {
              auto next = world->waiting.front();
              world->waiting.erase(world->waiting.begin());
              if (world->outcome)
                next->deliver(world->outcome);
              else
                next->deliver(settled{});
            }};
  }

  auto write(const std::string& receiver) {
    write_to_medium order{{"a", examples::certificate(), channel_status::received}};
    order.said.content.receiver = receiver;
    return ask(lanes, job_ticket{"j", 1, 1}, order);
  }
  /// The first of those that wait for NZ is answered.
  void answer_one() {
    self->send(to_nz, caf::tick_atom::value);
    run();
  }
};

} // namespace

TEST_SUITE_BEGIN("medium lanes");

TEST_CASE_FIXTURE(lanes_world, "a receiver whose side hangs keeps nobody else waiting") {
  auto hangs = write("NZ");
  CHECK(!hangs.answered());
  CHECK(write("SG").answer<settled>());
  answer_one();
  CHECK(hangs.answer<settled>());
  CHECK(made == 2);
}

TEST_CASE_FIXTURE(lanes_world, "those who would wait too long come again, until there is room") {
  auto first = write("NZ");
  auto second = write("NZ");
  auto third = write("NZ").answer<settled>();
  REQUIRE(!third);
  CHECK(code_of(third.error()) == errc::peer_busy);
  outcome = make_problem(errc::peer_timeout);
  answer_one();
  CHECK(code_of(first.answer<settled>().error()) == errc::peer_timeout);
  auto fourth = write("NZ");
  CHECK(waiting.size() == 2);
  outcome = caf::none;
  answer_one();
  CHECK(second.answer<settled>());
  answer_one();
  CHECK(fourth.answer<settled>());
  CHECK(made == 1);
}

TEST_CASE("who finds no room in a lane that fails waits as long as it has failed, up to a minute") {
  CHECK(pause_before_lane(0s, 0) == 5s);
  CHECK(pause_before_lane(-1h, 0) == 5s); // the clock was set back
  CHECK(pause_before_lane(20s, 0) == 20s);
  CHECK(pause_before_lane(20s, 0.5) == 22s);
  CHECK(pause_before_lane(24h, 0) == 60s);
}

TEST_CASE_FIXTURE(lanes_world, "who would wait for a side that is known to hang comes much later") {
  auto first = write("NZ");
  auto second = write("NZ");
  mood->failing_since = (now()() - 30s).time_since_epoch().count();
  CHECK(write("NZ").answer<settled>());
  REQUIRE(settlements.size() == 1);
  CHECK(settlements[0].job->end == job_end::postponed);
  CHECK(settlements[0].job->due >= now()() + 30s);
  CHECK(settlements[0].job->due <= now()() + 36s);
  // There is room: it is tried, or nobody would find out that the side is back.
  answer_one();
  CHECK(first.answer<settled>());
  auto third = write("NZ");
  CHECK(waiting.size() == 2);
  // It answered: whoever finds no room comes soon.
  mood->failing_since = writer_mood::well;
  CHECK(code_of(write("NZ").answer<settled>().error()) == errc::peer_busy);
  answer_one();
  CHECK(second.answer<settled>());
  answer_one();
  CHECK(third.answer<settled>());
}

TEST_SUITE_END();
