#pragma once

#include "channels/medium.hpp"
#include "config/settings.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "storage/ledger.hpp"
#include "storage/streams.hpp"

#include <caf/all.hpp>

#include <functional>
#include <memory>

namespace igl {

/// Whether actors that wait for a disk or a peer have threads of their own.
enum class threading : uint8_t { detached, none };

/// What a node or an endpoint stands on: a computer with its clock, its disks and its network, or
/// one that a scenario simulates. Outlives the process that it was given to.
class machine {
public:
  virtual ~machine() = default;

  virtual caf::actor_system& system() = 0;
  /// The wall clock; thread-safe.
  virtual std::function<caf::timestamp()> clock() = 0;
  /// Numbers that nobody can guess; thread-safe.
  virtual std::function<uint64_t()> chance() = 0;
  virtual threading threads() const = 0;
  /// How busy the APIs are; null: nobody measures it.
  virtual std::shared_ptr<gauge> waiting_requests() = 0;

  /// How often those look who could not be told everything: a clock may be set, a word be lost.
  virtual std::chrono::milliseconds look() const = 0;

  virtual caf::expected<std::shared_ptr<ledger>> open_ledger(ledger::options how) = 0;
  /// Null: the streams that the settings name.
  virtual std::shared_ptr<streams> open_streams(const process_settings& how) = 0;
  virtual caf::expected<std::unique_ptr<http_server>> listen(server_options how,
                                                             api_actors who) = 0;
  virtual http_client_actor start_http_client(caf::scheduled_actor* parent,
                                              http_client_options how) = 0;
  virtual medium_opener open_medium(const endpoint_settings& how,
                                    const http_client_actor& http) = 0;

  /// A supervised actor has begun, perhaps again.
  virtual void spawned(const std::string& name, const caf::strong_actor_ptr& actor) = 0;
  /// Returns when `done` says so, or at once where others go on by themselves. False: it never will
  /// be, do not wait for it.
  virtual bool let_others_work(const std::function<bool()>& done) = 0;
};

/// The computer that this runs on.
std::shared_ptr<machine> this_machine();

/// Spawns an actor that may block.
template <caf::spawn_options Options = caf::no_spawn_options, class... Ts>
auto spawn_blocking(threading on, caf::local_actor* parent, Ts&&... what) {
  return on == threading::detached
             ? parent->spawn<caf::detached + Options>(std::forward<Ts>(what)...)
             : parent->spawn<Options>(std::forward<Ts>(what)...);
}

} // namespace igl
