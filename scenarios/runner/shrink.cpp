#include "scenarios/runner/shrink.hpp"

#include "scenarios/runner/grammar.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

namespace igl::scenario {

namespace {

using lines = std::vector<std::string>;

lines lines_in(const std::string& text) {
  lines all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    all.push_back(line);
  return all;
}

std::string text_of(const lines& all) {
  std::string text;
  for (auto& line : all)
    text += line + '\n';
  return text;
}

/// What has to stay for it to be a story.
bool is_frame(const std::string& line) {
  return line.empty() || line == "----" || line == "ok" || line.front() == '#';
}

/// A line with one option less, for each of its options; a range of numbers cut short.
lines simpler(const std::string& line) {
  lines result;
  auto words = words_of(line);
  if (!words)
    return result;
  for (size_t i = 1; i < words->size(); ++i) {
    const auto begin = (*words)[i].offset;
    const auto end = i + 1 < words->size() ? (*words)[i + 1].offset : line.size();
    auto& text = (*words)[i].text;
    const bool is_option = text.find('=') != std::string::npos;
    if (is_option && text.rfind("between=", 0) != 0) {
      auto without = line.substr(0, begin) + line.substr(end);
      while (!without.empty() && without.back() == ' ')
        without.pop_back();
      result.push_back(without);
    } else if (auto range = parse_range(text); range && range->first < range->last) {
      auto half = range->first + (range->last - range->first) / 2;
      auto rest = end < line.size() ? ' ' + line.substr(end) : std::string{};
      result.push_back(line.substr(0, begin) + std::to_string(range->first) + rest);
      result.push_back(line.substr(0, begin) + std::to_string(range->first) + ".." +
                       std::to_string(half) + rest);
    }
  }
  return result;
}

class shrinking {
public:
  shrinking(lines all, const std::function<bool(const std::string&)>& fails, size_t tries)
      : all_(std::move(all)), fails_(fails), tries_(tries) {}

  lines run() {
    for (bool shorter = true; shorter && tries_ > 0;) {
      shorter = leave_out();
      shorter |= simplify();
    }
    return all_;
  }

private:
  bool still_fails(const lines& x) {
    if (tries_ == 0)
      return false;
    --tries_;
    return fails_(text_of(x));
  }

  bool leave_out() {
    bool any = false;
    for (auto many = std::max<size_t>(all_.size() / 2, 1); many > 0; many /= 2)
      for (size_t at = 0; at < all_.size();) {
        auto end = std::min(at + many, all_.size());
        lines fewer;
        for (size_t i = 0; i < all_.size(); ++i)
          if (i < at || i >= end || is_frame(all_[i]))
            fewer.push_back(all_[i]);
        if (fewer.size() < all_.size() && still_fails(fewer)) {
          all_ = std::move(fewer);
          any = true;
        } else {
          at = end;
        }
      }
    return any;
  }

  bool simplify() {
    bool any = false;
    for (size_t i = 0; i < all_.size(); ++i)
      for (bool again = true; again;) {
        again = false;
        for (auto& line : simpler(all_[i])) {
          auto changed = all_;
          changed[i] = line;
          if (!still_fails(changed))
            continue;
          all_ = std::move(changed);
          again = any = true;
          break;
        }
      }
    return any;
  }

  lines all_;
  const std::function<bool(const std::string&)>& fails_;
  size_t tries_;
};

} // namespace

std::string shrunk(const std::string& story, const std::function<bool(const std::string&)>& fails,
                   size_t tries) {
  return text_of(shrinking{lines_in(story), fails, tries}.run());
}

} // namespace igl::scenario
