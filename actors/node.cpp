#include "actors/channel_observer.hpp"
#include "actors/channel_poller.hpp"
#include "actors/document_api.hpp"
#include "actors/foundation.hpp"
#include "actors/inbound_message_processor.hpp"
#include "actors/message_api.hpp"
#include "actors/message_reception_api.hpp"
#include "actors/message_updater.hpp"
#include "actors/multichannel_router.hpp"
#include "actors/object_spider.hpp"
#include "actors/rejected_message_processor.hpp"
#include "actors/subscription_handler.hpp"
#include "channels/http_channel.hpp"

#include <caf/all.hpp>

namespace igl {

namespace {

/// Every stream but the endpoint's.
std::vector<stream> streams_of_a_node() {
  std::vector<stream> result;
  for (const auto& entry : stream_catalogue())
    if (entry.id != stream::medium_writes)
      result.push_back(entry.id);
  return result;
}

/// The actors of a channel. On one for posting only nobody is expected to speak to us, and there is
/// nothing to ask for.
struct actors_of_channel {
  http_channel_actor client;
  channel_observer_actor observer;            ///< may be empty, and so on
  subscription_handler_actor handler;         ///< of what comes for us
  subscription_handler_actor posting_handler; ///< of what it takes back
};
using actors_of_channels = std::map<std::string, actors_of_channel>;

/// The composition of `igl node`: who is given what.
class node : public foundation {
public:
  node(std::shared_ptr<const node_settings> how, std::shared_ptr<machine> on)
      : foundation(how, "igl-node", how->jurisdiction, streams_of_a_node(), std::move(on)),
        how_(how), settings_in_force_(std::move(how)) {}

  caf::error start(configuration_source again) {
    if (auto failed = open())
      return failed;
    api_actors front{messages_, documents_, subscriptions_, reception_, {}, {}};
    if (auto failed = listen(front, how_->known_jurisdictions(), how_->jurisdiction,
                             how_->accept_foreign_sender))
      return failed;
    auto retrieved = scratch_folder("retrieved");
    if (!retrieved)
      return retrieved.error();
    auto routes = group("routing", of_use::one_by_one,
                        [this, folder = *retrieved] { return routing(folder); });
    auto reads_again = reloads(std::move(again), settings_in_force_, routing_streams, routes.name);
    supervise({apis(), pipeline(), std::move(routes), hub(hub_url()), std::move(reads_again)},
              views_);
    return {};
  }

  void reload(const std::string& who) override {
    caf::anon_send(reloader_, reload_configuration{who});
  }

private:
  std::string hub_url() const {
    return how_->hub_url.empty() ? listeners_->base_url(api::subscriptions) + "/subscriptions"
                                 : how_->hub_url;
  }

  std::string reception_url(const node_settings& how) const {
    return how.reception_url.empty() ? listeners_->base_url(api::message_reception)
                                     : how.reception_url;
  }

  /// References for the actors of a channel.
  actors_of_channel actors_for(const channel_settings& which) {
    actors_of_channel x;
    x.client = reference<http_channel_actor>();
    if (!which.serves_half(channel_half::receiving))
      return x;
    x.observer = reference<channel_observer_actor>();
    x.handler = reference<subscription_handler_actor>();
    if (wants_revocations(which))
      x.posting_handler = reference<subscription_handler_actor>();
    return x;
  }

  child_spec channel(const std::shared_ptr<const node_settings>& how, const channel_settings& which,
                     const actors_of_channel& actors) {
    auto around = around_;
    auto http = http_;
    auto told_at = reception_url(*how);
    channel_actor client = actors.client;
    std::vector<child_spec> parts{
        child("http-channel", actors.client, [=](caf::scheduled_actor* parent) {
          return parent->spawn(http_channel, which, http, around.now);
        })};
    if (actors.observer)
      parts.push_back(child("channel-observer", actors.observer, [=](caf::scheduled_actor* parent) {
        return parent->spawn(channel_observer, around, how, which, client);
      }));
    if (actors.handler)
      parts.push_back(
          child("subscription-handler", actors.handler, [=](caf::scheduled_actor* parent) {
            return parent->spawn(subscription_handler, around, how, which, client, told_at);
          }));
    if (actors.posting_handler)
      parts.push_back(child("posting-subscription-handler", actors.posting_handler,
                            [=](caf::scheduled_actor* parent) {
                              return parent->spawn(posting_subscription_handler, around, how, which,
                                                   client, told_at);
                            }));
    return group("channel " + which.id, of_use::one_by_one, std::move(parts));
  }

  child_spec apis() {
    auto around = around_;
    auto how = how_;
    auto updater = updater_;
    return group("apis", of_use::only_together,
                 {child("message-api", messages_,
                        [=](caf::scheduled_actor* parent) {
                          return parent->spawn(message_api, around, how, updater);
                        }),
                  child("document-api", documents_, [=](caf::scheduled_actor* parent) {
                    return parent->spawn(document_api, around, how);
                  })});
  }

  /// The workers that know no channel, each before the source that feeds it. The message API asks
  /// one of them, so a reload does not end them.
  child_spec pipeline() {
    auto around = around_;
    auto settings = settings_in_force_;
    auto processor = reference<inbound_message_processor_actor>();
    auto rejecter = reference<rejected_message_processor_actor>();
    return group("pipeline", of_use::one_by_one,
                 {child("inbound-message-processor", processor,
                        [=](caf::scheduled_actor* parent) {
                          return parent->spawn(inbound_message_processor, around, settings);
                        }),
                  child("message-updater", updater_,
                        [=](caf::scheduled_actor* parent) {
                          return parent->spawn(message_updater, around, settings);
                        }),
                  child("rejected-message-processor", rejecter,
                        [=, how = how_](caf::scheduled_actor* parent) {
                          return parent->spawn(rejected_message_processor, around, how);
                        }),
                  source<process_message>(stream::inbox, how_->retry_internal, processor),
                  source<update_message>(stream::message_updates, how_->retry_internal,
                                         worker_actor<update_message>{updater_}),
                  source<reject_message>(stream::rejected, how_->retry_internal, rejecter)});
  }

  /// The streams whose jobs are done with the settings that a reload may change.
  static inline const std::vector<stream> routing_streams{stream::outbox, stream::channel_pending,
                                                          stream::object_retrieval,
                                                          stream::channel_notifications};

  /// Everything that knows the channels and the other governments, as the settings in force have
  /// it: the workers in the order a message meets them, their sources, and what speaks to each
  /// channel.
  std::vector<child_spec> routing(const std::string& retrieved) {
    auto how = settings_in_force_.now();
    auto around = around_;
    auto http = http_;
    actors_of_channels actors;
    std::map<std::string, channel_actor> clients;
    std::map<std::string, subscription_handler_actor> handlers;
    std::vector<channel_view> views;
    for (const auto& which : how->channels) {
      auto x = actors[which.id] = actors_for(which);
      clients[which.id] = x.client;
      if (x.handler)
        handlers[which.id] = x.handler;
      if (x.posting_handler)
        handlers[which.id + std::string{about_posted}] = x.posting_handler;
      if (x.observer)
        views.push_back({x.observer, x.handler});
      else
        views.push_back({x.client, {}});
    }
    views_.replace(std::move(views));
    auto router = reference<multichannel_router_actor>();
    auto poller = reference<channel_poller_actor>();
    auto spider = reference<object_spider_actor>();
    auto told = [actors, poller](const channel_notified& x) -> worker_actor<channel_notified> {
      if (x.half == channel_half::posting)
        return poller;
      auto found = actors.find(x.channel_id);
      if (found == actors.end() || !found->second.observer)
        return {};
      return found->second.observer;
    };
    std::vector<child_spec> parts{
        child("multichannel-router", router,
              [=](caf::scheduled_actor* parent) {
                return parent->spawn(multichannel_router, around, how, clients);
              }),
        child("channel-poller", poller,
              [=](caf::scheduled_actor* parent) {
                return parent->spawn(channel_poller, around, how, clients);
              }),
        child("object-spider", spider,
              [=](caf::scheduled_actor* parent) {
                return parent->spawn(object_spider, around, how, http, retrieved);
              }),
        child("message-reception-api", reception_, [=](caf::scheduled_actor* parent) {
          return parent->spawn(message_reception_api, around, how, handlers);
        })};
    for (const auto& which : how->channels)
      parts.push_back(channel(how, which, actors.at(which.id)));
    parts.push_back(source<route_message>(
        stream::outbox, how->retry_outbox, worker_actor<route_message>{router},
        ending_of<route_message>(
            [](const job_ticket& ticket, const route_message& order, const caf::error& why) {
              return unroutable(ticket, order, sentence_of(why));
            })));
    parts.push_back(source<check_delivery>(stream::channel_pending, how->retry_channel_pending,
                                           worker_actor<check_delivery>{poller}));
    parts.push_back(
        source<retrieve_object>(stream::object_retrieval, how->retry_object_retrieval, spider));
    parts.push_back(source<channel_notified>(
        stream::channel_notifications, how->retry_channel_notifications,
        std::function<worker_actor<channel_notified>(const channel_notified&)>{told}));
    return parts;
  }

  std::shared_ptr<const node_settings> how_; ///< at the start
  current_settings settings_in_force_;
  message_api_actor messages_ = reference<message_api_actor>();
  document_api_actor documents_ = reference<document_api_actor>();
  message_reception_api_actor reception_ = reference<message_reception_api_actor>();
  message_updater_actor updater_ = reference<message_updater_actor>();
  replaceable<std::vector<channel_view>> views_;
};

} // namespace

caf::expected<std::unique_ptr<service>>
start_node_on(std::shared_ptr<machine> on, node_settings how, configuration_source again) {
  auto x =
      std::make_unique<node>(std::make_shared<const node_settings>(std::move(how)), std::move(on));
  if (auto failed = x->start(std::move(again)))
    return failed;
  return std::unique_ptr<service>(std::move(x));
}

caf::expected<std::unique_ptr<service>> start_node(node_settings how, configuration_source again) {
  return start_node_on(this_machine(), std::move(how), std::move(again));
}

} // namespace igl
