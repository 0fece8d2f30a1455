#include "storage/ledger_copy.hpp"

#include "messages/json.hpp"
#include "messages/multihash.hpp"
#include "storage/bytes.hpp"
#include "storage/folder_lock.hpp"
#include "storage/ledger_databases.hpp"
#include "storage/ledger_keys.hpp"
#include "storage/ledger_values.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <optional>
#include <unistd.h>

namespace igl {

namespace {

namespace fs = std::filesystem;

/// In one transaction of the copy.
constexpr size_t most_bytes = size_t{8} << 20;
constexpr size_t most_entries = 20000;
/// The ledger may grow by so much while it is copied, before the copy must end for it.
constexpr uint64_t room_meanwhile = uint64_t{1} << 30;

lmdb::options options_for(const std::string& folder, uint64_t map_bytes) {
  lmdb::options how;
  how.path = folder;
  how.map_bytes = std::max<uint64_t>(map_bytes, uint64_t{1} << 20);
  how.file_mode = 0600;
  how.databases = ledger_databases::names();
  how.sums = true;
  how.without_sum = ledger_meta_without_sums();
  how.alone = true;
  return how;
}

std::string parent_of(const std::string& folder) {
  auto parent = fs::path{folder}.lexically_normal().parent_path().string();
  return parent.empty() ? "." : parent;
}

caf::error failure_at(const std::string& path, const std::string& doing, int code) {
  std::error_code unknown;
  // A copy that ran out of room may say EIO.
  const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG ||
                    (code == EIO && fs::space(parent_of(path), unknown).available < (1 << 20));
  return make_problem(full ? errc::storage_full : errc::storage_failed,
                      path + ": " + doing + ": " + std::strerror(code));
}

/// A file or a folder.
caf::error sync(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return failure_at(path, "opening", errno);
  auto err = fsync(fd) == 0 ? caf::error{} : failure_at(path, "syncing", errno);
  close(fd);
  return err;
}

/// The journal is another one: the numbers of its records, and what they are known by, stay behind.
bool stays_behind(std::string_view database, std::string_view key) {
  return database == "meta" && (key == meta_key::journal || key == meta_key::journal_seed);
}

using entries = std::vector<std::pair<std::string_view, std::string_view>>;

caf::error write(lmdb::environment& to, lmdb::database in, const entries& what) {
  return to.write([&](lmdb::write_transaction& txn) -> caf::error {
    for (const auto& [key, value] : what)
      txn.append(in, key, value);
    return {};
  });
}

caf::error copy_database(const lmdb::environment& from, const lmdb::read_transaction& txn,
                         lmdb::environment& to, const std::string& name, copy_progress& progress) {
  auto at = txn.walk(from.named(name));
  auto in = to.named(name);
  bool more = at.first();
  while (more) {
    entries some;
    size_t bytes = 0;
    for (; more && bytes < most_bytes && some.size() < most_entries; more = at.next()) {
      auto value = at.value();
      if (stays_behind(name, at.key()))
        continue;
      some.emplace_back(at.key(), value);
      bytes += at.key().size() + value.size();
    }
    if (progress.cancelled)
      return make_problem(errc::unavailable, "the copy was ended before it was whole");
    if (from.asked_to_end())
      return make_problem(errc::unavailable,
                          "the ledger grew so much that it had to end its copy: try again");
    if (auto err = write(to, in, some))
      return err;
    progress.entries += some.size();
    progress.bytes += bytes;
  }
  return {};
}

caf::expected<std::string> multihash_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  multihasher hash;
  std::string piece(size_t{1} << 20, '\0');
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0)
    hash.update(std::string_view(piece).substr(0, static_cast<size_t>(file.gcount())));
  if (!file.eof())
    return make_problem(errc::storage_failed, path + " cannot be read");
  return hash.finish();
}

caf::error write_note(const std::string& path, const backup_note& x) {
  std::ofstream(path) << nlohmann::json{{"owner", x.owner},           {"format", x.format},
                                        {"made", to_rfc3339(x.made)}, {"last_event", x.last_event},
                                        {"entries", x.entries},       {"bytes", x.bytes},
                                        {"data.mdb", x.multihash}}
                             .dump(2)
                      << '\n';
  return sync(path);
}

/// Both files of a new folder, and that it has its name.
caf::error finish(const std::string& made, const std::string& name) {
  for (const auto& path : {made + "/data.mdb", made})
    if (auto err = sync(path))
      return err;
  std::error_code failed;
  fs::rename(made, name, failed);
  if (failed)
    return failure_at(name, "giving the copy its name", failed.value());
  return sync(parent_of(name));
}

caf::expected<ledger_copied> copy_into(lmdb::environment& from, const std::string& owner,
                                       const std::string& folder, caf::timestamp now,
                                       copy_progress& progress) {
  ledger_copied result;
  {
    auto to = lmdb::environment::open(options_for(folder, 2 * from.size().used_bytes));
    if (!to)
      return to.error();
    auto err = from.read([&](const lmdb::read_transaction& txn) -> caf::error {
      if (auto state = txn.find(from.named("meta"), meta_key::state))
        result.last_event = decoded<ledger_state>(*state).last_event;
      for (const auto& name : ledger_databases::names())
        if (auto failed = copy_database(from, txn, **to, name, progress))
          return failed;
      return {};
    });
    if (err)
      return err;
  }
  std::error_code ignored;
  auto hash = multihash_of_file(folder + "/data.mdb");
  if (!hash)
    return hash.error();
  result.entries = progress.entries;
  result.bytes = fs::file_size(folder + "/data.mdb", ignored);
  backup_note note{
      owner, std::string{ledger_format}, now, result.last_event, result.entries, result.bytes,
      *hash};
  if (auto err = write_note(folder + "/backup.json", note))
    return err;
  return result;
}

/// The files of ours only.
void remove_unfinished(const std::string& folder) {
  std::error_code ignored;
  for (auto file : {"/data.mdb", "/backup.json"})
    fs::remove(folder + file, ignored);
  fs::remove(folder, ignored);
}

} // namespace

caf::expected<ledger_copied> copy_ledger(lmdb::environment& from, const std::string& owner,
                                         const std::string& to, caf::timestamp now,
                                         copy_progress& progress) {
  auto folder = fs::path{to + "/"}.lexically_normal().parent_path().string();
  std::error_code failed;
  if (fs::exists(folder, failed))
    return make_problem(errc::conflict, folder + " is there: a backup makes a folder of its own");
  if (auto err = from.make_room(room_meanwhile))
    return err;
  auto unfinished = folder + ".tmp";
  remove_unfinished(unfinished);
  auto made = copy_into(from, owner, unfinished, now, progress);
  auto err = made ? finish(unfinished, folder) : made.error();
  if (!err)
    return made;
  remove_unfinished(unfinished);
  return err;
}

caf::expected<backup_note> read_backup_note(const std::string& folder) {
  std::ifstream file(folder + "/backup.json");
  auto parsed = nlohmann::json::parse(file, nullptr, false);
  if (!parsed.is_object())
    return make_problem(errc::storage_format, folder + " is no backup: it has no backup.json");
  try {
    backup_note x;
    x.owner = parsed.at("owner");
    x.format = parsed.at("format");
    x.made = parse_rfc3339(parsed.at("made").get<std::string>()).value_or(caf::timestamp{});
    x.last_event = parsed.at("last_event");
    x.entries = parsed.at("entries");
    x.bytes = parsed.at("bytes");
    x.multihash = parsed.at("data.mdb");
    return x;
  } catch (const nlohmann::json::exception& x) {
    return make_problem(errc::storage_format, folder + "/backup.json: " + x.what());
  }
}

// -- restoring -----------------------------------------------------------------------------------

namespace {

std::string aside(const std::string& folder, caf::timestamp now) {
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  return folder + ".replaced-" + std::to_string(seconds);
}

caf::error move_aside(const std::string& folder, const std::string& to) {
  std::error_code failed;
  fs::rename(folder, to, failed);
  return failed ? failure_at(folder, "moving it to " + to, failed.value()) : caf::error{};
}

bool is_there(const std::string& folder) {
  std::error_code ignored;
  return fs::exists(folder, ignored) && !fs::is_empty(folder, ignored);
}

/// What was, and that it was restored.
caf::error begin_new_life(const std::string& folder, const restoration& how,
                          const backup_note& note) {
  auto env = lmdb::environment::open(options_for(folder, 0));
  if (!env)
    return env.error();
  auto db = ledger_databases::of(**env);
  return (*env)->write([&](lmdb::write_transaction& txn) -> caf::error {
    ledger_state state;
    if (auto stored = txn.find(db.meta, meta_key::state))
      decode(*stored, state);
    const auto ns = how.now.time_since_epoch().count();
    const auto above = static_cast<uint64_t>(std::max<int64_t>(ns, 0)) / 1000;
    for (auto* number : {&state.last_event, &state.last_turn, &state.last_hub_event})
      *number = std::max(*number, above);
    state.last_commit = std::max(state.last_commit, how.now);
    event x;
    x.number = ++state.last_event;
    x.at = state.last_commit;
    x.what = event_kind::ledger_restored;
    x.about = "ledger";
    x.detail = "by " + how.who + " from " + how.from + ", made " + to_rfc3339(note.made) +
               " up to event " + std::to_string(note.last_event);
    std::string value;
    encode(value, x);
    txn.append(db.events, ledger_keys::of_number(x.number), value);
    txn.put(db.events_about, ledger_keys::of_event_about(x.about, x.number), {});
    encode(value, state);
    txn.put(db.meta, meta_key::state, value);
    return {};
  });
}

caf::error check_note(const restoration& how, const backup_note& note) {
  if (note.owner != how.owner)
    return make_problem(errc::storage_format,
                        how.from + " is a backup of " + note.owner + ", not of " + how.owner);
  if (note.format != ledger_format)
    return make_problem(errc::storage_format, how.from + " has the format " + note.format +
                                                  ", this program restores " +
                                                  std::string{ledger_format});
  auto hash = multihash_of_file(how.from + "/data.mdb");
  if (!hash)
    return hash.error();
  if (*hash != note.multihash)
    return make_problem(errc::storage_damaged,
                        how.from + "/data.mdb is not the file that backup.json was written for");
  return {};
}

} // namespace

caf::expected<restored> restore_ledger(const restoration& how) {
  auto note = read_backup_note(how.from);
  if (!note)
    return note.error();
  if (auto err = check_note(how, *note))
    return err;
  restored result;
  result.note = *note;
  const auto target = how.data_dir + "/ledger";
  const auto unfinished = target + ".tmp";
  std::error_code failed;
  fs::create_directories(how.data_dir, failed);
  std::optional<folder_lock> old;
  if (is_there(target)) {
    auto lock = folder_lock::acquire(target, "ledger.lock");
    if (!lock)
      return lock.error();
    old = std::move(*lock);
    if (!how.replace)
      return make_problem(errc::conflict,
                          "a ledger is in " + target + ": --replace moves it aside and keeps it");
  }
  remove_unfinished(unfinished);
  fs::create_directory(unfinished, failed);
  fs::copy_file(how.from + "/data.mdb", unfinished + "/data.mdb", failed);
  if (failed)
    return failure_at(unfinished, "copying the backup", failed.value());
  fs::permissions(unfinished + "/data.mdb", fs::perms{0600}, failed);
  if (auto err = begin_new_life(unfinished, how, *note))
    return err;
  if (old) {
    result.moved_aside = aside(target, how.now);
    if (auto err = move_aside(target, result.moved_aside))
      return err;
  } else {
    fs::remove(target, failed); // an empty one
  }
  // Its streams carry the jobs of the other life.
  if (is_there(how.data_dir + "/nats"))
    if (auto err = move_aside(how.data_dir + "/nats", aside(how.data_dir + "/nats", how.now)))
      return err;
  if (auto err = finish(unfinished, target))
    return err;
  return result;
}

} // namespace igl
