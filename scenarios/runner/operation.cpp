#include "messages/errors.hpp"
#include "messages/text.hpp"
#include "messages/uri.hpp"
#include "scenarios/runner/story.hpp"

namespace igl::scenario {

// What the operator of a node does.

caf::expected<http_response> story::operate(const std::string& nation, const std::string& path) {
  http_request wanted;
  wanted.method = "POST";
  wanted.url = "/operator/" + path;
  wanted.headers = {{"Authorization", "Bearer scenario"},
                    {"Content-Type", "application/x-www-form-urlencoded"}};
  return answer_of(nation, std::move(wanted));
}

caf::error story::act_on_letter(const call& x, const std::string& what) {
  auto book = book_of(x.slots[0]);
  if (!book)
    return book.error();
  auto number = *parse_number(x.slots[1]);
  caf::optional<job_order> job;
  if (auto all = (*book)->read(find_dead_letters{number - 1, 1}); all && !all->letters.empty())
    if (all->letters.front().number == number)
      job = all->letters.front().job.order;
  auto answer = operate(x.slots[0], "dead-letters/" + x.slots[1] + "/" + what);
  if (!answer)
    return answer.error();
  if (auto* at = world_.node_of(x.slots[0]); job && answer->status < 300)
    what == "drop" ? invariants_.dropped(*at, *job) : invariants_.replayed(*at, *job);
  say(told_by(x.slots[0],
              std::to_string(answer->status) + "  " +
                  (answer->status < 300 ? what + " dead letter " + x.slots[1] : answer->body)));
  return caf::none;
}

caf::error story::act_on_subscriber(const call& x, const std::string& what) {
  auto& who = world_.subscribers().at(x.slots[1]);
  auto answer = operate(x.slots[0], "subscriptions/" + what +
                                        "?callback=" + percent_encode(world_.callback_of(who)));
  if (!answer)
    return answer.error();
  say(told_by(x.slots[0], std::to_string(answer->status) + "  " +
                              (answer->status < 300 ? what + ' ' + who.name : answer->body)));
  return caf::none;
}

void story::add_operation() {
  add("{NATION} joins {CHANNEL}", {},
      "a nation comes to a channel that is there; everybody on it is started again with the new "
      "configuration",
      [this](const call& x) -> caf::error {
        auto why = world_.join(x.slots[0], x.slots[1]);
        return why ? blame(x.slot_columns[0], problem_of(why).detail) : caf::error{};
      });
  for (auto [verb, what, meaning] :
       {std::tuple{"replays", "replay", "an operator has it done again"},
        std::tuple{"drops", "drop", "an operator gives it up"}})
    add("{NATION} " + std::string{verb} + " dead letter {NUMBER}", {}, meaning,
        [this, what = std::string{what}](const call& x) { return act_on_letter(x, what); });
  for (auto [verb, what, meaning] :
       {std::tuple{"pauses", "pause", "an operator has it called no more; everything waits"},
        std::tuple{"resumes", "resume", "what waits is delivered, and everything after it"},
        std::tuple{"drops", "drop", "an operator ends its subscriptions, and it is told so"}})
    add("{NATION} " + std::string{verb} + " {SUBSCRIBER}", {}, meaning,
        [this, what = std::string{what}](const call& x) { return act_on_subscriber(x, what); });
}

} // namespace igl::scenario
