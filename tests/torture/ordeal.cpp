#include "tests/torture/ordeal.hpp"

#include "messages/errors.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

namespace igl::torture {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr auto pause_of_an_init_system = 1s;
constexpr int gave_up = 1;
/// A server that still runs so long after its process was killed does not end by itself.
constexpr auto patience_with_a_server = 15s;

std::string last_line(const std::string& file) {
  std::ifstream log(file);
  std::string last;
  for (std::string line; std::getline(log, line);)
    last = line;
  return last;
}

bool lives(pid_t pid) {
  return pid > 0 && ::kill(pid, 0) == 0;
}

} // namespace

pid_t nats_server_of(const demo_network::member& which) {
  auto wanted = which.data_dir + "/nats/";
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos)
      continue;
    std::ifstream in(entry.path() / "cmdline", std::ios::binary);
    std::string program, argument;
    std::getline(in, program, '\0');
    if (program.find("nats-server") == std::string::npos)
      continue;
    while (std::getline(in, argument, '\0'))
      if (argument.starts_with(wanted))
        return std::stoi(name);
  }
  return 0;
}

ordeal::ordeal(demo_network& network, disks& where) : network_(network), disks_(where) {}

void ordeal::fault(const std::string& what) {
  faults_.push_back(what);
}

void ordeal::later(const deed& x, std::function<bool()> act) {
  auto now = clock::now();
  reliefs_.push_back({x, now, now + x.lasts, std::move(act)});
}

bool ordeal::start(demo_network::member& which) {
  if (auto failed = network_.launch(which))
    fault(sentence_of(failed));
  disks_.started(which);
  down_.erase(which.name);
  return true;
}

void ordeal::kill(const deed& x, bool with_folder) {
  auto& who = network_.members().at(x.whom);
  auto server = nats_server_of(who);
  who.process.signal(SIGKILL);
  who.process.wait(10s);
  down_.insert(x.whom);
  auto killed = clock::now();
  later(x, [=, this, &who] {
    if (with_folder) {
      // The server ends with its process; only then is its folder nobody's.
      if (lives(server)) {
        if (clock::now() > killed + patience_with_a_server)
          end_server(who, server);
        return false;
      }
      std::error_code failed;
      fs::remove_all(who.data_dir + "/nats", failed);
      if (failed)
        fault("cannot delete " + who.data_dir + "/nats: " + failed.message());
    }
    return start(who);
  });
}

void ordeal::end_server(const demo_network::member& of, pid_t server) {
  ++remarks_["the nats-server of " + of.name + " did not end with it and was killed"];
  ::kill(server, SIGKILL);
}

void ordeal::end_servers() {
  for (const auto& [name, who] : network_.members())
    if (auto server = nats_server_of(who))
      end_server(who, server);
}

void ordeal::stop_for_a_while(const deed& x, pid_t whom) {
  ::kill(whom, SIGSTOP);
  later(x, [=] {
    ::kill(whom, SIGCONT);
    return true;
  });
}

void ordeal::inflict(const deed& x) {
  auto member = network_.members().find(x.whom);
  if (member != network_.members().end() && !member->second.process.running()) {
    ++missed_;
    return;
  }
  auto& s = done_[x.what];
  switch (x.what) {
  case act::kill_node:
  case act::kill_endpoint:
    kill(x, false);
    break;
  case act::delete_nats_folder:
    kill(x, true);
    break;
  case act::pause:
    stop_for_a_while(x, member->second.process.pid());
    break;
  case act::fill_disk:
    if (auto failed = disks_.fill(network_, x.whom))
      fault(sentence_of(failed));
    later(x, [=, this] {
      if (auto failed = disks_.empty(network_, x.whom))
        fault(sentence_of(failed));
      return true;
    });
    break;
  case act::kill_nats_server:
  case act::pause_nats_server:
    auto server = nats_server_of(member->second);
    if (server == 0) {
      ++missed_;
      return;
    }
    if (x.what == act::kill_nats_server)
      ::kill(server, SIGKILL);
    else
      stop_for_a_while(x, server);
  }
  ++s.times;
}

void ordeal::attend() {
  auto now = clock::now();
  for (auto i = reliefs_.begin(); i != reliefs_.end();) {
    if (i->due > now || !i->act()) {
      ++i;
      continue;
    }
    if (!i->of.whom.empty())
      done_[i->of.what].lasted +=
          std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - i->begun);
    i = reliefs_.erase(i);
  }
  for (auto& [name, who] : network_.members()) {
    if (down_.count(name) || who.process.running())
      continue;
    auto status = who.process.wait(0s);
    auto end = name + " ended by itself with status " + std::to_string(status) +
               ", the last line of its log: " + last_line(who.log_file);
    if (status == gave_up)
      ++remarks_[end];
    else
      fault(end);
    down_.insert(name);
    reliefs_.push_back({{}, now, now + pause_of_an_init_system, [this, &x = who] {
                          return start(x);
                        }});
  }
}

void ordeal::relieve() {
  for (auto& x : reliefs_)
    x.due = clock::now();
  for (auto until = clock::now() + 30s; !reliefs_.empty() && clock::now() < until;
       std::this_thread::sleep_for(20ms)) {
    attend();
    for (auto& x : reliefs_)
      x.due = clock::now();
  }
}

std::string ordeal::who_suffers() const {
  std::string text;
  for (const auto& x : reliefs_)
    text += (text.empty() ? "" : ", ") + (x.of.whom.empty() ? "one that ended" : x.of.whom);
  return text;
}

} // namespace igl::torture
