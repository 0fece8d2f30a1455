#include "scenarios/runner/play.hpp"

#include "messages/errors.hpp"
#include "scenarios/runner/live_world.hpp"
#include "scenarios/runner/story.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>
#include <stdexcept>

namespace igl::scenario {

namespace {

/// A folder in memory where the machine has one, for nothing in it outlives the story.
class folder_for_a_story {
public:
  folder_for_a_story() {
    std::error_code none;
    auto base = std::filesystem::exists("/dev/shm", none) ? std::filesystem::path{"/dev/shm"}
                                                          : std::filesystem::temp_directory_path();
    auto pattern = (base / "igl-scenario-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
      throw std::runtime_error("no folder can be made: " + pattern);
    path = pattern;
  }
  folder_for_a_story(const folder_for_a_story&) = delete;
  folder_for_a_story& operator=(const folder_for_a_story&) = delete;
  ~folder_for_a_story() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }

  std::string path;
};

/// With real processes.
constexpr std::chrono::minutes longest_wait{2};

std::string place_of(const script& x, size_t line) {
  return x.file + ":" + std::to_string(line) + ": ";
}

} // namespace

std::vector<std::string> difference(const std::vector<std::string>& expected,
                                    const std::vector<std::string>& came_out) {
  // The longest common subsequence, from the end.
  const auto rows = expected.size(), columns = came_out.size();
  std::vector<std::vector<uint32_t>> common(rows + 1, std::vector<uint32_t>(columns + 1, 0));
  for (auto i = rows; i-- > 0;)
    for (auto j = columns; j-- > 0;)
      common[i][j] = expected[i] == came_out[j] ? common[i + 1][j + 1] + 1
                                                : std::max(common[i + 1][j], common[i][j + 1]);
  std::vector<std::string> lines;
  size_t i = 0, j = 0;
  while (i < rows || j < columns) {
    if (i < rows && j < columns && expected[i] == came_out[j]) {
      lines.push_back("  " + expected[i++]);
      ++j;
    } else if (i < rows && (j == columns || common[i + 1][j] >= common[i][j + 1])) {
      lines.push_back("- " + expected[i++]);
    } else {
      lines.push_back("+ " + came_out[j++]);
    }
  }
  return lines;
}

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
                                "message-reception-api", "message-updater"};
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

played play(const script& x, const play_options& how) {
  played result;
  folder_for_a_story folder;
  auto beside = std::filesystem::path{x.file}.parent_path().string();
  std::unique_ptr<world> in;
  if (how.live)
    in = std::make_unique<live_world>(folder.path);
  else
    in = std::make_unique<world>(how.seed, folder.path);
  story all{std::move(in), beside.empty() ? "." : beside};
  all.on_line = how.on_line;
  const auto began = all.all().now();
  for (auto& part : x.blocks) {
    for (auto& line : part.commands) {
      auto found = understand(line, x.file, all.phrases());
      if (auto wrong = std::get_if<mistake>(&found)) {
        result.faults.push_back(to_string(*wrong));
        return result;
      }
      auto& what = std::get<understood>(found);
      if (auto why = what.what->act(what.with)) {
        if (how.lenient) {
          result.passed_over.push_back(line.line);
          continue;
        }
        result.faults.push_back(place_of(x, line.line) + problem_of(why).detail);
        return result;
      }
    }
    auto lines = all.take();
    const bool compared = !how.rewrite && !how.lenient;
    auto expected = how.live ? comparable(part.expected) : part.expected;
    if (how.live)
      lines = comparable(lines);
    if (compared && lines != expected) {
      result.faults.push_back(place_of(x, part.first + 1) + "something else came out");
      for (auto& different : difference(expected, lines))
        result.faults.push_back(different);
    }
    if (!compared)
      for (auto& said : lines)
        if (said.rfind("NOT TRUE", 0) == 0)
          result.faults.push_back(place_of(x, part.first + 1) + said);
    result.came_out.push_back(std::move(lines));
  }
  result.journeys = all.journeys();
  result.virtual_time = all.all().now() - began;
  return result;
}

} // namespace igl::scenario
