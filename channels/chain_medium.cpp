#include "channels/chain_medium.hpp"

#include "channels/chain.hpp"
#include "messages/errors.hpp"

namespace igl {

namespace {

class chain_medium : public medium {
public:
  chain_medium(chain_medium_settings how, std::shared_ptr<chain> on)
      : how_(std::move(how)), rules_{how_.confirmations, how_.grace}, chain_(std::move(on)) {}

  caf::error append(const std::vector<medium_entry>& entries) override {
    return chain_->submit(entries);
  }

  caf::expected<medium_page> read(const std::string& cursor, uint32_t limit) override {
    auto now = how_.now();
    if (auto why = mine(now))
      return why;
    medium_page page;
    page.cursor = cursor;
    if (chain_->last_change() == seen_change_ && cursor == seen_cursor_ &&
        (!next_gone_ || now < *next_gone_))
      return page;
    auto from = start_of(cursor, page);
    if (!from)
      return from.error();
    uint64_t seen = 0;
    if (auto why = chain_->follow(rules_, now, limit, *from, page, seen))
      return why;
    page.cursor = cursor_of(*from);
    // The next read finds nothing as long as nothing happens.
    if (page.changes.empty() && page.unreadable.empty() && page.cursor == cursor) {
      // Of the snapshot: what is being written at this moment is not in it, and comes next time.
      seen_change_ = seen;
      seen_cursor_ = cursor;
      next_gone_ = chain_follower::next_gone(*from, rules_);
    }
    return page;
  }

  caf::expected<std::string> anew(const std::string& cursor) override {
    medium_page ignored;
    auto from = start_of(cursor, ignored);
    if (!from)
      return from.error();
    return cursor_of(chain_follower::anew(std::move(*from), how_.now()));
  }

  bool takes_back() const override { return true; }

  caf::expected<medium_presence> find(const std::string& id) override {
    auto found = chain_->find(id);
    if (!found)
      return found.error();
    if (found->kind == chain_place::on_chain && found->confirmations >= how_.confirmations)
      return medium_presence::confirmed;
    auto under_way = found->kind == chain_place::on_chain || found->kind == chain_place::waits;
    return under_way ? medium_presence::under_way : medium_presence::absent;
  }

  std::string description() const override { return "chain " + how_.path; }

private:
  std::string cursor_of(const chain_follower::position& x) const {
    return chain_->identity() + ":" + chain_follower::to_text(x);
  }

  caf::error mine(caf::timestamp now) {
    if (how_.block_interval.count() == 0 || now < look_at_blocks_)
      return caf::none;
    auto made = chain_->mine_if_due(how_.block_interval, now);
    if (!made)
      return made.error();
    // Others make blocks too: whether one is due is looked up more often than one is.
    look_at_blocks_ = now + how_.block_interval / 4;
    return caf::none;
  }

  caf::expected<chain_follower::position> start_of(const std::string& cursor, medium_page& page) {
    auto& identity = chain_->identity();
    if (cursor.compare(0, identity.size() + 1, identity + ":") != 0) {
      page.from_start = !cursor.empty();
      return chain_follower::position{};
    }
    auto x = chain_follower::parse_position(std::string_view{cursor}.substr(identity.size() + 1));
    if (!x)
      return make_problem(errc::storage_format, "the cursor " + cursor + " is none of a chain's");
    return *x;
  }

  chain_medium_settings how_;
  chain_follower::rules rules_;
  std::shared_ptr<chain> chain_;
  caf::timestamp look_at_blocks_;
  uint64_t seen_change_ = 0;
  std::string seen_cursor_;
  caf::optional<caf::timestamp> next_gone_;
};

} // namespace

caf::expected<std::unique_ptr<medium>> open_chain_medium(chain_medium_settings how,
                                                         size_t map_bytes) {
  auto on = chain::open(how.path, map_bytes);
  if (!on)
    return on.error();
  return std::unique_ptr<medium>{std::make_unique<chain_medium>(std::move(how), std::move(*on))};
}

} // namespace igl
