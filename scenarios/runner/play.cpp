#include "scenarios/runner/play.hpp"

#include "messages/errors.hpp"
#include "scenarios/runner/interruption.hpp"
#include "scenarios/runner/live_world.hpp"
#include "scenarios/runner/story.hpp"
#include "scenarios/runner/story_folder.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <set>
#include <sstream>

namespace igl::scenario {

namespace {

/// With real processes.
constexpr std::chrono::minutes longest_wait{2};

std::string place_of(const script& x, size_t line) {
  return x.file + ":" + std::to_string(line) + ": ";
}

} // namespace

std::string only_simulated(const script& x) {
  story any{std::make_unique<world>(1, ""), "."};
  for (auto& part : x.blocks)
    for (auto& line : part.commands) {
      auto found = understand(line, x.file, any.phrases());
      if (std::holds_alternative<mistake>(found))
        continue;
      auto& [what, with] = std::get<understood>(found);
      if (what->simulated)
        return place_of(x, line.line) + "only a simulated world does this: " + what->form;
      if (what->form.starts_with("wait") && *parse_time(with.slots[0]) > longest_wait)
        return place_of(x, line.line) + "nobody waits for " + with.slots[0] +
               " with real processes, 2m at most";
    }
  return {};
}

std::vector<std::string> comparable(const std::vector<std::string>& lines) {
  std::set<std::string> workers{"message-api",           "document-api",    "subscriptions-api",
                                "channel-api",           "medium-observer", "channel-observer",
                                "message-reception-api", "message-updater", "subscriber-desk"};
  for (auto& entry : stream_catalogue())
    workers.insert(std::string{entry.consumer});
  std::vector<std::string> result, told;
  for (auto& line : lines) {
    std::istringstream in(line);
    std::string who, one, two;
    in >> who >> one >> two;
    if (workers.count(one) != 0 || (parse_stream(one) && workers.count(two) != 0))
      continue;
    (two == "was" ? told : result).push_back(line);
  }
  // At least once: how often is chance.
  std::sort(told.begin(), told.end());
  told.erase(std::unique(told.begin(), told.end()), told.end());
  result.insert(result.end(), told.begin(), told.end());
  if (result.empty())
    result.emplace_back("ok");
  return result;
}

namespace {

/// `1d 02:03:04.005`.
std::string clock_text(caf::timespan since) {
  auto all = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  std::array<char, 128> text{};
  std::snprintf(text.data(), text.size(), "%lldd %02lld:%02lld:%02lld.%03lld",
                static_cast<long long>(all / 86'400'000),
                static_cast<long long>(all / 3'600'000 % 24),
                static_cast<long long>(all / 60'000 % 60), static_cast<long long>(all / 1000 % 60),
                static_cast<long long>(all % 1000));
  return text.data();
}

/// A story that is being played.
class playing {
public:
  playing(const script& x, const play_options& how, story& all) : x_(x), how_(how), all_(all) {}

  played run() {
    const auto began = all_.all().now();
    if (how_.on_line)
      all_.on_line = [this, began](const std::string& line) {
        how_.on_line(clock_text(all_.all().now() - began) + "    " + line);
      };
    bool goes_on = true;
    for (auto& part : x_.blocks) {
      for (auto& line : part.commands) {
        if (how_.on_line)
          how_.on_line(clock_text(all_.all().now() - began) + "  > " + x_.lines[line.line - 1]);
        goes_on = obeyed(line);
        if (interruption::came())
          return interrupted();
        if (!goes_on)
          break;
      }
      if (!goes_on)
        break;
      compare(part);
    }
    if (goes_on)
      end();
    result_.journeys = all_.journeys();
    result_.virtual_time = all_.all().now() - began;
    return std::move(result_);
  }

private:
  /// False: it could not be done, and nothing behind it can.
  bool obeyed(const command_line& line) {
    auto found = understand(line, x_.file, all_.phrases());
    if (auto wrong = std::get_if<mistake>(&found)) {
      result_.faults.push_back(to_string(*wrong));
      return false;
    }
    auto why = all_.act(std::get<understood>(found), line.line);
    if (!why)
      return true;
    if (how_.lenient) {
      result_.passed_over.push_back(line.line);
      return true;
    }
    result_.faults.push_back(
        to_string(mistake{x_.file, line.line, all_.blamed(), problem_of(why).detail}));
    return false;
  }

  void compare(const block& part) {
    auto lines = all_.take();
    const bool compared = !how_.rewrite && !how_.lenient;
    for (auto& said : lines)
      if (said.rfind("NOT TRUE", 0) == 0)
        result_.faults.push_back(place_of(x_, part.first + 1) + said);
    auto expected = how_.live ? comparable(part.expected) : part.expected;
    if (how_.live)
      lines = comparable(lines);
    if (how_.rewrite || (compared && lines != expected))
      look_for_commands(part);
    if (compared && lines != expected) {
      result_.faults.push_back(place_of(x_, part.first + 1) + "something else came out");
      for (auto& different : difference(expected, lines, part.first + 1))
        result_.faults.push_back(different);
    }
    result_.came_out.push_back(std::move(lines));
  }

  /// Whoever forgets an empty line has commands among what must come out.
  void look_for_commands(const block& part) {
    for (auto i = part.first; i < part.last; ++i) {
      auto words = words_of(x_.lines[i]);
      if (words && !words->empty() &&
          std::holds_alternative<understood>(
              understand({static_cast<uint32_t>(i + 1), *words, 1}, x_.file, all_.phrases())))
        result_.faults.push_back(place_of(x_, i + 1) +
                                 "a command among the lines that must come out; an empty line is "
                                 "missing before it");
    }
  }

  void end() {
    if (auto why = all_.all().begin(); why && !how_.lenient)
      result_.faults.push_back(place_of(x_, x_.lines.size()) + problem_of(why).detail);
    if (!how_.lenient)
      for (auto line : all_.never_came())
        result_.faults.push_back(place_of(x_, line) +
                                 "the moment never came: " + x_.lines[line - 1]);
  }

  played interrupted() {
    played nothing;
    nothing.interrupted = true;
    return nothing;
  }

  const script& x_;
  const play_options& how_;
  story& all_;
  played result_;
};

} // namespace

played play(const script& x, const play_options& how) {
  story_folder folder{how.base};
  auto beside = std::filesystem::path{x.file}.parent_path().string();
  std::unique_ptr<world> in;
  if (how.live)
    in = std::make_unique<live_world>(folder.path);
  else
    in = std::make_unique<world>(how.seed, folder.path);
  story all{std::move(in), beside.empty() ? "." : beside};
  return playing{x, how, all}.run();
}

} // namespace igl::scenario
