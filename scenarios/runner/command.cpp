#include "scenarios/runner/command.hpp"

#include "scenarios/runner/interruption.hpp"
#include "scenarios/runner/junit.hpp"
#include "scenarios/runner/story.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <ostream>
#include <sstream>

namespace igl::scenario {

namespace {

std::vector<std::string> stories_at(const std::string& path) {
  std::error_code failed;
  if (!std::filesystem::is_directory(path, failed))
    return {path};
  std::vector<std::string> all;
  for (auto& entry : std::filesystem::recursive_directory_iterator(path, failed))
    if (entry.path().extension() == ".scenario")
      all.push_back(entry.path().string());
  std::sort(all.begin(), all.end());
  return all;
}

/// Seconds of processor time that this process has had.
double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Replaces a file as a whole or not at all. Empty: it did; otherwise why not.
std::string write_file(const std::string& file, const std::string& text) {
  std::error_code failed;
  // A link stays one.
  auto target = std::filesystem::canonical(file, failed);
  if (failed)
    return failed.message();
  auto next = target;
  next += ".new";
  {
    std::ofstream out(next, std::ios::binary);
    out << text;
    if (!out.flush())
      return std::strerror(errno);
  }
  std::filesystem::permissions(next, std::filesystem::status(target, failed).permissions(), failed);
  std::filesystem::rename(next, target, failed);
  if (!failed)
    return {};
  auto why = failed.message();
  std::filesystem::remove(next, failed);
  return why;
}

/// All stories, one after the other.
class running {
public:
  running(const run_options& how, number_range seeds, std::ostream& out, std::ostream& err)
      : how_(how), seeds_(seeds), out_(out), err_(err) {}

  int all_of(const std::vector<std::string>& files) {
    many_ = files.size() > 1;
    const auto began = processor_seconds();
    for (auto& file : files)
      if (!interruption::came())
        one(file);
    if (!how_.junit.empty() &&
        !(std::ofstream(how_.junit, std::ios::binary)
          << junit_report(report_, many_ ? how_.path : std::string{}) << std::flush))
      fail(how_.junit + " cannot be written");
    if (interruption::came())
      status_ = 128 + interruption::signal();
    out_ << played_ << (played_ == 1 ? " story, " : " stories, ");
    if (!how_.live)
      out_ << journeys_ << " journeys, ";
    out_ << std::fixed << std::setprecision(2) << processor_seconds() - began
         << " s of processor time: "
         << (status_ == 0    ? "all of it came true"
             : status_ > 128 ? "interrupted; " + last_
                             : "NOT all of it came true")
         << '\n';
    return status_;
  }

private:
  void fail(const std::string& why) {
    err_ << "igl scenario run: " << why << '\n';
    status_ = 2;
  }

  void one(const std::string& file) {
    report_.push_back({file, 0, {}});
    auto& result = report_.back();
    const auto began = std::chrono::steady_clock::now();
    std::ifstream text(file, std::ios::binary);
    std::ostringstream whole;
    whole << text.rdbuf();
    if (!text) {
      result.faults.push_back(file + " cannot be read");
      return fail(result.faults.back());
    }
    auto parsed = parse_script(file, whole.str());
    if (auto wrong = std::get_if<mistake>(&parsed)) {
      result.faults.push_back(to_string(*wrong));
      err_ << to_string(*wrong) << '\n';
      status_ = 2;
      return;
    }
    auto& story_text = std::get<script>(parsed);
    if (how_.live)
      result.left_out = only_simulated(story_text);
    if (!result.left_out.empty()) {
      out_ << "left out: " << result.left_out << std::endl;
      status_ = many_ ? status_ : 2;
      return;
    }
    ++played_;
    if (how_.verbose && many_)
      out_ << "== " << file << '\n';
    for (auto seed = seeds_.first;; ++seed) {
      auto done = played_with(story_text, seed);
      if (done.interrupted) {
        last_ = file + (seed > seeds_.first
                            ? " came true with the seeds " + std::to_string(seeds_.first) + ".." +
                                  std::to_string(seed - 1)
                            : " was not played to its end");
        result.faults.push_back(last_);
        return;
      }
      journeys_ += done.journeys;
      for (auto& fault : done.faults)
        err_ << fault << '\n';
      result.faults = done.faults;
      result.seconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
      if (how_.rewrite && done.good())
        if (auto why = write_file(file, rewritten(story_text, done.came_out)); !why.empty())
          return fail(file + " cannot be written: " + why);
      if (!done.good()) {
        if (how_.rewrite)
          err_ << file << " is left as it is\n";
        err_ << "again: igl scenario run " << file
             << (how_.live ? " --live" : " --seed " + std::to_string(seed)) << '\n';
        status_ = std::max(status_, 1);
      } else {
        show_life(file, seed, result.seconds);
      }
      // The last number there is has none behind it.
      if (!done.good() || seed == seeds_.last)
        return;
    }
  }

  /// Of what takes long: each story with real processes, otherwise a line every few seconds.
  void show_life(const std::string& file, uint64_t seed, double seconds) {
    const auto now = std::chrono::steady_clock::now();
    const bool several_seeds = seeds_.first != seeds_.last;
    if (how_.verbose || (!many_ && !several_seeds) ||
        (!how_.live && now - shown_ < how_.silent_at_most))
      return;
    shown_ = now;
    out_ << file << " came true";
    if (several_seeds)
      out_ << " with the seeds " << seeds_.first << ".." << seed;
    out_ << ", " << std::fixed << std::setprecision(1) << seconds << " s" << std::endl;
  }

  played played_with(const script& text, uint64_t seed) {
    play_options options;
    options.seed = seed;
    options.rewrite = how_.rewrite;
    options.live = how_.live;
    if (how_.verbose)
      options.on_line = [this](const std::string& line) {
        out_ << line << '\n';
      };
    return play(text, options);
  }

  const run_options& how_;
  const number_range seeds_;
  std::ostream& out_;
  std::ostream& err_;
  bool many_ = false;
  int status_ = 0;
  std::vector<story_result> report_;
  std::string last_ = "nothing was played to its end"; ///< said of who was interrupted
  std::chrono::steady_clock::time_point shown_ = std::chrono::steady_clock::now();
  uint64_t journeys_ = 0;
  size_t played_ = 0;
};

} // namespace

int run(const run_options& how, std::ostream& out, std::ostream& err) {
  // What the nodes log is for operators; a story says itself what happens.
  spdlog::set_level(spdlog::level::off);
  auto refuse = [&](const std::string& why) {
    err << "igl scenario run: " << why << '\n';
    if (!how.junit.empty())
      std::ofstream(how.junit, std::ios::binary) << junit_report({{how.path, 0, {why}}});
    return 2;
  };
  auto seeds = how.seeds.empty() ? caf::optional<number_range>{number_range{how.seed, how.seed}}
                                 : parse_range(how.seeds);
  if (!seeds)
    return refuse("--seeds is a range such as 1..1000, not \"" + how.seeds + "\"");
  if (how.live && how.rewrite)
    return refuse("--rewrite writes what a simulated world does; leave out --live");
  if (how.rewrite && !how.seeds.empty())
    return refuse("--rewrite writes what comes out with one seed; leave out --seeds");
  auto stories = stories_at(how.path);
  if (stories.empty())
    return refuse("there is no *.scenario in " + how.path);
  interruption until;
  return running{how, *seeds, out, err}.all_of(stories);
}

int list_commands(std::ostream& out) {
  story any{std::make_unique<world>(1, ""), "."};
  for (auto& x : any.phrases()) {
    out << x.form;
    for (auto& option : x.options)
      out << ' '
          << (option == "*"                           ? "…"
              : option.find('=') == std::string::npos ? option + "=…"
                                                      : option);
    out << "\n    " << x.meaning << '\n';
  }
  out << "\nIn braces:\n";
  for (auto& [name, meaning] : kinds_of_slots())
    out << "    " << name << ": " << meaning << '\n';
  out << "\nStreams, and the actor of a process that takes their jobs:\n";
  for (auto& entry : stream_catalogue())
    out << "    " << entry.name << ": " << entry.consumer << '\n';
  return 0;
}

} // namespace igl::scenario
