#pragma once

#include "tests/system/world.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <fstream>
#include <memory>
#include <sstream>

namespace igl::system_tests {

inline std::string free_url() {
  return "http://127.0.0.1:" + std::to_string(free_port());
}

/// A process of the program with a configuration of its own.
struct member {
  std::string url;
  std::string log_file;
  std::vector<std::string> command;
  std::vector<std::string> environment;
  child_process process;
  std::shared_ptr<node_client> client; ///< a new one after each start: the old has old connections

  member(const temporary_folder& in, const std::string& kind, const std::string& name,
         const std::string& apis, const std::string& config,
         std::vector<std::string> variables = {}, std::string at = free_url())
      : url(std::move(at)), log_file(in.path() + "/" + name + ".log"),
        environment(std::move(variables)) {
    auto file = in.path() + "/" + name + ".toml";
    std::ofstream(file) << "data_dir = \"" << in.path() << "/" << name << "\"\n"
                        << "hub.allowed_callbacks = [\"127.0.0.0/8\"]\n"
                        << config << "[[listeners]]\naddress = \"" << url.substr(7)
                        << "\"\napis = [" << apis << "]\n";
    command = {IGL_PROGRAM, kind, "--config", file};
    start();
  }
  ~member() { process.stop(std::chrono::seconds{20}); }

  /// Starts it, and waits until it is ready.
  void start() {
    auto started = child_process::start(command, log_file, environment);
    REQUIRE(started);
    process = std::move(*started);
    client = std::make_shared<node_client>(node_address{url, {}, {}});
    auto ready = eventually([&] { return ask("GET", "/readyz").status == 200; });
    REQUIRE_MESSAGE(ready, log());
  }
  void kill() {
    process.signal(SIGKILL);
    REQUIRE(process.wait(std::chrono::seconds{10}) == 128 + SIGKILL);
  }

  http_response ask(const std::string& method, const std::string& path,
                    const std::string& token = {}, const std::string& body = {},
                    const std::string& type = "application/json") const {
    http_request request;
    request.method = method;
    request.url = url + path;
    request.body = body;
    if (!body.empty())
      request.headers.push_back({"Content-Type", type});
    if (!token.empty())
      request.headers.push_back({"Authorization", "Bearer " + token});
    auto answer = client->exchange(std::move(request));
    return answer ? *answer : http_response{};
  }
  std::string log() const {
    std::ifstream file(log_file);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  bool logs(const std::string& part) const {
    return eventually([&] { return log().find(part) != std::string::npos; },
                      std::chrono::seconds{10});
  }
};

} // namespace igl::system_tests
