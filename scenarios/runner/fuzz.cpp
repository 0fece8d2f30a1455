#include "scenarios/runner/fuzz.hpp"

#include "scenarios/runner/grammar.hpp"
#include "scenarios/runner/invention.hpp"
#include "scenarios/runner/play.hpp"
#include "scenarios/runner/shrink.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <limits>
#include <ostream>
#include <sstream>

#include <unistd.h>

namespace igl::scenario {

namespace {

using steady = std::chrono::steady_clock;

/// How often a failing story is played to make it short.
constexpr size_t most_tries = 400;

/// What a story ends this process with cannot be told by it: who plays it last says which it was.
std::array<char, 64> last_words{};
extern "C" void say_last_words(int signal) {
  auto ignored = write(STDERR_FILENO, last_words.data(), std::strlen(last_words.data()));
  static_cast<void>(ignored);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void play_to_the_end(uint64_t seed) {
  std::snprintf(last_words.data(), last_words.size(), "the process ended in seed %llu\n",
                static_cast<unsigned long long>(seed));
  for (int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS})
    std::signal(signal, say_last_words);
}

played play_text(const std::string& text, uint64_t seed) {
  auto parsed = parse_script("invented.scenario", text);
  if (auto wrong = std::get_if<mistake>(&parsed)) {
    played none;
    none.faults.push_back(to_string(*wrong));
    return none;
  }
  play_options how;
  how.seed = seed;
  how.lenient = true;
  return play(std::get<script>(parsed), how);
}

/// What is not true, without where it was found and without the names in it: a shorter story is
/// one in which the same kind of thing is wrong.
std::string kind_of(const std::string& fault) {
  auto start = fault.find("NOT TRUE: ");
  std::string kind;
  bool word = false;
  // Names have capitals, digits, colons or dots in them; what is common to all faults has not.
  std::istringstream words(start == std::string::npos ? fault : fault.substr(start + 10));
  for (std::string x; words >> x; word = true)
    if (x.find_first_of("0123456789:./-ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos)
      kind += (word ? " " : "") + x;
  return kind;
}

std::vector<std::string> kinds_of(const played& x) {
  std::vector<std::string> all;
  for (auto& fault : x.faults)
    all.push_back(kind_of(fault));
  return all;
}

/// Without the commands that could not be done.
std::string without(const std::string& text, const std::vector<uint32_t>& lines) {
  std::string result;
  std::istringstream in(text);
  uint32_t number = 0;
  for (std::string line; std::getline(in, line);)
    if (std::find(lines.begin(), lines.end(), ++number) == lines.end())
      result += line + '\n';
  return result;
}

int report(uint64_t seed, const std::string& text, const played& first, const fuzz_options& how,
           std::ostream& err) {
  err << "seed " << seed << ":\n";
  for (auto& fault : first.faults)
    err << "  " << fault << '\n';
  err << "making it short …\n";
  auto kinds = kinds_of(first);
  auto fails = [&](const std::string& candidate) {
    auto now = kinds_of(play_text(candidate, seed));
    return std::any_of(now.begin(), now.end(), [&](auto& kind) {
      return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
    });
  };
  auto start = without(text, first.passed_over);
  auto brief = shrunk(fails(start) ? start : text, fails, most_tries);
  auto last = play_text(brief, seed);
  if (auto pruned = without(brief, last.passed_over); fails(pruned))
    brief = pruned;
  std::error_code failed;
  auto folder = how.keep.empty() ? std::filesystem::temp_directory_path(failed)
                                 : std::filesystem::path{how.keep};
  auto file = (folder / ("fuzz-" + std::to_string(seed) + ".scenario")).string();
  brief = "# Seed " + std::to_string(seed) + " of igl scenario fuzz, made short.\n\n" + brief;
  std::ofstream(file, std::ios::binary) << brief;
  err << '\n' << brief << '\n';
  for (auto& fault : play_text(brief, seed).faults)
    err << fault << '\n';
  err << "\nagain: igl scenario run " << file << " --seed " << seed
      << "\nunshortened: igl scenario fuzz --seeds " << seed << ".." << seed << '\n';
  return 1;
}

} // namespace

int fuzz(const fuzz_options& how, std::ostream& out, std::ostream& err) {
  spdlog::set_level(spdlog::level::off);
  number_range seeds;
  if (how.seeds.empty()) {
    seeds.first = static_cast<uint64_t>(std::time(nullptr)) * 1000;
    seeds.last = std::numeric_limits<uint64_t>::max();
  } else {
    auto given = parse_range(how.seeds);
    if (!given) {
      err << "igl scenario fuzz: --seeds is a range such as 1..1000, not \"" << how.seeds << "\"\n";
      return 2;
    }
    seeds = *given;
  }
  auto time = how.time.empty()
                  ? caf::optional<std::chrono::milliseconds>{std::chrono::milliseconds{0}}
                  : parse_time(how.time);
  if (!time) {
    err << "igl scenario fuzz: --for is a time such as 60s or 8h, not \"" << how.time << "\"\n";
    return 2;
  }
  if (how.show) {
    for (auto seed = seeds.first; seed <= seeds.last; ++seed)
      out << "# Seed " << seed << ".\n\n" << invented_story(seed) << '\n';
    return 0;
  }
  const auto began = steady::now();
  uint64_t journeys = 0;
  std::chrono::nanoseconds virtual_time{0};
  auto seed = seeds.first;
  auto told = [&] {
    std::chrono::duration<double> took = steady::now() - began;
    return "seeds " + std::to_string(seeds.first) + ".." + std::to_string(seed - 1) + ": " +
           std::to_string(seed - seeds.first) + " stories, " + std::to_string(journeys) +
           " journeys, " +
           std::to_string(std::chrono::duration_cast<std::chrono::hours>(virtual_time).count()) +
           " hours of their time in " + std::to_string(static_cast<uint64_t>(took.count())) + " s";
  };
  for (; seed <= seeds.last; ++seed) {
    if (time->count() > 0 && steady::now() - began >= *time)
      break;
    play_to_the_end(seed);
    auto text = invented_story(seed);
    auto done = play_text(text, seed);
    journeys += done.journeys;
    virtual_time += done.virtual_time;
    if (how.verbose)
      out << "seed " << seed << ": " << done.journeys << " journeys, " << done.faults.size()
          << " faults" << std::endl;
    if (!done.good()) {
      out << told() << std::endl;
      return report(seed, text, done, how, err);
    }
  }
  out << told() << ": nothing is wrong\n";
  return 0;
}

} // namespace igl::scenario
