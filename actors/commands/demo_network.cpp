#include "actors/commands/demo_network.hpp"

#include "messages/errors.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace igl {

namespace {

constexpr auto channel_id = "shared";

std::string lower(std::string text) {
  for (auto& c : text)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

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

demo_network::demo_network(network_options how) : options_(std::move(how)) {
  if (options_.program.empty())
    options_.program = own_program();
  auto place = [&](const std::string& kind, const std::string& nation) -> member& {
    member x;
    auto base = options_.folder + "/" + lower(nation) + "-" + kind;
    x.name = kind + " " + nation;
    x.kind = kind;
    x.config_file = base + ".toml";
    x.data_dir = base;
    x.log_file = base + ".log";
    x.url = "http://127.0.0.1:" + std::to_string(free_port());
    return members_.emplace(x.name, std::move(x)).first->second;
  };
  for (const auto& nation : options_.nations) {
    auto& x = place("endpoint", nation);
    std::ofstream(x.config_file) << "endpoint = \"" << channel_id << '-' << lower(nation)
                                 << "\"\ndata_dir = \"" << x.data_dir << "\"\njurisdictions = [\""
                                 << nation << "\"]\nparticipants = " << quoted(options_.nations)
                                 << "\n[[listeners]]\naddress = \"" << x.url.substr(7)
                                 << "\"\napis = [\"channel\", \"operator\"]\n[medium]\nkind = "
                                 << "\"shared-database\"\npath = \"" << options_.folder
                                 << "/medium\"\n";
  }
  for (const auto& nation : options_.nations)
    place("node", nation);
  for (const auto& nation : options_.nations) {
    auto& x = node(nation);
    std::ofstream config(x.config_file);
    config << "jurisdiction = \"" << nation << "\"\ndata_dir = \"" << x.data_dir
           << "\"\n[[listeners]]\naddress = \"" << x.url.substr(7)
           << "\"\napis = [\"message\", \"document\", \"subscriptions\", \"message-reception\", "
              "\"operator\"]\n"
           << "[[channels]]\nid = \"" << channel_id
           << "\"\nname = \"a database that all can open\"\nurl = \"" << endpoint(nation).url
           << "\"\n[document_apis]\n";
    for (const auto& other : options_.nations)
      if (other != nation)
        config << other << " = \"" << node(other).url << "\"\n";
    config << options_.node_settings;
  }
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
      clean = x->process.stop(std::chrono::seconds{20}) == 0 && clean;
  }
  return clean;
}

} // namespace igl
