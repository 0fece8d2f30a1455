#include "http/server.hpp"

#include "http/address.hpp"
#include "http/detail/connection_guard.hpp"
#include "http/detail/dispatch.hpp"
#include "http/detail/web_exchange.hpp"
#include "http/spool.hpp"

#include <cpprest/http_listener.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <thread>

namespace igl {

namespace {

using web::http::experimental::listener::http_listener;

/// How often another free port is tried.
constexpr int port_attempts = 16;

/// Whoever sends often hears by a 503 that he has to go elsewhere, and his connection ends with it.
/// A connection that is cut leaves him in doubt: HTTP does not let every client send a POST again.
constexpr std::chrono::milliseconds quiet{200};
constexpr std::chrono::milliseconds farewell{1000};

/// How many times as many connections as allowed there may be while they are being used: until
/// those that are too many have heard that they have to go.
constexpr uint32_t leeway = 4;

/// A request is refused before a connection has to go: so there are fewer places for the one than
/// for the other.
uint32_t answered_at_once(uint32_t requests, uint32_t connections) {
  auto most = std::max(connections - connections / 4, 1u);
  if (most < requests)
    spdlog::info("http answers at most {} requests at once, not the {} of "
                 "limits.requests_in_flight: it keeps only {} connections",
                 most, requests, connections);
  return std::min(requests, most);
}

/// A body up to this size is waited for without a place: whoever announces one and does not send it
/// keeps nobody out. In bytes; each connection that is allowed may bring so many into memory.
constexpr uint64_t small_body = 64 * 1024;

/// A probe is answered however much there is to do.
traffic::errand errand_of(const web_exchange& x) {
  if (x.path() == "/healthz" || x.path() == "/readyz")
    return traffic::errand::probe;
  auto& method = x.method();
  if (method == "GET" || method == "HEAD" || method == "OPTIONS")
    return traffic::errand::read;
  return x.is_large(small_body) ? traffic::errand::large_change : traffic::errand::change;
}

/// What is bounded in what cpprestsdk reads before anybody is asked.
struct reading_bounds {
  uint64_t head = 0;  ///< bytes
  uint64_t chunk = 0; ///< bytes
  uint64_t usual = 0; ///< bytes of a body that needs no explanation
  /// How much cpprestsdk reads at once, and what it may have read by the time that it tells us.
  static constexpr uint64_t at_once = 256 * 1024;
};

reading_bounds bounds_of(const server_options& how) {
  return {how.header_bytes, how.chunk_bytes, std::max(how.message_bytes, most_form_bytes)};
}

caf::error shutting_down() {
  return make_problem(errc::unavailable, "this node is shutting down", R"(["shutdown"])");
}

caf::error too_slow() {
  return make_problem(errc::overloaded, "the body comes too slowly while others wait for its place",
                      R"(["body"])");
}

void handle(const router& routes, const std::shared_ptr<traffic>& load, const reading_bounds& most,
            const std::shared_ptr<web_exchange>& x) {
  x->guarded([&] {
    auto admitted = x->enter(errand_of(*x));
    if (x->is_large(small_body))
      load->watch(x);
    if (admitted == traffic::admission::draining)
      x->refuse_and_close(shutting_down());
    else if (x->head_bytes() > most.head)
      x->refuse_head();
    else if (!x->well_framed())
      x->refuse_and_close(make_problem(errc::bad_request,
                                       "the length of the body cannot be believed",
                                       R"(["Content-Length", "Transfer-Encoding"])"));
    else if (x->was_cut())
      x->refuse_and_close(x->cut_short());
    else if (admitted == traffic::admission::crowded)
      x->refuse_and_close(make_problem(errc::overloaded));
    else if (admitted == traffic::admission::overloaded)
      x->fail(make_problem(errc::overloaded));
    else
      dispatch(routes, x);
  });
}

void receive(const std::shared_ptr<const router>& routes, const std::shared_ptr<traffic>& load,
             const reading_bounds& most, const std::string& origin,
             web::http::http_request request) {
  auto x = std::make_shared<web_exchange>(std::move(request), load, origin);
  if (!x->is_large(small_body))
    return x->when_whole([=] { handle(*routes, load, most, x); });
  x->may_be_cut();
  handle(*routes, load, most, x);
}

struct open_listener {
  listen_address address;
  std::vector<api> apis;
  std::unique_ptr<http_listener> listener;
};

/// Empty: it is open. Else why not.
std::string try_to_open(open_listener& x, const listener_settings& settings,
                        const services_ptr& with, const std::shared_ptr<traffic>& load) {
  try {
    auto most = bounds_of(with->how);
    x.listener = std::make_unique<http_listener>(web::uri(x.address.url()));
    auto routes = std::make_shared<const router>(routes_of(settings, with));
    auto handler = [routes, load, most,
                    origin = x.address.reachable_url()](web::http::http_request request) {
      receive(routes, load, most, origin, std::move(request));
    };
    x.listener->support(handler);
    // cpprestsdk answers these two itself if nobody else does.
    x.listener->support(web::http::methods::OPTIONS, handler);
    x.listener->support(web::http::methods::TRCE, handler);
    x.listener->open().wait();
    send_without_delay(x.address.port);
    return {};
  } catch (const std::exception& failure) {
    x.listener = nullptr;
    return failure.what();
  }
}

caf::expected<open_listener> open(const listener_settings& settings, const services_ptr& with,
                                  const std::shared_ptr<traffic>& load) {
  auto wanted = parse_listen_address(settings.address);
  if (!wanted)
    return wanted.error();
  std::string why;
  for (int attempt = 0; attempt < (wanted->port == 0 ? port_attempts : 1); ++attempt) {
    // cpprestsdk cannot say which port it was given. And an attempt to listen where this process
    // listens already would end what is there.
    auto address = free_address(*wanted);
    if (!address)
      return address.error();
    open_listener x{*address, settings.apis, nullptr};
    why = try_to_open(x, settings, with, load);
    if (why.empty())
      return x;
  }
  return make_problem(errc::unavailable, "cannot listen on " + settings.address + ": " + why);
}

class cpprest_server : public http_server {
public:
  cpprest_server(std::vector<open_listener> listeners, services_ptr with,
                 std::shared_ptr<traffic> load, connection_watch::limits limits)
      : listeners_(std::move(listeners)), with_(std::move(with)), load_(std::move(load)),
        guard_(std::make_unique<connection_guard>(
            ports(), limits,
            [with = with_, load = load_, idle = limits.idle] {
              // Here, too: a disk that hangs may hang all that runs actors, and with them their
              // watch.
              with->through.end_overdue();
              end_stalled_bodies(*load, idle);
              auto places = load->lacked_places_of_large();
              auto memory = with->upload_memory->was_exceeded();
              if (places || memory)
                let_slow_bodies_give_way(*load, too_slow());
              if (load->is_draining())
                let_slow_bodies_give_way(*load, shutting_down());
              return under_way(*load, with->how.chunk_bytes);
            },
            [load = load_](const crowd& x) { load->thin_out(x); })) {}

  ~cpprest_server() override { stop(std::chrono::milliseconds{0}); }

  std::string base_url(api which) const override {
    for (auto& x : listeners_)
      if (std::find(x.apis.begin(), x.apis.end(), which) != x.apis.end())
        return x.address.reachable_url();
    return {};
  }

  bool listening() const override { return !stopped_; }

  void stop(std::chrono::milliseconds at_most) override {
    if (stopped_.exchange(true))
      return;
    load_->drain();
    if (!load_->wait_until_idle(at_most) && at_most.count() > 0)
      spdlog::warn("http stops although requests are in flight");
    load_->wait_until_quiet(quiet, std::min(at_most, farewell));
    for (auto& x : load_->watched())
      x->give_up(shutting_down());
    end_stalled_bodies(*load_, std::chrono::milliseconds{0});
    for (auto& x : listeners_)
      close(std::move(x.listener));
    guard_ = nullptr;
    with_->through.stop();
  }

private:
  std::set<uint16_t> ports() const {
    std::set<uint16_t> all;
    for (auto& x : listeners_)
      all.insert(x.address.port);
    return all;
  }

  static void end_stalled_bodies(traffic& load, std::chrono::milliseconds patience) {
    for (auto& x : load.watched())
      x->end_stalled_body(patience);
  }

  static void let_slow_bodies_give_way(traffic& load, const caf::error& why) {
    for (auto& x : load.watched())
      x->give_way(why);
  }

  static requests_under_way under_way(traffic& load, uint64_t chunk) {
    requests_under_way x{load.waiting()};
    x.in_flight = load.in_flight();
    for (auto& y : load.watched())
      x.arriving[y->peer()].push_back(y->brought() + (y->announced_length() ? 0 : chunk));
    return x;
  }

  /// Closing waits for every connection. That is cpprestsdk's affair, and this process has to end.
  static void close(std::unique_ptr<http_listener> listener) {
    constexpr std::chrono::seconds patience{2};
    auto closed = std::make_shared<std::promise<void>>();
    auto done = closed->get_future();
    std::thread([closed, listener = std::shared_ptr(std::move(listener))]() mutable {
      try {
        listener->close().wait();
      } catch (const std::exception& failure) {
        spdlog::warn("http could not close a listener: {}", failure.what());
      }
      listener = nullptr;
      closed->set_value();
    }).detach();
    if (done.wait_for(patience) != std::future_status::ready)
      spdlog::warn("http leaves a listener behind that does not close");
  }

  std::vector<open_listener> listeners_;
  services_ptr with_;
  std::shared_ptr<traffic> load_;
  std::unique_ptr<connection_guard> guard_;
  std::atomic<bool> stopped_{false};
};

} // namespace

caf::expected<std::unique_ptr<http_server>> http_server::start(caf::actor_system& sys,
                                                               server_options how, api_actors who) {
  auto serves_documents = std::any_of(how.listeners.begin(), how.listeners.end(), [](auto& x) {
    return std::find(x.apis.begin(), x.apis.end(), api::document) != x.apis.end();
  });
  if (serves_documents)
    if (auto why = prepare_spool(how.spool_dir))
      return why;
  connection_watch::limits limits{make_room_for(how.connections), how.idle_connection};
  limits.per_address = how.connections_per_address;
  limits.leeway = leeway;
  limits.possible = possible_connections();
  auto load = std::make_shared<traffic>(
      answered_at_once(how.requests_in_flight, limits.connections), how.waiting);
  auto most = bounds_of(how);
  limits.unclaimed = most.head + most.usual + reading_bounds::at_once;
  auto wanted = how.listeners;
  auto with = std::make_shared<const services>(sys, std::move(how), std::move(who));
  std::vector<open_listener> opened;
  for (auto& settings : wanted) {
    auto x = open(settings, with, load);
    if (!x)
      return x.error();
    spdlog::info("http listens on {}", x->address.url());
    opened.push_back(std::move(*x));
  }
  return std::unique_ptr<http_server>(std::make_unique<cpprest_server>(
      std::move(opened), std::move(with), std::move(load), limits));
}

} // namespace igl
