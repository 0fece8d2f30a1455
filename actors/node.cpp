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

/// The composition of `igl node`: who is given what.
class node : public foundation {
public:
  node(std::shared_ptr<const node_settings> how, std::shared_ptr<machine> on)
      : foundation(how, "igl-node", how->jurisdiction, streams_of_a_node(), std::move(on)),
        how_(std::move(how)) {}

  caf::error start() {
    if (auto failed = open())
      return failed;
    api_actors front{messages_, documents_, subscriptions_, reception_, {}, {}};
    if (auto failed = listen(front, how_->known_jurisdictions(), how_->jurisdiction,
                             how_->accept_foreign_sender))
      return failed;
    auto retrieved = scratch_folder("retrieved");
    if (!retrieved)
      return retrieved.error();
    for (const auto& which : how_->channels)
      join(which);
    std::vector<child_spec> parts{apis(), pipeline(*retrieved), hub(hub_url())};
    for (const auto& which : how_->channels)
      parts.push_back(channel(which));
    std::vector<channel_view> views;
    for (const auto& which : how_->channels)
      views.push_back(view_of(which));
    supervise(std::move(parts), std::move(views));
    return {};
  }

private:
  std::string hub_url() const {
    return how_->hub_url.empty() ? listeners_->base_url(api::subscriptions) + "/subscriptions"
                                 : how_->hub_url;
  }

  std::string reception_url() const {
    return how_->reception_url.empty() ? listeners_->base_url(api::message_reception)
                                       : how_->reception_url;
  }

  /// References for the actors of a channel. On one for posting only nobody is expected to speak to
  /// us, and there is nothing to ask for.
  void join(const channel_settings& which) {
    clients_[which.id] = reference<http_channel_actor>();
    channels_[which.id] = clients_[which.id];
    if (!which.serves_half(channel_half::receiving))
      return;
    observers_[which.id] = reference<channel_observer_actor>();
    handlers_[which.id] = reference<subscription_handler_actor>();
    if (wants_revocations(which))
      handlers_[which.id + std::string{about_posted}] = reference<subscription_handler_actor>();
  }

  channel_view view_of(const channel_settings& which) const {
    if (!which.serves_half(channel_half::receiving))
      return {clients_.at(which.id), {}};
    return {observers_.at(which.id), handlers_.at(which.id)};
  }

  child_spec channel(const channel_settings& which) {
    auto around = around_;
    auto how = how_;
    auto http = http_;
    auto client = channels_.at(which.id);
    std::vector<child_spec> parts{
        child("http-channel", clients_.at(which.id), [=](caf::scheduled_actor* parent) {
          return parent->spawn(http_channel, which, http, around.now);
        })};
    if (which.serves_half(channel_half::receiving)) {
      auto told_at = reception_url();
      parts.push_back(
          child("channel-observer", observers_.at(which.id), [=](caf::scheduled_actor* parent) {
            return parent->spawn(channel_observer, around, how, which, client);
          }));
      parts.push_back(
          child("subscription-handler", handlers_.at(which.id), [=](caf::scheduled_actor* parent) {
            return parent->spawn(subscription_handler, around, how, which, client, told_at);
          }));
      if (wants_revocations(which))
        parts.push_back(child("posting-subscription-handler",
                              handlers_.at(which.id + std::string{about_posted}),
                              [=](caf::scheduled_actor* parent) {
                                return parent->spawn(posting_subscription_handler, around, how,
                                                     which, client, told_at);
                              }));
    }
    return group("channel " + which.id, of_use::one_by_one, std::move(parts));
  }

  child_spec apis() {
    auto around = around_;
    auto how = how_;
    auto updater = updater_;
    auto handlers = handlers_;
    return group("apis", of_use::only_together,
                 {child("message-api", messages_,
                        [=](caf::scheduled_actor* parent) {
                          return parent->spawn(message_api, around, how, updater);
                        }),
                  child("document-api", documents_,
                        [=](caf::scheduled_actor* parent) {
                          return parent->spawn(document_api, around, how);
                        }),
                  child("message-reception-api", reception_, [=](caf::scheduled_actor* parent) {
                    return parent->spawn(message_reception_api, around, how, handlers);
                  })});
  }

  /// The workers in the order a message meets them, each before the source that feeds it.
  child_spec pipeline(const std::string& retrieved) {
    auto around = around_;
    auto how = how_;
    auto http = http_;
    auto channels = channels_;
    auto observers = observers_;
    auto processor = reference<inbound_message_processor_actor>();
    auto router = reference<multichannel_router_actor>();
    auto poller = reference<channel_poller_actor>();
    auto rejecter = reference<rejected_message_processor_actor>();
    auto spider = reference<object_spider_actor>();
    auto observer_of = [observers,
                        poller](const channel_notified& x) -> worker_actor<channel_notified> {
      if (x.half == channel_half::posting)
        return poller;
      auto found = observers.find(x.channel_id);
      if (found == observers.end())
        return {};
      return found->second;
    };
    return group(
        "pipeline", of_use::one_by_one,
        {child("inbound-message-processor", processor,
               [=](caf::scheduled_actor* parent) {
                 return parent->spawn(inbound_message_processor, around, how);
               }),
         child("multichannel-router", router,
               [=](caf::scheduled_actor* parent) {
                 return parent->spawn(multichannel_router, around, how, channels);
               }),
         child("channel-poller", poller,
               [=](caf::scheduled_actor* parent) {
                 return parent->spawn(channel_poller, around, how, channels);
               }),
         child("message-updater", updater_,
               [=](caf::scheduled_actor* parent) {
                 return parent->spawn(message_updater, around, how);
               }),
         child("rejected-message-processor", rejecter,
               [=](caf::scheduled_actor* parent) {
                 return parent->spawn(rejected_message_processor, around, how);
               }),
         child("object-spider", spider,
               [=](caf::scheduled_actor* parent) {
                 return parent->spawn(object_spider, around, how, http, retrieved);
               }),
         source<process_message>(stream::inbox, how_->retry_internal, processor),
         source<route_message>(
             stream::outbox, how_->retry_outbox, worker_actor<route_message>{router},
             ending_of<route_message>(
                 [](const job_ticket& ticket, const route_message& order, const caf::error& why) {
                   return unroutable(ticket, order, sentence_of(why));
                 })),
         source<check_delivery>(stream::channel_pending, how_->retry_channel_pending,
                                worker_actor<check_delivery>{poller}),
         source<update_message>(stream::message_updates, how_->retry_internal,
                                worker_actor<update_message>{updater_}),
         source<reject_message>(stream::rejected, how_->retry_internal, rejecter),
         source<retrieve_object>(stream::object_retrieval, how_->retry_object_retrieval, spider),
         source<channel_notified>(
             stream::channel_notifications, how_->retry_channel_notifications,
             std::function<worker_actor<channel_notified>(const channel_notified&)>{observer_of})});
  }

  std::shared_ptr<const node_settings> how_;
  message_api_actor messages_ = reference<message_api_actor>();
  document_api_actor documents_ = reference<document_api_actor>();
  message_reception_api_actor reception_ = reference<message_reception_api_actor>();
  message_updater_actor updater_ = reference<message_updater_actor>();
  std::map<std::string, http_channel_actor> clients_;
  std::map<std::string, channel_actor> channels_;
  std::map<std::string, channel_observer_actor> observers_;
  std::map<std::string, subscription_handler_actor> handlers_;
};

} // namespace

caf::expected<std::unique_ptr<service>> start_node_on(std::shared_ptr<machine> on,
                                                      node_settings how) {
  auto x =
      std::make_unique<node>(std::make_shared<const node_settings>(std::move(how)), std::move(on));
  if (auto failed = x->start())
    return failed;
  return std::unique_ptr<service>(std::move(x));
}

caf::expected<std::unique_ptr<service>> start_node(node_settings how) {
  return start_node_on(this_machine(), std::move(how));
}

} // namespace igl
