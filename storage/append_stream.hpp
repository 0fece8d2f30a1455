#pragma once

#include <caf/expected.hpp>
#include <caf/optional.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace igl {

struct append_stream_options {
  std::string url;                         ///< `nats://[token@]host:port`, or several with commas
  std::string name;                        ///< of the stream; created if it is missing
  std::string user;                        ///< what the server's operator sees this connection as
  uint32_t replicas = 1;                   ///< in a cluster; of a stream that is created
  std::chrono::milliseconds timeout{5000}; ///< connecting; one question to the server
};

/// A JetStream stream that only grows: the server denies to delete or purge, and keeps the first
/// entry of each key. Several processes on several machines append and read. All functions block;
/// one thread at a time. When the connection has broken everything fails with unavailable: open
/// another one.
class append_stream {
public:
  struct entry {
    uint64_t place = 0; ///< from 1 on, rising; given by the server
    std::string key;    ///< a token of a NATS subject: no blanks, dots or wildcards
    std::string data;
  };
  struct extent {
    std::string identity; ///< when the stream was created: one that was made anew has another
    uint64_t last = 0;    ///< place of the newest entry; 0: there is none
  };

  /// Fails with unavailable, or with storage_format if the stream is there and may shrink.
  static caf::expected<std::shared_ptr<append_stream>> open(append_stream_options how);
  virtual ~append_stream() = default;

  virtual caf::expected<extent> look() = 0;
  /// Entries after a place, at most `limit`. `last`: as `look` said.
  virtual caf::expected<std::vector<entry>> read(uint64_t after, uint64_t last, uint32_t limit) = 0;
  /// One answer for each key.
  virtual caf::expected<std::vector<caf::optional<entry>>>
  find(const std::vector<std::string>& keys) = 0;
  /// Acknowledged by the server when this returns; places are given by it. The answer: the keys
  /// that were there before and keep their entry. Fails with too_large before anything is done;
  /// when it fails otherwise, some entries may have been appended.
  virtual caf::expected<std::vector<std::string>> append(const std::vector<entry>& entries) = 0;
  /// "au-sg at 10.1.2.3:4222"
  virtual std::string description() const = 0;
};

} // namespace igl
