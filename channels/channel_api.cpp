#include "channels/channel_api.hpp"

#include "channels/channel_access.hpp"
#include "channels/endpoint_rules.hpp"
#include "channels/update_cursor.hpp"
#include "messages/probes.hpp"
#include "messages/promise.hpp"
#include "messages/timeouts.hpp"

#include <caf/all.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>

namespace igl {

namespace {

using shell = channel_api_actor::stateful_pointer<channel_api_state>;
template <class T>
using answer_to = std::shared_ptr<guarded_promise<T>>;

/// How often a decision is made again because something else was settled in between.
constexpr int rounds = 4;

/// Most posts are new, so the message is settled first and looked up only when the ledger says that
/// the id is there.
void post(shell self, const surroundings& with, channel_message said, int left,
          answer_to<channel_receipt> answer) {
  auto refuse = [=](caf::error& why) {
    answer->deliver(std::move(why));
  };
  self->request(with.ledger, timeouts::settle, endpoint_rules::posted(said, with.now()))
      .then([=](const settled&) { answer->deliver(channel_receipt{said.id}); },
            [=](caf::error& why) {
              if (code_of(why) != errc::stale || left == 0)
                return answer->deliver(std::move(why));
              self->request(with.reader, timeouts::read,
                            find_channel_record{channel_half::posting, said.id})
                  .then(
                      [=](const found_channel_record& found) {
                        if (!found.record)
                          return post(self, with, said, left - 1, answer);
                        answer->deliver(endpoint_rules::repeated(*found.record, said.content));
                      },
                      refuse);
            });
}

void revoke(shell self, const surroundings& with, const endpoint_settings& how,
            const revoke_channel_message& asked, int left, answer_to<channel_message> answer) {
  auto refuse = [=](caf::error& why) {
    answer->deliver(std::move(why));
  };
  self->request(with.reader, timeouts::read, find_channel_record{channel_half::posting, asked.id})
      .then(
          [=](const found_channel_record& found) {
            if (!found.record || !channel_access::belongs_to(asked.as_jurisdiction, *found.record))
              return answer->deliver(
                  make_problem(errc::not_found, "no message " + asked.id + " was posted here"));
            auto decided = endpoint_rules::revoked(how, *found.record, with.now());
            if (!decided)
              return answer->deliver(std::move(decided.error()));
            auto said = decided->channel_records.front().record.said;
            self->request(with.ledger, timeouts::settle, std::move(*decided))
                .then([=](const settled&) { answer->deliver(said); },
                      [=](caf::error& why) {
                        if (code_of(why) == errc::stale && left > 0)
                          return revoke(self, with, how, asked, left - 1, answer);
                        answer->deliver(std::move(why));
                      });
          },
          refuse);
}

/// Looks in the halves that are left, the posting half first. What belongs to another node is not
/// there.
void find(shell self, const surroundings& with, const find_channel_message& asked,
          std::vector<channel_half> left, confirmation_kind posted,
          std::function<void(caf::expected<channel_message>)> done) {
  if (left.empty())
    return done(make_problem(errc::not_found, "this channel has no message " + asked.id));
  auto in = *std::min_element(left.begin(), left.end());
  std::erase(left, in);
  self->request(with.reader, timeouts::read, find_channel_record{in, asked.id})
      .then(
          [=](const found_channel_record& found) {
            if (!found.record || !channel_access::belongs_to(asked.as_jurisdiction, *found.record))
              return find(self, with, asked, left, posted, done);
            auto said = found.record->said;
            if (in == channel_half::posting)
              said.confirmation = posted;
            done(std::move(said));
          },
          [=](caf::error& why) { done(std::move(why)); });
}

void subscribe(shell self, const subscriptions_api_actor& hub, const subscription_request& asked,
               answer_to<subscription_accepted> answer) {
  self->request(hub, timeouts::api, asked)
      .then([=](const subscription_accepted& x) { answer->deliver(x); },
            [=](caf::error& why) { answer->deliver(std::move(why)); });
}

/// Lets the hub have what belongs to whoever asks.
void subscribe_as(shell self, const surroundings& with, const endpoint_settings& how,
                  const subscriptions_api_actor& hub, const subscription_request& asked,
                  answer_to<subscription_accepted> answer) {
  switch (channel_access::owner_of(asked)) {
  case channel_access::topic_owner::caller:
    return subscribe(self, hub, asked, answer);
  case channel_access::topic_owner::nobody:
    return answer->deliver(
        make_problem(errc::forbidden,
                     "a node of " + asked.as_jurisdiction + " must not subscribe to " + asked.topic,
                     std::string{channel_access::about_the_token}));
  case channel_access::topic_owner::message:
    break;
  }
  find(self, with, {asked.topic, asked.as_jurisdiction}, how.serves, confirmation_kind::unsaid,
       [=](caf::expected<channel_message> found) {
         if (!found)
           return answer->deliver(std::move(found.error()));
         subscribe(self, hub, asked, answer);
       });
}

/// Asks the ledger's reader and goes on with what it found; a failure is the answer.
template <class Found, class Question, class Answer, class GoOn>
void read(shell self, const surroundings& with, const Question& question, answer_to<Answer> answer,
          GoOn go_on) {
  self->request(with.reader, timeouts::read, question)
      .then([=](const Found& found) { go_on(found); },
            [=](caf::error& why) { answer->deliver(std::move(why)); });
}

void list_from(shell self, const surroundings& with, const find_channel_updates& asked,
               const update_cursor::place& from, answer_to<channel_page> answer) {
  read<channel_records>(self, with, update_cursor::question_of(asked, from), answer,
                        [=](const channel_records& found) {
                          auto version = update_cursor::version_in(found);
                          if (version == 0 || version == from.version)
                            return answer->deliver(update_cursor::page_of(from, found, {}));
                          read<found_events>(
                              self, with, update_cursor::event_number(version), answer,
                              [=](const found_events& newest) {
                                answer->deliver(update_cursor::page_of(from, found, newest.events));
                              });
                        });
}

void list(shell self, const surroundings& with, const find_channel_updates& asked,
          const update_cursor::place& from, answer_to<channel_page> answer) {
  if (from.version == 0)
    return list_from(self, with, asked, from, answer);
  read<found_events>(self, with, update_cursor::event_number(from.version), answer,
                     [=](const found_events& found) {
                       if (auto why = update_cursor::check(from, found.events))
                         return answer->deliver(std::move(why));
                       list_from(self, with, asked, from, answer);
                     });
}

} // namespace

channel_api_actor::behavior_type
channel_api(channel_api_actor::stateful_pointer<channel_api_state> self, surroundings with,
            endpoint_settings how, subscriptions_api_actor hub) {
  auto confirmation =
      how.takes_back() ? confirmation_kind::revocable : confirmation_kind::final_word;
  answer_probes(self);
  return {
      [=](const post_to_channel& x) -> caf::result<channel_receipt> {
        auto why = channel_access::unasked(how, x.as_jurisdiction);
        if (!why)
          why = channel_access::refusal_to_post(x);
        if (!why)
          why = endpoint_rules::refusal_of(how, x.content);
        if (why) {
          // Who came through the door is logged there, with his name.
          if (code_of(why) != errc::forbidden || x.as_jurisdiction.empty())
            spdlog::info("channel-api refuses a message of {}: {}", to_string(x.content.ref()),
                         sentence_of(why));
          return why;
        }
        auto answer = promise_of<channel_receipt>(self);
        post(self, with, {endpoint_rules::id_of(x, with.now(), with.random), x.content}, rounds,
             answer);
        return answer->unguarded();
      },
      [=](const find_channel_message& x) -> caf::result<channel_message> {
        if (auto why = channel_access::unasked(how, x.as_jurisdiction))
          return why;
        auto answer = promise_of<channel_message>(self);
        find(self, with, x, how.serves, confirmation,
             [=](caf::expected<channel_message> found) { answer->deliver(std::move(found)); });
        return answer->unguarded();
      },
      [=](const find_channel_updates& x) -> caf::result<channel_page> {
        if (auto why = channel_access::unasked(how, x.as_jurisdiction))
          return why;
        auto asked = channel_access::narrowed(x);
        if (!asked)
          return asked.error();
        auto from = update_cursor::place_of(*asked);
        if (!from)
          return from.error();
        auto answer = promise_of<channel_page>(self);
        list(self, with, *asked, *from, answer);
        return answer->unguarded();
      },
      [=](const subscription_request& x) -> caf::result<subscription_accepted> {
        if (auto why = channel_access::unasked(how, x.as_jurisdiction))
          return why;
        if (!hub)
          return make_problem(errc::unavailable, "this endpoint has no hub");
        if (channel_access::is_about_receiving(x.topic) &&
            !how.serves_half(channel_half::receiving))
          return make_problem(errc::topic_validation,
                              "endpoint " + how.id +
                                  " receives no messages: hub.topic must be the "
                                  "id of a message that was posted here");
        if (channel_access::is_about_posting(x.topic) && !how.serves_half(channel_half::posting))
          return make_problem(errc::topic_validation,
                              "endpoint " + how.id + " posts no messages that it could speak of");
        auto answer = promise_of<subscription_accepted>(self);
        subscribe_as(self, with, how, hub, x, answer);
        return answer->unguarded();
      },
      [=](const find_participants&) { return participants{how.participants}; },
      [=](const revoke_channel_message& x) -> caf::result<channel_message> {
        if (auto why = channel_access::unasked(how, x.as_jurisdiction))
          return why;
        auto answer = promise_of<channel_message>(self);
        revoke(self, with, how, x, rounds, answer);
        return answer->unguarded();
      },
  };
}

} // namespace igl
