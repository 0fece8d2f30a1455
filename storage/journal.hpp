#pragma once

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace igl {

/// What was accepted and is not in LMDB yet, in the order in which it was accepted: records with
/// rising numbers in two files that are written in turn. A file is written from its beginning over
/// what it held, and keeps its length, so that a record costs one sync of bytes that lie together
/// and no change of the file system's own records (storage/FORMAT.md, "The journal").
///
/// Errors: storage_full, storage_failed, storage_format. One thread at a time.
class journal {
public:
  /// Opens both files, made if missing, in a folder. Nobody who does not know the seed, which never
  /// changes, can make bytes that look like a record.
  static caf::expected<std::unique_ptr<journal>> open(const std::string& folder, uint64_t seed);
  ~journal();
  journal(const journal&) = delete;
  journal& operator=(const journal&) = delete;

  /// Calls `each` with the body of every record behind number `applied`, in order. storage_format:
  /// one is missing or damaged while a later one is there. To be called once, before the first
  /// append.
  caf::error replay(uint64_t applied, const std::function<caf::error(std::string_view)>& each);

  /// The body is on disk when this returns no error. When it fails, whether the record is there is
  /// not known until the next one takes its place.
  caf::error append(std::string_view body);

  /// The number of the last record; 0: there has been none.
  uint64_t last() const { return last_; }

  /// How much of the current file counts, in bytes.
  uint64_t end() const { return end_; }

  /// The next record goes to the beginning of the other file: what that holds is no longer needed.
  void turn();

private:
  struct file {
    std::string path;
    int descriptor = -1;
    uint64_t size = 0; ///< written once, if only with zeros
  };
  struct record;
  struct run;

  explicit journal(uint64_t seed) : seed_(seed) {}
  caf::expected<record> read(const file& from, uint64_t at) const;
  caf::expected<run> read(const file& from) const;
  caf::error look_behind(const file& in, uint64_t end) const;

  uint64_t seed_;
  std::array<file, 2> files_;
  size_t current_ = 0;
  uint64_t end_ = 0; ///< of what counts in the current file
  uint64_t last_ = 0;
  std::string buffer_;
};

} // namespace igl
