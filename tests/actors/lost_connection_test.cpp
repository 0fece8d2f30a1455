#include "actors/multichannel_router.hpp"
#include "channels/http_channel.hpp"
#include "http/client.hpp"
#include "tests/actors/fakes.hpp"
#include "tests/support/ledger_world.hpp"
#include "tests/support/raw_server.hpp"

#include <atomic>
#include <thread>

using namespace igl;
using namespace igl::fakes;
using namespace std::chrono_literals;

namespace {

/// A channel endpoint that reads the whole of each post. The first ones it leaves without an
/// answer, as a process that is killed after its commit; then it gives receipts.
class mortal_endpoint {
public:
  explicit mortal_endpoint(int deaths) : deaths_(deaths) { settings.url = server_.url; }

  channel_settings settings;
  std::atomic<int> posts{0};

private:
  void serve(int socket) {
    if (!raw_server::read_request(socket).empty() && ++posts > deaths_)
      raw_server::write(socket, "HTTP/1.1 201 Created\r\nConnection: close\r\n"
                                "Content-Length: 10\r\n\r\n{\"id\":\"1\"}");
  }

  int deaths_;
  raw_server server_{[this](int socket, int) {
    serve(socket);
  }};
};

/// An actor system with threads and sockets, whose actors end with it.
struct real_world {
  struct igl_config : caf::actor_system_config {
    igl_config() { add_to(*this); }
  } config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  std::vector<caf::strong_actor_ptr> kept;

  ~real_world() {
    for (auto& x : kept)
      caf::anon_send_exit(x, caf::exit_reason::kill);
  }

  template <class... Ts>
  auto spawn(Ts&&... xs) {
    auto actor = system.spawn(std::forward<Ts>(xs)...);
    kept.push_back(caf::actor_cast<caf::strong_actor_ptr>(actor));
    return actor;
  }
};

} // namespace

TEST_SUITE("multichannel router") {
  TEST_CASE(
      "a channel that takes a post and dies without an answer is asked again before another") {
    spdlog::set_level(spdlog::level::off);
    // The HTTP client itself tries twice.
    mortal_endpoint first{2};
    mortal_endpoint second{0};
    auto settings = australia();
    first.settings.id = "a";
    second.settings.id = "b";
    settings.channels = {first.settings, second.settings};

    real_world x;
    auto written = std::make_shared<book>();
    written->put({au_to_sg(), message_status::pending, {}, {}, 0, {}});
    surroundings around{x.spawn(fakes::ledger, written), x.spawn(fakes::reader, written),
                        [] { return caf::make_timestamp(); },
                        [] {
                          return uint64_t{7};
                        }};
    auto http = x.spawn(http_client, http_client_options{});
    std::map<std::string, channel_actor> channels;
    for (auto& which : settings.channels)
      channels[which.id] = x.spawn(http_channel, which, http, around.now);
    auto router = x.spawn(multichannel_router, around, shared(settings), channels);
    auto take = [&](uint32_t attempt, const route_message& order) {
      bool settled_it = false;
      x.self->request(router, 30s, job_ticket{"route_message/AU:17/1", 1, attempt}, order)
          .receive([&](const settled&) { settled_it = true; }, [](const caf::error&) {});
      return settled_it;
    };

    REQUIRE(take(1, {au_to_sg(), 1, {}, {}}));
    CHECK(first.posts == 2);
    CHECK(second.posts == 0);
    REQUIRE(written->settlements.size() == 1);
    CHECK(written->settlements[0].job->end == job_end::again);
    REQUIRE(take(2, written->opened<route_message>(stream::outbox).at(0)));
    CHECK(first.posts == 3);
    CHECK(second.posts == 0);
    CHECK(written->settlements.back().events.back().detail == "to channel a as 1");
  }

  TEST_CASE_FIXTURE(ledger_world, "a doubt is kept in the ledger, over a restart of the router") {
    auto a = std::make_shared<channel_book>();
    auto b = std::make_shared<channel_book>();
    std::map<std::string, channel_actor> channels{{"a", keep(system.spawn(fakes::channel, a))},
                                                  {"b", keep(system.spawn(fakes::channel, b))}};
    route_message order{au_to_sg(), 1, {}, {}};
    settlement start;
    start.messages.push_back({{au_to_sg(), message_status::pending, {}, {}, 0, {}}, 0});
    start.events.push_back({0, {}, event_kind::message_posted, "AU:17", {}});
    start.opens.push_back(make_job(order));
    write(start);
    auto attempt = [&](const open_job& job) {
      auto kept = parse_order<route_message>(job.order.body);
      REQUIRE(kept);
      auto router = keep(system.spawn(multichannel_router, around, shared(australia()), channels));
      job_ticket with{job.order.id, job.generation, job.attempts + 1};
      CHECK(ask(router, with, *kept).answer<settled>());
    };

    // The first channel is away; the second one takes the message and dies.
    a->posts.answers.push_back(make_problem(errc::peer_unreachable));
    b->posts.answers.push_back(make_problem(errc::peer_lost));
    auto first = due().at(0);
    attempt(first);
    CHECK(due().empty());
    pass(std::chrono::seconds{2}, std::chrono::seconds{1});
    auto jobs = due();
    REQUIRE(jobs.size() == 1);
    CHECK(jobs[0].order.id == first.order.id);
    CHECK(jobs[0].attempts == 1);
    CHECK(jobs[0].last_error.find("channel b ended the connection without an answer") !=
          std::string::npos);

    a->posts.answers.push_back(channel_receipt{"not to be asked"});
    b->posts.answers.push_back(channel_receipt{"1"});
    attempt(jobs[0]);
    CHECK(a->posts.asked.size() == 1);
    CHECK(b->posts.asked.size() == 2);
    pass(std::chrono::milliseconds{100}, std::chrono::milliseconds{100});
    auto follows = due();
    REQUIRE(follows.size() == 1);
    CHECK(follows[0].order.on == stream::channel_pending);
    CHECK(on_disk->read(find_message{{"AU", "17"}})->record->channel_id == "b");
  }
}
