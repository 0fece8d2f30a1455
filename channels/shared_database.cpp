#include "channels/shared_database.hpp"

#include "channels/entry_text.hpp"
#include "channels/fresh_uuid.hpp"
#include "channels/numbered_log.hpp"
#include "messages/errors.hpp"
#include "storage/folder_kind.hpp"

namespace igl {

namespace {

// channels/FORMAT.md describes these.
constexpr const char* about_name = "about";
constexpr const char* entries_name = "entries";
constexpr const char* ids_name = "ids";
constexpr std::string_view format_key = "format";
constexpr std::string_view identity_key = "identity";
constexpr std::string_view format_now = "1";

std::string key_of(uint64_t place) {
  std::string key(8, '\0');
  for (int i = 7; i >= 0; --i, place >>= 8)
    key[static_cast<size_t>(i)] = static_cast<char>(place & 0xff);
  return key;
}

/// 0 for what is no place.
uint64_t place_of(std::string_view key) {
  if (key.size() != 8)
    return 0;
  uint64_t place = 0;
  for (unsigned char byte : key)
    place = place << 8 | byte;
  return place;
}

class shared_database_medium : public shared_database {
public:
  shared_database_medium(std::string path, std::shared_ptr<lmdb::environment> env)
      : path_(std::move(path)), env_(std::move(env)), about_(env_->named(about_name)),
        entries_(env_->named(entries_name)), ids_(env_->named(ids_name)) {}

  /// Checks what is there; writes format and identity into a new one.
  caf::error enter() {
    auto why = env_->read([&](const lmdb::read_transaction& txn) { return look_at(txn); });
    if (why || !identity_.empty())
      return why;
    // Another process may do the same at this moment: only the first one's identity stays.
    auto fresh = fresh_uuid();
    why = env_->write([&](lmdb::write_transaction& txn) -> caf::error {
      if (txn.insert(about_, format_key, format_now))
        txn.put(about_, identity_key, fresh);
      return look_at(txn);
    });
    return why;
  }

  caf::error append(const std::vector<medium_entry>& entries) override {
    return env_->write([&](lmdb::write_transaction& txn) -> caf::error {
      auto place = last_place(txn);
      for (auto& x : entries) {
        if (auto why = numbered_log::check_id(x.id))
          return why;
        if (txn.insert(ids_, x.id, key_of(place + 1)))
          txn.append(entries_, key_of(++place), text_of(x));
        else if (auto why = compare(txn, x))
          return why;
      }
      return caf::none;
    });
  }

  caf::expected<medium_page> read(const std::string& cursor, uint32_t limit) override {
    auto last = newest();
    if (!last)
      return last.error();
    auto from = numbered_log::start_of(cursor, identity_, *last, description());
    if (!from)
      return from.error();
    medium_page page;
    page.from_start = from->from_start;
    auto place = from->after;
    if (place < *last)
      if (auto why = read_after(place, limit, page))
        return why;
    page.cursor = numbered_log::cursor_of(identity_, place);
    return page;
  }

  caf::expected<medium_presence> find(const std::string& id) override {
    auto found = medium_presence::absent;
    if (auto why = numbered_log::check_id(id))
      return why;
    auto why = env_->read([&](const lmdb::read_transaction& txn) -> caf::error {
      if (txn.find(ids_, id))
        found = medium_presence::confirmed;
      return caf::none;
    });
    if (why)
      return why;
    return found;
  }

  caf::expected<caf::optional<message>> content_of(const std::string& id) override {
    caf::optional<message> content;
    if (auto why = numbered_log::check_id(id))
      return why;
    auto why = env_->read([&](const lmdb::read_transaction& txn) -> caf::error {
      auto place = txn.find(ids_, id);
      if (!place)
        return caf::none;
      auto there = entry_at(txn, id, place);
      if (!there)
        return there.error();
      content = std::move(there->content);
      return caf::none;
    });
    if (why)
      return why;
    return content;
  }

  std::string description() const override { return "shared database " + path_; }

private:
  /// Moves `place` to the last entry that was read.
  caf::error read_after(uint64_t& place, uint32_t limit, medium_page& page) {
    return env_->read([&](const lmdb::read_transaction& txn) -> caf::error {
      auto at = txn.walk(entries_);
      uint32_t told = 0;
      // Whatever comes next, also what is no place.
      for (auto more = at.seek(key_of(place) + '\0'); more && told < limit; more = at.next()) {
        auto next = place_of(at.key());
        if (next <= place && told > 0)
          break;
        if (next <= place)
          return make_problem(errc::bad_answer, description() + " has something after place " +
                                                    std::to_string(place) +
                                                    " whose key is no place");
        place = next;
        ++told;
        auto about = entry_in(at.value());
        if (about)
          page.changes.push_back(numbered_log::change_at(place, std::move(*about)));
        else
          page.unreadable.push_back(
              unreadable_at(numbered_log::where_is(place), about.error(), at.value()));
      }
      return caf::none;
    });
  }

  /// The last place.
  caf::expected<uint64_t> newest() {
    // Two numbers in memory, shared with whoever writes: no transaction as long as nothing happens.
    if (env_->last_transaction() == seen_transaction_)
      return newest_;
    auto why = env_->read([&](const lmdb::read_transaction& txn) -> caf::error {
      // Of the snapshot, not of the environment: that may be one further by now.
      seen_transaction_ = txn.id();
      newest_ = last_place(txn);
      return caf::none;
    });
    if (why) {
      seen_transaction_ = 0;
      return why;
    }
    return newest_;
  }

  uint64_t last_place(const lmdb::read_transaction& txn) const {
    auto at = txn.walk(entries_);
    return at.last() ? place_of(at.key()) : 0;
  }

  caf::error look_at(const lmdb::read_transaction& txn) {
    auto format = txn.find(about_, format_key);
    if (!format)
      return caf::none;
    if (*format != format_now)
      return make_problem(errc::storage_format, description() + " has format " +
                                                    std::string{*format} +
                                                    "; this program reads format 1");
    identity_ = std::string{txn.find(about_, identity_key).value_or("")};
    if (identity_.empty())
      return make_problem(errc::storage_format, description() + " has no identity");
    return caf::none;
  }

  caf::expected<medium_entry> entry_at(const lmdb::read_transaction& txn, const std::string& id,
                                       std::optional<std::string_view> place) const {
    auto value = place ? txn.find(entries_, *place) : std::nullopt;
    auto there = value ? entry_in(*value) : make_problem(errc::bad_answer, "no entry");
    if (!there)
      return make_problem(errc::bad_answer,
                          description() + " has the id " + id +
                              " without its message: " + sentence_of(there.error()));
    return there;
  }

  /// The id is there: with the same content?
  caf::error compare(const lmdb::read_transaction& txn, const medium_entry& x) const {
    auto there = entry_at(txn, x.id, txn.find(ids_, x.id));
    if (!there)
      return there.error();
    if (!same_message(there->content, x.content))
      return numbered_log::other_content(x.id);
    return caf::none;
  }

  std::string path_;
  std::shared_ptr<lmdb::environment> env_;
  lmdb::database about_, entries_, ids_;
  std::string identity_;
  uint64_t seen_transaction_ = 0;
  uint64_t newest_ = 0;
};

} // namespace

caf::expected<std::unique_ptr<shared_database>> open_shared_database(const std::string& path,
                                                                     size_t map_bytes) {
  lmdb::options how;
  how.path = path;
  how.map_bytes = map_bytes;
  // The endpoints may run as different users of one group; the umask has the last word.
  how.file_mode = 0664;
  how.databases = {about_name, entries_name, ids_name};
  auto env = open_folder(folder_kind::shared_database, how);
  if (!env)
    return env.error();
  auto opened = std::make_unique<shared_database_medium>(path, std::move(*env));
  if (auto why = opened->enter())
    return why;
  return std::unique_ptr<shared_database>{std::move(opened)};
}

caf::expected<std::unique_ptr<medium>> open_shared_database_medium(const std::string& path,
                                                                   size_t map_bytes) {
  auto opened = open_shared_database(path, map_bytes);
  if (!opened)
    return opened.error();
  return std::unique_ptr<medium>{std::move(*opened)};
}

} // namespace igl
