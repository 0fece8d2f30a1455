#include "scenarios/runner/live_world.hpp"

#include "actors/callback_deliverer.hpp"
#include "actors/commands/child_process.hpp"
#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "messages/text.hpp"
#include "scenarios/runner/interruption.hpp"
#include "scenarios/runner/remote_ledger.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

namespace igl::scenario {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using steady = std::chrono::steady_clock;

/// Longer than this nobody waits for processes that still have something to do.
constexpr seconds most{90};
/// How long nothing must happen until they are at rest: with nothing left to do, and otherwise.
constexpr milliseconds at_rest{1200};
constexpr seconds later_perhaps{12};

/// A process of this computer.
class child_service final : public service {
public:
  child_service(child_process process, std::string url, std::shared_ptr<ledger> book)
      : process_(std::move(process)), url_(std::move(url)), book_(std::move(book)) {}

  bool stop() override { return process_.stop(seconds{20}) == 0; }
  void abandon() override {
    process_.signal(SIGKILL);
    process_.wait(seconds{20});
  }
  void reload(const std::string&) override { process_.signal(SIGHUP); }
  std::string gave_up() const override { return {}; }
  std::string listening_at() const override { return url_; }
  std::string figures() const override { return {}; }

private:
  child_process process_;
  std::string url_;
  std::shared_ptr<ledger> book_;
};

caf::error await_ready(child_process& process, const std::string& url, const std::string& log) {
  node_client client({url, {}, {}});
  const auto until = steady::now() + seconds{30};
  while (steady::now() < until && process.running() && !interruption::came()) {
    http_request probe;
    probe.method = "GET";
    probe.url = url + "/readyz";
    probe.timeout = seconds{2};
    auto answer = client.exchange(std::move(probe));
    if (answer && answer->status == 200)
      return caf::none;
    std::this_thread::sleep_for(milliseconds{20});
  }
  std::ifstream said(log);
  std::string last, line;
  while (std::getline(said, line))
    last = line;
  return make_problem(errc::unavailable,
                      (process.running() ? "it is not ready: " : "it has ended: ") + last);
}

} // namespace

live_world::live_world(std::string folder) : world(1, std::move(folder)) {}

live_world::~live_world() {
  // In order, so that nothing is left of them.
  for (auto& x : processes())
    stop(*x);
}

caf::timestamp live_world::now() const {
  return std::chrono::time_point_cast<caf::timespan>(std::chrono::system_clock::now());
}

std::string live_world::address_of(const std::string& host) const {
  auto& port = ports_[host]; // drawn when somebody asks for it first
  if (port == 0)
    port = free_port();
  return "127.0.0.1:" + std::to_string(port);
}

std::string live_world::url_of(const std::string& host) const {
  return "http://" + address_of(host);
}

std::string live_world::own_settings() const {
  return "operator.token = \"scenario\"\nhub.allowed_callbacks = [\"127.0.0.0/8\"]\n";
}

settings live_world::medium_settings(const channel_plan& x) const {
  if (x.medium != "stream")
    return {};
  const auto address = address_of("nats");
  if (!nats_.running()) {
    auto begun = child_process::start({"/usr/bin/env", "nats-server", "-a", "127.0.0.1", "-p",
                                       address.substr(address.rfind(':') + 1), "-js", "-sd",
                                       path_of("nats")},
                                      path_of("nats.log"));
    if (begun)
      nats_ = std::move(*begun);
  }
  return {{"medium.url", "nats://" + address}, {"medium.stream", x.name}};
}

node_client& live_world::client_of(const process& x) {
  auto& client = clients_[x.label];
  if (!client)
    client = std::make_unique<node_client>(node_address{url_of(x.host), {}, "scenario"});
  return *client;
}

caf::expected<std::unique_ptr<service>> live_world::started(process& x) {
  x.who = std::make_shared<presence>(presence{x.party, x.label});
  x.plan = std::make_shared<crash_plan>();
  // The connections of the one before it are of no use.
  clients_.erase(x.label);
  const auto base = path_of(x.host);
  const auto file = base + ".toml";
  std::ofstream(file, std::ios::binary) << x.config;
  auto process = child_process::start(
      {own_program(), x.is == process::kind::node ? "node" : "endpoint", "--config", file},
      base + ".log");
  if (!process)
    return process.error();
  if (auto why = await_ready(*process, url_of(x.host), base + ".log"))
    return make_problem(errc::unavailable, x.label + ": " + problem_of(why).detail);
  std::vector<std::string> nations;
  for (auto& y : processes())
    if (y->is == process::kind::node)
      nations.push_back(y->nation);
  auto book = remote_ledger(client_of(x), std::move(nations));
  x.book = book;
  return std::unique_ptr<service>{
      std::make_unique<child_service>(std::move(*process), url_of(x.host), std::move(book))};
}

void live_world::lose_streams(process& x) {
  std::error_code ignored;
  auto data = path_of(x.is == process::kind::node ? x.nation : x.host);
  std::filesystem::remove_all(data + "/nats", ignored);
}

// -- subscribers ----------------------------------------------------------------------------------

void live_world::listen(subscriber& x) {
  set_listening(x, true);
}

void live_world::set_answer(subscriber& x, uint16_t status) {
  // A listener reads it in a thread of its own.
  std::lock_guard lock{guard_};
  x.answers = status;
}

void live_world::set_listening(subscriber& x, bool listens) {
  x.who->alive = listens;
  auto& place = listeners_[x.name];
  if (!listens) {
    place.by.reset();
    return;
  }
  if (place.by)
    return;
  if (place.port == 0)
    place.port = free_port();
  auto started = callback_listener::start(place.port, [this, &x](const received_callback& y) {
    std::lock_guard lock{guard_};
    http_request asked;
    asked.headers = {{"Link", y.link}, {std::string{event_number_header}, y.event_number}};
    asked.body = y.body;
    if (x.answers >= 200 && x.answers < 300)
      heard_.emplace_back(&x, told_in(asked, now()));
    return static_cast<int>(x.answers);
  });
  if (started)
    place.by = std::move(*started);
}

std::string live_world::callback_of(const subscriber& x) const {
  return "http://127.0.0.1:" + std::to_string(listeners_.at(x.name).port) + "/told";
}

std::string live_world::in_the_story(const std::string& line) const {
  auto text = world::in_the_story(line);
  for (auto& [name, place] : listeners_) {
    const auto address = "127.0.0.1:" + std::to_string(place.port) + "/";
    for (auto at = text.find(address); at != std::string::npos; at = text.find(address))
      text.replace(at, address.size(), name + "/");
  }
  return text;
}

void live_world::tell() {
  std::vector<std::pair<subscriber*, subscriber::told>> all;
  {
    std::lock_guard lock{guard_};
    all = std::exchange(heard_, {});
  }
  for (auto& [who, what] : all) {
    who->heard.push_back(what);
    if (on_told)
      on_told(*who, what);
  }
}

// -- time -----------------------------------------------------------------------------------------

void live_world::ask_later(const std::string& nation, http_request x, network::answered done) {
  auto* node = node_of(nation);
  x.url = url_of(node->host) + x.url;
  // What stops in between is asked again by no business.
  done(client_of(*node).exchange(std::move(x)));
}

std::pair<uint64_t, uint64_t> live_world::events_and_jobs() {
  uint64_t events = 0, jobs = 0;
  for (auto& x : processes()) {
    if (!x->running)
      continue;
    auto status = client_of(*x).operation("GET", "/operator/status");
    if (!status || !status->contains("ledger"))
      continue;
    auto& figures = (*status)["ledger"];
    events += figures.value("events", uint64_t{0});
    jobs += figures.value("open_jobs", uint64_t{0});
  }
  return {events, jobs};
}

/// What the first endpoint took first is called au-sg:1.
void live_world::learn_names() {
  for (auto& [name, plan] : channels()) {
    std::vector<std::pair<caf::timestamp, std::string>> posted;
    for (auto& nation : plan.between) {
      auto* x = endpoint_of(name, nation);
      auto book = x == nullptr ? nullptr : x->book.lock();
      if (!book || !x->running)
        continue;
      auto found = book->read(find_events{"", seen_[x->label], 10'000});
      if (!found)
        continue;
      for (auto& event : found->events) {
        seen_[x->label] = event.number;
        if (event.what == event_kind::channel_message_posted)
          posted.emplace_back(event.at, event.about);
      }
    }
    std::sort(posted.begin(), posted.end());
    for (auto& [at, id] : posted)
      posted_to(name, id);
  }
}

void live_world::rest(caf::timespan at_most) {
  const auto until = steady::now() + std::min<caf::timespan>(at_most, most);
  auto last = events_and_jobs();
  auto since = steady::now();
  while (steady::now() < until && !interruption::came()) {
    std::this_thread::sleep_for(milliseconds{100});
    auto now_there = events_and_jobs();
    if (now_there != last) {
      last = now_there;
      since = steady::now();
    }
    const caf::timespan still =
        last.second == 0 ? caf::timespan{at_rest} : caf::timespan{later_perhaps};
    if (steady::now() - since >= still)
      break;
  }
  learn_names();
  tell();
}

void live_world::pass(caf::timespan time) {
  for (const auto until = steady::now() + time; steady::now() < until && !interruption::came();)
    std::this_thread::sleep_for(std::min<caf::timespan>(milliseconds{100}, until - steady::now()));
}

} // namespace igl::scenario
