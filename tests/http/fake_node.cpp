#include "fake_node.hpp"

#include "messages/errors.hpp"
#include "messages/type_ids.hpp"

#include <spdlog/spdlog.h>

#include <filesystem>

namespace igl {

struct fake_node::config : caf::actor_system_config {
  config() {
    add_to(*this);
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", 2);
  }
};

namespace {

template <class T>
caf::result<T> said(caf::expected<T> x) {
  if (!x)
    return std::move(x.error());
  return std::move(*x);
}

using answers_ptr = std::shared_ptr<fake_answers>;

message_api_actor::behavior_type fake_messages(message_api_actor::pointer, answers_ptr say) {
  return {[=](const post_message& x) { return said(say->post(x)); },
          [=](const find_message& x) { return said(say->find(x)); },
          [=](const patch_message& x) {
            return said(say->patch(x));
          }};
}

document_api_actor::behavior_type fake_documents(document_api_actor::pointer, answers_ptr say) {
  return {[=](const store_document& x) { return said(say->store(x)); },
          [=](const open_document& x) { return said(say->open(x)); },
          [=](const read_piece& x) {
            return said(say->piece(x));
          }};
}

subscriptions_api_actor::behavior_type fake_hub(subscriptions_api_actor::pointer, answers_ptr say) {
  return {[=](const subscription_request& x) {
    return said(say->subscribe(x));
  }};
}

message_reception_api_actor::behavior_type fake_reception(message_reception_api_actor::pointer,
                                                          answers_ptr say) {
  return {[=](const confirm_channel_intent& x) { return said(say->confirm(x)); },
          [=](const channel_notification& x) {
            return said(say->notify(x));
          }};
}

channel_api_actor::behavior_type fake_channel(channel_api_actor::pointer, answers_ptr say) {
  return {[=](const post_to_channel& x) { return said(say->post_to(x)); },
          [=](const find_channel_message& x) { return said(say->find_in(x)); },
          [=](const find_channel_updates& x) { return said(say->updates(x)); },
          [=](const subscription_request& x) { return said(say->subscribe(x)); },
          [=](const find_participants& x) { return said(say->who(x)); },
          [=](const revoke_channel_message& x) {
            return said(say->revoke(x));
          }};
}

operator_api_actor::behavior_type fake_operation(operator_api_actor::pointer, answers_ptr say) {
  return {[=](const node_status_query& x) { return said(say->status(x)); },
          [=](const readiness_query& x) { return said(say->ready(x)); },
          [=](const find_events& x) { return said(say->events(x)); },
          [=](const supervision_query& x) { return said(say->tree(x)); },
          [=](const find_dead_letters& x) { return said(say->letters(x)); },
          [=](const find_dead_letter_groups& x) { return said(say->groups(x)); },
          [=](const find_job& x) { return said(say->job(x)); },
          [=](const replay_dead_letter& x) { return said(say->replay(x)); },
          [=](const drop_dead_letter& x) { return said(say->drop(x)); },
          [=](const back_up_ledger& x) { return said(say->back_up(x)); },
          [=](const backup_query& x) { return said(say->backup(x)); },
          [=](const reload_configuration& x) {
            return said(say->reload(x));
          }};
}

subscriber_desk_actor::behavior_type fake_desk(subscriber_desk_actor::pointer, answers_ptr say) {
  return {[=](const read_hub_events& x) { return said(say->hub_events(x)); },
          [=](const report_subscriber& x) { return said(say->report(x)); },
          [=](const find_subscriptions& x) { return said(say->subscriptions(x)); },
          [=](const act_on_subscriber& x) {
            return said(say->act(x));
          }};
}

/// What the message API says of a message that it does not have.
caf::error unknown(const reference& about) {
  nlohmann::json source{{{"reference", to_string(about)}}};
  return make_problem(errc::message_not_found, "no message is known as " + to_string(about),
                      source.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

} // namespace

fake_node::fake_node(start when) : config_(new config) {
  spdlog::set_level(spdlog::level::off);
  start_http_threads(2);
  system = std::make_unique<caf::actor_system>(*config_);
  how.own_jurisdiction = "AU";
  how.spool_dir = folder.path("spool");
  how.message_bytes = 64 * 1024;
  how.document_bytes = uint64_t{200} << 20;
  how.connections = 1024;
  how.requests_in_flight = 1024;
  how.idle_connection = std::chrono::seconds{60};
  how.listeners = {
      {"127.0.0.1:0",
       {api::message, api::document, api::subscriptions, api::message_reception, api::operation}},
      {"127.0.0.1:0", {api::channel}}};
  spawn_actors();
  if (when == start::now)
    open();
}

fake_node::~fake_node() {
  server = nullptr;
  for (auto& actor : std::initializer_list<caf::actor>{
           caf::actor_cast<caf::actor>(who.messages), caf::actor_cast<caf::actor>(who.documents),
           caf::actor_cast<caf::actor>(who.subscriptions),
           caf::actor_cast<caf::actor>(who.reception), caf::actor_cast<caf::actor>(who.channel),
           caf::actor_cast<caf::actor>(who.operation), caf::actor_cast<caf::actor>(who.desk)})
    if (actor)
      caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  who = {};
  system = nullptr;
}

void fake_node::open() {
  auto started = http_server::start(*system, how, who);
  if (!started)
    throw std::runtime_error(sentence_of(started.error()));
  server = std::move(*started);
}

std::vector<std::string> fake_node::spooled() const {
  std::vector<std::string> names;
  for (auto& entry : std::filesystem::directory_iterator(how.spool_dir))
    names.push_back(entry.path().filename());
  return names;
}

void fake_node::spawn_actors() {
  answers->post = [this](const post_message& x) -> caf::expected<message_record> {
    std::lock_guard lock{guard_};
    message_record fresh;
    fresh.content = x.content;
    if (fresh.content.sender_ref.empty())
      fresh.content.sender_ref = "fresh-" + std::to_string(messages_.size());
    fresh.status = x.content.sender == "AU" ? message_status::pending : message_status::received;
    auto [place, is_new] = messages_.try_emplace(fresh.content.ref(), fresh);
    if (!is_new && !same_message(place->second.content, fresh.content))
      return make_problem(errc::conflict, "another message has this reference",
                          R"([{"reference": "AU:1"}])");
    return place->second;
  };
  answers->find = [this](const find_message& x) -> caf::expected<message_record> {
    std::lock_guard lock{guard_};
    auto found = messages_.find(x.about);
    if (found == messages_.end())
      return unknown(x.about);
    return found->second;
  };
  answers->patch = [this](const patch_message& x) -> caf::expected<message_record> {
    std::lock_guard lock{guard_};
    auto found = messages_.find(x.about);
    if (found == messages_.end())
      return unknown(x.about);
    auto changed = apply(x.patch, found->second);
    if (!changed)
      return changed.error();
    if (*changed)
      found->second = **changed;
    return found->second;
  };
  who = {system->spawn(fake_messages, answers), system->spawn(fake_documents, answers),
         system->spawn(fake_hub, answers),      system->spawn(fake_reception, answers),
         system->spawn(fake_channel, answers),  system->spawn(fake_operation, answers)};
  who.desk = system->spawn(fake_desk, answers);
}

std::string message_json(const nlohmann::json& changes) {
  nlohmann::json x{{"sender", "AU"},
                   {"receiver", "SG"},
                   {"subject", "AU.abn0000000000.XXXX-XXXXX-XXXXX-XXXXXX"},
                   {"obj", "QmQtYtUS7K1AdKjbuMsmPmPGDLaKL38M5HYwqxW9RKW49n"},
                   {"predicate", "UN.CEFACT.Trade.CertificateOfOrigin.created"}};
  for (auto& [name, value] : changes.items())
    if (value == "removed")
      x.erase(name);
    else
      x[name] = value;
  return x.dump();
}

} // namespace igl
