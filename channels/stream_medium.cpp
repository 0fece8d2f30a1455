#include "channels/stream_medium.hpp"

#include "channels/entry_text.hpp"
#include "channels/numbered_log.hpp"
#include "messages/errors.hpp"
#include "messages/multihash.hpp"
#include "messages/text.hpp"

#include <map>

namespace igl {

namespace {

constexpr size_t mark_digits = 16;

/// An id may be any text, a key may not.
std::string key_of(const std::string& id) {
  return sha256_hex(id);
}

struct place_and_mark {
  uint64_t place = 0;
  std::string mark;
};

/// What a cursor remembers of an entry, so that another one in its place is known as such.
std::string mark_of(const std::string& key) {
  auto is_ours = key.find_first_not_of("0123456789abcdef") == std::string::npos;
  return (is_ours ? key : key_of(key)).substr(0, mark_digits);
}

/// Place 0 for what is no cursor of this stream.
place_and_mark place_in(std::string_view cursor, std::string_view identity) {
  if (cursor.substr(0, identity.size()) != identity)
    return {};
  cursor.remove_prefix(identity.size());
  auto dash = cursor.find('-');
  if (cursor.empty() || cursor.front() != ':' || dash == std::string_view::npos)
    return {};
  auto place = parse_number(cursor.substr(1, dash - 1));
  return {place.value_or(0), std::string{cursor.substr(dash + 1)}};
}

class stream_medium : public medium {
public:
  explicit stream_medium(std::shared_ptr<append_stream> on) : on_(std::move(on)) {}

  caf::error append(const std::vector<medium_entry>& entries) override {
    std::vector<append_stream::entry> fresh;
    std::map<std::string, const medium_entry*> by_key;
    for (auto& x : entries) {
      if (auto why = numbered_log::check_id(x.id))
        return why;
      auto [at, is_new] = by_key.emplace(key_of(x.id), &x);
      if (is_new)
        fresh.push_back({0, at->first, text_of(x)});
      else if (!same_message(at->second->content, x.content))
        return numbered_log::other_content(x.id);
    }
    if (auto why = compare(by_key))
      return why;
    auto kept = on_->append(fresh);
    if (!kept)
      return kept.error();
    // There before, or put there by another endpoint just now.
    std::map<std::string, const medium_entry*> to_compare;
    for (auto& key : *kept)
      to_compare.emplace(key, by_key[key]);
    return compare(to_compare);
  }

  caf::expected<medium_page> read(const std::string& cursor, uint32_t limit) override {
    auto now = on_->look();
    if (!now)
      return now.error();
    medium_page page;
    page.cursor = cursor;
    auto from = place_in(cursor, now->identity);
    if (from.place > 0 && from.place == now->last)
      return page;
    auto is_known = is_still_there(from, *now);
    if (!is_known)
      return is_known.error();
    page.from_start = !*is_known && !cursor.empty() && now->last > 0;
    auto found = on_->read(*is_known ? from.place : 0, now->last, limit);
    if (!found)
      return found.error();
    for (auto& x : *found)
      tell(x, now->identity, page);
    return page;
  }

  caf::expected<medium_presence> find(const std::string& id) override {
    if (auto why = numbered_log::check_id(id))
      return why;
    auto found = on_->find({key_of(id)});
    if (!found)
      return found.error();
    return found->front() ? medium_presence::confirmed : medium_presence::absent;
  }

  std::string description() const override { return "stream " + on_->description(); }

private:
  /// Whether the stream still has the entry that was read last.
  caf::expected<bool> is_still_there(const place_and_mark& x, const append_stream::extent& now) {
    if (x.place == 0 || x.place > now.last)
      return false;
    auto last = on_->read(x.place - 1, x.place, 1);
    if (!last)
      return last.error();
    return !last->empty() && mark_of(last->front().key) == x.mark;
  }

  static void tell(const append_stream::entry& x, const std::string& identity, medium_page& page) {
    auto about = entry_in(x.data);
    // The server keeps one entry of a subject: that is why an id has one message.
    if (about && x.key != key_of(about->id))
      about = make_problem(errc::bad_answer, "it is not under the subject of its id");
    if (about)
      page.changes.push_back(numbered_log::change_at(x.place, std::move(*about)));
    else
      page.unreadable.push_back(
          unreadable_at(numbered_log::where_is(x.place), about.error(), x.data));
    page.cursor = numbered_log::cursor_of(identity, x.place) + "-" + mark_of(x.key);
  }

  /// Fails with conflict if one of the ids is there with another content.
  caf::error compare(const std::map<std::string, const medium_entry*>& by_key) {
    std::vector<std::string> keys;
    for (auto& [key, x] : by_key)
      keys.push_back(key);
    auto found = on_->find(keys);
    if (!found)
      return found.error();
    auto at = by_key.begin();
    for (auto& x : *found) {
      auto& wanted = *(at++)->second;
      if (!x)
        continue;
      auto there = entry_in(x->data);
      // It will never be another one.
      if (!there)
        return make_problem(errc::conflict, description() +
                                                " has something else than a message under the id " +
                                                wanted.id + ": " + sentence_of(there.error()));
      if (!same_message(there->content, wanted.content))
        return numbered_log::other_content(wanted.id);
    }
    return caf::none;
  }

  std::shared_ptr<append_stream> on_;
};

} // namespace

caf::expected<std::unique_ptr<medium>> open_stream_medium(append_stream_options how) {
  auto on = append_stream::open(std::move(how));
  if (!on)
    return on.error();
  return std::unique_ptr<medium>{std::make_unique<stream_medium>(std::move(*on))};
}

} // namespace igl
