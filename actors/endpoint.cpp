#include "actors/foundation.hpp"
#include "channels/channel_api.hpp"
#include "channels/medium_observer.hpp"
#include "channels/medium_writer.hpp"
#include "channels/open_medium.hpp"
#include "http/access_control.hpp"
#include "http/token_keys.hpp"

#include <caf/all.hpp>
#include <spdlog/spdlog.h>

namespace igl {

namespace {

/// The composition of `igl endpoint`: the Channel API over a medium, and the same hub as a node's.
class endpoint : public foundation {
public:
  explicit endpoint(std::shared_ptr<const endpoint_settings> how)
      : foundation(how, "igl-endpoint", how->id,
                   {stream::medium_writes, stream::notifications, stream::delivery_outbox,
                    stream::subscription_requests}),
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
    if (auto failed = listen(front, how_->known_jurisdictions(), {}, true, door))
      return failed;
    announce(door.channel_access.get());
    auto hub_url = how_->hub_url.empty() ? listeners_->base_url(api::channel) + "/subscriptions"
                                         : how_->hub_url;
    std::vector<child_spec> parts{channel(), hub(hub_url)};
    if (token_keys_)
      parts.push_back(key_reader());
    supervise(std::move(parts), {{observer_, {}}});
    return {};
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

  child_spec key_reader() {
    auto how = how_;
    auto ring = token_keys_;
    auto http = http_;
    // A file may be on a slow disk.
    return child("token-keys", key_reader_, [=](caf::scheduled_actor* parent) {
      return parent->spawn<caf::detached>(token_keys, how->access, ring, http);
    });
  }

  child_spec channel() {
    auto around = around_;
    auto how = how_;
    auto opener = opener_of(*how_, how_->id, around_.now);
    auto subscriptions = subscriptions_;
    auto writer = reference<medium_writer_actor>();
    return group("channel",
                 {child("channel-api", channel_,
                        [=](caf::scheduled_actor* parent) {
                          return parent->spawn(channel_api, around, *how, subscriptions);
                        }),
                  child("medium-writer", writer,
                        [=](caf::scheduled_actor* parent) {
                          return parent->spawn<caf::detached>(medium_writer, around, opener, *how);
                        }),
                  child("medium-observer", observer_,
                        [=](caf::scheduled_actor* parent) {
                          return parent->spawn<caf::detached>(medium_observer, around, *how,
                                                              opener);
                        }),
                  source<write_to_medium>(stream::medium_writes, how_->retry_medium, writer)});
  }

  std::shared_ptr<const endpoint_settings> how_;
  channel_api_actor channel_ = reference<channel_api_actor>();
  std::shared_ptr<key_ring> token_keys_ =
      how_->access.jwks.empty() ? nullptr : std::make_shared<key_ring>();
  token_keys_actor key_reader_ = reference<token_keys_actor>();
  medium_observer_actor observer_ = reference<medium_observer_actor>();
};

} // namespace

caf::expected<std::unique_ptr<service>> start_endpoint(endpoint_settings how) {
  auto x = std::make_unique<endpoint>(std::make_shared<const endpoint_settings>(std::move(how)));
  if (auto failed = x->start())
    return failed;
  return std::unique_ptr<service>(std::move(x));
}

} // namespace igl
