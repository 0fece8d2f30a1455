#include "channels/chain_follower.hpp"

#include "channels/entry_text.hpp"
#include "messages/errors.hpp"
#include "messages/text.hpp"
#include "storage/bytes.hpp"

#include <algorithm>
#include <set>

namespace igl::chain_follower {

namespace {

/// Blocks without transactions are steps, too: a snapshot must not be held for too long.
constexpr int most_steps = 4096;

class walker {
public:
  walker(const chain_view& chain, const rules& how, caf::timestamp now, position& at,
         medium_page& page)
      : chain_(chain), how_(how), now_(now), tip_height_(chain.header_of(chain.tip()).height),
        at_(at), page_(page) {}

  /// Does the next thing; false: there is none.
  bool step() {
    auto observed = chain_.header_of(at_.observed);
    if (!chain_.counts(at_.observed))
      return lose_block(observed);
    if (chain_.header_of(at_.confirmed).height + how_.confirmations <= observed.height)
      return confirm_block();
    if (observed.height < tip_height_)
      return observe_block(observed.height + 1);
    // Only now: whether a message is on the chain is asked of the whole of it. What has not been
    // told of it yet may be another chain by the next page, and nobody would hear what became of
    // it.
    auto due = next_gone(at_, how_);
    return due && *due <= now_ && give_up_block();
  }

private:
  enum class first_time : bool { no, yes };

  void tell(medium_news what, uint64_t transaction, const std::string& where,
            first_time is_first = first_time::no) {
    auto data = chain_.data_of(transaction);
    auto about = data ? entry_in(*data) : make_problem(errc::bad_answer, "it is missing");
    if (about)
      page_.changes.push_back({what, std::move(*about), where});
    else if (is_first == first_time::yes)
      page_.unreadable.push_back(unreadable_at("in transaction " + std::to_string(transaction),
                                               about.error(), data.value_or("")));
  }

  void tell_all(medium_news what, uint64_t number, first_time is_first) {
    auto where = "in block " + std::to_string(number);
    for (auto x : chain_.block_of(number).transactions)
      tell(what, x, where, is_first);
  }

  bool observe_block(uint64_t height) {
    auto number = chain_.block_at(height);
    // With one confirmation, what is observed is confirmed.
    if (how_.confirmations == 1) {
      tell_all(medium_news::confirmed, number, first_time::yes);
      at_.confirmed = number;
    } else {
      tell_all(medium_news::observed, number, first_time::yes);
    }
    at_.observed = number;
    return true;
  }

  bool confirm_block() {
    auto number = chain_.block_at(chain_.header_of(at_.confirmed).height + 1);
    tell_all(medium_news::confirmed, number, first_time::no);
    at_.confirmed = number;
    return true;
  }

  /// A message is its content and transaction, not its block: one that is on the chain elsewhere is
  /// no news.
  bool lose_block(const block_header& lost) {
    auto number = at_.observed;
    auto where = "in block " + std::to_string(number);
    for (auto x : chain_.block_of(number).transactions)
      if (chain_.block_with(x) == 0)
        tell(medium_news::missing, x, where);
    auto goes_on =
        !at_.lost.empty() && at_.lost.back().below == number && at_.lost.back().since == now_;
    if (!goes_on)
      at_.lost.push_back({number, number, now_});
    at_.lost.back().below = lost.parent;
    if (at_.confirmed == number)
      at_.confirmed = lost.parent;
    at_.observed = lost.parent;
    return true;
  }

  bool give_up_block() {
    auto& branch = at_.lost.front();
    auto number = branch.top;
    auto found = chain_.block_of(number);
    auto where = "in block " + std::to_string(number);
    for (auto x : found.transactions)
      if (chain_.block_with(x) == 0 && !was_lost_later(x))
        tell(medium_news::gone, x, where);
    branch.top = found.header.parent;
    if (branch.top == branch.below) {
      at_.lost.erase(at_.lost.begin());
      later_.clear();
    }
    return true;
  }

  /// It came back and was lost again: its grace began anew.
  bool was_lost_later(uint64_t transaction) {
    if (at_.lost.size() < 2)
      return false;
    if (later_.empty())
      for (auto branch = at_.lost.begin() + 1; branch != at_.lost.end(); ++branch)
        for (auto number = branch->top; number != branch->below;
             number = chain_.header_of(number).parent)
          later_.insert(number);
    for (auto number : chain_.blocks_with(transaction))
      if (later_.count(number) != 0)
        return true;
    return false;
  }

  const chain_view& chain_;
  const rules& how_;
  caf::timestamp now_;
  uint64_t tip_height_;
  position& at_;
  medium_page& page_;
  std::set<uint64_t> later_; ///< the blocks of the lost branches but the first
};

} // namespace

std::string to_text(const position& x) {
  auto text = std::to_string(x.observed) + "." + std::to_string(x.confirmed);
  for (auto& branch : x.lost)
    text += ";" + std::to_string(branch.top) + "-" + std::to_string(branch.below) + "@" +
            std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(
                               branch.since.time_since_epoch())
                               .count());
  return text;
}

caf::optional<position> parse_position(std::string_view text) {
  auto good = true;
  // Takes a number and the separator after it.
  auto take = [&](std::string_view separators) {
    auto end = std::min(text.size(), text.find_first_of(separators));
    auto number = parse_number(text.substr(0, end));
    text.remove_prefix(end);
    good = good && number;
    return number.value_or(0);
  };
  auto literal = [&](char expected) {
    good = good && !text.empty() && text.front() == expected;
    text.remove_prefix(std::min<size_t>(1, text.size()));
  };
  position x;
  x.observed = take(".");
  literal('.');
  x.confirmed = take(";");
  while (good && !text.empty()) {
    lost_branch branch;
    literal(';');
    branch.top = take("-");
    literal('-');
    branch.below = take("@");
    literal('@');
    branch.since = caf::timestamp{std::chrono::milliseconds{static_cast<int64_t>(take(";"))}};
    good = good && branch.top > branch.below;
    x.lost.push_back(branch);
  }
  if (!good)
    return caf::none;
  return x;
}

caf::error follow(const chain_view& chain, const rules& how, caf::timestamp now, uint32_t limit,
                  position& at, medium_page& page) {
  walker goes{chain, how, now, at, page};
  size_t told = 0;
  size_t unreadable = 0;
  int steps = 0;
  try {
    while (steps < most_steps && told + unreadable < limit && goes.step()) {
      ++steps;
      told = page.changes.size();
      unreadable = page.unreadable.size();
    }
  } catch (const damaged_value& why) {
    // What was before it is told first; the next page begins with it.
    page.changes.resize(told);
    page.unreadable.resize(unreadable);
    if (steps == 0)
      return make_problem(errc::bad_answer,
                          "after block " + std::to_string(at.observed) +
                              " there is something that cannot be read: " + why.what());
  }
  return caf::none;
}

position anew(position x, caf::timestamp now) {
  if (x.observed != 0)
    x.lost.push_back({x.observed, 0, now});
  x.observed = 0;
  x.confirmed = 0;
  return x;
}

caf::optional<caf::timestamp> next_gone(const position& x, const rules& how) {
  if (x.lost.empty())
    return caf::none;
  return x.lost.front().since + how.grace;
}

} // namespace igl::chain_follower
