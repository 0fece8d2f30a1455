#include "channels/memory_medium.hpp"

#include "channels/numbered_log.hpp"

#include <algorithm>
#include <mutex>
#include <unordered_map>

namespace igl {

class memory_log {
public:
  explicit memory_log(std::string name) : identity(std::move(name)) {}

  caf::error append(const std::vector<medium_entry>& added) {
    std::lock_guard guard{mutex_};
    auto before = entries_.size();
    for (auto& x : added) {
      if (auto why = put(x)) {
        forget_after(before);
        return why;
      }
    }
    return caf::none;
  }

  caf::expected<medium_page> read(const std::string& cursor, uint32_t limit,
                                  const std::string& description) {
    std::lock_guard guard{mutex_};
    auto from = numbered_log::start_of(cursor, identity, entries_.size(), description);
    if (!from)
      return from.error();
    medium_page page;
    page.from_start = from->from_start;
    auto place = from->after;
    for (; place < entries_.size() && page.changes.size() < limit; ++place)
      page.changes.push_back(numbered_log::change_at(place + 1, entries_[place]));
    page.cursor = numbered_log::cursor_of(identity, place);
    return page;
  }

  medium_presence find(const std::string& id) {
    std::lock_guard guard{mutex_};
    return places_.count(id) != 0 ? medium_presence::confirmed : medium_presence::absent;
  }

  const std::string identity;

private:
  caf::error put(const medium_entry& x) {
    if (auto why = numbered_log::check_id(x.id))
      return why;
    auto [at, is_new] = places_.emplace(x.id, entries_.size() + 1);
    if (is_new)
      entries_.push_back(x);
    else if (!same_message(entries_[at->second - 1].content, x.content))
      return numbered_log::other_content(x.id);
    return caf::none;
  }

  void forget_after(size_t count) {
    for (auto i = count; i < entries_.size(); ++i)
      places_.erase(entries_[i].id);
    entries_.resize(count);
  }

  std::mutex mutex_;
  std::vector<medium_entry> entries_;
  std::unordered_map<std::string, uint64_t> places_;
};

namespace {

class memory_medium : public medium {
public:
  explicit memory_medium(std::shared_ptr<memory_log> shared) : log_(std::move(shared)) {}

  caf::error append(const std::vector<medium_entry>& entries) override {
    return log_->append(entries);
  }
  caf::expected<medium_page> read(const std::string& cursor, uint32_t limit) override {
    return log_->read(cursor, limit, description());
  }
  caf::expected<medium_presence> find(const std::string& id) override { return log_->find(id); }
  std::string description() const override { return "memory of this process"; }

private:
  std::shared_ptr<memory_log> log_;
};

} // namespace

std::shared_ptr<memory_log> make_memory_log(std::string identity) {
  return std::make_shared<memory_log>(std::move(identity));
}

std::unique_ptr<medium> make_memory_medium(std::shared_ptr<memory_log> shared) {
  return std::make_unique<memory_medium>(std::move(shared));
}

} // namespace igl
