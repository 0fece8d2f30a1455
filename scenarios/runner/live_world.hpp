#pragma once

#include "actors/commands/child_process.hpp"
#include "actors/commands/node_client.hpp"
#include "http/callback_listener.hpp"
#include "scenarios/runner/world.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace igl::scenario {

/// The same as real processes on this computer: `igl node` and `igl endpoint`, each with its
/// nats-server, its ledger on disk and HTTP on 127.0.0.1. What happens inside of them is not seen;
/// what they answer, what their event logs say and what subscribers are told is.
class live_world final : public world {
public:
  explicit live_world(std::string folder);
  ~live_world() override;

  std::string in_the_story(const std::string& line) const override;
  bool is_live() const override { return true; }
  caf::timestamp now() const override;
  void ask_later(const std::string& nation, http_request x, network::answered done) override;
  void rest(caf::timespan at_most) override;
  void pass(caf::timespan time) override;
  void lose_streams(process& x) override;
  void set_listening(subscriber& x, bool listens) override;
  void set_answer(subscriber& x, uint16_t status) override;
  std::string callback_of(const subscriber& x) const override;

private:
  caf::expected<std::unique_ptr<service>> started(process& x) override;
  std::string address_of(const std::string& host) const override;
  std::string url_of(const std::string& host) const override;
  std::string own_settings() const override;
  settings medium_settings(const channel_plan& x) const override;
  void listen(subscriber& x) override;

  node_client& client_of(const process& x);
  void tell();
  void learn_names();
  /// What all processes have done so far and have to do, in one number each.
  std::pair<uint64_t, uint64_t> events_and_jobs();

  struct listener {
    uint16_t port = 0;
    std::unique_ptr<callback_listener> by;
  };

  mutable std::map<std::string, uint16_t> ports_; ///< by host
  std::map<std::string, std::unique_ptr<node_client>> clients_;
  std::map<std::string, listener> listeners_;
  mutable child_process nats_;           ///< of the channels over a stream
  std::map<std::string, uint64_t> seen_; ///< endpoint → last event that was read
  std::mutex guard_;
  std::vector<std::pair<subscriber*, subscriber::told>> heard_; ///< and not told of yet
};

} // namespace igl::scenario
