#pragma once

#include "http/server.hpp"
#include "messages/promise.hpp"
#include "tests/support/temporary_folder.hpp"
#include "wire.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace igl {

/// What the fake actors answer; a test replaces what it is about. Functions are called on actors'
/// threads.
struct fake_answers {
  template <class Answer, class Order>
  using script = std::function<caf::expected<Answer>(const Order&)>;

  script<message_record, post_message> post;
  script<message_record, find_message> find;
  script<message_record, patch_message> patch;
  script<document_stored, store_document> store;
  script<object_info, open_document> open;
  script<document_piece, read_piece> piece;
  script<subscription_accepted, subscription_request> subscribe;
  script<channel_intent_confirmed, confirm_channel_intent> confirm;
  script<notification_accepted, channel_notification> notify;
  script<channel_receipt, post_to_channel> post_to;
  script<channel_message, find_channel_message> find_in;
  script<channel_page, find_channel_updates> updates;
  script<participants, find_participants> who;
  script<channel_message, revoke_channel_message> revoke;
  script<node_status, node_status_query> status;
  script<readiness, readiness_query> ready;
  script<found_events, find_events> events;
  script<supervision_node, supervision_query> tree;
  script<found_dead_letters, find_dead_letters> letters;
  script<found_dead_letter_groups, find_dead_letter_groups> groups;
  script<found_job, find_job> job;
  script<settled, replay_dead_letter> replay;
  script<settled, drop_dead_letter> drop;
  script<backup_state, back_up_ledger> back_up;
  script<backup_state, backup_query> backup;
  script<configuration_reload, reload_configuration> reload;
  script<found_hub_events, read_hub_events> hub_events;
  script<subscriber_report, report_subscriber> report;
  script<found_subscriptions, find_subscriptions> subscriptions;
  script<subscriber_acted, act_on_subscriber> act;
};

/// A server on a free port with actors behind it that answer what a test says. Its message API
/// keeps messages in a map and lets messages/message.hpp decide.
class fake_node {
public:
  enum class start { now, later };
  explicit fake_node(start when = start::now);
  ~fake_node();

  /// Opens the listeners of `how`.
  void open();
  /// Where an API is served.
  std::string url(api which = api::message) const { return server->base_url(which); }
  /// Names of the files in the spool folder.
  std::vector<std::string> spooled() const;

  std::shared_ptr<fake_answers> answers = std::make_shared<fake_answers>();
  server_options how;
  api_actors who;
  temporary_folder folder;
  std::unique_ptr<http_server> server;

private:
  struct config;
  std::unique_ptr<config> config_;

public:
  std::unique_ptr<caf::actor_system> system;

private:
  void spawn_actors();

  std::mutex guard_;
  std::map<reference, message_record> messages_;
};

/// The five fields of a good message as JSON, with changes; the value "removed" removes a field.

std::string message_json(const nlohmann::json& changes = nlohmann::json::object());

} // namespace igl
