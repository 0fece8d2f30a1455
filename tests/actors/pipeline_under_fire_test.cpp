#include "actors/job_publisher.hpp"
#include "actors/job_source.hpp"
#include "actors/ledger_reader.hpp"
#include "actors/ledger_writer.hpp"
#include "actors/reconciler.hpp"
#include "actors/supervisor.hpp"
#include "storage/memory_streams.hpp"
#include "tests/support/ledger_world.hpp"

#include <atomic>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

using namespace igl;
using namespace std::chrono_literals;

namespace {

constexpr uint32_t all_jobs = 5000;
const std::set<uint32_t> poisoned{17, 1234, 2500, 2501, 4999};

/// Settles each job with one event. Stumbles over the poisoned ones always, and over every 97th
/// at its first attempt.
inbound_message_processor_actor::behavior_type
frail_worker(inbound_message_processor_actor::pointer self, ledger_actor ledger) {
  name_exceptions(self);
  return {[=](const job_ticket& ticket, const process_message& order) {
    const auto number = static_cast<uint32_t>(std::stoul(order.content.sender_ref));
    if (poisoned.count(number) > 0 || (number % 97 == 0 && ticket.attempt == 1))
      throw std::runtime_error("stumbled over " + ticket.id);
    auto answer = promise_of<settled>(self);
    settlement done;
    done.job = job_outcome{ticket, job_end::done, {}, {}};
    done.events.push_back(
        {0, {}, event_kind::message_received, to_string(order.content.ref()), "done"});
    self->request(ledger, timeouts::settle, done)
        .then([=](const settled& x) { answer->deliver(x); },
              [=](caf::error& err) { answer->deliver(std::move(err)); });
    return answer->unguarded();
  }};
}

/// Ledger, streams and a pipeline of one stage on real threads; every part is supervised.
struct pipeline {
  struct config : caf::actor_system_config {
    config() {
      add_to(*this);
      set("scheduler.policy", caf::atom("sharing"));
      set("scheduler.max-threads", 2);
    }
  };

  temporary_folder folder;
  std::shared_ptr<ledger> on_disk =
      *ledger::open({folder.path(), "AU", size_t{1} << 26, [] { return caf::make_timestamp(); },
                     std::chrono::hours{168}, /* overlapping: */ true});
  std::shared_ptr<streams> carried_by = make_memory_streams({500ms, {}});
  config how;
  caf::actor_system system{how};
  ledger_actor writer = make_supervised_ref<ledger_actor>(system);
  ledger_reader_actor reader = make_supervised_ref<ledger_reader_actor>(system);
  job_publisher_actor publisher = make_supervised_ref<job_publisher_actor>(system);
  job_source_actor source = make_supervised_ref<job_source_actor>(system);
  inbound_message_processor_actor worker =
      make_supervised_ref<inbound_message_processor_actor>(system);
  reconciler_actor compared = make_supervised_ref<reconciler_actor>(system);
  supervisor_actor root;

  void open_jobs() {
    settlement what;
    for (uint32_t i = 0; i < all_jobs; ++i)
      what.opens.push_back(make_job(process_message{example_message(i), {}, {}}));
    REQUIRE(on_disk->commit({what}).at(0));
  }

  void start() {
    auto chance = std::make_shared<std::atomic<uint64_t>>(1);
    surroundings around{writer, reader, [] { return caf::make_timestamp(); },
                        [=] {
                          return chance->fetch_add(1) * 0x9e3779b97f4a7c15ull;
                        }};
    job_source_options source_how;
    source_how.retry = {20ms, 200ms, 8, 0.5};
    source_how.keep_alive = 100ms;
    supervisor_options root_how;
    root_how.name = "pipeline";
    root_how.max_restarts = 100'000;
    root_how.first_pause = 5ms;
    root_how.longest_pause = 100ms;
    auto& streams = carried_by;
    root = system.spawn(
        supervisor, root_how,
        std::vector<child_spec>{
            child("ledger-writer", writer,
                  [=, this](caf::actor_system& sys) -> ledger_actor {
                    return sys.spawn<caf::detached>(ledger_writer, on_disk, publisher, nullptr);
                  }),
            child("ledger-reader", reader,
                  [=, this](caf::actor_system& sys) { return sys.spawn(ledger_reader, on_disk); }),
            child("job-publisher", publisher,
                  [=](caf::actor_system& sys) {
                    return sys.spawn(job_publisher, around, streams, job_publisher_options{});
                  }),
            child("worker", worker,
                  [=, this](caf::actor_system& sys) { return sys.spawn(frail_worker, writer); }),
            child("source", source,
                  [=, this](caf::actor_system& sys) {
                    return sys.spawn(
                        job_source<process_message>, around, streams, source_how,
                        std::function<inbound_message_processor_actor(const process_message&)>(
                            [worker = worker](const process_message&) { return worker; }));
                  }),
            child("reconciler", compared,
                  [=, this](caf::actor_system& sys) -> reconciler_actor {
                    return sys.spawn(reconciler, around, streams, publisher,
                                     std::chrono::milliseconds{200});
                  }),
        });
  }

  uint64_t open_now() { return on_disk->read(ledger_figures_query{})->open_jobs; }
  uint64_t in_stream() {
    std::atomic<uint64_t> result{1};
    carried_by->mend(stream::inbox);
    carried_by->level(stream::inbox,
                      [&](caf::expected<stream_level> x) { result = x ? x->messages : 1; });
    return result;
  }
};

} // namespace

TEST_SUITE_BEGIN("pipeline under fire");

TEST_CASE("loses nothing, does nothing twice, and only the poisoned jobs die") {
  spdlog::set_level(spdlog::level::off);
  pipeline tested;
  tested.open_jobs();
  tested.start();

  std::mt19937 chance{20261121};
  std::vector<caf::strong_actor_ptr> targets{
      caf::actor_cast<caf::strong_actor_ptr>(tested.writer),
      caf::actor_cast<caf::strong_actor_ptr>(tested.reader),
      caf::actor_cast<caf::strong_actor_ptr>(tested.publisher),
      caf::actor_cast<caf::strong_actor_ptr>(tested.source),
      caf::actor_cast<caf::strong_actor_ptr>(tested.worker),
      caf::actor_cast<caf::strong_actor_ptr>(tested.compared)};
  // A shot whenever another hundred jobs are done, so that there is fire wherever they stand.
  const auto deadline = std::chrono::steady_clock::now() + 100s;
  uint64_t next_shot = all_jobs;
  int shots = 0;
  while (tested.open_now() > 0 || tested.in_stream() > 0) {
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, tested.open_now(), " jobs open, ",
                    tested.in_stream(), " in the stream");
    if (tested.open_now() <= next_shot && next_shot >= 100) {
      caf::anon_send_exit(targets[chance() % targets.size()], caf::exit_reason::kill);
      next_shot -= 100;
      ++shots;
    }
    std::this_thread::sleep_for(1ms);
  }
  CHECK(shots >= 49);

  caf::scoped_actor self{tested.system};
  self->request(tested.root, timeouts::status, supervision_query{})
      .receive(
          [&](const supervision_node& tree) {
            for (const auto& part : tree.children)
              INFO(part.name, ": ", part.restarts, " restarts, ", part.last_error);
            CHECK(tree.children.at(3).restarts >= 51);
          },
          [&](const caf::error& err) { FAIL(sentence_of(err)); });
  CHECK(stop(tested.system, tested.root, 30s));

  std::set<uint32_t> died;
  auto found = tested.on_disk->read(find_dead_letters{0, all_jobs});
  REQUIRE(found);
  for (const auto& letter : found->letters) {
    auto about = parse_reference(letter.job.order.about);
    REQUIRE(about);
    died.insert(static_cast<uint32_t>(std::stoul(about->sender_ref)));
    CHECK(letter.reason.find("stumbled over") != std::string::npos);
  }
  CHECK(died == poisoned);

  std::map<std::string, int> done;
  for (uint64_t after = 0;;) {
    auto page = tested.on_disk->read(find_events{"", after, 1000});
    REQUIRE(page);
    if (page->events.empty())
      break;
    for (const auto& x : page->events)
      if (x.what == event_kind::message_received)
        ++done[x.about];
    after = page->events.back().number;
  }
  CHECK(done.size() == all_jobs - poisoned.size());
  CHECK(std::all_of(done.begin(), done.end(), [](const auto& x) { return x.second == 1; }));
}

TEST_SUITE_END();
