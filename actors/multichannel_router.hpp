#pragma once

#include "actors/peer_gate.hpp"
#include "config/settings.hpp"
#include "messages/surroundings.hpp"

#include <map>
#include <memory>
#include <set>

namespace igl {

/// How often the same channel is asked, with the same idempotency key, when it may have taken a
/// message without saying so, before the next channel is asked: a message shall not travel over two
/// channels because one of them was slow or was started anew.
inline constexpr uint32_t attempts_in_doubt = 5;

/// A message on its way through the channels, in the operator's order: which one to ask next, and
/// what follows from their answers. Plain bookkeeping, one for each attempt at a job.
///
/// A channel that did not answer in time, broke the connection off or answered nonsense may have
/// taken the message. The order remembers it (route_doubt), so that the next attempts ask there
/// first, and alone until attempts_in_doubt. Only a clear no ends the doubt.
///
/// A channel that took the message back in an earlier round is asked after the others, and the one
/// that did so last comes last.
class route {
public:
  route(job_ticket ticket, route_message order, std::shared_ptr<const node_settings> settings);

  /// The channel to ask; null: nobody is left, or the last answer forbids to go on. Stays the same
  /// until one of the functions below says what came of it.
  const channel_settings* candidate() const;

  const message& content() const { return order_.content; }

  /// What the candidate is asked. The key is `AU:17`, in later rounds `AU:17/2`: a message whose
  /// confirmation was revoked has to be posted anew.
  post_to_channel question() const;

  /// The candidate did not take it, as far as one knows.
  void failed(const caf::error& why);
  /// Why nobody did, so far; readable.
  std::string reasons() const { return reasons_.empty() ? "no channel is configured" : reasons_; }
  /// Who may have taken it.
  const caf::optional<route_doubt>& doubt() const { return order_.doubt; }
  /// The candidate has taken it, but that could not be written down.
  route_doubt doubt_after_receipt() const;

  /// The candidate took it: the message says where it is, and channel-pending follows it, once the
  /// channel has had time to deliver. Its status stays the message updater's.
  caf::expected<settlement> taken(const channel_receipt& receipt, const found_message& stored,
                                  caf::timestamp now) const;
  /// Nobody took it. Some may take it later: `again`, due at `next`, and the order remembers the
  /// doubts. Otherwise the end, as `unroutable` says. Fails with peer_busy if a channel was only
  /// busy, so that the attempt does not count.
  caf::expected<settlement> given_up(caf::timestamp next) const;

private:
  void pass_over(const std::string& why);
  void skip_unsuitable();
  bool is_held_by(const std::string& channel) const;
  void suspect(const std::string& channel);
  void acquit(const std::string& channel);

  job_ticket ticket_;
  route_message order_;
  std::shared_ptr<const node_settings> settings_;
  std::vector<const channel_settings*> left_; // in the order they are asked
  size_t at_ = 0;
  std::string reasons_;
  std::vector<event> passed_over_;
  bool may_help_ = false; // to try again later
  bool busy_ = false;
  bool doubt_changed_ = false;
};

/// How the routing of a message ends that nobody took: `rejected`; or, if a channel may have taken
/// it after all, a dead letter that says so. A rejected message can be sent anew, this one must
/// not.
settlement unroutable(const job_ticket& ticket, const route_message& order, const std::string& why);

/// Channels confirmed the message and revoked that in as many rounds as retry.revoked allows: a
/// dead letter that names them. None: it may be routed once more.
caf::optional<settlement> taken_back_too_often(const job_ticket& ticket, const route_message& order,
                                               const retry_settings& how);

struct multichannel_router_state {
  static inline const char* name = "multichannel-router";
  std::map<std::string, peer_gate> gates;       // by channel id
  std::map<std::string, route_doubt> unsettled; // job id → what the ledger could not be told
};

/// Chooses a channel for each outbound message and posts it there.
///
/// Takes:   outbox
/// Opens:   channel-pending, rejected
/// Calls:   the posting half of the chosen channel
/// Retries: while a channel may take it later; the same channel first if it may have taken it
/// Refuses: a message that no channel serves, or that every channel screens or refuses: `rejected`;
///          what a channel may have taken all the same, and what was taken back too often: a dead
///          letter
multichannel_router_actor::behavior_type
multichannel_router(multichannel_router_actor::stateful_pointer<multichannel_router_state> self,
                    surroundings around, std::shared_ptr<const node_settings> settings,
                    std::map<std::string, channel_actor> channels);

} // namespace igl
