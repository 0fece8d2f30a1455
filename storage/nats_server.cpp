#include "storage/nats_server.hpp"

#include "messages/errors.hpp"
#include "storage/folder_lock.hpp"
#include "storage/nats_folder.hpp"
#include "storage/nats_process.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <poll.h>
#include <sstream>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace igl {

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds look_for_ports{2};
constexpr std::chrono::seconds healthy{10}; ///< a server that ran this long may die again

bool is_program(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) && access(path.c_str(), X_OK) == 0;
}

class watched_server final : public nats_server {
public:
  watched_server(nats_server_options how, nats_folder folder, folder_lock lock)
      : how_(std::move(how)), folder_(std::move(folder)), folder_lock_(std::move(lock)) {
    // The thread that forks: the server hears of our death through it, so it must outlive it.
    watch_ = std::thread{[this] {
      watch();
    }};
  }

  ~watched_server() override {
    eventfd_write(stop_, 1);
    watch_.join();
    close(stop_);
    close(kill_);
  }

  void start_anew() override { eventfd_write(kill_, 1); }

  caf::error wait_until_ready(milliseconds timeout) override {
    std::unique_lock guard{lock_};
    if (changed_.wait_for(guard, timeout, [this] { return port_ != 0; }))
      return {};
    auto why = last_exit_.empty() ? std::string{"it takes no connections yet"} : last_exit_;
    return make_problem(errc::unavailable,
                        "nats-server is not ready: " + why + "; its log is " + folder_.log());
  }

  std::string url() const override {
    std::lock_guard guard{lock_};
    if (port_ == 0)
      return {};
    return "nats://" + folder_.token() + "@127.0.0.1:" + std::to_string(port_);
  }
  pid_t pid() const override {
    std::lock_guard guard{lock_};
    return pid_;
  }
  uint64_t restarts() const override {
    std::lock_guard guard{lock_};
    return restarts_;
  }
  std::string last_exit() const override {
    std::lock_guard guard{lock_};
    return last_exit_;
  }
  std::string description() const override {
    std::lock_guard guard{lock_};
    if (port_ != 0)
      return version_ + ", embedded, pid " + std::to_string(pid_);
    auto why = last_exit_.empty() ? std::string{"starting"} : "not running: " + last_exit_;
    return "embedded, " + why;
  }

private:
  enum class woken : uint8_t { to_stop, to_kill, by_end, by_time };

  void watch();
  void end_orphan();
  bool live(const nats_process::child& x);
  bool look_whether_ready(pid_t pid);
  void stop(const nats_process::child& x);
  void ended(const std::string& how);
  woken wait_for(int life, milliseconds longest) const;

  const nats_server_options how_;
  const nats_folder folder_;
  const folder_lock folder_lock_;
  const int stop_ = eventfd(0, EFD_CLOEXEC);
  const int kill_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  mutable std::mutex lock_;
  std::condition_variable changed_;
  pid_t pid_ = 0;
  uint16_t port_ = 0; ///< 0: not ready
  uint64_t restarts_ = 0;
  std::string version_;
  std::string last_exit_;
  std::thread watch_;
};

void watched_server::watch() {
  for (auto pause = how_.first_pause;;) {
    end_orphan();
    folder_.forget_ports();
    folder_.turn_log();
    auto err = folder_.write_configuration(how_.max_file_store);
    auto started = clock::now();
    if (!err) {
      auto x = nats_process::spawn(how_.program, {"nats-server", "-c", folder_.configuration()},
                                   folder_.log());
      if (!x)
        err = x.error();
      else if (!live(*x))
        return;
    }
    if (err)
      ended(problem_of(err).detail);
    if (clock::now() - started > healthy)
      pause = how_.first_pause;
    if (wait_for(-1, pause) == woken::to_stop)
      return;
    pause = std::min(2 * pause, how_.longest_pause);
    std::lock_guard guard{lock_};
    ++restarts_;
  }
}

// A server whose parent was killed is told so by the system; this one did not listen. It would keep
// the port, and write to the same folder.
void watched_server::end_orphan() {
  auto pid = folder_.noted_pid();
  if (pid <= 1 || !nats_process::runs_with(pid, folder_.configuration()))
    return;
  spdlog::warn("nats-server (pid {}) of an earlier process still runs in this folder: ending it",
               pid);
  if (!nats_process::end_stranger(pid, folder_.configuration(), how_.stop_timeout))
    spdlog::error("nats-server (pid {}) of an earlier process cannot be ended", pid);
}

/// From start to end of one server; false: it was stopped on purpose.
bool watched_server::live(const nats_process::child& x) {
  folder_.note_pid(x.pid);
  {
    std::lock_guard guard{lock_};
    pid_ = x.pid;
  }
  eventfd_t meant_for_another = 0;
  eventfd_read(kill_, &meant_for_another);
  auto ready = false;
  auto until = clock::now() + how_.start_timeout;
  for (;;) {
    switch (wait_for(x.life, ready ? milliseconds{-1} : look_for_ports)) {
    case woken::to_stop:
      stop(x);
      return false;
    case woken::to_kill:
      spdlog::warn("nats-server (pid {}) lives and does not work: killing it", x.pid);
      kill(x.pid, SIGKILL);
      break;
    case woken::by_end: {
      auto how = nats_process::reap(x.pid);
      close(x.life);
      ended(ready ? how : how + " before it was ready");
      return true;
    }
    case woken::by_time:
      ready = look_whether_ready(x.pid);
      if (!ready && clock::now() > until)
        kill(x.pid, SIGKILL);
    }
  }
}

bool watched_server::look_whether_ready(pid_t pid) {
  auto port = folder_.port_of(pid);
  if (port == 0)
    return false;
  auto version = nats_version_at(port);
  if (version.empty())
    return false;
  folder_.keep_port(port);
  {
    std::lock_guard guard{lock_};
    port_ = port;
    version_ = version;
  }
  changed_.notify_all();
  spdlog::info("nats-server {} (pid {}) is ready on port {}", version, pid, port);
  return true;
}

void watched_server::stop(const nats_process::child& x) {
  {
    std::lock_guard guard{lock_};
    port_ = 0;
  }
  kill(x.pid, SIGINT); // of all signals the one after which it leaves with status 0
  pollfd end{x.life, POLLIN, 0};
  if (poll(&end, 1, static_cast<int>(how_.stop_timeout.count())) == 0) {
    spdlog::warn("nats-server (pid {}) does not stop: killing it", x.pid);
    kill(x.pid, SIGKILL);
  }
  auto how = nats_process::reap(x.pid);
  close(x.life);
  spdlog::info("nats-server (pid {}) is stopped: {}", x.pid, how);
  folder_.forget_ports();
  folder_.note_pid(0);
}

void watched_server::ended(const std::string& how) {
  std::unique_lock guard{lock_};
  auto pid = std::exchange(pid_, 0);
  port_ = 0;
  last_exit_ = how;
  guard.unlock();
  spdlog::warn("nats-server (pid {}) ended: {}; it will be started again; its log is {}", pid, how,
               folder_.log());
}

watched_server::woken watched_server::wait_for(int life, milliseconds longest) const {
  // poll skips -1.
  pollfd on[] = {{stop_, POLLIN, 0}, {life, POLLIN, 0}, {life < 0 ? -1 : kill_, POLLIN, 0}};
  for (;;) {
    auto n = poll(on, 3, static_cast<int>(longest.count()));
    if (n < 0)
      continue; // interrupted
    if (on[0].revents != 0)
      return woken::to_stop;
    if (eventfd_t times = 0; on[2].revents != 0 && eventfd_read(kill_, &times) == 0)
      return woken::to_kill;
    return n > 0 ? woken::by_end : woken::by_time;
  }
}

} // namespace

caf::expected<std::string> find_nats_server(const std::string& program) {
  if (program.find('/') != std::string::npos) {
    if (is_program(program))
      return program;
    return make_problem(errc::unavailable, program + " is no program; streams.nats_server must be "
                                                     "the path of nats-server, or left out");
  }
  auto name = program.empty() ? std::string{"nats-server"} : program;
  auto path = std::getenv("PATH");
  std::istringstream folders{std::string{path ? path : ""} + ":/usr/sbin:/usr/local/bin:/usr/bin"};
  for (std::string folder; std::getline(folders, folder, ':');)
    if (!folder.empty() && is_program(folder + "/" + name))
      return folder + "/" + name;
  return make_problem(errc::unavailable,
                      name + " is not installed. Install it (apt-get install nats-server), or set "
                             "streams.nats_server to its path, or streams.url to a NATS server "
                             "that runs elsewhere");
}

caf::expected<std::shared_ptr<nats_server>> nats_server::start(nats_server_options how) {
  auto program = find_nats_server(how.program);
  if (!program)
    return program.error();
  how.program = *program;
  auto lock = folder_lock::acquire(how.folder, "nats-server.lock");
  if (!lock)
    return lock.error();
  auto folder = nats_folder::prepare(how.folder);
  if (!folder)
    return folder.error();
  return std::shared_ptr<nats_server>{
      std::make_shared<watched_server>(std::move(how), std::move(*folder), std::move(*lock))};
}

} // namespace igl
