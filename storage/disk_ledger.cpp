#include "storage/disk_ledger.hpp"

#include "storage/bytes.hpp"
#include "storage/folder_kind.hpp"
#include "storage/ledger_copy.hpp"
#include "storage/ledger_former.hpp"
#include "storage/ledger_keys.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <map>

namespace igl {

namespace {

/// 4 MB: what a transaction holds in memory until it is on disk.
constexpr size_t pieces_per_transaction = 16;

/// What this program reads all the same, and makes its own.
bool is_former(std::string_view format) {
  return format == format_without_sums || format == format_without_hub || format == format_between;
}

/// Marks a new ledger, and refuses one that is not ours. `former`: it is to become one of today's.
caf::error check_identity(lmdb::environment& env, const ledger::options& how, bool& former) {
  auto meta = env.named("meta");
  return env.write([&](lmdb::write_transaction& txn) -> caf::error {
    auto found = txn.find(meta, meta_key::format);
    former = found && is_former(*found);
    if (!found) {
      txn.put(meta, meta_key::format, ledger_format);
      txn.put(meta, meta_key::owner, how.owner);
      return {};
    }
    if (*found != ledger_format && !former)
      return make_problem(errc::storage_format,
                          "the ledger in " + how.path + " has the format \"" + std::string(*found) +
                              "\", this program reads \"" + std::string(ledger_format) +
                              "\": use the program that wrote it");
    auto owner = txn.find(meta, meta_key::owner).value_or("");
    if (owner != how.owner)
      return make_problem(errc::storage_format, "the ledger in " + how.path + " belongs to " +
                                                    std::string(owner) + ", not to " + how.owner +
                                                    ": give " + how.owner +
                                                    " a data folder of its own");
    return {};
  });
}

lmdb::options options_for(const ledger::options& how) {
  lmdb::options result;
  result.path = how.path;
  result.map_bytes = how.map_bytes;
  result.file_mode = 0600; // it holds the subscribers' secrets
  return result;
}

/// Makes sure that the folder is a ledger of this owner, and of today's format, or becomes it.
caf::error prepare(std::shared_ptr<lmdb::environment> env, const ledger::options& how) {
  bool former = false;
  if (auto err = check_identity(*env, how, former))
    return err;
  if (!former)
    return {};
  auto all = options_for(how);
  all.databases = ledger_databases::names();
  if (auto opened = lmdb::environment::open(all); !opened)
    return opened.error();
  return give_sums(*env, ledger_format);
}

/// Subscriptions of format 3 are found by their topic only.
caf::error complete_indices(lmdb::environment& env, const ledger_databases& db,
                            caf::timespan keep_events) {
  auto is_complete = false;
  auto err = env.read([&](const lmdb::read_transaction& txn) -> caf::error {
    is_complete = !txn.walk(db.subscriptions).first() || txn.walk(db.hub_wanted).first();
    return {};
  });
  if (err || is_complete)
    return err;
  return env.write([&](lmdb::write_transaction& txn) -> caf::error {
    std::map<std::string, caf::timestamp> wanted;
    auto at = txn.walk(db.subscriptions);
    for (bool more = at.first(); more; more = at.next()) {
      subscription x;
      decode(at.value(), x);
      txn.put(db.subscriptions_of, ledger_keys::of_callback(x.callback) + std::string{at.key()},
              {});
      auto& until = wanted[ledger_keys::of_topic(x.topic)];
      until = std::max(until, x.ends + keep_events);
    }
    for (auto& [topic, until] : wanted) {
      auto ends = ledger_keys::of_subscription_end(until, {});
      txn.put(db.hub_wanted, topic, ends);
      txn.put(db.hub_wanted_ends, ends + topic, {});
    }
    return {};
  });
}

} // namespace

caf::expected<std::shared_ptr<ledger>> ledger::open(options how) {
  return disk_ledger::open(std::move(how));
}

caf::expected<std::shared_ptr<ledger>> disk_ledger::open(options how) {
  if (!how.now)
    how.now = caf::make_timestamp;
  // A ledger of another format must not be changed: so first only the database that tells.
  auto env_options = options_for(how);
  env_options.databases = {"meta"};
  auto env = open_folder(folder_kind::ledger, env_options);
  if (!env)
    return env.error();
  // Not before: what is no ledger gets no lock file either.
  auto lock = folder_lock::acquire(how.path, "ledger.lock");
  if (!lock)
    return lock.error();
  if (auto err = prepare(std::move(*env), how))
    return err;
  env_options.databases = ledger_databases::names();
  env_options.sums = true;
  env_options.without_sum = ledger_meta_without_sums();
  env = lmdb::environment::open(env_options);
  if (!env)
    return env.error();
  auto store = ledger_store::open(*env, how.path, ledger_databases::names(), !how.overlapping);
  if (!store)
    return store.error();
  auto db = ledger_databases::of(**env);
  if (auto err = complete_indices(**env, db, how.keep_hub_events))
    return err;
  ledger_state state;
  std::vector<uint64_t> left_behind;
  auto err = (*env)->read([&](const lmdb::read_transaction& txn) -> caf::error {
    if (auto stored = txn.find(db.meta, meta_key::state))
      decode(*stored, state);
    auto at = txn.walk(db.uploads);
    for (bool more = at.first(); more; more = at.next())
      left_behind.push_back(ledger_keys::number_of(at.key()));
    // The state does not know of uploads that began after the last settlement.
    if (auto pieces = txn.walk(db.pieces); pieces.last())
      state.last_upload = std::max(state.last_upload, ledger_keys::number_of(pieces.key()));
    return {};
  });
  if (err)
    return err;
  std::shared_ptr<disk_ledger> opened(
      new disk_ledger(std::move(*lock), std::move(*env), std::move(*store), std::move(how), state));
  for (uint64_t upload : left_behind)
    opened->uploads_.left_behind(upload);
  return std::shared_ptr<ledger>(std::move(opened));
}

disk_ledger::disk_ledger(folder_lock lock, std::shared_ptr<lmdb::environment> env,
                         std::unique_ptr<ledger_store> store, options how, ledger_state state)
    : owner_(how.owner), lock_(std::move(lock)), env_(std::move(env)),
      db_(ledger_databases::of(*env_)), now_(std::move(how.now)),
      keep_hub_events_(how.keep_hub_events), due_clock_(state.last_due, now_()),
      store_(std::move(store)), state_(state), overlapping_(how.overlapping) {}

// -- writing -------------------------------------------------------------------------------------

void disk_ledger::begin(const std::function<bool(ledger_batch&)>& what, ledger_store::ending done) {
  // Due jobs are not shown beyond the moment of a write until that has ended, however it ends.
  auto due = std::make_shared<std::optional<caf::timestamp>>();
  store_->begin(
      [&](ledger_transaction& txn) -> caf::error {
        catch_up(txn);
        const auto now = now_();
        *due = due_clock_.begin_write(now);
        ledger_batch::moment moment;
        moment.at = std::max(now, state_.last_commit);
        moment.due = **due;
        moment.ahead_of_clock = due_clock_.ahead_of_clock();
        moment.oldest_hub_event = moment.at - keep_hub_events_;
        for (;; txn.undo()) {
          ledger_batch batch(txn, db_, state_, moment, uploads_);
          if (!what(batch))
            continue;
          batch.finish();
          state_ = batch.state();
          for (uint64_t upload : batch.named_uploads())
            uploads_.named(upload, store_->begun() + 1);
          for (uint64_t upload : batch.spare_uploads())
            uploads_.spare(upload, store_->begun() + 1);
          return {};
        }
      },
      [this, due, done = std::move(done)](const caf::error& why) {
        if (*due)
          due_clock_.end_write(**due);
        notice(why);
        done(why);
      });
  sweep();
}

void disk_ledger::catch_up(const ledger_snapshot& now) {
  uploads_.ended(store_->ended());
  if (failures_ == store_->failures())
    return;
  ledger_state durable;
  if (auto stored = now.find(db_.meta, meta_key::state))
    decode(*stored, durable);
  // Numbers of uploads are handed out before anything is written.
  durable.last_upload = std::max(durable.last_upload, state_.last_upload);
  state_ = durable;
  uploads_.failed();
  failures_ = store_->failures();
}

caf::error disk_ledger::write(const std::function<void(ledger_batch&)>& what) {
  std::promise<caf::error> ended;
  auto once = [&](ledger_batch& to) {
    what(to);
    return true;
  };
  begin(once, [&](const caf::error& why) { ended.set_value(why); });
  return ended.get_future().get();
}

void disk_ledger::sweep() {
  if (!uploads_.any_forgotten() || store_->in_doubt())
    return;
  size_t swept = 0;
  auto err = env_->write([&](lmdb::write_transaction& txn) -> caf::error {
    swept = uploads_.sweep(txn, db_);
    return {};
  });
  if (!err)
    uploads_.swept(swept);
}

std::vector<caf::expected<settled>> disk_ledger::commit(const std::vector<settlement>& batch) {
  std::promise<std::vector<caf::expected<settled>>> results;
  begin_commit(batch, [&](auto x) { results.set_value(std::move(x)); });
  return results.get_future().get();
}

void disk_ledger::commit(const std::vector<settlement>& batch, ending done) {
  if (overlapping_)
    begin_commit(batch, std::move(done));
  else
    done(commit(batch));
}

void disk_ledger::begin_commit(const std::vector<settlement>& batch, ending done) {
  using all_results = std::vector<caf::expected<settled>>;
  auto results = std::make_shared<all_results>(batch.size(), caf::expected<settled>{settled{}});
  std::vector<bool> damaged(batch.size());
  begin(
      [&](ledger_batch& to) {
        for (size_t i = 0; i < batch.size(); ++i) {
          if (damaged[i])
            continue;
          try {
            (*results)[i] = to.apply(batch[i]);
          } catch (const damaged_value& x) {
            // It may have written half of what it is: the others begin again without it.
            damaged[i] = true;
            (*results)[i] = make_problem(errc::storage_damaged, x.what());
            notice((*results)[i].error());
            return false;
          }
        }
        return true;
      },
      [results, count = batch.size(), done = std::move(done)](const caf::error& why) {
        done(why ? all_results(count, why) : std::move(*results));
      });
}

caf::expected<settled>
disk_ledger::write_one(const std::function<caf::expected<settled>(ledger_batch&)>& what) {
  caf::expected<settled> result = settled{};
  if (auto err = write([&](ledger_batch& to) { result = what(to); }))
    return err;
  return result;
}

caf::expected<settled> disk_ledger::replay(const replay_dead_letter& what) {
  return write_one([&](ledger_batch& to) { return to.replay(what); });
}

caf::expected<settled> disk_ledger::drop(const drop_dead_letter& what) {
  return write_one([&](ledger_batch& to) { return to.drop(what); });
}

// -- damage and copies ---------------------------------------------------------------------------

void disk_ledger::notice(const caf::error& why) const {
  constexpr size_t most_told = 1000;
  if (code_of(why) != errc::storage_damaged)
    return;
  auto sentence = sentence_of(why);
  std::lock_guard guard(damage_.mutex);
  if (damage_.all.size() >= most_told || !damage_.all.insert(sentence).second)
    return;
  if (damage_.first.empty())
    damage_.first = sentence;
  spdlog::error("{}: igl ledger check finds all that is damaged, igl ledger restore brings a "
                "backup back",
                sentence);
}

caf::expected<ledger_copied> disk_ledger::back_up(const std::string& folder,
                                                  copy_progress& progress) {
  progress.entries = 0;
  progress.bytes = 0;
  if (auto err = store_->flush())
    return err;
  auto made = copy_ledger(*env_, owner_, folder, now_(), progress);
  if (!made)
    notice(made.error());
  return made;
}

// -- uploads -------------------------------------------------------------------------------------

caf::expected<upload_begun> disk_ledger::begin() {
  // On disk with the first piece: before that there is nothing to forget after a crash.
  upload_begun result;
  result.upload = ++state_.last_upload;
  uploads_.begin(result.upload);
  return result;
}

caf::expected<piece_stored> disk_ledger::store(const store_piece& piece) {
  std::vector<caf::expected<piece_stored>> results;
  store_group(&piece, 1, results);
  return results.front();
}

std::vector<caf::expected<piece_stored>>
disk_ledger::store(const std::vector<store_piece>& pieces) {
  std::vector<caf::expected<piece_stored>> results;
  results.reserve(pieces.size());
  for (size_t i = 0; i < pieces.size(); i += pieces_per_transaction)
    store_group(&pieces[i], std::min(pieces_per_transaction, pieces.size() - i), results);
  return results;
}

void disk_ledger::store_group(const store_piece* pieces, size_t count,
                              std::vector<caf::expected<piece_stored>>& results) {
  std::vector<caf::expected<piece_stored>> group;
  size_t swept = 0;
  auto err = env_->write([&](lmdb::write_transaction& txn) -> caf::error {
    group.clear();
    for (const auto* piece = pieces; piece != pieces + count; ++piece) {
      if (auto refused = uploads_.check(*piece)) {
        group.push_back(refused);
        continue;
      }
      txn.put(db_.pieces, ledger_keys::of_piece(piece->upload, piece->piece), piece->bytes);
      if (piece->piece == 0)
        txn.put(db_.uploads, ledger_keys::of_number(piece->upload), {});
      uploads_.stored(*piece);
      group.push_back(piece_stored{piece->piece});
    }
    // A document that may come true when the ledger is opened again needs its pieces.
    swept = store_->in_doubt() ? 0 : uploads_.sweep(txn, db_);
    return {};
  });
  if (err) {
    // What is known of these uploads is no longer what is on disk.
    for (const auto* piece = pieces; piece != pieces + count; ++piece)
      uploads_.forget(piece->upload);
    group.assign(count, err);
  } else {
    uploads_.swept(swept);
  }
  results.insert(results.end(), group.begin(), group.end());
}

caf::error disk_ledger::abandon(uint64_t upload) {
  uploads_.forget(upload);
  return {};
}

} // namespace igl
