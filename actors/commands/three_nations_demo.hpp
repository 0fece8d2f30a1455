#pragma once

#include "actors/commands/demo_stories.hpp"

namespace igl::three_nations_demo {

inline constexpr auto certificate_predicate = "UN.CEFACT.Trade.CertificateOfOrigin.created";
inline constexpr auto channel_a = "a";
inline constexpr auto channel_b = "b";

/// A message of the story: AU:invoice-sg.
struct parcel {
  std::string sender, receiver, about;

  std::string sender_ref() const;
  std::string reference() const { return sender + ":" + sender_ref(); }
};

/// What the scenes of the story share. Functions that return a text say what went wrong or is not
/// true yet; empty: nothing.
struct cast {
  demo_stage& stage;
  std::map<std::string, std::string> certificates{}; ///< multihash, by nation
  std::string forked_certificate{}; ///< multihash of what only one message speaks of
  std::vector<parcel> sent{};

  demo_network& network() { return stage.network(); }

  /// Subscribers at all nodes, and a certificate of each nation that the others may read.
  std::string prepare();
  std::string send(const parcel& x, const char* predicate, const std::string& obj);
  /// A message about the certificate of its sender.
  std::string send(const parcel& x);
  std::string stop(demo_network::member& x);
  std::string start(demo_network::member& x);

  /// Accepted where it comes from, `there` where it goes, over this channel, and both businesses
  /// were told.
  std::string delivered(const parcel& x, const std::string& channel,
                        const std::string& there = "received");
  /// Each message is in the lakes of its sender and its receiver once, and nowhere else.
  std::string all_once();
  /// What became of each message.
  std::string table();
};
using cast_ptr = std::shared_ptr<cast>;

/// One message is sent and arrives.
scene journey(const cast_ptr& all, const parcel& x, const std::string& channel);
/// The endpoints of channel A are down.
scene channel_cut(const cast_ptr& all);
scene channel_mended(const cast_ptr& all);
/// Two messages are confirmed on channel A; the fork that takes them back; the end of that.
scene confirmed_before_the_fork(const cast_ptr& all);
scene forked(const cast_ptr& all);
scene sent_again(const cast_ptr& all);

} // namespace igl::three_nations_demo
