#include "scenarios/runner/grammar.hpp"

#include "config/nearest.hpp"
#include "config/value.hpp"
#include "messages/message.hpp"
#include "messages/text.hpp"

#include <algorithm>
#include <array>

namespace igl::scenario {

namespace {

bool made_of(std::string_view text, std::string_view also, bool (*fits)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return fits(c) || also.find(c) != std::string_view::npos;
  });
}
bool is_capital(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_small(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/// A kind of slot: its name in a form, what it is for people, and what fits it.
struct slot {
  std::string_view name;
  std::string_view meaning;
  bool (*fits)(std::string_view);
};

constexpr std::array<slot, 11> slots{{
    {"NATION", "a nation, such as AU",
     [](std::string_view x) {
       return made_of(x, "", is_capital);
     }},
    {"NAME", "a name of small letters, digits and hyphens",
     [](std::string_view x) {
       return made_of(x, "-", is_small);
     }},
    {"SIDE", "a nation, a channel or a subscriber",
     [](std::string_view x) {
       return !x.empty();
     }},
    {"PROCESS", "a nation, or an endpoint such as au-sg/AU",
     [](std::string_view x) {
       return !x.empty();
     }},
    {"NUMBER", "a number",
     [](std::string_view x) {
       return bool(parse_number(x));
     }},
    {"NUMBERS", "a number, several such as 1..1000, or another reference",
     [](std::string_view x) {
       return bool(parse_range(x)) || is_sender_ref(x);
     }},
    {"TIME", "a time, such as 30s, 1h or 7d",
     [](std::string_view x) {
       return bool(parse_time(x));
     }},
    {"MESSAGE", "a message, such as AU:17",
     [](std::string_view x) {
       return bool(parse_reference(x));
     }},
    {"DOCUMENT", "a document's name, such as certificate.json",
     [](std::string_view x) {
       return x.find('=') == std::string_view::npos;
     }},
    {"POINT", "before-decision, after-call, after-commit or after-acknowledgement",
     [](std::string_view x) {
       return bool(parse_crash_point(x));
     }},
    {"STREAM", "a stream, such as outbox",
     [](std::string_view x) {
       return bool(parse_stream(x));
     }},
}};

const slot& slot_of(std::string_view braced) {
  auto name = braced.substr(1, braced.size() - 2);
  return *std::find_if(slots.begin(), slots.end(), [&](auto& x) { return x.name == name; });
}

/// How far a line is like a phrase.
struct likeness {
  size_t words = 0;
  std::string expected; ///< what would have had to come next; empty: all of the form was there
  bool literal = false; ///< it is a word to be written as it is
  call with;
};

likeness compare(const command_line& x, const std::vector<word>& form) {
  likeness result;
  for (auto& wanted : form) {
    auto& at = result.words;
    const bool is_slot = wanted.text.front() == '{';
    if (at < x.words.size()) {
      auto& given = x.words[at].text;
      if (is_slot ? slot_of(wanted.text).fits(given) : given == wanted.text) {
        if (is_slot)
          result.with.slots.push_back(given);
        ++at;
        continue;
      }
    }
    result.literal = !is_slot;
    result.expected = is_slot ? std::string{slot_of(wanted.text).meaning} : wanted.text;
    return result;
  }
  return result;
}

std::string one_of(const std::vector<std::string>& all) {
  std::string text;
  for (size_t i = 0; i < all.size(); ++i)
    text += (i == 0 ? "" : i + 1 == all.size() ? " or " : ", ") + all[i];
  return text;
}

std::string with_suggestion(std::string what, const std::string& given,
                            const std::vector<std::string>& known) {
  if (auto meant = config::nearest(given, known); !meant.empty())
    what += "; did you mean " + meant + "?";
  return what;
}

/// Everything behind the form has to be an option.
caf::optional<mistake> read_options(const command_line& x, const std::string& file,
                                    const phrase& what, likeness& found) {
  const bool any = !what.options.empty() && what.options.front() == "*";
  for (auto i = found.words; i < x.words.size(); ++i) {
    auto& [text, column] = x.words[i];
    auto equals = text.find('=');
    auto name = text.substr(0, equals);
    if (equals == std::string::npos)
      return mistake{file, x.line, column,
                     "expected an option such as " + (any ? "name" : what.options.front()) +
                         "=value instead of \"" + text + "\""};
    if (!any && std::find(what.options.begin(), what.options.end(), name) == what.options.end())
      return mistake{
          file, x.line, column,
          with_suggestion("\"" + name + "\" is no option here, expected " + one_of(what.options),
                          name, what.options)};
    found.with.options.emplace_back(name, text.substr(equals + 1));
  }
  return caf::none;
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

std::variant<understood, mistake> understand(const command_line& x, const std::string& file,
                                             const std::vector<phrase>& phrases) {
  size_t furthest = 0;
  std::vector<std::string> expected;
  std::vector<std::string> words;
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
      found.expected =
          candidate.options.empty()
              ? "the end of the line"
              : "an option such as " +
                    (candidate.options.front() == "*" ? "name" : candidate.options.front()) +
                    "=value";
    if (found.words < furthest)
      continue;
    if (found.words > furthest) {
      furthest = found.words;
      expected.clear();
      words.clear();
    }
    if (std::find(expected.begin(), expected.end(), found.expected) == expected.end())
      expected.push_back(found.expected);
    if (found.literal)
      words.push_back(found.expected);
  }
  const bool more = furthest < x.words.size();
  auto given = more ? x.words[furthest].text : std::string{};
  auto what = "expected " + one_of(expected) +
              (more ? " instead of \"" + given + "\"" : " at the end of the line");
  return mistake{file, x.line, more ? x.words[furthest].column : x.end,
                 more ? with_suggestion(what, given, words) : what};
}

caf::optional<std::chrono::milliseconds> parse_time(std::string_view text) {
  if (!text.empty() && text.back() == 'd') {
    auto days = parse_number(text.substr(0, text.size() - 1));
    if (days && *days <= 3650)
      return std::chrono::milliseconds{std::chrono::hours{24 * static_cast<int64_t>(*days)}};
    return caf::none;
  }
  auto time = config::parse_duration(text);
  return time ? caf::optional<std::chrono::milliseconds>{*time} : caf::none;
}

caf::optional<number_range> parse_range(std::string_view text) {
  auto dots = text.find("..");
  auto first = parse_number(text.substr(0, dots));
  if (!first)
    return caf::none;
  if (dots == std::string_view::npos)
    return number_range{*first, *first};
  auto last = parse_number(text.substr(dots + 2));
  if (!last || *last < *first)
    return caf::none;
  return number_range{*first, *last};
}

} // namespace igl::scenario
