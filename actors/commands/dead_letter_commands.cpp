#include "actors/commands/dead_letter_commands.hpp"

#include "actors/commands/dead_letter_pages.hpp"
#include "messages/dead_letters.hpp"
#include "messages/json.hpp"

#include <nlohmann/json.hpp>

#include <ostream>

namespace igl::commands {

namespace {

using nlohmann::json;

/// So many consequences are printed before somebody is asked.
constexpr size_t most_shown = 20;

std::string letters(uint64_t n) {
  return std::to_string(n) + (n == 1 ? " dead letter" : " dead letters");
}

} // namespace

int dead_letter_groups(node_client& node, const terminal& term) {
  auto groups = groups_of(node);
  if (!groups)
    return fail(term, "dead-letters", groups.error());
  if (term.json) {
    for (const auto& x : *groups) {
      json line = x;
      line["group"] = to_string(x.cause);
      term.out << line << '\n';
    }
    return 0;
  }
  if (groups->empty())
    term.out << "no dead letters\n";
  for (const auto& x : *groups)
    term.out << x.count << "  " << to_string(x.cause) << "  first " << to_rfc3339(x.first) << " ("
             << x.first_number << "), last " << to_rfc3339(x.last) << ": " << x.last_reason << '\n';
  return 0;
}

int dead_letter_list(node_client& node, const terminal& term) {
  bool any = false;
  auto failed = for_each_letter(node, {}, 0, [&](const dead_letter& x, const json& entry) {
    any = true;
    if (term.json)
      term.out << entry << '\n';
    else
      term.out << x.number << "  " << to_rfc3339(x.died) << "  " << to_string(x.job.order.on)
               << "  " << x.job.order.id << "  after " << x.job.attempts
               << " attempts: " << x.reason << '\n';
  });
  if (failed)
    return fail(term, "dead-letters list", failed);
  if (!any && !term.json)
    term.out << "no dead letters\n";
  return 0;
}

int dead_letter_show(node_client& node, const terminal& term, uint64_t number) {
  auto answer = letter_of(node, number);
  if (!answer)
    return fail(term, "dead-letters show", answer.error());
  if (term.json) {
    term.out << *answer << '\n';
    return 0;
  }
  auto x = answer->get<dead_letter>();
  const auto& order = x.job.order;
  term.out << "dead letter " << x.number << ", died " << to_rfc3339(x.died) << '\n'
           << "group       " << to_string(cause_of(x)) << '\n'
           << "job         " << order.id << ", opened " << to_rfc3339(x.job.opened) << ", "
           << x.job.attempts << (x.job.attempts == 1 ? " attempt" : " attempts") << '\n'
           << "reason      " << x.reason << '\n'
           << "if dropped  " << consequence_of(order) << '\n'
           << "order       " << order.body << '\n'
           << "\nwhat happened to " << order.about << '\n';
  auto failed = for_each_event(node, order.about, [&](const event& e, const json&) {
    term.out << "  " << to_rfc3339(e.at) << "  " << sentence_of(e) << '\n';
  });
  return failed ? fail(term, "dead-letters show", failed) : 0;
}

int dead_letter_drop(node_client& node, const terminal& term, const dead_letter_options& which) {
  const auto command = "dead-letters drop";
  if ((which.number != 0) + !which.group.empty() != 1)
    return refuse(term, command, "name one by its number, or --group GROUP");
  if (!which.yes && !which.ask)
    return refuse(term, command, "there is nobody to ask here; say --yes to drop all the same");
  if (!which.group.empty() && !parse_dead_letter_cause(which.group))
    return refuse(term, command,
                  "'" + which.group +
                      "' is no group such as outbox/no_channel/SG; igl "
                      "dead-letters lists them");
  // What is dropped is what was shown, and nothing that died meanwhile.
  std::vector<uint64_t> numbers;
  auto& say = term.json ? term.err : term.out;
  auto show = [&](const dead_letter& x) {
    numbers.push_back(x.number);
    if (numbers.size() <= most_shown)
      say << x.number << "  " << consequence_of(x.job.order) << '\n';
  };
  if (which.number != 0) {
    auto answer = letter_of(node, which.number);
    if (!answer)
      return fail(term, command, answer.error());
    show(answer->get<dead_letter>());
  } else if (auto why = for_each_letter(node, which.group, 0,
                                        [&](const dead_letter& x, const json&) { show(x); })) {
    return fail(term, command, why);
  }
  if (numbers.empty())
    return fail(
        term, command,
        make_problem(errc::not_found, "there is no dead letter of the group " + which.group));
  if (numbers.size() > most_shown)
    say << "and so for " << numbers.size() - most_shown << " more\n";
  say.flush();
  if (!which.yes && !which.ask("drop " + letters(numbers.size()) + "? ")) {
    say << "nothing was dropped\n";
    return 1;
  }
  uint64_t dropped = 0;
  for (auto number : numbers) {
    auto answer = act_on(node, number, "drop");
    if (answer) {
      ++dropped;
      continue;
    }
    if (which.number == 0 && code_of(answer.error()) == errc::not_found)
      continue;
    say << letters(dropped) << " dropped\n";
    return fail(term, command, answer.error());
  }
  if (term.json)
    term.out << json{{"dropped", dropped}} << '\n';
  else if (which.number != 0)
    term.out << "dead letter " << which.number << " is dropped; its job will never be done\n";
  else
    term.out << letters(dropped) << " dropped; their jobs will never be done\n";
  return 0;
}

} // namespace igl::commands
