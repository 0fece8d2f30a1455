#include "storage/jetstream_answers.hpp"

#include <vector>

namespace igl {

uint64_t jetstream_answers::expect(clock::time_point until, answered by) {
  std::lock_guard guard{lock_};
  auto number = ++last_;
  waiting_.emplace(number, expected_answer{until, std::move(by)});
  deadlines_.emplace_hint(deadlines_.end(), until, number);
  return number;
}

jetstream_answers::answered jetstream_answers::take(uint64_t number) {
  std::lock_guard guard{lock_};
  auto i = waiting_.find(number);
  if (i == waiting_.end())
    return {};
  auto by = std::move(i->second.by);
  deadlines_.erase({i->second.until, number});
  waiting_.erase(i);
  return by;
}

void jetstream_answers::arrived(uint64_t number, const nats_message& x) {
  if (auto by = take(number))
    by(&x);
}

void jetstream_answers::give_up(uint64_t number) {
  if (auto by = take(number))
    by(nullptr);
}

void jetstream_answers::give_up_overdue(clock::time_point now) {
  std::vector<uint64_t> overdue;
  {
    std::lock_guard guard{lock_};
    for (auto& [until, number] : deadlines_) {
      if (until > now)
        break;
      overdue.push_back(number);
    }
  }
  for (auto number : overdue)
    give_up(number);
}

void jetstream_answers::give_up_all() {
  give_up_overdue(clock::time_point::max());
}

size_t jetstream_answers::size() const {
  std::lock_guard guard{lock_};
  return waiting_.size();
}

} // namespace igl
