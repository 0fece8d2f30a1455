#include "storage/journal.hpp"

#include "messages/errors.hpp"
#include "storage/bytes.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <vector>

namespace igl {

namespace {

/// Four u64: number; length of the body; XXH3 of these two; XXH3 of the body.
constexpr size_t header_size = 32;
constexpr size_t hashed_header_size = 16;

/// Each record begins a block, so that writing one never touches the bytes of another.
constexpr uint64_t block = 4096;

/// A file grows by zeros of this size: that is what makes the later syncs cheap.
constexpr uint64_t growth = uint64_t{1} << 20;

uint64_t rounded_up(uint64_t x, uint64_t to) {
  return (x + to - 1) / to * to;
}

caf::error failure_of(const std::string& path, const char* doing) {
  const int code = errno;
  const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  return make_problem(full ? errc::storage_full : errc::storage_failed,
                      path + ": " + doing + ": " + std::strerror(code));
}

/// False: the file ends before.
caf::expected<bool> read_all(int descriptor, const std::string& path, std::string& to,
                             uint64_t at) {
  for (size_t have = 0; have < to.size();) {
    auto got = pread(descriptor, &to[have], to.size() - have, static_cast<off_t>(at + have));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return failure_of(path, "reading");
    if (got == 0)
      return false;
    have += static_cast<size_t>(got);
  }
  return true;
}

caf::error write_all(int descriptor, const std::string& path, std::string_view bytes, uint64_t at) {
  while (!bytes.empty()) {
    auto done = pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      return failure_of(path, "writing");
    bytes.remove_prefix(static_cast<size_t>(done));
    at += static_cast<uint64_t>(done);
  }
  return {};
}

caf::error damaged(const std::string& path, uint64_t number) {
  return make_problem(errc::storage_format,
                      path + ": record " + std::to_string(number) +
                          " is missing or damaged, later ones are there: restore this ledger from "
                          "a backup");
}

caf::error sync_folder(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0)
    return failure_of(folder, "opening");
  const bool failed = fsync(descriptor) != 0;
  auto why = failed ? failure_of(folder, "syncing") : caf::error{};
  close(descriptor);
  return why;
}

} // namespace

struct journal::record {
  uint64_t number = 0; ///< 0: there is none
  uint64_t size = 0;   ///< of the blocks it takes, in bytes
  std::string body;
};

/// The records that a file holds from its beginning, as long as each follows the one before it.
struct journal::run {
  uint64_t first = 0; ///< number of the first; 0: there is none
  std::vector<std::string> bodies;
  uint64_t end = 0; ///< in bytes
};

caf::expected<std::unique_ptr<journal>> journal::open(const std::string& folder, uint64_t seed) {
  std::unique_ptr<journal> result(new journal(seed));
  for (size_t i = 0; i < result->files_.size(); ++i) {
    auto& x = result->files_[i];
    x.path = folder + "/journal." + std::to_string(i);
    x.descriptor = ::open(x.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_DSYNC, 0600);
    struct stat what {};
    if (x.descriptor < 0 || fstat(x.descriptor, &what) != 0)
      return failure_of(x.path, "opening");
    x.size = static_cast<uint64_t>(what.st_size);
  }
  // The folder may be new, too.
  for (const auto& x : {folder, folder + "/.."})
    if (auto err = sync_folder(x))
      return err;
  return result;
}

journal::~journal() {
  for (const auto& x : files_)
    if (x.descriptor >= 0)
      close(x.descriptor);
}

caf::expected<journal::record> journal::read(const file& from, uint64_t at) const {
  record found;
  std::string head(header_size, '\0');
  auto whole = read_all(from.descriptor, from.path, head, at);
  if (!whole)
    return whole.error();
  if (!*whole)
    return found;
  byte_reader header(head);
  const auto number = header.u64();
  const auto length = header.u64();
  if (number == 0 || header.u64() != XXH3_64bits_withSeed(head.data(), hashed_header_size, seed_) ||
      length > from.size - at)
    return found;
  const auto hash = header.u64();
  found.body.resize(length);
  whole = read_all(from.descriptor, from.path, found.body, at + header_size);
  if (!whole)
    return whole.error();
  if (!*whole || XXH3_64bits_withSeed(found.body.data(), length, seed_ ^ number) != hash)
    return record{};
  found.number = number;
  found.size = rounded_up(header_size + length, block);
  return found;
}

caf::expected<journal::run> journal::read(const file& from) const {
  run result;
  for (;;) {
    auto next = read(from, result.end);
    if (!next)
      return next.error();
    if (next->number == 0 ||
        (!result.bodies.empty() && next->number != result.first + result.bodies.size()))
      return result;
    if (result.bodies.empty())
      result.first = next->number;
    result.end += next->size;
    result.bodies.push_back(std::move(next->body));
  }
}

/// A record beyond the end that is newer than all others follows one that is damaged.
caf::error journal::look_behind(const file& in, uint64_t end) const {
  for (auto at = end; at < in.size; at += block) {
    auto found = read(in, at);
    if (!found)
      return found.error();
    if (found->number > last_)
      return damaged(in.path, last_ + 1);
  }
  return {};
}

caf::error journal::replay(uint64_t applied,
                           const std::function<caf::error(std::string_view)>& each) {
  last_ = applied;
  std::array<run, 2> runs;
  std::array<uint64_t, 2> ends{};
  for (size_t i = 0; i < files_.size(); ++i) {
    auto found = read(files_[i]);
    if (!found)
      return found.error();
    ends[i] = found->end;
    runs[i] = std::move(*found);
  }
  if (runs[0].first > runs[1].first)
    std::swap(runs[0], runs[1]);
  // A record that could not be written whole may be there nevertheless: what came in its place
  // counts.
  if (auto& [older, newer] = runs;
      older.first != 0 && newer.first - older.first < older.bodies.size())
    older.bodies.resize(newer.first - older.first);
  for (const auto& x : runs) {
    for (size_t i = 0; i < x.bodies.size(); ++i) {
      auto number = x.first + i;
      if (number <= last_)
        continue;
      if (number != last_ + 1)
        return damaged(files_[0].path, last_ + 1);
      if (auto err = each(x.bodies[i]))
        return err;
      last_ = number;
    }
  }
  for (size_t i = 0; i < files_.size(); ++i)
    if (auto err = look_behind(files_[i], ends[i]))
      return err;
  return {};
}

caf::error journal::append(std::string_view body) {
  auto& to = files_[current_];
  buffer_.clear();
  {
    byte_writer header(buffer_);
    header.u64(last_ + 1);
    header.u64(body.size());
    header.u64(XXH3_64bits_withSeed(buffer_.data(), hashed_header_size, seed_));
    header.u64(XXH3_64bits_withSeed(body.data(), body.size(), seed_ ^ (last_ + 1)));
    header.raw(body);
  }
  auto size = rounded_up(buffer_.size(), block);
  buffer_.resize(size);
  if (end_ + size > to.size) {
    const auto wanted = rounded_up(end_ + size, growth);
    if (auto err = write_all(to.descriptor, to.path, std::string(wanted - to.size, '\0'), to.size))
      return err;
    to.size = wanted;
  }
  if (auto err = write_all(to.descriptor, to.path, buffer_, end_))
    return err;
  end_ += size;
  ++last_;
  return {};
}

void journal::turn() {
  current_ = 1 - current_;
  end_ = 0;
}

} // namespace igl
