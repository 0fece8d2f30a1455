#include "actors/commands/dead_letter_campaign.hpp"
#include "actors/commands/dead_letter_commands.hpp"
#include "actors/commands/dead_letter_pages.hpp"
#include "messages/dead_letters.hpp"
#include "messages/json.hpp"
#include "messages/uri.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <memory>
#include <ostream>
#include <thread>

namespace igl::commands {

namespace {

using nlohmann::json;

/// Does what a campaign says, against a running node.
class campaign_driver {
public:
  using act = dead_letter_campaign::act;
  using fate = dead_letter_campaign::fate;

  campaign_driver(node_client& node, const dead_letter_group& of, double rate)
      : node_(node), cause_(to_string(of.cause)), campaign_(limits_for(of, rate)) {}

  using clock = std::chrono::steady_clock;

  /// Before anything is replayed.
  caf::error begin() { return find_newest(); }

  /// Does what there is to do now, and says when there is more; none: it is over. Fails when the
  /// node does not answer; then it has done what `balance` says, and nothing half.
  caf::expected<caf::optional<clock::time_point>> proceed() {
    for (;;) {
      auto step = campaign_.next(clock::now());
      caf::error why;
      switch (step.what) {
      case act::over:
        return caf::optional<clock::time_point>{};
      case act::wait:
        return caf::optional<clock::time_point>{step.until};
      case act::fetch:
        why = fetch();
        break;
      case act::replay:
        why = replay(step.which);
        break;
      case act::look:
        why = look(step.which);
        break;
      }
      if (why)
        return why;
    }
  }

  const dead_letter_campaign& campaign() const { return campaign_; }

private:
  static dead_letter_campaign::limits limits_for(const dead_letter_group& of, double rate) {
    dead_letter_campaign::limits how;
    how.letters = of.count;
    how.rate = rate;
    return how;
  }

  /// What dies from now on has a higher number.
  caf::error find_newest() {
    for (;;) {
      auto page = page_of_groups(node_, newest_);
      if (!page)
        return page.error();
      if (!page->contains("next"))
        return find_died([](const dead_letter&) {});
      newest_ = page->at("next").get<uint64_t>();
    }
  }

  /// What has died since somebody looked.
  caf::error find_died(const std::function<void(const dead_letter&)>& use) {
    return for_each_letter(node_, {}, newest_, [&](const dead_letter& x, const json&) {
      newest_ = x.number;
      use(x);
    });
  }

  caf::error fetch() {
    std::vector<dead_letter_campaign::letter> page;
    while (page.empty() && !all_read_) {
      auto found = page_of(node_, cause_, read_up_to_);
      if (!found)
        return found.error();
      for (const auto& entry : found->at("dead_letters")) {
        auto x = entry.get<dead_letter>();
        page.push_back({x.number, x.job.order.id});
      }
      all_read_ = !found->contains("next");
      if (!all_read_)
        read_up_to_ = found->at("next").get<uint64_t>();
    }
    campaign_.fetched(std::move(page));
    return caf::none;
  }

  caf::error replay(const dead_letter_campaign::letter& which) {
    auto done = act_on(node_, which.number, "replay");
    if (done) {
      campaign_.replayed(which, clock::now());
      return caf::none;
    }
    if (code_of(done.error()) != errc::not_found)
      return done.error();
    campaign_.missing(which);
    return caf::none;
  }

  /// A job that is not open any more is done, or has died in the same moment.
  caf::error look(const dead_letter_campaign::letter& which) {
    auto found = node_.operation("GET", "/operator/jobs?id=" + percent_encode(which.job));
    if (!found)
      return found.error();
    if (found->at("open").get<bool>()) {
      auto job = found->at("job").get<open_job>();
      campaign_.looked(which, job.attempts > 0 ? fate::failed : fate::open,
                       printable(job.last_error), clock::now());
      return caf::none;
    }
    auto why = find_died([&](const dead_letter& x) { died_[x.job.order.id] = x.reason; });
    if (why)
      return why;
    auto died = died_.find(which.job);
    if (died == died_.end())
      campaign_.looked(which, fate::done, {}, clock::now());
    else
      campaign_.looked(which, fate::failed, printable(died->second), clock::now());
    return caf::none;
  }

  node_client& node_;
  std::string cause_;
  dead_letter_campaign campaign_;
  uint64_t read_up_to_ = 0;
  bool all_read_ = false;
  uint64_t newest_ = 0;
  std::map<std::string, std::string> died_; ///< since it began: job → reason
};

json as_json(const dead_letter_group& group, const dead_letter_campaign& x, bool is_broken_off) {
  const auto& n = x.so_far();
  return {{"group", to_string(group.cause)},
          {"replayed", n.replayed},
          {"done", n.done},
          {"failed", n.failed},
          {"open", n.open},
          {"gone", n.gone},
          {"stopped", x.stopped_because()},
          {"broken_off", is_broken_off}};
}

/// True: none of them failed again.
bool report(const terminal& term, const dead_letter_group& group, const dead_letter_campaign& x,
            bool is_broken_off) {
  const auto& n = x.so_far();
  if (term.json) {
    term.out << as_json(group, x, is_broken_off) << '\n';
  } else {
    term.out << to_string(group.cause) << ": " << n.replayed << " of " << group.count
             << " replayed, " << n.done << " done, " << n.failed << " failed again";
    if (n.open > 0)
      term.out << ", " << n.open << " still open";
    if (n.gone > 0)
      term.out << ", " << n.gone << " were replayed or dropped by somebody else";
    if (!x.stopped_because().empty())
      term.out << "; stopped, the others are left: " << x.stopped_because();
    term.out << std::endl;
  }
  return x.stopped_because().empty() && n.failed == 0;
}

/// The replay of one group, and what was said about it.
struct replay_of {
  dead_letter_group group;
  campaign_driver driver;
  bool is_reported = false;
};

/// Replays groups and says how it goes.
class replay_of_groups {
public:
  replay_of_groups(node_client& node, const terminal& term,
                   const std::vector<dead_letter_group>& groups, double rate)
      : term_(term) {
    for (const auto& group : groups)
      all_.push_back(std::make_unique<replay_of>(replay_of{group, {node, group, rate}}));
  }

  /// The first letter of each group, side by side; then group by group the others of those whose
  /// first did not fail again. The exit status.
  int run() {
    for (auto& x : all_) {
      say(to_string(x->group.cause) + ": " + std::to_string(x->group.count) +
          (x->group.count == 1 ? " letter" : " letters, one of them first"));
      if (auto why = x->driver.begin())
        return broken_off(*x, why);
    }
    std::vector<replay_of*> first;
    for (auto& x : all_)
      first.push_back(x.get());
    auto failed =
        drive(first, [](const replay_of& x) { return x.driver.campaign().canary_sang(); });
    for (auto at = all_.begin(); !failed && at != all_.end(); ++at)
      failed = drive({at->get()}, [](const replay_of&) { return false; });
    return failed ? *failed : good_ ? 0 : 1;
  }

private:
  using clock = campaign_driver::clock;
  static constexpr std::chrono::seconds tell_again{5};

  /// Until each of them is over or has come far enough. None, or the exit status: the node is away.
  template <class FarEnough>
  caf::optional<int> drive(const std::vector<replay_of*>& these, FarEnough is_far_enough) {
    for (;;) {
      auto until = clock::time_point::max();
      for (auto* x : these) {
        if (x->is_reported || is_far_enough(*x))
          continue;
        auto next = x->driver.proceed();
        if (!next)
          return broken_off(*x, next.error());
        if (*next)
          until = std::min(until, **next);
        else
          told(*x, false);
      }
      if (until == clock::time_point::max())
        return caf::none;
      tell_how_it_goes(these);
      std::this_thread::sleep_until(std::min(until, clock::now() + tell_again));
    }
  }

  int broken_off(replay_of& x, const caf::error& why) {
    told(x, true);
    return fail(term_, "dead-letters replay", why);
  }

  void told(replay_of& x, bool is_broken_off) {
    x.is_reported = true;
    good_ &= report(term_, x.group, x.driver.campaign(), is_broken_off);
  }

  void tell_how_it_goes(const std::vector<replay_of*>& these) {
    if (clock::now() < tell_at_)
      return;
    tell_at_ = clock::now() + tell_again;
    for (auto* x : these) {
      const auto& n = x->driver.campaign().so_far();
      if (!x->is_reported && n.replayed > 0)
        say(to_string(x->group.cause) + ": " + std::to_string(n.replayed) + " of " +
            std::to_string(x->group.count) + " replayed so far, " + std::to_string(n.done) +
            " done, " + std::to_string(n.failed) + " failed again");
    }
  }

  /// Beside the result: for whoever waits at the terminal.
  void say(const std::string& line) {
    if (!term_.json)
      term_.err << line << '\n';
  }

  const terminal& term_;
  std::vector<std::unique_ptr<replay_of>> all_;
  clock::time_point tell_at_ = clock::now() + tell_again;
  bool good_ = true;
};

} // namespace

int dead_letter_replay(node_client& node, const terminal& term, const dead_letter_options& which) {
  const auto command = "dead-letters replay";
  if ((which.number != 0) + !which.group.empty() + which.all != 1)
    return refuse(term, command, "name one by its number, or --group GROUP, or --all");
  if (which.number != 0) {
    auto answer = act_on(node, which.number, "replay");
    if (!answer)
      return fail(term, command, answer.error());
    if (term.json)
      term.out << *answer << '\n';
    else
      term.out << "dead letter " << which.number << " is an open job again\n";
    return 0;
  }
  if (which.all) {
    auto groups = groups_of(node);
    if (!groups)
      return fail(term, command, groups.error());
    if (groups->empty() && !term.json)
      term.out << "no dead letters\n";
    return replay_of_groups{node, term, *groups, which.rate}.run();
  }
  auto group = group_named(node, which.group);
  if (!group)
    return code_of(group.error()) == errc::bad_request
               ? refuse(term, command, problem_of(group.error()).detail)
               : fail(term, command, group.error());
  return replay_of_groups{node, term, {*group}, which.rate}.run();
}

} // namespace igl::commands
