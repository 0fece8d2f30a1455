#pragma once

#include "tests/support/temporary_folder.hpp"

#include <nlohmann/json.hpp>

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace igl {

using apart_options = nlohmann::json;

/// A fake node in a process of its own: for tests that do to a process what they must not do to
/// themselves, or that measure one.
///
/// Options: "descriptors" it may have at most, "posts": "never answered", and the server's
/// "connections", "connections_per_address", "requests_in_flight", "header_bytes", "chunk_bytes",
/// "upload_memory", "idle_connection" (milliseconds), "operator_token".
class node_apart {
public:
  explicit node_apart(apart_options options = apart_options::object());
  node_apart(const node_apart&) = delete;
  node_apart& operator=(const node_apart&) = delete;
  ~node_apart();

  const std::string& url() const { return url_; }
  /// Bytes in use that are not file cache, now and at most since `forget_peak`.
  size_t resident() const;
  size_t peak() const;
  void forget_peak() const;
  /// Processor time it has used.
  std::chrono::milliseconds worked() const;

private:
  temporary_folder folder_; ///< where it keeps what it writes: it ends without tidying up
  pid_t process_ = 0;
  int lifeline_ = -1; ///< it ends when this is closed
  std::string url_;
};

} // namespace igl
