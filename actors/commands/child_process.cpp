#include "actors/commands/child_process.hpp"

#include "messages/errors.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <random>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace igl {

namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts)
    result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

int meaning_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

} // namespace

caf::expected<child_process> child_process::start(std::vector<std::string> arguments,
                                                  const std::string& log_file,
                                                  const std::vector<std::string>& environment) {
  // Everything that allocates comes before the fork: after it only async-signal-safe calls are
  // allowed.
  auto variables = environment;
  for (auto** variable = environ; *variable; ++variable)
    variables.emplace_back(*variable);
  auto argv = pointers(arguments);
  auto envp = pointers(variables);
  auto log = open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0)
    return make_problem(errc::unavailable,
                        "cannot write " + log_file + ": " + std::strerror(errno));
  auto parent = getpid();
  auto pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
      _exit(127);
    setpgid(0, 0); // a Ctrl-C at the terminal is for the parent, which stops its children in order
    auto nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    // What the parent listens at is its own: it must be gone as soon as the parent closes it.
    close_range(STDERR_FILENO + 1, ~0U, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execve(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  auto failure = errno;
  close(log);
  if (pid < 0)
    return make_problem(errc::unavailable,
                        std::string("cannot start a process: ") + std::strerror(failure));
  child_process result;
  result.pid_ = pid;
  return result;
}

child_process::child_process(child_process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(other.status_) {}

child_process& child_process::operator=(child_process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(status_, other.status_);
  return *this;
}

child_process::~child_process() {
  if (pid_ > 0)
    stop(std::chrono::seconds{5});
}

bool child_process::running() {
  return pid_ > 0 && wait(std::chrono::milliseconds{0}) == -1;
}

void child_process::signal(int number) {
  if (pid_ > 0)
    kill(pid_, number);
}

int child_process::wait(std::chrono::milliseconds at_most) {
  if (pid_ <= 0)
    return status_;
  auto until = std::chrono::steady_clock::now() + at_most;
  for (;;) {
    int status = 0;
    auto ended = waitpid(pid_, &status, WNOHANG);
    if (ended == pid_ || (ended < 0 && errno == ECHILD)) {
      pid_ = -1;
      return status_ = ended < 0 ? -1 : meaning_of(status);
    }
    if (std::chrono::steady_clock::now() >= until)
      return -1;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
}

int child_process::stop(std::chrono::milliseconds at_most) {
  signal(SIGTERM);
  if (auto status = wait(at_most); pid_ <= 0)
    return status;
  signal(SIGKILL);
  return wait(std::chrono::seconds{10});
}

std::string own_program() {
  std::error_code failed;
  auto path = std::filesystem::read_symlink("/proc/self/exe", failed);
  return failed ? "igl" : path.string();
}

namespace {

bool can_listen_on(uint16_t port) {
  auto fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto can = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return can;
}

} // namespace

uint16_t free_port() {
  // Linux gives connections ports from 32768 on: one of those may be taken before who asked for it
  // listens there, or while it is down.
  constexpr uint16_t first = 10240, behind = 32768;
  static std::atomic<uint32_t> next{std::random_device{}()};
  for (int tried = first; tried < behind; ++tried) {
    auto port = static_cast<uint16_t>(first + next++ % (behind - first));
    if (can_listen_on(port))
      return port;
  }
  return 0;
}

} // namespace igl
