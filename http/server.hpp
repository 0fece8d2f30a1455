#pragma once

#include "config/settings.hpp"
#include "messages/gauge.hpp"
#include "messages/interfaces.hpp"

#include <memory>
#include <string>
#include <vector>

namespace igl {

class access_control;

/// What a server hands requests to. A handle that is empty: that API is not served.
struct api_actors {
  message_api_actor messages;
  document_api_actor documents;
  subscriptions_api_actor subscriptions;
  message_reception_api_actor reception;
  channel_api_actor channel;
  operator_api_actor operation;
  token_keys_actor keys{};       ///< empty: no JSON Web Tokens are taken
  incoming_api_actor incoming{}; ///< empty: there is no POST /messages/incoming
  subscriber_desk_actor desk{};  ///< empty: subscribers are told nothing but their events
};

struct server_options {
  std::string service = "igl-node";
  std::vector<listener_settings> listeners;
  jurisdictions known;
  std::string own_jurisdiction;
  bool accept_foreign_sender = false;
  std::string spool_dir; ///< uploads pass through files here
  std::string operator_token;
  std::vector<channel_half> channel_halves{channel_half::posting, channel_half::receiving};
  /// Who may use the Channel API; null: nobody is asked who they are.
  std::shared_ptr<const access_control> channel_access;
  /// The same for the other sides of the channel, who use POST /messages/incoming.
  std::shared_ptr<const access_control> peer_access;
  uint64_t message_bytes = 0;
  uint64_t document_bytes = 0;
  uint32_t connections = 0;
  uint32_t connections_per_address = 0; ///< 0: any number
  uint32_t requests_in_flight = 0;
  uint64_t header_bytes = 64 * 1024;
  uint64_t chunk_bytes = 1024 * 1024;
  uint64_t upload_memory = uint64_t{256} << 20; ///< bytes, of all uploads together
  std::chrono::milliseconds idle_connection{0};
  /// Counts the requests that wait for an API's answer, which is a matter of the ledger only; null:
  /// nobody wants to know.
  std::shared_ptr<gauge> waiting;
  std::chrono::milliseconds look{1000}; ///< who waits too long for an actor is looked for so often
};

/// The listeners of a process. Requests are parsed here and answered by actors; no thread waits for
/// one.
class http_server {
public:
  /// Opens all listeners or none. Fails with unavailable and a sentence that names the address.
  static caf::expected<std::unique_ptr<http_server>> start(caf::actor_system& sys,
                                                           server_options how, api_actors who);
  virtual ~http_server() = default;

  /// The base URL (`http://127.0.0.1:41234`) of the first listener that serves an API; empty: none
  /// does.
  virtual std::string base_url(api which) const = 0;
  /// Are all listeners open?
  virtual bool listening() const = 0;
  /// No new requests (503, `Connection: close`); returns when those in flight are answered or the
  /// time is over.
  virtual void stop(std::chrono::milliseconds at_most) = 0;
};

/// Call first in main: the threads that cpprestsdk's callbacks run on.
void start_http_threads(unsigned count);

} // namespace igl
