#include "actors/commands/service.hpp"

#include "actors/service.hpp"
#include "messages/errors.hpp"

#include <spdlog/spdlog.h>

#include <ostream>

namespace igl::commands {

namespace {

constexpr std::chrono::milliseconds look_around{200};
constexpr std::chrono::minutes sign_of_life{1};

template <class Settings, class Start>
int run(const loaded<Settings>& how, const std::string& what, Start start, stop_signal& stop,
        std::ostream& err) {
  if (!how.good()) {
    for (const auto& x : how.mistakes)
      err << to_string(x) << '\n';
    return 2;
  }
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v", spdlog::pattern_time_type::utc);
  spdlog::set_level(spdlog::level::from_str(how.settings.log_level));
  spdlog::flush_on(spdlog::level::info);
  auto began = std::chrono::steady_clock::now();
  auto started = start(how.settings);
  if (!started) {
    auto why = problem_of(started.error());
    err << "igl " << what << ": "
        << (why.detail.empty() ? sentence_of(started.error()) : why.detail) << '\n';
    return 1;
  }
  auto& running = **started;
  stop.hangup_means_reload();
  auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - began);
  spdlog::info("igl {} {} is up after {} ms: {}", what, IGL_VERSION, took.count(),
               running.listening_at());
  auto told = std::chrono::steady_clock::now();
  while (!stop.wait(look_around)) {
    if (stop.reload_asked())
      running.reload("SIGHUP");
    if (auto why = running.gave_up(); !why.empty()) {
      err << "igl " << what << ": its parts failed again and again, it gives up: " << why << '\n';
      running.stop();
      return 1;
    }
    if (auto now = std::chrono::steady_clock::now(); now - told >= sign_of_life) {
      told = now;
      spdlog::info("igl {} has {}", what, running.figures());
    }
  }
  spdlog::info("igl {} stops: finishing what is in flight", what);
  auto clean = running.stop();
  if (clean)
    spdlog::info("igl {} has stopped", what);
  return clean ? 0 : 1;
}

} // namespace

int run_node(const std::string& config_file, const environment& env, stop_signal& stop,
             std::ostream& err) {
  auto read = [=] {
    return load_node(config_file, env);
  };
  auto start = [&](const node_settings& how) {
    return start_node(how, read);
  };
  return run(read(), "node", start, stop, err);
}

int run_node_on(std::shared_ptr<machine> on, const std::string& config_file, stop_signal& stop,
                std::ostream& err) {
  auto start = [&](const node_settings& how) {
    return start_node_on(std::move(on), how);
  };
  return run(load_node(config_file, {}), "node", start, stop, err);
}

int run_endpoint(const std::string& config_file, const environment& env, stop_signal& stop,
                 std::ostream& err) {
  return run(load_endpoint(config_file, env), "endpoint", start_endpoint, stop, err);
}

} // namespace igl::commands
