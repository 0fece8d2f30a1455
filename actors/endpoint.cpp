#include "actors/foundation.hpp"
#include "channels/api_medium.hpp"
#include "channels/channel_api.hpp"
#include "channels/incoming_api.hpp"
#include "channels/medium_lanes.hpp"
#include "channels/medium_observer.hpp"
#include "channels/medium_writer.hpp"
#include "channels/unreadable_entries.hpp"
#include "http/access_control.hpp"
#include "http/token_keys.hpp"

#include <caf/all.hpp>
#include <spdlog/spdlog.h>

namespace igl {

namespace {

/// The composition of `igl endpoint`: the Channel API over a medium, and the same hub as a node's.
class endpoint : public foundation {
public:
  endpoint(std::shared_ptr<const endpoint_settings> how, std::shared_ptr<machine> on)
      : foundation(how, "igl-endpoint", how->id,
                   {stream::medium_writes, stream::channel_notifications, stream::notifications,
                    stream::delivery_outbox, stream::subscription_requests},
                   std::move(on)),
        how_(std::move(how)) {}

  caf::error start() {
    if (auto failed = open())
      return failed;
    api_actors front;
    front.channel = channel_;
    server_options door;
    door.channel_halves = how_->serves;
    if (how_->asks_who()) {
      door.channel_access = std::make_shared<const access_control>(*how_, token_keys_, around_.now);
      if (token_keys_)
        front.keys = key_reader_;
    }
    if (takes_incoming()) {
      front.incoming = incoming_;
      if (how_->asks_peers()) {
        door.peer_access = std::make_shared<const access_control>(
            access_control::of_peers(*how_, token_keys_, around_.now));
        if (token_keys_)
          front.keys = key_reader_;
      }
    }
    if (auto failed = listen(front, how_->known_jurisdictions(), {}, true, door))
      return failed;
    announce(door.channel_access.get());
    if (takes_incoming())
      announce_peers(door.peer_access.get());
    auto hub_url = how_->hub_url.empty() ? listeners_->base_url(api::channel) + "/subscriptions"
                                         : how_->hub_url;
    std::vector<child_spec> parts{channel(), hub(hub_url)};
    if (token_keys_)
      parts.push_back(key_reader());
    supervise(std::move(parts), std::vector<channel_view>{{observer_, {}}});
    return {};
  }

  void reload(const std::string& who) override {
    spdlog::warn("endpoint {} was asked to reload by {}, and goes on as it is: it takes a changed "
                 "configuration when it is started again",
                 how_->id, who);
  }

private:
  /// Who may use the endpoint is the first thing its operator should know.
  void announce(const access_control* door) const {
    if (door != nullptr)
      return spdlog::info("endpoint {} takes {}", how_->id, door->description());
    std::string whose;
    for (auto& code : how_->jurisdictions)
      whose += (whose.empty() ? "" : ", ") + code;
    spdlog::warn("ENDPOINT {} ASKS NOBODY FOR A TOKEN: whoever reaches {} posts and reads as {}. "
                 "[[nodes]] or access.jwks in its configuration change that",
                 how_->id, listeners_->base_url(api::channel), whose);
  }

  /// Whether the other sides hand us their messages themselves.
  bool takes_incoming() const {
    return how_->medium == medium_kind::api && how_->serves_half(channel_half::receiving);
  }

  void announce_peers(const access_control* door) const {
    if (door != nullptr)
      return spdlog::info("endpoint {} takes at /messages/incoming {}", how_->id,
                          door->description());
    spdlog::warn("ENDPOINT {} ASKS NO PEER FOR A TOKEN: whoever reaches {}/messages/incoming hands "
                 "over messages as any of them. A token or a subject in [[peers]] changes that",
                 how_->id, listeners_->base_url(api::channel));
  }

  child_spec key_reader() {
    auto how = how_;
    auto ring = token_keys_;
    auto http = http_;
    auto threads = machine_->threads();
    // A file may be on a slow disk.
    return child("token-keys", key_reader_, [=](caf::scheduled_actor* parent) {
      return spawn_blocking(threads, parent, token_keys, how->access, ring, http);
    });
  }

  child_spec channel() {
    auto around = around_;
    auto how = how_;
    auto opener = machine_->open_medium(*how_, http_);
    auto subscriptions = subscriptions_;
    auto threads = machine_->threads();
    auto writer = reference<medium_writer_actor>();
    auto unreadable = reference<unreadable_entries_actor>();
    std::vector<child_spec> parts{
        child("channel-api", channel_,
              [=](caf::scheduled_actor* parent) {
                return parent->spawn(channel_api, around, *how, subscriptions);
              }),
        child("medium-writer", writer, writer_of(opener)),
        child("medium-observer", observer_,
              [=](caf::scheduled_actor* parent) {
                return spawn_blocking(threads, parent, medium_observer, around, *how, opener);
              }),
        source<write_to_medium>(stream::medium_writes, how_->retry_medium, writer),
        child("unreadable-entries", unreadable,
              [=](caf::scheduled_actor* parent) {
                return parent->spawn(unreadable_entries, around);
              }),
        source<channel_notified>(stream::channel_notifications, how_->retry_internal, unreadable)};
    if (takes_incoming())
      parts.push_back(child("incoming-api", incoming_, [=](caf::scheduled_actor* parent) {
        return spawn_blocking(threads, parent, incoming_api, *how,
                              [=] { return open_incoming(how->medium_path); });
      }));
    return group("channel", of_use::one_by_one, std::move(parts));
  }

  /// One writer; where each receiver is a side of its own, one for each.
  std::function<medium_writer_actor(caf::scheduled_actor*)>
  writer_of(const medium_opener& opener) const {
    auto around = around_;
    auto how = how_;
    auto threads = machine_->threads();
    if (how_->medium != medium_kind::api)
      return [=](caf::scheduled_actor* parent) {
        return spawn_blocking(threads, parent, medium_writer, around, opener, *how, nullptr);
      };
    auto lane = [=](caf::local_actor* parent, std::shared_ptr<writer_mood> mood) {
      return spawn_blocking<caf::linked>(threads, parent, medium_writer, around, opener, *how,
                                         std::move(mood));
    };
    // A share of the jobs in flight, so that the side that hangs leaves some to the others.
    auto sides = static_cast<uint32_t>(how_->participants.size());
    auto at_once = std::max(how_->jobs_in_flight / std::max(sides, 1u), 1u);
    return [=](caf::scheduled_actor* parent) {
      return parent->spawn(medium_lanes, around, at_once, lane);
    };
  }

  std::shared_ptr<const endpoint_settings> how_;
  channel_api_actor channel_ = reference<channel_api_actor>();
  std::shared_ptr<key_ring> token_keys_ =
      how_->access.jwks.empty() ? nullptr : std::make_shared<key_ring>();
  token_keys_actor key_reader_ = reference<token_keys_actor>();
  incoming_api_actor incoming_ = reference<incoming_api_actor>();
  medium_observer_actor observer_ = reference<medium_observer_actor>();
};

} // namespace

caf::expected<std::unique_ptr<service>> start_endpoint_on(std::shared_ptr<machine> on,
                                                          endpoint_settings how) {
  auto x = std::make_unique<endpoint>(std::make_shared<const endpoint_settings>(std::move(how)),
                                      std::move(on));
  if (auto failed = x->start())
    return failed;
  return std::unique_ptr<service>(std::move(x));
}

caf::expected<std::unique_ptr<service>> start_endpoint(endpoint_settings how) {
  return start_endpoint_on(this_machine(), std::move(how));
}

} // namespace igl
