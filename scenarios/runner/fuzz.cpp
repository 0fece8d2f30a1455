#include "scenarios/runner/fuzz.hpp"

#include "scenarios/runner/grammar.hpp"
#include "scenarios/runner/interruption.hpp"
#include "scenarios/runner/invention.hpp"
#include "scenarios/runner/play.hpp"
#include "scenarios/runner/shrink.hpp"
#include "scenarios/runner/story_folder.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <limits>
#include <ostream>
#include <sstream>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace igl::scenario {

namespace {

using steady = std::chrono::steady_clock;

/// How often a failing story is played to make it short.
constexpr size_t most_tries = 400;
/// Whoever does not say how long waits for the last seed.
constexpr std::chrono::hours most_time{24 * 3650};

played play_text(const std::string& text, uint64_t seed, const std::string& base) {
  auto parsed = parse_script("invented.scenario", text);
  if (auto wrong = std::get_if<mistake>(&parsed)) {
    played none;
    none.faults.push_back(to_string(*wrong));
    return none;
  }
  play_options how;
  how.seed = seed;
  how.lenient = true;
  how.base = base;
  return play(std::get<script>(parsed), how);
}

std::string written(const played& x) {
  std::string text = std::to_string(x.journeys) + ' ' + std::to_string(x.virtual_time.count()) +
                     ' ' + std::to_string(x.interrupted ? 1 : 0) + ' ' +
                     std::to_string(x.passed_over.size());
  for (auto line : x.passed_over)
    text += ' ' + std::to_string(line);
  for (auto& fault : x.faults)
    text += '\n' + fault;
  return text;
}

played read_from(const std::string& text) {
  played x;
  std::istringstream in(text);
  int64_t nanoseconds = 0;
  size_t passed_over = 0;
  in >> x.journeys >> nanoseconds >> x.interrupted >> passed_over;
  x.virtual_time = std::chrono::nanoseconds{nanoseconds};
  for (uint32_t line = 0; passed_over > 0 && in >> line; --passed_over)
    x.passed_over.push_back(line);
  std::string fault;
  for (std::getline(in, fault); std::getline(in, fault);)
    x.faults.push_back(fault);
  return x;
}

/// In seconds of true time; most take a third of one. What takes longer waits for ever.
constexpr unsigned longest_story = 300;

/// In a process of its own, so that also a story that ends its process can be made short.
played play_apart(const std::string& text, uint64_t seed) {
  // A process that ends itself does not remove what it made.
  story_folder folder;
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0)
    return play_text(text, seed, folder.path);
  const auto child = fork();
  if (child < 0) {
    close(ends[0]);
    close(ends[1]);
    return play_text(text, seed, folder.path);
  }
  if (child == 0) {
    close(ends[0]);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    alarm(longest_story);
    auto said = written(play_text(text, seed, folder.path));
    for (std::string_view rest = said; !rest.empty();) {
      auto some = write(ends[1], rest.data(), rest.size());
      if (some < 0 && errno != EINTR)
        break;
      rest.remove_prefix(some < 0 ? 0 : static_cast<size_t>(some));
    }
    // Nothing of the parent's is flushed or destroyed here.
    _exit(0);
  }
  close(ends[1]);
  std::string said;
  for (std::array<char, 4096> some{};;) {
    auto count = read(ends[0], some.data(), some.size());
    if (count == 0 || (count < 0 && errno != EINTR))
      break;
    if (count < 0)
      kill(child, SIGTERM);
    else
      said.append(some.data(), static_cast<size_t>(count));
  }
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    kill(child, SIGTERM);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return read_from(said);
  played ended;
  ended.interrupted = interruption::came();
  const bool endless = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
  ended.faults.push_back(endless ? "NOT TRUE: the story ends, and does not wait for ever"
                                 : "NOT TRUE: the process outlives the story: it ended with " +
                                       (WIFSIGNALED(status)
                                            ? std::string{strsignal(WTERMSIG(status))}
                                            : "status " + std::to_string(WEXITSTATUS(status))));
  return ended;
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
    if (interruption::came())
      return false;
    auto now = kinds_of(play_apart(candidate, seed));
    return std::any_of(now.begin(), now.end(), [&](auto& kind) {
      return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
    });
  };
  auto start = without(text, first.passed_over);
  auto brief = shrunk(fails(start) ? start : text, fails, most_tries);
  auto last = play_apart(brief, seed);
  if (auto pruned = without(brief, last.passed_over); fails(pruned))
    brief = pruned;
  std::error_code failed;
  auto folder = how.keep.empty() ? std::filesystem::temp_directory_path(failed)
                                 : std::filesystem::path{how.keep};
  auto file = (folder / ("fuzz-" + std::to_string(seed) + ".scenario")).string();
  brief = "# Seed " + std::to_string(seed) + " of igl scenario fuzz, made short.\n\n" + brief;
  std::filesystem::create_directories(folder, failed);
  const bool kept = bool(std::ofstream(file, std::ios::binary) << brief << std::flush);
  err << '\n' << brief << '\n';
  for (auto& fault : play_apart(brief, seed).faults)
    err << fault << '\n';
  err << '\n'
      << (kept ? "again: igl scenario run " + file + " --seed " + std::to_string(seed)
               : "igl scenario fuzz: " + file + " cannot be written; the story is above")
      << "\nunshortened: igl scenario fuzz --seeds " << seed << ".." << seed << '\n';
  return 1;
}

} // namespace

int fuzz(const fuzz_options& how, std::ostream& out, std::ostream& err) {
  spdlog::set_level(spdlog::level::off);
  auto refuse = [&](const std::string& why) {
    err << "igl scenario fuzz: " << why << '\n';
    return 2;
  };
  number_range seeds{static_cast<uint64_t>(std::time(nullptr)) * 1000,
                     std::numeric_limits<uint64_t>::max()};
  if (!how.seeds.empty()) {
    auto given = parse_range(how.seeds);
    if (!given)
      return refuse("--seeds is a range such as 1..1000, not \"" + how.seeds + "\"");
    seeds = *given;
  } else if (how.show) {
    // One, unless somebody says how many.
    seeds.last = seeds.first;
  }
  auto time =
      how.time.empty() ? caf::optional<std::chrono::milliseconds>{most_time} : parse_time(how.time);
  if (!time || time->count() == 0)
    return refuse("--for is a time such as 60s or 8h, not \"" + how.time + "\"");
  interruption until;
  const auto began = steady::now();
  uint64_t journeys = 0;
  uint64_t stories = 0;
  std::chrono::nanoseconds virtual_time{0};
  auto told = [&] {
    std::chrono::duration<double> took = steady::now() - began;
    return (stories == 0 ? "no seed: "
                         : "seeds " + std::to_string(seeds.first) + ".." +
                               std::to_string(seeds.first + stories - 1) + ": ") +
           std::to_string(stories) + " stories, " + std::to_string(journeys) + " journeys, " +
           std::to_string(std::chrono::duration_cast<std::chrono::hours>(virtual_time).count()) +
           " hours of their time in " + std::to_string(static_cast<uint64_t>(took.count())) + " s";
  };
  for (auto seed = seeds.first; steady::now() - began < *time; ++seed) {
    auto text = invented_story(seed);
    if (how.show) {
      // Whoever reads them may have read enough.
      if (!(out << "# Seed " << seed << ".\n\n"
                << text << '\n'
                << std::flush) ||
          interruption::came())
        return 0;
    } else {
      auto done = play_apart(text, seed);
      if (interruption::came()) {
        out << told() << ": interrupted\n";
        return 128 + interruption::signal();
      }
      journeys += done.journeys;
      virtual_time += done.virtual_time;
      ++stories;
      if (how.verbose)
        out << "seed " << seed << ": " << done.journeys << " journeys, " << done.faults.size()
            << " faults" << std::endl;
      if (!done.good()) {
        out << told() << std::endl;
        return report(seed, text, done, how, err);
      }
    }
    // The last number there is has none behind it.
    if (seed == seeds.last)
      break;
  }
  if (!how.show)
    out << told() << ": nothing is wrong\n";
  return 0;
}

} // namespace igl::scenario
