#include "messages/errors.hpp"
#include "scenarios/runner/story.hpp"

#include <algorithm>

namespace igl::scenario {

caf::error story::say_and_do(const std::string& form, const call& with) {
  return std::find_if(phrases_.begin(), phrases_.end(), [&](auto& x) { return x.form == form; })
      ->act(with);
}

/// One message for each moment, with a document of its own, so that every worker has something to
/// do for each.
caf::error story::die_at_every_moment(const call& x) {
  auto& sender = x.slots[0];
  auto& receiver = x.slots[2];
  auto numbers = parse_range(x.slots[1]);
  if (!numbers || numbers->last - numbers->first + 1 != crash_points.size())
    return make_problem(errc::bad_request, "there are four moments: post four messages, as 1..4");
  auto found = processes_of(x.slots[3]);
  if (!found)
    return found.error();
  auto* who = found->back();
  for (auto* y : *found)
    if (y->label == x.slots[3])
      who = y;
  const auto where = *parse_stream(x.slots[4]);
  for (size_t i = 0; i < crash_points.size(); ++i) {
    if (!who->running)
      return make_problem(errc::bad_request, who->label + " is down");
    const auto number = std::to_string(numbers->first + i);
    const auto document = "document-" + number;
    const auto message = sender + ":" + number;
    if (auto why = say_and_do(
            "{NATION} stores {DOCUMENT} for {RECEIVER}",
            {{sender, document, receiver}, {{"text", "the document " + document}}, {}, {}}))
      return why;
    world_.kill_at(*who, static_cast<crash_point>(i), where);
    if (auto why = say_and_do("{NATION} posts {NUMBERS} to {RECEIVER}",
                              {{sender, number, receiver}, {{"object", document}}, {}, {}}))
      return why;
    if (auto why = run(detail::nothing, std::chrono::minutes{10}))
      return why;
    const auto moment = std::string{crash_points[i]} + " of " + to_string(where);
    say(told_by(who->label,
                who->running ? "lives: there was no moment " + moment : "died " + moment));
    who->plan->next.clear();
    if (!who->running)
      if (auto why = world_.start(*who))
        return why;
    world_.pass(std::chrono::minutes{6});
    if (auto why = run(detail::nothing, std::chrono::minutes{10}))
      return why;
    for (auto& nation : {sender, receiver})
      if (auto why =
              say_and_do("show status of {MESSAGE} at {PROCESS}", {{message, nation}, {}, {}, {}}))
        return why;
    if (auto why = say_and_do("{NATION} fetches {DOCUMENT}", {{receiver, document}, {}, {}, {}}))
      return why;
  }
  return caf::none;
}

void story::add_moments() {
  add_simulated(
      "{NATION} posts {NUMBERS} to {NATION} while {PROCESS} dies at every moment of {STREAM}", {},
      "four messages, each with a document; with each of them the process is killed at another "
      "moment in the life of a job of the stream, and started again",
      [this](const call& x) { return die_at_every_moment(x); });
}

} // namespace igl::scenario
