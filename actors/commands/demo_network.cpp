#include "actors/commands/demo_network.hpp"

#include "messages/errors.hpp"
#include "messages/text.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace igl {

namespace {

/// Nodes, endpoints and subscribers of a demonstration share one machine.
constexpr auto everybody_is_here = "hub.allowed_callbacks = [\"127.0.0.0/8\"]\n";

std::string quoted(const std::vector<std::string>& texts) {
  std::string list;
  for (const auto& text : texts)
    list += (list.empty() ? "\"" : ", \"") + text + '"';
  return "[" + list + "]";
}

std::string last_lines(const std::string& file, size_t count) {
  std::ifstream log(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(log, line);)
    lines.push_back(line);
  std::string text;
  for (auto i = lines.size() > count ? lines.size() - count : 0; i < lines.size(); ++i)
    text += "\n  " + lines[i];
  return text;
}

} // namespace

network_options three_nations() {
  network_options how;
  how.nations = {"AU", "SG", "CN"};
  channel_plan a;
  a.id = "a";
  a.name = "a chain that can fork";
  a.nations = {"AU", "SG", "CN"};
  // Blocks often and confirmations few, so that nobody waits for the story to go on. What a fork
  // drops is sent once only, so that a fork shows; production sends it again until it is there.
  a.medium = "kind = \"chain\"\nblock_interval = \"200ms\"\nconfirmations = 2\n"
             "grace = \"500ms\"\nsend_again = \"300ms\"\nsends = 1\n";
  a.node_side =
      "revocable_for = \"4m\"\nfilters.predicate.deny = [\"UN.CEFACT.Trade.Invoice.*\"]\n";
  channel_plan b;
  b.id = "b";
  b.name = "a database of AU and SG";
  b.nations = {"AU", "SG"};
  how.channels = {a, b};
  how.channel_settings = "poll_interval = \"500ms\"\nupdates_interval = \"1s\"\n";
  how.node_settings = "[retry.outbox]\nfirst = \"100ms\"\nlongest = \"1s\"\n"
                      "[retry.channel-pending]\nfirst = \"1s\"\nlongest = \"1s\"\n";
  return how;
}

demo_network::demo_network(network_options how) : options_(std::move(how)) {
  if (options_.program.empty())
    options_.program = own_program();
  for (const auto& channel : options_.channels)
    for (const auto& nation : nations_on(channel)) {
      auto name = endpoint_name(channel.id, nation);
      place("endpoint", name, lower_case(name) + "-endpoint");
    }
  for (const auto& nation : options_.nations)
    place("node", nation, lower_case(nation) + "-node");
  // Everybody's address is known only now.
  for (const auto& channel : options_.channels)
    for (const auto& nation : nations_on(channel))
      write_endpoint(channel, nation);
  for (const auto& nation : options_.nations)
    write_node(nation);
}

demo_network::member& demo_network::place(const std::string& kind, const std::string& name,
                                          const std::string& file) {
  member x;
  auto base = options_.folder + "/" + file;
  x.name = kind + " " + name;
  x.kind = kind;
  x.config_file = base + ".toml";
  x.data_dir = base;
  x.log_file = base + ".log";
  x.url = "http://127.0.0.1:" + std::to_string(free_port());
  return members_.emplace(x.name, std::move(x)).first->second;
}

void demo_network::write_endpoint(const channel_plan& channel, const std::string& nation) {
  auto& x = endpoint(channel.id, nation);
  std::ofstream(x.config_file) << "endpoint = \"channel-" << channel.id << '-' << lower_case(nation)
                               << "\"\ndata_dir = \"" << x.data_dir << "\"\n"
                               << everybody_is_here << "jurisdictions = [\"" << nation
                               << "\"]\nparticipants = " << quoted(nations_on(channel))
                               << "\n[[listeners]]\naddress = \"" << x.url.substr(7)
                               << "\"\napis = [\"channel\", \"operator\"]\n[medium]\npath = \""
                               << medium_path(channel.id) << "\"\n"
                               << channel.medium << options_.endpoint_settings;
}

void demo_network::write_node(const std::string& nation) {
  auto& x = node(nation);
  std::ofstream config(x.config_file);
  config << "jurisdiction = \"" << nation << "\"\ndata_dir = \"" << x.data_dir << "\"\n"
         << everybody_is_here << "[[listeners]]\naddress = \"" << x.url.substr(7)
         << "\"\napis = [\"message\", \"document\", \"subscriptions\", \"message-reception\", "
            "\"operator\"]\n";
  for (const auto& channel : options_.channels) {
    auto on_it = nations_on(channel);
    auto self = std::find(on_it.begin(), on_it.end(), nation);
    if (self == on_it.end())
      continue;
    on_it.erase(self);
    config << "[[channels]]\nid = \"" << channel.id << "\"\nname = \"" << channel.name
           << "\"\nurl = \"" << endpoint(channel.id, nation).url << "\"\n";
    if (!channel.nations.empty())
      config << "jurisdictions = " << quoted(on_it) << '\n';
    config << channel.node_side << options_.channel_settings;
  }
  config << "[document_apis]\n";
  for (const auto& other : options_.nations)
    if (other != nation)
      config << other << " = \"" << node(other).url << "\"\n";
  config << options_.node_settings;
}

demo_network::member& demo_network::endpoint(const std::string& nation) {
  for (const auto& channel : options_.channels) {
    const auto& on_it = nations_on(channel);
    if (std::find(on_it.begin(), on_it.end(), nation) != on_it.end())
      return endpoint(channel.id, nation);
  }
  throw std::out_of_range(nation + " is on no channel");
}

demo_network::member& demo_network::endpoint(const std::string& id, const std::string& nation) {
  return members_.at("endpoint " + endpoint_name(id, nation));
}

std::string demo_network::endpoint_name(const std::string& id, const std::string& nation) const {
  return options_.channels.size() == 1 ? nation : id + "-" + nation;
}

const std::vector<std::string>& demo_network::nations_on(const channel_plan& x) const {
  return x.nations.empty() ? options_.nations : x.nations;
}

const channel_plan& demo_network::channel(const std::string& id) const {
  for (const auto& x : options_.channels)
    if (x.id == id)
      return x;
  throw std::out_of_range("there is no channel " + id);
}

std::string demo_network::medium_path(const std::string& id) const {
  return options_.folder + "/" + id + "-medium";
}

caf::error demo_network::launch(member& which) {
  auto process = child_process::start({options_.program, which.kind, "--config", which.config_file},
                                      which.log_file, options_.environment);
  if (!process)
    return process.error();
  which.process = std::move(*process);
  return {};
}

caf::error demo_network::await_ready(member& which, std::chrono::milliseconds at_most) {
  node_client client({which.url, {}, {}});
  auto until = std::chrono::steady_clock::now() + at_most;
  std::string missing = "it does not answer";
  while (std::chrono::steady_clock::now() < until) {
    if (!which.process.running())
      return make_problem(errc::unavailable, which.name + " ended; its log " + which.log_file +
                                                 " says:" + last_lines(which.log_file, 5));
    http_request probe;
    probe.method = "GET";
    probe.url = which.url + "/readyz";
    probe.timeout = std::chrono::seconds{2};
    auto answer = client.exchange(std::move(probe));
    if (answer && answer->status == 200)
      return {};
    if (answer)
      missing = answer->body;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return make_problem(errc::unavailable, which.name + " did not become ready: " + missing +
                                             "; its log " + which.log_file +
                                             " says:" + last_lines(which.log_file, 5));
}

caf::error demo_network::start(member& which) {
  if (auto failed = launch(which))
    return failed;
  return await_ready(which, std::chrono::seconds{30});
}

caf::error demo_network::start_all() {
  for (auto kind : {"endpoint", "node"})
    for (auto& [name, x] : members_)
      if (x.kind == kind)
        if (auto failed = launch(x))
          return failed;
  for (auto& [name, x] : members_)
    if (auto failed = await_ready(x, std::chrono::seconds{30}))
      return failed;
  return {};
}

bool demo_network::stop(member& which) {
  return which.process.stop(std::chrono::seconds{20}) == 0;
}

bool demo_network::stop_all() {
  auto clean = true;
  for (auto kind : {"node", "endpoint"}) {
    std::vector<member*> stopping;
    for (auto& [name, x] : members_)
      if (x.kind == kind && x.process.running()) {
        x.process.signal(SIGTERM);
        stopping.push_back(&x);
      }
    for (auto* x : stopping)
      clean = stop(*x) && clean;
  }
  return clean;
}

} // namespace igl
