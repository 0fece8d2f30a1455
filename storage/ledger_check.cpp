#include "storage/ledger_check.hpp"

#include "storage/bytes.hpp"
#include "storage/change_set.hpp"
#include "storage/folder_kind.hpp"
#include "storage/folder_lock.hpp"
#include "storage/journal.hpp"
#include "storage/ledger_walk.hpp"

#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sys/wait.h>
#include <unistd.h>

namespace igl {

namespace {

namespace fs = std::filesystem;

/// Told of one part; the others are counted.
constexpr size_t most_faults = 100;

caf::expected<std::shared_ptr<lmdb::environment>> open_to_look(const std::string& folder) {
  lmdb::options how;
  how.path = folder;
  how.databases = ledger_databases::names();
  how.sums = true;
  how.without_sum = ledger_meta_without_sums();
  how.read_only = true;
  return lmdb::environment::open(how);
}

std::string plain(const caf::error& why) {
  auto x = problem_of(why);
  return x.detail.empty() ? sentence_of(why) : x.detail;
}

/// One line: `F` a fault, `N` a figure's name and number, `W` why nothing could be looked at.
void tell(int to, char kind, std::string text) {
  for (auto& c : text)
    if (c == '\n')
      c = ' ';
  text = kind + text + "\n";
  for (std::string_view left = text; !left.empty();) {
    auto written = write(to, left.data(), left.size());
    if (written <= 0)
      return;
    left.remove_prefix(static_cast<size_t>(written));
  }
}

/// In a process of its own.
void look(const std::string& folder, const ledger_part& part, int to) {
  auto env = open_to_look(folder);
  if (!env)
    return tell(to, 'W', plain(env.error()));
  for (const auto& name : ledger_databases::names())
    if (!(*env)->has(name))
      return tell(to, 'F', "the database " + name + " is missing");
  size_t faults = 0;
  auto err = (*env)->read([&](const lmdb::read_transaction& txn) -> caf::error {
    auto fault = [&](const std::string& what) {
      if (++faults <= most_faults)
        tell(to, 'F', what);
    };
    auto count = [&](const std::string& figure, uint64_t number) {
      tell(to, 'N', figure + " " + std::to_string(number));
    };
    part.look({**env, txn, ledger_databases::of(**env), fault, count});
    return {};
  });
  if (err)
    tell(to, 'F', plain(err));
  if (faults > most_faults)
    tell(to, 'F', part.name + ": " + std::to_string(faults - most_faults) + " faults more");
}

void take(std::string_view line, ledger_checked& to, caf::error& why) {
  auto text = std::string(line.substr(1));
  if (line.front() == 'F')
    to.faults.push_back(text);
  else if (line.front() == 'N')
    to.figures[text.substr(0, text.rfind(' '))] = std::stoull(text.substr(text.rfind(' ') + 1));
  else
    why = make_problem(errc::storage_failed, text);
}

/// Lets `look` look in a process of its own.
caf::error look_apart(const std::string& name, const std::function<void(int)>& look,
                      ledger_checked& to) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0)
    return make_problem(errc::storage_failed, std::string("no pipe: ") + std::strerror(errno));
  auto child = fork();
  if (child < 0) {
    close(ends[0]);
    close(ends[1]);
    return make_problem(errc::storage_failed, std::string("no process: ") + std::strerror(errno));
  }
  if (child == 0) {
    for (auto signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE})
      std::signal(signal, SIG_DFL);
    close(ends[0]);
    look(ends[1]);
    _exit(0);
  }
  close(ends[1]);
  std::string said;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = read(ends[0], buffer.data(), buffer.size())) != 0;) {
    if (got < 0 && errno != EINTR)
      break;
    if (got > 0)
      said.append(buffer.data(), static_cast<size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  caf::error why;
  for (size_t at = 0, end = 0; (end = said.find('\n', at)) != std::string::npos; at = end + 1)
    take(std::string_view(said).substr(at, end - at), to, why);
  if (WIFSIGNALED(status))
    to.faults.push_back("a page leads out of the file: the look at " + name + " died of signal " +
                        std::to_string(WTERMSIG(status)));
  return why;
}

struct marks {
  uint64_t seed = 0;
  uint64_t applied = 0;
};

/// The journal's records behind what LMDB has can be read, and are changes.
void check_journal(const std::string& folder, const marks& known, ledger_checked& to) {
  std::error_code ignored;
  if (!fs::exists(folder + "/journal.0", ignored) && !fs::exists(folder + "/journal.1", ignored))
    return;
  auto log = journal::open(folder, known.seed);
  if (!log) {
    to.faults.push_back(plain(log.error()));
    return;
  }
  std::vector<lmdb::database> order;
  for (unsigned i = 0; i < ledger_databases::names().size(); ++i)
    order.push_back(lmdb::database{i});
  auto& records = to.figures["journal records not in LMDB yet"];
  auto err = (*log)->replay(known.applied, [&](std::string_view body) -> caf::error {
    ++records;
    try {
      change_set::decoded(body, order);
    } catch (const damaged_value& x) {
      to.faults.push_back("a record of the journal holds " + std::string{x.what()});
    }
    return {};
  });
  if (err)
    to.faults.push_back(plain(err));
}

constexpr const char* seed_figure = "journal seed";
constexpr const char* applied_figure = "journal applied";

/// Refuses what is no ledger of today's; tells what the journal needs.
void look_at_meta(const std::string& folder, int to) {
  auto env = open_to_look(folder);
  if (!env)
    return tell(to, 'W', plain(env.error()));
  if (!(*env)->has("meta"))
    return tell(to, 'W', folder + " is no ledger");
  auto err = (*env)->read([&](const lmdb::read_transaction& txn) -> caf::error {
    auto meta = (*env)->named("meta");
    auto format = txn.find(meta, meta_key::format).value_or("");
    if (format != ledger_format)
      tell(to, 'W',
           "the ledger in " + folder + " has the format \"" + std::string(format) +
               "\", this program checks \"" + std::string(ledger_format) +
               "\": a node makes a former one its own when it starts");
    for (auto [key, figure] : {std::pair{meta_key::journal_seed, seed_figure},
                               std::pair{meta_key::journal, applied_figure}})
      if (auto stored = txn.find(meta, key))
        tell(to, 'N', figure + (" " + std::to_string(byte_reader(*stored).u64())));
    return {};
  });
  if (err)
    tell(to, 'F', plain(err));
}

uint64_t taken_out(ledger_checked& from, const char* figure) {
  auto found = from.figures.extract(figure);
  return found ? found.mapped() : 0;
}

} // namespace

caf::expected<ledger_checked> check_ledger(const std::string& folder,
                                           const std::function<void(const std::string&)>& say) {
  std::error_code ignored;
  if (!fs::is_regular_file(folder + "/data.mdb", ignored))
    return make_problem(errc::storage_format, folder + " is no ledger: it has no data.mdb");
  std::optional<folder_lock> lock;
  // A backup is nobody's, and may be where nothing can be written.
  if (!fs::exists(folder + "/backup.json", ignored)) {
    auto acquired = folder_lock::acquire(folder, "ledger.lock");
    if (!acquired)
      return acquired.error();
    lock = std::move(*acquired);
  }
  ledger_checked result;
  if (auto err = look_apart(
          "its identity", [&](int to) { look_at_meta(folder, to); }, result))
    return err;
  const marks found{taken_out(result, seed_figure), taken_out(result, applied_figure)};
  for (const auto& part : ledger_parts()) {
    say(part.name);
    if (auto err = look_apart(
            part.name, [&](int to) { look(folder, part, to); }, result))
      return err;
  }
  say("the journal");
  check_journal(folder, found, result);
  return result;
}

} // namespace igl
