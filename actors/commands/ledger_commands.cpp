#include "actors/commands/ledger_commands.hpp"

#include "actors/operator_api.hpp"
#include "messages/json.hpp"
#include "storage/ledger.hpp"
#include "storage/ledger_check.hpp"
#include "storage/ledger_copy.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <filesystem>
#include <ostream>
#include <thread>

#include <pwd.h>
#include <unistd.h>

namespace igl::commands {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::chrono::milliseconds look_again{200};

int ledger_failed(const terminal& term, const std::string& command, const caf::error& why) {
  auto status = fail(term, "ledger " + command, why);
  if (code_of(why) == errc::peer_unreachable)
    term.err << "igl ledger " << command << " --config FILE: of one that is not running\n";
  return status;
}

/// Whose ledger a configuration is about, and where.
struct place {
  std::string owner;
  std::string data_dir;
};

template <class Settings>
caf::expected<place> place_in(const loaded<Settings>& from, const std::string& owner) {
  if (from.good())
    return place{owner, from.settings.data_dir};
  std::string all;
  for (const auto& x : from.mistakes)
    all += (all.empty() ? "" : "; ") + to_string(x);
  return make_problem(errc::bad_request, all);
}

caf::expected<place> place_of(const std::string& config_file, const environment& env) {
  switch (kind_of(config_file, env)) {
  case file_kind::node: {
    auto x = load_node(config_file, env);
    return place_in(x, x.settings.jurisdiction);
  }
  case file_kind::endpoint: {
    auto x = load_endpoint(config_file, env);
    return place_in(x, x.settings.id);
  }
  case file_kind::unknown:
    break;
  }
  return make_problem(errc::bad_request,
                      config_file + " is neither a node's nor an endpoint's; igl config check " +
                          config_file + " says more");
}

/// A ledger or a backup, or a data folder with a ledger in it.
std::string ledger_in(const std::string& folder) {
  std::error_code ignored;
  return fs::exists(folder + "/data.mdb", ignored) ? folder : folder + "/ledger";
}

caf::expected<std::string> folder_to_check(const ledger_options& how, const environment& env) {
  if (how.folder.empty() == how.config_file.empty())
    return make_problem(errc::bad_request, "name either a folder or --config FILE");
  if (!how.folder.empty())
    return ledger_in(how.folder);
  auto where = place_of(how.config_file, env);
  if (!where)
    return where.error();
  return where->data_dir + "/ledger";
}

/// Who sits at the terminal.
std::string operator_here() {
  const auto* entry = getpwuid(geteuid());
  return entry ? std::string{entry->pw_name} : "user " + std::to_string(geteuid());
}

caf::expected<ledger_checked> check_aloud(const terminal& term, const std::string& folder) {
  return check_ledger(folder, [&](const std::string& part) {
    if (!term.json)
      term.err << "looking at " << part << '\n';
  });
}

int tell(const terminal& term, const std::string& folder, const ledger_checked& found) {
  if (term.json) {
    term.out.raw()
        << json_text({{"folder", folder}, {"faults", found.faults}, {"figures", found.figures}}, 2)
        << '\n';
    return found.good() ? 0 : 1;
  }
  for (const auto& fault : found.faults)
    term.out << "FAULT " << fault << '\n';
  if (!found.good()) {
    term.out << folder << ": " << found.faults.size()
             << (found.faults.size() == 1 ? " fault" : " faults")
             << "; igl ledger restore brings a backup back\n";
    return 1;
  }
  auto figure = [&](const char* name) {
    auto x = found.figures.find(name);
    return x == found.figures.end() ? uint64_t{0} : x->second;
  };
  term.out << folder << ": good; " << figure("events") << " events, " << figure("messages")
           << " messages, " << figure("channel_records") << " channel messages, "
           << figure("objects") << " documents of " << figure("bytes of documents") << " bytes, "
           << figure("jobs") << " open jobs, " << figure("dead_letters") << " dead letters, "
           << figure("journal records not in LMDB yet") << " records in the journal\n";
  return 0;
}

int backed_up(const terminal& term, const backup_state& x) {
  if (term.json)
    term.out << json(x) << '\n';
  else
    term.out << x.folder << ": " << x.entries << " entries, " << x.bytes << " bytes, up to event "
             << x.last_event << '\n';
  return 0;
}

/// Nobody has the folder open.
int back_up_offline(const terminal& term, const ledger_options& how, const environment& env) {
  auto where = place_of(how.config_file, env);
  if (!where)
    return ledger_failed(term, "backup", where.error());
  if (auto why = refuse_inside(how.folder, where->data_dir))
    return ledger_failed(term, "backup", why);
  std::error_code ignored;
  if (!fs::exists(where->data_dir + "/ledger/data.mdb", ignored))
    return ledger_failed(term, "backup",
                         make_problem(errc::not_found, where->data_dir + " has no ledger"));
  ledger::options opened;
  opened.path = where->data_dir + "/ledger";
  opened.owner = where->owner;
  auto it = ledger::open(std::move(opened));
  if (!it)
    return ledger_failed(term, "backup", it.error());
  copy_progress progress;
  auto made = (*it)->back_up(how.folder, progress);
  if (!made)
    return ledger_failed(term, "backup", made.error());
  return backed_up(term,
                   {"done", how.folder, {}, made->entries, made->bytes, made->last_event, ""});
}

} // namespace

int ledger_check(const terminal& term, const ledger_options& how, const environment& env) {
  auto folder = folder_to_check(how, env);
  if (!folder)
    return ledger_failed(term, "check", folder.error());
  auto found = check_aloud(term, *folder);
  if (!found)
    return ledger_failed(term, "check", found.error());
  return tell(term, *folder, *found);
}

int ledger_backup(node_client& node, const terminal& term, const ledger_options& how,
                  const environment& env) {
  if (!how.config_file.empty())
    return back_up_offline(term, how, env);
  auto asked = node.operation("POST", "/operator/backup",
                              json{{"folder", fs::absolute(how.folder).string()}}.dump());
  while (asked && asked->value("state", "") == "running") {
    std::this_thread::sleep_for(look_again);
    asked = node.operation("GET", "/operator/backup");
  }
  if (!asked)
    return ledger_failed(term, "backup", asked.error());
  auto state = asked->get<backup_state>();
  if (state.state == "done")
    return backed_up(term, state);
  return ledger_failed(
      term, "backup",
      make_problem(errc::storage_failed, state.error.empty()
                                             ? "the node was started again meanwhile: try again"
                                             : state.error));
}

int ledger_restore(const terminal& term, const ledger_options& how, const environment& env) {
  auto where = place_of(how.config_file, env);
  if (!where)
    return ledger_failed(term, "restore", where.error());
  if (auto note = read_backup_note(how.folder); !note)
    return ledger_failed(term, "restore", note.error());
  auto found = check_aloud(term, how.folder);
  if (!found)
    return ledger_failed(term, "restore", found.error());
  if (!found->good())
    return tell(term, how.folder, *found);
  auto done = restore_ledger({fs::absolute(how.folder).string(), where->data_dir, where->owner,
                              how.replace, operator_here(), caf::make_timestamp()});
  if (!done)
    return ledger_failed(term, "restore", done.error());
  term.out << "the ledger of " << where->owner << " in " << where->data_dir << " is the one of "
           << to_rfc3339(done->note.made) << ", up to event " << done->note.last_event << '\n';
  if (!done->moved_aside.empty())
    term.out << "the one that was there is in " << done->moved_aside << '\n';
  term.out << "when it is started it asks its channels for what came after\n";
  return 0;
}

} // namespace igl::commands
