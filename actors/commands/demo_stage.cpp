#include "actors/commands/demo_stage.hpp"

#include "actors/commands/client_commands.hpp"
#include "http/callback_listener.hpp"
#include "messages/json.hpp"
#include "messages/uri.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <iomanip>
#include <mutex>
#include <ostream>
#include <sstream>

namespace igl {

namespace {

constexpr std::chrono::seconds patience{60};

/// A reference as it is; of ids, hashes and topics as much as tells them apart.
std::string shortened(const std::string& about) {
  return about.find(':') == std::string::npos ? about.substr(0, 8) : about;
}

} // namespace

/// Listens for callbacks and remembers them.
class demo_stage::subscriber {
public:
  static caf::expected<std::unique_ptr<subscriber>> start() {
    auto result = std::make_unique<subscriber>();
    auto remember = [&x = *result](const received_callback& call) {
      std::lock_guard guard{x.mutex_};
      x.heard_.push_back(call.body);
      return 200;
    };
    auto listener = callback_listener::start(free_port(), remember);
    if (!listener)
      return listener.error();
    result->listener_ = std::move(*listener);
    return result;
  }

  std::string url() const { return listener_->url() + "/"; }

  size_t calls(const std::string& text) const {
    std::lock_guard guard{mutex_};
    return static_cast<size_t>(
        std::count_if(heard_.begin(), heard_.end(), [&](const std::string& body) {
          return body.find(text) != std::string::npos;
        }));
  }

private:
  mutable std::mutex mutex_;
  std::vector<std::string> heard_;
  std::unique_ptr<callback_listener> listener_; // last: it ends before what it writes to
};

demo_stage::demo_stage(demo_network& network, stop_signal& stop, std::ostream& out)
    : network_(network), stop_(stop), out_(out) {
  for (const auto& [name, member] : network.members())
    clients_[name] = std::make_unique<node_client>(node_address{member.url, {}, {}});
}

demo_stage::~demo_stage() = default;

node_client& demo_stage::at(const std::string& nation) {
  return *clients_.at(network_.node(nation).name);
}

std::string demo_stage::subscribe(const std::string& nation, const std::string& topic) {
  auto subscriptions = [&]() -> uint64_t {
    auto known = figures(nation);
    return known ? known->subscriptions : 0;
  };
  auto listening = subscriber::start();
  if (!listening)
    return sentence_of(listening.error());
  auto before = subscriptions();
  http_request request;
  request.method = "POST";
  request.url = network_.node(nation).url + "/subscriptions";
  request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  request.body = "hub.mode=subscribe&hub.topic=" + percent_encode(topic) +
                 "&hub.callback=" + percent_encode((*listening)->url());
  auto asked = request;
  auto answer = at(nation).exchange(std::move(request));
  if (!answer)
    return sentence_of(answer.error());
  if (answer->status != 202)
    return sentence_of(error_in(asked, *answer));
  subscribers_[nation].push_back(std::move(*listening));
  // The hub asks the subscriber before the subscription counts; the ledger says when it does.
  auto until = std::chrono::steady_clock::now() + patience;
  while (subscriptions() == before)
    if (stop_.wait(std::chrono::milliseconds{20}) || std::chrono::steady_clock::now() > until)
      return "the subscription at " + nation + " was not confirmed";
  out_ << nation << ": an importer's and exporter's system subscribed to " << topic
       << ", confirmed by its intent\n";
  return {};
}

size_t demo_stage::calls(const std::string& nation, const std::string& text) const {
  size_t result = 0;
  if (auto at = subscribers_.find(nation); at != subscribers_.end())
    for (const auto& x : at->second)
      result += x->calls(text);
  return result;
}

std::string demo_stage::store(const std::string& nation, const std::vector<std::string>& readers,
                              const std::string& name, const std::string& bytes,
                              std::string& multihash) {
  auto file = network_.options().folder + "/" + name;
  std::ofstream(file, std::ios::binary) << bytes;
  for (const auto& reader : readers) {
    std::ostringstream said, failed;
    if (commands::document_put(at(nation), {said, failed}, file, reader) != 0)
      return failed.str();
    multihash = said.str().substr(0, said.str().find('\n'));
    out_ << nation << ": stored " << name << " for " << reader << ": " << multihash << " ("
         << bytes.size() << " bytes)\n";
  }
  return {};
}

std::string demo_stage::status_of(const std::string& nation, const std::string& reference) {
  return field_of(nation, reference, "status");
}

std::string demo_stage::field_of(const std::string& nation, const std::string& reference,
                                 const std::string& field) {
  auto answer = at(nation).json("GET", network_.node(nation).url + "/message/" + reference);
  return answer ? answer->value(field, "") : "";
}

bool demo_stage::reads(const std::string& nation, const std::string& multihash,
                       const std::string& bytes) {
  http_request request;
  request.method = "GET";
  request.url =
      network_.node(nation).url + "/documents/" + multihash + "?as_jurisdiction=" + nation;
  auto answer = at(nation).exchange(std::move(request));
  return answer && answer->status == 200 && answer->body == bytes;
}

caf::expected<ledger_figures> demo_stage::figures(const std::string& nation) {
  auto status = at(nation).operation("GET", "/operator/status");
  if (!status)
    return status.error();
  return status->get<node_status>().ledger;
}

std::map<std::string, size_t> demo_stage::count(const demo_network::member& where,
                                                event_kind kind) {
  std::map<std::string, size_t> result;
  for (uint64_t after = 0;;) {
    auto page = clients_.at(where.name)
                    ->operation("GET", "/operator/events?after=" + std::to_string(after));
    if (!page || page->at("events").empty())
      return result;
    for (const auto& entry : page->at("events")) {
      auto x = entry.get<event>();
      after = x.number;
      if (x.what == kind)
        ++result[x.about];
    }
  }
}

std::string demo_stage::play(const std::vector<scene>& scenes) {
  for (const auto& x : scenes) {
    begin_hops();
    if (!x.title.empty())
      out_ << '\n' << x.title << '\n' << std::endl;
    if (x.act)
      if (auto wrong = x.act(); !wrong.empty())
        return wrong;
    if (x.wants)
      if (auto wrong = await(x.wants); !wrong.empty())
        return wrong;
    if (x.tells)
      out_ << '\n' << x.tells() << std::flush;
  }
  return {};
}

std::string demo_stage::await(const std::function<std::string()>& wants) {
  auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    print_hops();
    auto missing = wants();
    if (missing.empty())
      break;
    if (stop_.wait(std::chrono::milliseconds{50}))
      return "stopped before the end";
    if (std::chrono::steady_clock::now() > until)
      return "after " + std::to_string(patience.count()) + " seconds still missing: " + missing;
  }
  print_hops();
  return {};
}

std::vector<std::pair<event, std::string>> demo_stage::new_events() {
  std::vector<std::pair<event, std::string>> result;
  for (auto& [name, member] : network_.members()) {
    if (!member.process.running())
      continue;
    auto page = clients_.at(name)->operation("GET", "/operator/events?after=" +
                                                        std::to_string(seen_[name]));
    if (!page)
      continue;
    for (const auto& entry : page->at("events")) {
      auto x = entry.get<event>();
      seen_[name] = x.number;
      result.emplace_back(std::move(x), name);
    }
  }
  std::stable_sort(result.begin(), result.end(),
                   [](const auto& a, const auto& b) { return a.first.at < b.first.at; });
  return result;
}

/// What happened so far is not a hop of what follows.
void demo_stage::begin_hops() {
  new_events();
  start_ = {};
}

void demo_stage::print_hops() {
  for (const auto& [what, where] : new_events()) {
    if (start_.time_since_epoch().count() == 0)
      start_ = what.at;
    auto ms = std::chrono::duration<double, std::milli>(what.at - start_).count();
    out_ << "  " << std::fixed << std::setprecision(1) << std::setw(8) << ms << " ms  " << std::left
         << std::setw(14) << where << std::setw(18) << shortened(what.about) << std::right
         << sentence_of(what) << std::endl;
  }
}

} // namespace igl
