#include "scenarios/runner/command.hpp"

#include "scenarios/runner/junit.hpp"
#include "scenarios/runner/story.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
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

} // namespace

int run(const run_options& how, std::ostream& out, std::ostream& err) {
  // What the nodes log is for operators; a story says itself what happens.
  spdlog::set_level(spdlog::level::off);
  auto seeds = how.seeds.empty() ? number_range{how.seed, how.seed} : number_range{};
  if (!how.seeds.empty()) {
    auto given = parse_range(how.seeds);
    if (!given) {
      err << "igl scenario run: --seeds is a range such as 1..1000, not \"" << how.seeds << "\"\n";
      return 2;
    }
    seeds = *given;
  }
  auto stories = stories_at(how.path);
  if (how.live && how.rewrite) {
    err << "igl scenario run: --rewrite writes what a simulated world does; leave out --live\n";
    return 2;
  }
  if (stories.empty()) {
    err << "igl scenario run: there is no *.scenario in " << how.path << '\n';
    return 2;
  }
  int status = 0;
  std::vector<story_result> report;
  uint64_t journeys = 0;
  size_t left_out = 0;
  const auto began = processor_seconds();
  for (auto& file : stories) {
    std::ifstream text(file, std::ios::binary);
    std::ostringstream whole;
    whole << text.rdbuf();
    if (!text) {
      err << "igl scenario run: " << file << " cannot be read\n";
      return 2;
    }
    auto parsed = parse_script(file, whole.str());
    if (auto wrong = std::get_if<mistake>(&parsed)) {
      err << to_string(*wrong) << '\n';
      report.push_back({file, 0, {to_string(*wrong)}});
      status = 2;
      continue;
    }
    auto& story_text = std::get<script>(parsed);
    if (how.live)
      if (auto why = only_simulated(story_text); !why.empty()) {
        out << "left out: " << why << '\n';
        ++left_out;
        if (stories.size() == 1)
          status = 2;
        continue;
      }
    const auto story_began = processor_seconds();
    report.push_back({file, 0, {}});
    for (auto seed = seeds.first; seed <= seeds.last; ++seed) {
      play_options options;
      options.seed = seed;
      options.rewrite = how.rewrite;
      options.live = how.live;
      if (how.verbose)
        options.on_line = [&](const std::string& line) {
          out << line << '\n';
        };
      auto done = play(story_text, options);
      journeys += done.journeys;
      for (auto& fault : done.faults)
        err << fault << '\n';
      report.back().faults = done.faults;
      report.back().seconds = processor_seconds() - story_began;
      if (how.rewrite)
        std::ofstream(file, std::ios::binary) << rewritten(story_text, done.came_out);
      if (!done.good()) {
        err << "again: igl scenario run " << file
            << (how.live ? " --live" : " --seed " + std::to_string(seed)) << '\n';
        status = std::max(status, 1);
        break;
      }
    }
  }
  if (!how.junit.empty() && !(std::ofstream(how.junit, std::ios::binary) << junit_report(report))) {
    err << "igl scenario run: " << how.junit << " cannot be written\n";
    status = 2;
  }
  const auto took = processor_seconds() - began;
  out << stories.size() - left_out << (stories.size() - left_out == 1 ? " story, " : " stories, ")
      << journeys << " journeys, " << std::fixed << std::setprecision(2) << took
      << " s of processor time: "
      << (status == 0 ? "all of it came true" : "NOT all of it came true") << '\n';
  return status;
}

int list_commands(std::ostream& out) {
  story any{std::make_unique<world>(1, ""), "."};
  for (auto& x : any.phrases()) {
    out << x.form;
    for (auto& option : x.options)
      out << ' ' << (option == "*" ? "…" : option + "=…");
    out << "\n    " << x.meaning << '\n';
  }
  return 0;
}

} // namespace igl::scenario
