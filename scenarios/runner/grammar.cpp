#include "scenarios/runner/grammar.hpp"

#include "config/nearest.hpp"
#include "scenarios/runner/slots.hpp"

#include <algorithm>

namespace igl::scenario {

namespace {

using texts = std::vector<std::string>;

/// How far a line is like a phrase.
struct likeness {
  size_t alike = 0;     ///< words to be written as they are that stand in their place, anywhere
  size_t words = 0;     ///< that fit, from the beginning
  std::string expected; ///< what would have had to come next; empty: all of the form was there
  bool literal = false; ///< it is a word to be written as it is
  call with;
};

likeness compare(const command_line& x, const std::vector<word>& form) {
  likeness result;
  for (size_t i = 0; i < std::min(form.size(), x.words.size()); ++i)
    result.alike += form[i].text == x.words[i].text ? 1 : 0;
  for (auto& wanted : form) {
    auto& at = result.words;
    const bool open = is_slot(wanted.text);
    if (at < x.words.size()) {
      auto& given = x.words[at];
      if (open ? slot_of(wanted.text).fits(given.text) : given.text == wanted.text) {
        if (open) {
          result.with.slots.push_back(given.text);
          result.with.slot_columns.push_back(given.column);
        }
        ++at;
        continue;
      }
    }
    result.literal = !open;
    result.expected = open ? std::string{slot_of(wanted.text).meaning} : wanted.text;
    return result;
  }
  return result;
}

std::string one_of(const texts& all) {
  std::string text;
  for (size_t i = 0; i < all.size(); ++i)
    text += (i == 0 ? "" : i + 1 == all.size() ? " or " : ", ") + all[i];
  return text;
}

std::string name_of(const std::string& option) {
  return option.substr(0, option.find('='));
}

/// What an option may be set to; empty: it is that.
std::string refusal_of(const std::string& option, const std::string& value) {
  auto equals = option.find('=');
  if (equals == std::string::npos)
    return {};
  auto kind = option.substr(equals + 1);
  if (is_slot(kind))
    return slot_of(kind).fits(value) ? "" : std::string{slot_of(kind).meaning};
  texts all;
  for (size_t at = 0; at <= kind.size();) {
    auto end = std::min(kind.find('|', at), kind.size());
    all.push_back(kind.substr(at, end - at));
    at = end + 1;
  }
  return std::find(all.begin(), all.end(), value) != all.end() ? "" : one_of(all);
}

/// Everything behind the form has to be an option.
caf::optional<mistake> read_options(const command_line& x, const std::string& file,
                                    const phrase& what, likeness& found) {
  const bool any = !what.options.empty() && what.options.front() == "*";
  texts names;
  for (auto& option : what.options)
    names.push_back(name_of(option));
  for (auto i = found.words; i < x.words.size(); ++i) {
    auto& given = x.words[i];
    auto wrong = [&](const std::string& why) {
      return mistake{file, x.line, given.column, why};
    };
    auto equals = given.text.find('=');
    auto name = given.text.substr(0, equals);
    if (equals == std::string::npos)
      return wrong("expected an option such as " + (any ? "name" : names.front()) +
                   "=value instead of \"" + given.text + "\"");
    auto value = given.text.substr(equals + 1);
    auto known = std::find(names.begin(), names.end(), name);
    if (!any && known == names.end())
      return wrong(with_suggestion("\"" + name + "\" is no option here, expected " + one_of(names),
                                   name, names));
    if (!any)
      if (auto expected =
              refusal_of(what.options[static_cast<size_t>(known - names.begin())], value);
          !expected.empty())
        return wrong(name + " is " + expected + ", not \"" + value + "\"");
    if (found.with.has(name))
      return wrong("\"" + name + "\" is given twice");
    found.with.options.emplace_back(name, value);
    found.with.option_columns.push_back(given.column);
  }
  return caf::none;
}

/// The mistake in a line that no phrase fits, out of those phrases that it is most like.
mistake nothing_fits(const command_line& x, const std::string& file,
                     const std::vector<phrase>& phrases, const std::vector<likeness>& all) {
  auto is_less = [](const likeness& a, const likeness& b) {
    return std::pair{a.alike, a.words} < std::pair{b.alike, b.words};
  };
  auto& best = *std::max_element(all.begin(), all.end(), is_less);
  texts expected, words;
  for (auto& found : all)
    if (!is_less(found, best) &&
        std::find(expected.begin(), expected.end(), found.expected) == expected.end()) {
      expected.push_back(found.expected);
      if (found.literal)
        words.push_back(found.expected);
    }
  auto at = best.words;
  auto& first = x.words.front().text;
  if (best.alike == 0) {
    // Any word may be a name; it is rather one that begins a command.
    texts beginnings;
    for (auto& candidate : phrases)
      if (auto begin = candidate.form.substr(0, candidate.form.find(' ')); !is_slot(begin))
        beginnings.push_back(begin);
    if (auto meant = config::nearest(first, beginnings); !meant.empty() || at == 0)
      return {file, x.line, x.words.front().column,
              with_suggestion("no command begins with \"" + first +
                                  "\"; igl scenario commands lists them",
                              first, beginnings)};
  }
  const bool more = at < x.words.size();
  auto given = more ? x.words[at].text : std::string{};
  auto what = "expected " + one_of(expected) +
              (more ? " instead of \"" + given + "\"" : " at the end of the line");
  return {file, x.line, more ? x.words[at].column : x.end,
          more ? with_suggestion(what, given, words) : what};
}

} // namespace

std::string call::option(std::string_view name) const {
  for (auto& [key, value] : options)
    if (key == name)
      return value;
  return {};
}

bool call::has(std::string_view name) const {
  return std::any_of(options.begin(), options.end(), [&](auto& x) { return x.first == name; });
}

uint32_t call::column_of(std::string_view name) const {
  for (size_t i = 0; i < options.size(); ++i)
    if (options[i].first == name)
      return option_columns[i];
  return 1;
}

std::string with_suggestion(std::string what, const std::string& given, const texts& known) {
  if (auto meant = config::nearest(given, known); !meant.empty())
    what += "; did you mean " + meant + "?";
  return what;
}

std::vector<std::pair<std::string_view, std::string_view>> kinds_of_slots() {
  std::vector<std::pair<std::string_view, std::string_view>> all;
  for (auto& x : all_slots())
    all.emplace_back(x.name, x.meaning);
  return all;
}

texts slots_of(const std::string& form) {
  texts all;
  const auto words = *words_of(form);
  for (auto& x : words)
    if (is_slot(x.text))
      all.push_back(x.text.substr(1, x.text.size() - 2));
  return all;
}

std::variant<understood, mistake> understand(const command_line& x, const std::string& file,
                                             const std::vector<phrase>& phrases) {
  std::vector<likeness> all;
  for (auto& candidate : phrases) {
    auto found = compare(x, *words_of(candidate.form));
    const bool more = found.words < x.words.size();
    const bool option = more && x.words[found.words].text.find('=') != std::string::npos;
    if (found.expected.empty() && (!more || (option && !candidate.options.empty()))) {
      if (auto wrong = read_options(x, file, candidate, found))
        return *wrong;
      return understood{&candidate, std::move(found.with)};
    }
    // Another form may go on where this one ends.
    if (found.expected.empty())
      found.expected = candidate.options.empty() ? "the end of the line"
                                                 : "an option such as " +
                                                       (candidate.options.front() == "*"
                                                            ? "name"
                                                            : name_of(candidate.options.front())) +
                                                       "=value";
    all.push_back(std::move(found));
  }
  return nothing_fits(x, file, phrases, all);
}

} // namespace igl::scenario
