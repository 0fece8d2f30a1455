#include "storage/nats_process.hpp"

#include "messages/errors.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace igl::nats_process {

namespace {

using clock = std::chrono::steady_clock;

/// A descriptor that is closed.
struct descriptor {
  int fd = -1;
  explicit descriptor(int x) : fd(x) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() { close(); }
  void close() {
    if (fd >= 0)
      ::close(fd);
    fd = -1;
  }
};

// Places in the child. They are filled from copies far above, so that none overwrites another.
constexpr int life_place = 3;
constexpr int error_place = 4;
constexpr int far_above = 64;

struct launch {
  const char* program;
  char* const* arguments;
  char* const* environment;
  pid_t parent;
  int null, log, life, error;
};

[[noreturn]] void give_up(int error_fd) {
  auto reason = errno;
  if (write(error_fd, &reason, sizeof reason) < 0)
    _exit(126);
  _exit(127);
}

void close_from(int first) {
  if (syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, 0U) == 0)
    return;
  for (auto fd = first; fd < 65536; ++fd)
    ::close(fd);
}

// Between fork and exec in a process with threads: only calls that are safe in a signal handler.
[[noreturn]] void become_server(const launch& x) {
  auto error = fcntl(x.error, F_DUPFD, far_above);
  auto life = fcntl(x.life, F_DUPFD, far_above);
  auto log = fcntl(x.log, F_DUPFD, far_above);
  auto null = fcntl(x.null, F_DUPFD, far_above);
  dup2(null, 0);
  dup2(log, 1);
  dup2(log, 2);
  dup2(life, life_place);
  dup2(error, error_place);
  fcntl(error_place, F_SETFD, FD_CLOEXEC);
  close_from(error_place + 1);
  for (auto s : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD, SIGUSR1, SIGUSR2})
    signal(s, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  setpgid(0, 0);
  if (prctl(PR_SET_PDEATHSIG, SIGINT) != 0)
    give_up(error_place);
  if (getppid() != x.parent)
    _exit(0); // the parent died before the signal was arranged
  execve(x.program, x.arguments, x.environment);
  give_up(error_place);
}

caf::error cannot_start(const std::string& program, int reason) {
  return make_problem(errc::unavailable, program + " cannot be started: " + std::strerror(reason));
}

} // namespace

caf::expected<child> spawn(const std::string& program, const std::vector<std::string>& arguments,
                           const std::string& log_file) {
  std::vector<char*> argv;
  for (auto& x : arguments)
    argv.push_back(const_cast<char*>(x.c_str()));
  argv.push_back(nullptr);
  std::array<int, 2> life{-1, -1}, error{-1, -1};
  descriptor log{open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
  descriptor null{open("/dev/null", O_RDONLY | O_CLOEXEC)};
  if (log.fd < 0 || null.fd < 0)
    return cannot_start(program, errno);
  if (pipe2(life.data(), O_CLOEXEC) != 0)
    return cannot_start(program, errno);
  descriptor life_end{life[0]}, life_start{life[1]};
  if (pipe2(error.data(), O_CLOEXEC) != 0)
    return cannot_start(program, errno);
  descriptor error_end{error[0]}, error_start{error[1]};

  launch x{program.c_str(), argv.data(), environ,       getpid(),
           null.fd,         log.fd,      life_start.fd, error_start.fd};
  auto pid = fork();
  if (pid < 0)
    return cannot_start(program, errno);
  if (pid == 0)
    become_server(x);
  life_start.close();
  error_start.close();
  auto reason = 0;
  ssize_t n;
  do
    n = read(error_end.fd, &reason, sizeof reason); // ends with exec
  while (n < 0 && errno == EINTR);
  if (n > 0) {
    reap(pid);
    return cannot_start(program, reason);
  }
  child out{pid, life_end.fd};
  life_end.fd = -1;
  return out;
}

std::string reap(pid_t pid) {
  auto status = 0;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR)
      return "nobody knows how";
  if (WIFSIGNALED(status))
    return "killed by signal " + std::to_string(WTERMSIG(status));
  return "exit status " + std::to_string(WEXITSTATUS(status));
}

bool runs_with(pid_t pid, const std::string& argument) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/cmdline", std::ios::binary};
  for (std::string x; std::getline(in, x, '\0');)
    if (x == argument)
      return true;
  return false;
}

bool end_stranger(pid_t pid, const std::string& argument, std::chrono::milliseconds patience) {
  for (auto s : {SIGINT, SIGKILL}) {
    kill(pid, s);
    for (auto until = clock::now() + patience; clock::now() < until;
         std::this_thread::sleep_for(std::chrono::milliseconds{5}))
      if (!runs_with(pid, argument))
        return true;
  }
  return !runs_with(pid, argument);
}

} // namespace igl::nats_process
