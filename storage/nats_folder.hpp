#pragma once

#include <caf/expected.hpp>

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace igl {

/// The files of an embedded nats-server:
///
///     nats-server.conf   its configuration, written at each start (mode 0600)
///     nats-server.log    its output; the one before: nats-server.log.1
///     nats-server.pid    the process that runs, or ran
///     token              what clients must know; made once (mode 0600)
///     port               kept from the first start on, as long as it is free
///     jetstream/         the streams
class nats_folder {
public:
  /// Makes what is missing. Fails with storage_failed.
  static caf::expected<nats_folder> prepare(const std::string& path);

  /// Writes the configuration with the kept port, or any port if that is taken by somebody else.
  caf::error write_configuration(uint64_t max_file_store) const;
  /// The port that a server of this pid says it listens on; 0: it has not said so yet.
  uint16_t port_of(pid_t pid) const;
  void keep_port(uint16_t port) const;
  void forget_ports() const;

  pid_t noted_pid() const; ///< 0: none
  void note_pid(pid_t pid) const;

  /// Keeps the log from growing without bound; between two runs of the server.
  void turn_log() const;

  const std::string& token() const { return token_; }
  std::string configuration() const { return path_ + "/nats-server.conf"; }
  std::string log() const { return path_ + "/nats-server.log"; }

private:
  std::string file(const char* name) const { return path_ + "/" + name; }

  std::string path_; ///< absolute
  std::string token_;
};

/// Asks a NATS server on this machine for its version by connecting to it; empty: it does not
/// answer.
std::string nats_version_at(uint16_t port);

} // namespace igl
