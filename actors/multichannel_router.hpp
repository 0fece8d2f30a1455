#pragma once

#include "actors/peer_gate.hpp"
#include "config/settings.hpp"
#include "messages/surroundings.hpp"

#include <map>
#include <memory>
#include <set>

namespace igl {

/// How often the same channel is asked again, with the same idempotency key, when it may or may not
/// have taken a message (it did not answer in time), before the next channel is asked: a message
/// shall not travel over two channels because one of them was slow.
inline constexpr uint32_t attempts_in_doubt = 3;

/// A message on its way through the channels, in the operator's order: which one to ask next, and
/// what follows from their answers. Plain bookkeeping, one for each attempt at a job.
class route {
public:
  /// `in_doubt`: the channel that may have taken the message at the attempt before; it is asked
  /// first. Empty: none.
  route(job_ticket ticket, route_message order, std::shared_ptr<const node_settings> settings,
        const std::string& in_doubt);

  /// The channel to ask; null: nobody is left, or the last answer forbids to go on. Stays the same
  /// until one of the functions below says what came of it.
  const channel_settings* candidate() const;

  /// What the candidate is asked. The key is `AU:17`, in later rounds `AU:17/2`: a message whose
  /// confirmation was revoked has to be posted anew.
  post_to_channel question() const;

  /// The candidate did not take it.
  void failed(const caf::error& why);
  /// The candidate may have taken it, and shall be asked again before others are.
  const std::string& in_doubt() const { return in_doubt_; }

  /// The candidate took it: channel-pending and message-updates.
  settlement taken(const channel_receipt& receipt) const;
  /// Nobody took it. All said no: `rejected`. Some may take it later: the error to try again with;
  /// peer_busy if one was only busy, so that the attempt does not count.
  caf::expected<settlement> given_up() const;

private:
  void pass_over(const channel_settings& x, const std::string& why);
  void skip_unsuitable();

  job_ticket ticket_;
  route_message order_;
  std::shared_ptr<const node_settings> settings_;
  std::vector<const channel_settings*> left_; // in the order they are asked
  size_t at_ = 0;
  std::string reasons_;
  std::vector<event> passed_over_;
  std::string in_doubt_;
  caf::error temporary_; // the first failure that may pass
  bool busy_ = false;
};

struct multichannel_router_state {
  static inline const char* name = "multichannel-router";
  std::map<std::string, peer_gate> gates;      // by channel id
  std::map<std::string, std::string> in_doubt; // job id → channel that may have taken its message
};

/// Chooses a channel for each outbound message and posts it there.
///
/// Takes:   outbox
/// Opens:   channel-pending, message-updates, rejected
/// Calls:   the posting half of the chosen channel
/// Retries: while no channel says no for good; the same channel first if it may have taken it
/// Refuses: a message that no channel serves, or that every channel screens or refuses: `rejected`
multichannel_router_actor::behavior_type
multichannel_router(multichannel_router_actor::stateful_pointer<multichannel_router_state> self,
                    surroundings around, std::shared_ptr<const node_settings> settings,
                    std::map<std::string, channel_actor> channels);

} // namespace igl
