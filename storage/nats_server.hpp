#pragma once

#include <caf/expected.hpp>

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace igl {

struct nats_server_options {
  /// All that the server needs: configuration, token, log and data. Created if missing. Kept
  /// between runs.
  std::string folder;
  std::string program;                          ///< path, or a name to look up; empty: nats-server
  uint64_t max_file_store = uint64_t{64} << 30; ///< bytes
  std::chrono::milliseconds start_timeout{10000};
  std::chrono::milliseconds stop_timeout{5000};   ///< between SIGINT and SIGKILL
  std::chrono::milliseconds first_pause{50};      ///< before the first restart
  std::chrono::milliseconds longest_pause{10000}; ///< the pause doubles up to this
};

/// Where the program is: `program` itself if it is a path; else looked up by name in PATH,
/// /usr/sbin, /usr/local/bin and /usr/bin. Fails with unavailable and says what to install.
caf::expected<std::string> find_nats_server(const std::string& program);

/// A nats-server of our own: a child process on a loopback port, guarded by a token, watched,
/// started again with growing pauses when it dies, and stopped with this object. It does not
/// outlive this process, however that ends; one that did is ended before the next start.
class nats_server {
public:
  /// Starts the watch and returns; the server comes up meanwhile. Fails with unavailable (the
  /// program is missing), storage_failed (the folder) or storage_locked (another process runs a
  /// server in it).
  static caf::expected<std::shared_ptr<nats_server>> start(nats_server_options how);

  virtual ~nats_server() = default;

  /// Blocks until the server takes connections. Fails with unavailable and the reason.
  virtual caf::error wait_until_ready(std::chrono::milliseconds timeout) = 0;

  /// Kills the server, for one that lives and does not work any more; the watch starts it again.
  virtual void start_anew() = 0;

  /// `nats://<token>@127.0.0.1:<port>`; empty while it does not take connections. A secret.
  virtual std::string url() const = 0;
  /// 0 while there is none.
  virtual pid_t pid() const = 0;
  /// How often it was started again after it had died.
  virtual uint64_t restarts() const = 0;
  /// How the last one ended: "killed by signal 9"; empty: none has ended.
  virtual std::string last_exit() const = 0;
  /// "2.9.10, embedded, pid 17", or "embedded, not running: killed by signal 9".
  virtual std::string description() const = 0;
};

} // namespace igl
