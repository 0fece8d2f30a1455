#include "storage/lmdb_calls.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace igl::lmdb {

void allocate_lock_file(const std::string& folder, uint32_t readers, unsigned mode) {
  constexpr off_t reader_bytes = 64; // and as much for each of the two parts before them
  const auto doing = "making room for lock.mdb";
  int fd = ::open((folder + "/lock.mdb").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, mode);
  if (fd < 0)
    throw failure(errno, doing);
  const auto wanted = reader_bytes * (off_t{readers} + 2);
  struct stat file {};
  int code = fstat(fd, &file) == 0 ? 0 : errno;
  // It is never made shorter: another process may have it mapped.
  if (code == 0 && std::min<off_t>(file.st_size, file.st_blocks * 512) < wanted)
    code = posix_fallocate(fd, 0, std::max(file.st_size, wanted));
  close(fd);
  if (code != 0)
    throw failure(code, doing);
}

void undo_first_pages(const std::string& folder) {
  const auto path = folder + "/data.mdb";
  struct stat file {};
  if (stat(path.c_str(), &file) == 0 && file.st_size < 2 * sysconf(_SC_PAGESIZE) &&
      truncate(path.c_str(), 0) != 0)
    throw failure(errno, "beginning data.mdb anew");
}

namespace {

using transaction_ptr = std::unique_ptr<MDB_txn, decltype(&mdb_txn_abort)>;

transaction_ptr begun(MDB_env* env, unsigned flags, const char* doing) {
  MDB_txn* txn = nullptr;
  check(mdb_txn_begin(env, nullptr, flags, &txn), doing);
  return {txn, &mdb_txn_abort};
}

/// How many of these pages LMDB has free.
size_t count_free(MDB_env* env, size_t first, size_t behind) {
  auto txn = begun(env, MDB_RDONLY, "looking for free pages");
  constexpr database free_pages{0};
  std::set<size_t> free;
  cursor at(txn.get(), free_pages);
  for (bool more = at.first(); more; more = at.next()) {
    auto left = at.stored();
    do { // the first is how many there are
      left.remove_prefix(std::min(left.size(), sizeof(size_t)));
      size_t page = behind;
      std::memcpy(&page, left.data(), std::min(left.size(), sizeof page));
      if (page >= first && page < behind)
        free.insert(page);
    } while (left.size() > sizeof(size_t));
  }
  return free.size();
}

/// The bytes that data.mdb is to have by LMDB's own account, and those that it has.
struct lengths {
  off_t wanted = 0;
  off_t found = 0;
  off_t page = 0;
};

lengths lengths_of(MDB_env* env, int fd) {
  MDB_envinfo info{};
  MDB_stat stat{};
  check(mdb_env_info(env, &info), "reading the number of pages");
  check(mdb_env_stat(env, &stat), "reading the size of a page");
  struct stat file {};
  if (fstat(fd, &file) != 0)
    throw failure(errno, "reading the size of data.mdb");
  const auto page = static_cast<off_t>(stat.ms_psize);
  return {static_cast<off_t>(info.me_last_pgno + 1) * page, file.st_size, page};
}

} // namespace

void check_length(MDB_env* env) {
  int fd = -1;
  check(mdb_env_get_fd(env, &fd), "reading the size of data.mdb");
  if (auto now = lengths_of(env, fd); now.found >= now.wanted)
    return;
  // Nobody commits meanwhile: what another process takes into use is not cut off below.
  auto alone = begun(env, 0, "looking at the length of data.mdb");
  const auto file = lengths_of(env, fd);
  if (file.found >= file.wanted)
    return;
  // LMDB does not write pages at the end that were free again in the transaction that took them.
  // Zeros, while that is looked at, are pages of no database.
  if (int code = posix_fallocate(fd, file.found, file.wanted - file.found); code != 0)
    throw failure(code, "making data.mdb as long as its pages");
  std::string why;
  try {
    const auto first = static_cast<size_t>(file.found / file.page);
    const auto behind = static_cast<size_t>(file.wanted / file.page);
    if (count_free(env, first, behind) == behind - first)
      return;
  } catch (const damaged_value& x) {
    why = std::string(" (") + x.what() + ")";
  }
  if (ftruncate(fd, file.found) != 0)
    throw failure(errno, "leaving data.mdb as it was");
  throw damaged_value("data.mdb has " + std::to_string(file.found) + " of its " +
                      std::to_string(file.wanted) + " bytes, the rest was lost" + why +
                      "; igl ledger restore brings a backup back");
}

} // namespace igl::lmdb
