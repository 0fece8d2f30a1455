#include "node_apart.hpp"

#include "fake_node.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace igl {

namespace {

constexpr const char* options_variable = "IGL_NODE_APART";
constexpr const char* case_name = "a node apart, for other cases";
constexpr int url_descriptor = 3;
constexpr int lifeline_descriptor = 4;

std::string proc(pid_t process, const char* file) {
  return "/proc/" + std::to_string(process) + "/" + file;
}

/// Answers GETs and nothing else, ever.
message_api_actor::behavior_type answers_only_questions(message_api_actor::pointer self,
                                                        const message_api_actor& who) {
  auto never = [=] {
    return self->make_response_promise<message_record>();
  };
  return {
      [=](const post_message&) { return caf::result<message_record>{never()}; },
      [=](const find_message& x) { return caf::result<message_record>{self->delegate(who, x)}; },
      [=](const patch_message&) {
        return caf::result<message_record>{never()};
      }};
}

size_t kilobytes(pid_t process, const std::string& field) {
  std::ifstream status(proc(process, "status"));
  std::string line;
  while (std::getline(status, line))
    if (line.starts_with(field))
      return std::stoull(line.substr(field.size())) * 1024;
  throw std::runtime_error("the node apart is gone");
}

} // namespace

TEST_CASE("a node apart, for other cases" * doctest::skip()) {
  auto text = std::getenv(options_variable);
  if (!text)
    return;
  auto options = nlohmann::json::parse(text);
  if (options.contains("descriptors")) {
    rlimit few{options["descriptors"], options["descriptors"]};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  }
  ::setenv("TMPDIR", options["folder"].get<std::string>().c_str(), 1);
  fake_node node{fake_node::start::later};
  auto& how = node.how;
  how.connections = options.value("connections", how.connections);
  how.connections_per_address = options.value("connections_per_address", 0);
  how.requests_in_flight = options.value("requests_in_flight", how.requests_in_flight);
  how.header_bytes = options.value("header_bytes", how.header_bytes);
  how.chunk_bytes = options.value("chunk_bytes", how.chunk_bytes);
  how.upload_memory = options.value("upload_memory", how.upload_memory);
  how.idle_connection = std::chrono::milliseconds{options.value("idle_connection", 60'000)};
  how.waiting = std::make_shared<gauge>(std::chrono::milliseconds{50});
  how.operator_token = options.value("operator_token", "");
  node.answers->store = [](const store_document&) {
    return caf::expected<document_stored>{document_stored{"Qm"}};
  };
  if (options.value("posts", "") == "never answered")
    node.who.messages = node.system->spawn(answers_only_questions, node.who.messages);
  node.open();
  auto url = node.url() + "\n";
  REQUIRE(::write(url_descriptor, url.data(), url.size()) > 0);
  char end;
  while (::read(lifeline_descriptor, &end, 1) > 0) {
  }
  // Whatever is still held ends with the process; there is nobody to wait for it.
  ::_exit(0);
}

node_apart::node_apart(apart_options options) {
  options["folder"] = folder_.path();
  int url[2], lifeline[2];
  if (::pipe2(url, O_CLOEXEC) != 0 || ::pipe2(lifeline, O_CLOEXEC) != 0)
    throw std::runtime_error("no pipes");
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  // By way of high numbers: one pipe may have the other's.
  ::posix_spawn_file_actions_adddup2(&files, url[1], 63);
  ::posix_spawn_file_actions_adddup2(&files, lifeline[0], 64);
  ::posix_spawn_file_actions_adddup2(&files, 63, url_descriptor);
  ::posix_spawn_file_actions_adddup2(&files, 64, lifeline_descriptor);
  ::posix_spawn_file_actions_addclose(&files, 63);
  ::posix_spawn_file_actions_addclose(&files, 64);
  ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  auto only = std::string{"--test-case="} + case_name;
  std::replace(only.begin(), only.end(), ',', '?');
  std::string program = "/proc/self/exe", all = "--no-skip";
  char* arguments[]{program.data(), only.data(), all.data(), nullptr};
  ::setenv(options_variable, options.dump().c_str(), 1);
  auto failed = ::posix_spawn(&process_, program.c_str(), &files, nullptr, arguments, environ);
  ::unsetenv(options_variable);
  ::posix_spawn_file_actions_destroy(&files);
  ::close(url[1]);
  ::close(lifeline[0]);
  lifeline_ = lifeline[1];
  char letter;
  while (!failed && ::read(url[0], &letter, 1) == 1 && letter != '\n')
    url_ += letter;
  ::close(url[0]);
  if (url_.empty())
    throw std::runtime_error("the node apart did not start");
}

node_apart::~node_apart() {
  ::close(lifeline_);
  ::waitpid(process_, nullptr, 0);
}

size_t node_apart::resident() const {
  return kilobytes(process_, "RssAnon:");
}

size_t node_apart::peak() const {
  return kilobytes(process_, "VmHWM:") - kilobytes(process_, "RssFile:");
}

void node_apart::forget_peak() const {
  std::ofstream(proc(process_, "clear_refs")) << 5;
}

std::chrono::milliseconds node_apart::worked() const {
  std::ifstream stat(proc(process_, "stat"));
  std::string line;
  std::getline(stat, line);
  // User and system time are the 14th and 15th field; the second is a name in brackets.
  std::istringstream fields(line.substr(line.rfind(')') + 2));
  std::string skipped;
  for (int i = 3; i < 14; ++i)
    fields >> skipped;
  long user = 0, system = 0;
  fields >> user >> system;
  return std::chrono::milliseconds{(user + system) * 1000 / ::sysconf(_SC_CLK_TCK)};
}

} // namespace igl
