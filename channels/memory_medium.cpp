#include "channels/memory_medium.hpp"

#include "messages/errors.hpp"

#include <algorithm>
#include <mutex>
#include <unordered_map>

namespace igl {

class memory_log {
public:
  explicit memory_log(std::string name) : identity(std::move(name)) {}

  caf::error append(const std::vector<channel_message>& added) {
    std::lock_guard guard{mutex_};
    auto before = entries_.size();
    for (auto& x : added) {
      auto [at, is_new] = places_.emplace(x.id, entries_.size() + 1);
      if (is_new) {
        entries_.push_back({entries_.size() + 1, x});
        entries_.back().said.status = channel_status::confirmed;
      } else if (!same_message(entries_[at->second - 1].said.content, x.content)) {
        forget_after(before);
        return make_problem(errc::conflict,
                            "id " + x.id + " is on the medium with another content");
      }
    }
    return caf::none;
  }

  std::vector<medium_entry> read(uint64_t after, uint32_t limit) {
    std::lock_guard guard{mutex_};
    auto from = std::min<uint64_t>(after, entries_.size());
    auto count = std::min<uint64_t>(limit, entries_.size() - from);
    auto first = entries_.begin() + static_cast<ptrdiff_t>(from);
    return {first, first + static_cast<ptrdiff_t>(count)};
  }

  uint64_t newest() {
    std::lock_guard guard{mutex_};
    return entries_.size();
  }

  const std::string identity;

private:
  void forget_after(size_t count) {
    for (auto i = count; i < entries_.size(); ++i)
      places_.erase(entries_[i].said.id);
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

  caf::error append(const std::vector<channel_message>& entries) override {
    return log_->append(entries);
  }
  caf::expected<std::vector<medium_entry>> read(uint64_t after, uint32_t limit) override {
    return log_->read(after, limit);
  }
  caf::expected<uint64_t> newest() override { return log_->newest(); }
  std::string identity() const override { return log_->identity; }
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
