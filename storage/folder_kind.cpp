#include "storage/folder_kind.hpp"

#include "messages/errors.hpp"

#include <algorithm>

namespace igl {

namespace {

/// Each kind has a database that no other has, and there, under `format`, says its format.
struct mark {
  folder_kind kind;
  const char* database;
  const char* called;
};
constexpr mark marks[] = {
    {folder_kind::ledger, "meta", "a ledger"},
    {folder_kind::shared_database, "about", "the shared database of a channel"},
    {folder_kind::chain, "chain", "the chain of a channel"},
};

const mark& mark_of(folder_kind x) {
  return *std::find_if(std::begin(marks), std::end(marks), [=](auto& m) { return m.kind == x; });
}

bool has(const std::vector<std::string>& names, const char* name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// "a ledger (igl-ledger 1)", or the names of databases that are not ours.
std::string found_there(const std::vector<std::string>& names, lmdb::options how) {
  for (auto& mark : marks) {
    if (!has(names, mark.database))
      continue;
    how.databases = {mark.database};
    std::string format;
    auto env = lmdb::environment::open(how);
    if (env)
      (*env)->read([&](const lmdb::read_transaction& txn) -> caf::error {
        format = txn.find((*env)->named(mark.database), "format").value_or("");
        return {};
      });
    return std::string{mark.called} + " (format " + (format.empty() ? "unknown" : format) + ")";
  }
  return "an LMDB database that is not ours, with \"" + names.front() + "\" in it";
}

} // namespace

caf::expected<std::shared_ptr<lmdb::environment>> open_folder(folder_kind wanted,
                                                              const lmdb::options& how) {
  // A database that is named is made: so first without any.
  auto first = how;
  first.databases.clear();
  auto env = lmdb::environment::open(first);
  if (!env)
    return env;
  std::vector<std::string> names;
  auto failed = (*env)->read([&](const lmdb::read_transaction& txn) -> caf::error {
    names = txn.databases();
    return {};
  });
  if (failed)
    return failed;
  auto& expected = mark_of(wanted);
  if (!names.empty() && !has(names, expected.database))
    return make_problem(errc::storage_format,
                        "the folder " + how.path + " is to be " + expected.called + ", but holds " +
                            found_there(names, how) + ": give it a folder of its own");
  return lmdb::environment::open(how);
}

} // namespace igl
