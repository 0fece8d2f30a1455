#include "channels/shared_database.hpp"

#include "channels/fresh_uuid.hpp"
#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "storage/folder_kind.hpp"

#include <nlohmann/json.hpp>

namespace igl {

namespace {

// channels/FORMAT.md describes these.
constexpr const char* about_name = "about";
constexpr const char* entries_name = "entries";
constexpr const char* ids_name = "ids";
constexpr std::string_view format_key = "format";
constexpr std::string_view identity_key = "identity";
constexpr std::string_view format_now = "1";

/// An id is a key; LMDB's keys are bounded.
constexpr size_t longest_id = 256;

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

std::string value_of(const channel_message& x) {
  return nlohmann::json{{"id", x.id}, {"message", x.content}}.dump();
}

caf::expected<channel_message> message_in(std::string_view value) {
  auto parsed = parse_json(value);
  if (!parsed)
    return parsed.error();
  try {
    channel_message x;
    parsed->at("id").get_to(x.id);
    parsed->at("message").get_to(x.content);
    x.status = channel_status::confirmed;
    return x;
  } catch (const nlohmann::json::exception& why) {
    return make_problem(errc::bad_answer, why.what());
  }
}

class shared_database_medium : public medium {
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

  caf::error append(const std::vector<channel_message>& entries) override {
    return env_->write([&](lmdb::write_transaction& txn) -> caf::error {
      auto place = last_place(txn);
      for (auto& x : entries) {
        if (x.id.empty() || x.id.size() > longest_id)
          return make_problem(errc::bad_request, "an id has 1 to 256 bytes");
        if (txn.insert(ids_, x.id, key_of(place + 1)))
          txn.append(entries_, key_of(++place), value_of(x));
        else if (auto why = compare(txn, x))
          return why;
      }
      return caf::none;
    });
  }

  caf::expected<std::vector<medium_entry>> read(uint64_t after, uint32_t limit) override {
    std::vector<medium_entry> found;
    auto why = env_->read([&](const lmdb::read_transaction& txn) -> caf::error {
      auto at = txn.walk(entries_);
      for (auto more = at.seek(key_of(after + 1)); more && found.size() < limit; more = at.next()) {
        auto place = place_of(at.key());
        auto said = message_in(at.value());
        if (said && place > after) {
          found.push_back({place, std::move(*said)});
          continue;
        }
        if (!found.empty())
          break;
        return make_problem(errc::bad_answer,
                            description() + " has an entry after place " + std::to_string(after) +
                                " that is no message: " +
                                (said ? "its key is no place" : sentence_of(said.error())));
      }
      return caf::none;
    });
    if (why)
      return why;
    return found;
  }

  caf::expected<uint64_t> newest() override {
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

  std::string identity() const override { return identity_; }
  std::string description() const override { return "shared database " + path_; }

private:
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

  /// The id is there: with the same content?
  caf::error compare(const lmdb::read_transaction& txn, const channel_message& x) const {
    auto place = txn.find(ids_, x.id);
    auto value = place ? txn.find(entries_, *place) : std::nullopt;
    auto there = value ? message_in(*value) : make_problem(errc::bad_answer, "no entry");
    if (!there)
      return make_problem(errc::bad_answer,
                          description() + " has the id " + x.id +
                              " without its message: " + sentence_of(there.error()));
    if (!same_message(there->content, x.content))
      return make_problem(errc::conflict, "id " + x.id + " is on the medium with another content");
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

caf::expected<std::unique_ptr<medium>> open_shared_database_medium(const std::string& path,
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
  return std::unique_ptr<medium>{std::move(opened)};
}

} // namespace igl
