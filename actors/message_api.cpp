#include "actors/message_api.hpp"

#include "messages/probes.hpp"

#include "actors/chance.hpp"
#include "actors/settling.hpp"

#include <nlohmann/json.hpp>

namespace igl {

namespace {

using api_pointer = message_api_actor::stateful_pointer<message_api_state>;

/// A list of one sentence as the `source` of wire.md.
std::string source_of(const std::string& sentence) {
  return nlohmann::json::array({sentence})
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The reference is taken: by the same message, or by another.
void post_again(api_pointer self, const surroundings& around, const message& x,
                const std::shared_ptr<guarded_promise<message_record>>& answer) {
  self->request(around.reader, timeouts::read, find_message{x.ref()})
      .then(
          [=](const found_message& found) {
            if (found.record)
              answer->deliver(posted_again(x, *found.record));
            else
              answer->deliver(make_problem(errc::internal,
                                           to_string(x.ref()) + " is taken but not in the lake"));
          },
          [=](caf::error& why) { answer->deliver(std::move(why)); });
}

} // namespace

caf::error unknown_message(const reference& about) {
  nlohmann::json source = {{{"reference", to_string(about)}}};
  return make_problem(errc::message_not_found, "no message is known as " + to_string(about),
                      source.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

caf::expected<message> accept(message asked, std::string fresh_ref, const node_settings& settings) {
  if (asked.sender != settings.jurisdiction && !settings.accept_foreign_sender)
    return make_problem(errc::message_validation,
                        "this node sends messages of " + settings.jurisdiction + " only",
                        source_of("sender is not " + settings.jurisdiction + ": " + asked.sender));
  if (asked.sender_ref.empty())
    asked.sender_ref = std::move(fresh_ref);
  if (!is_sender_ref(asked.sender_ref))
    return make_problem(errc::message_validation, "the message is not valid",
                        source_of("sender_ref is not 1 to 256 characters without / and control "
                                  "characters"));
  return asked;
}

message_record new_record(const message& x, const node_settings& settings, caf::timestamp now) {
  auto ours = x.sender == settings.jurisdiction;
  return {x, ours ? message_status::pending : message_status::received, {}, {}, 0, now};
}

settlement post_of(const message_record& x) {
  settlement result;
  result.messages.push_back({x, 0});
  result.events.push_back(
      {0, {}, event_kind::message_posted, to_string(x.content.ref()), "for " + x.content.receiver});
  result.opens.push_back(make_job(process_message{x.content, {}, {}}));
  return result;
}

caf::expected<message_record> posted_again(const message& x, const message_record& stored) {
  if (same_message(x, stored.content))
    return stored;
  return make_problem(errc::conflict,
                      to_string(x.ref()) + " is stored with other content; nothing was changed");
}

message_api_actor::behavior_type message_api(api_pointer self, surroundings around,
                                             std::shared_ptr<const node_settings> settings,
                                             message_updater_actor updater) {
  answer_probes(self);
  return {
      [=](post_message& asked) {
        auto answer = promise_of<message_record>(self);
        auto x = accept(std::move(asked.content), fresh_reference(around), *settings);
        if (!x) {
          answer->deliver(std::move(x.error()));
          return answer->unguarded();
        }
        // Nothing is read before: the ledger itself knows whether the reference is free.
        auto record = new_record(*x, *settings, around.now());
        settle(self, around, post_of(record), [=](caf::expected<settled> result) {
          if (result) {
            auto stored = record;
            stored.version = result->version;
            answer->deliver(std::move(stored));
          } else if (code_of(result.error()) == errc::stale) {
            post_again(self, around, record.content, answer);
          } else {
            answer->deliver(std::move(result.error()));
          }
        });
        return answer->unguarded();
      },
      [=](const find_message& asked) {
        auto answer = promise_of<message_record>(self);
        self->request(around.reader, timeouts::read, asked)
            .then(
                [=](found_message& found) {
                  if (found.record)
                    answer->deliver(std::move(*found.record));
                  else
                    answer->deliver(unknown_message(asked.about));
                },
                [=](caf::error& why) { answer->deliver(std::move(why)); });
        return answer->unguarded();
      },
      [=](const patch_message& asked) -> caf::delegated<message_record> {
        return self->delegate(updater, asked);
      },
  };
}

} // namespace igl
