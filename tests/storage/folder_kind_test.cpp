#include "storage/folder_kind.hpp"

#include "tests/storage/folder_content.hpp"
#include "tests/storage/ledger_fixture.hpp"

using namespace igl;
using namespace igl::test;

namespace {

lmdb::options options_for(const std::string& path, std::vector<std::string> databases) {
  lmdb::options how;
  how.path = path;
  how.databases = std::move(databases);
  return how;
}

/// Makes a folder with a database that says a format, unless that is empty.
void make_folder(const std::string& path, const std::string& database, const std::string& format) {
  auto env = value_of(lmdb::environment::open(options_for(path, {database, "entries"})));
  auto in = env->named(database);
  if (!format.empty())
    CHECK_FALSE(env->write([&](lmdb::write_transaction& txn) -> caf::error {
      txn.put(in, "format", format);
      return {};
    }));
}

struct refusal {
  errc code;
  std::string sentence;
};

refusal refusal_of(folder_kind wanted, const std::string& path) {
  auto x = open_folder(wanted, options_for(path, {"meta"}));
  if (x)
    return {errc::none, "opened"};
  return {code_of(x.error()), sentence_of(x.error())};
}

} // namespace

TEST_SUITE("folder kind") {
  TEST_CASE("a new folder becomes what it is opened as, and stays it") {
    temporary_folder folder;
    for (int i = 0; i < 2; ++i) {
      auto x = open_folder(folder_kind::ledger, options_for(folder.path(), {"meta", "events"}));
      REQUIRE(x);
      (*x)->named("events");
    }
    CHECK(refusal_of(folder_kind::shared_database, folder.path()).code == errc::storage_format);
  }

  TEST_CASE("each kind is refused as another one, is named, and does not change") {
    struct {
      folder_kind wanted;
      const char* database;
      const char* format;
      const char* found;
    } const rows[] = {
        {folder_kind::shared_database, "meta", "igl-ledger 1", "a ledger (format igl-ledger 1)"},
        {folder_kind::shared_database, "meta", "", "a ledger (format unknown)"},
        {folder_kind::ledger, "about", "1", "the shared database of a channel (format 1)"},
        {folder_kind::ledger, "chain", "1", "the chain of a channel (format 1)"},
        {folder_kind::chain, "about", "1", "the shared database of a channel (format 1)"},
        {folder_kind::ledger, "things", "1", "\"entries\" in it"},
    };
    for (auto& row : rows) {
      temporary_folder folder;
      make_folder(folder.path(), row.database, row.format);
      auto before = content_of(folder.path());
      auto x = refusal_of(row.wanted, folder.path());
      CHECK(x.code == errc::storage_format);
      CHECK(x.sentence.find(folder.path()) != std::string::npos);
      CHECK(x.sentence.find(row.found) != std::string::npos);
      CHECK(content_of(folder.path()) == before);
    }
  }

  TEST_CASE("what is refused while it is in use stays in use") {
    temporary_folder folder;
    make_folder(folder.path(), "about", "1");
    auto env = value_of(lmdb::environment::open(options_for(folder.path(), {"about"})));
    CHECK(refusal_of(folder_kind::ledger, folder.path()).code == errc::storage_format);
    CHECK_FALSE(env->read([&](const lmdb::read_transaction& txn) -> caf::error {
      CHECK(txn.databases() == std::vector<std::string>{"about", "entries"});
      CHECK(txn.find(env->named("about"), "format") == "1");
      return {};
    }));
  }
}
