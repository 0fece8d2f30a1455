#include "actors/inbound_message_processor.hpp"

#include "actors/message_arrivals.hpp"
#include "actors/settling.hpp"
#include "messages/json.hpp"
#include "messages/multihash.hpp"
#include "messages/probes.hpp"
#include "messages/topic.hpp"

namespace igl {

namespace {

/// The subscribers of the content, and those of the message itself.
message_changed tell_of(const message& x) {
  auto topic = received_topic(x.sender_ref);
  return {to_string(x.ref()),
          "received",
          {{x.predicate, message_to_notice(x)}, {topic, status_to_notice(x.ref(), topic)}}};
}

notice status_notice(const message& x) {
  auto topic = status_topic(x.sender_ref);
  return {topic, status_to_notice(x.ref(), topic)};
}

/// Who heard of the content only would not hear of its status: they are told where to look, in the
/// form of the status, so that nobody takes it for the message.
message_changed tell_of_withdrawal(const message_record& before) {
  auto& x = before.content;
  auto status = status_notice(x);
  return {to_string(x.ref()),
          "withdrawn/" + std::to_string(before.version),
          {{x.predicate, status.body}, status}};
}

message_changed tell_of_return(const message_record& before) {
  auto told = tell_of(before.content);
  told.cause += "/" + std::to_string(before.version);
  told.notices.push_back(status_notice(before.content));
  return told;
}

event fact(event_kind what, const message& x, std::string detail) {
  return {0, {}, what, to_string(x.ref()), std::move(detail)};
}

void let_receiver_read(settlement& result, const message& x) {
  auto document = document_of(x.obj);
  if (!document)
    return;
  auto about = to_string(x.ref());
  result.grants.push_back({*document, x.receiver, about});
  result.events.push_back(
      {0, {}, event_kind::access_granted, about, "to " + x.receiver + ": " + *document});
}

/// The document of a message from abroad is at its sender's.
void fetch_document(settlement& result, const message& x, const node_settings& settings) {
  auto about = to_string(x.ref());
  auto document = document_of(x.obj);
  std::string missing;
  if (!document)
    missing = "obj names none: " + x.obj;
  else if (settings.document_apis.count(x.sender) == 0)
    missing = "no document API is configured for " + x.sender + ": " + *document;
  if (!missing.empty()) {
    result.events.push_back({0, {}, event_kind::document_unavailable, about, missing});
    return;
  }
  result.opens.push_back(
      make_job(retrieve_object{x.ref(), *document, x.sender, settings.jurisdiction, 0}));
  result.events.push_back(
      {0, {}, event_kind::document_requested, about, "from " + x.sender + ": " + *document});
}

caf::expected<settlement> posted_here(const job_ticket& ticket, const message& x,
                                      const found_message& stored, const node_settings& settings) {
  if (!stored.record)
    return make_problem(errc::internal, to_string(x.ref()) + " was posted but is not in the lake");
  settlement result;
  result.job = closed(ticket);
  let_receiver_read(result, x);
  if (x.sender != settings.jurisdiction)
    fetch_document(result, x, settings);
  else if (x.receiver != settings.jurisdiction)
    result.opens.push_back(make_job(route_message{x, 1, {}, {}}));
  result.tells.push_back(tell_of(x));
  return result;
}

/// What happened to a message, and to its status: a business's decision stays.
void note(settlement& result, event fact, const message_record& before, const message_record& after,
          const char* cause) {
  auto from = to_string(before.status);
  if (after.status == before.status) {
    fact.detail += "; it stays " + from + ", as a business decided";
    result.events.push_back(std::move(fact));
    return;
  }
  result.events.push_back(std::move(fact));
  result.events.push_back({0,
                           {},
                           event_kind::status_changed,
                           to_string(after.content.ref()),
                           "from " + from + " to " + to_string(after.status) + ": " + cause});
}

/// Once more, as another message of the same or another channel.
void came_again(settlement& result, const process_message& order, const message_record& before,
                const node_settings& settings) {
  auto& x = order.content;
  auto after = message_arrivals::with(before, {order.channel_id, order.channel_txn_id});
  if (!after)
    return;
  auto where = "over channel " + order.channel_id + " as " + order.channel_txn_id;
  result.messages.push_back({*after, before.version});
  if (!is_withdrawn(before)) {
    result.events.push_back(fact(event_kind::delivery_recorded, x, where + " too"));
    return;
  }
  note(result, fact(event_kind::message_received, x, where + ", after it was withdrawn"), before,
       *after, "it is there again");
  fetch_document(result, x, settings);
  result.tells.push_back(tell_of_return(before));
}

/// A false alarm. Only what the lake has can be withdrawn, and only by who brought it.
settlement taken_back(const job_ticket& ticket, const process_message& order,
                      const found_message& stored) {
  settlement result;
  result.job = closed(ticket);
  // An arrival that is a dead letter must not come in any more.
  result.voids_letters = "channel " + order.channel_id + " took the message back";
  auto& x = order.content;
  auto what = "channel " + order.channel_id + " takes message " + order.channel_txn_id +
              " back: it was a false alarm";
  if (!stored.record || !same_message(stored.record->content, x)) {
    result.events.push_back(
        fact(event_kind::delivery_checked, x, what + "; it has not come into the lake"));
    return result;
  }
  auto& before = *stored.record;
  auto after = message_arrivals::without(before, {order.channel_id, order.channel_txn_id});
  if (!after)
    return result;
  result.messages.push_back({*after, before.version});
  if (!is_withdrawn(*after)) {
    result.events.push_back(fact(event_kind::delivery_checked, x,
                                 what + "; the message stays, for channel " + after->channel_id +
                                     " has confirmed it as " + after->channel_txn_id));
    return result;
  }
  note(result,
       fact(event_kind::message_withdrawn, x, what + "; it gives access to no document any more"),
       before, *after, "it was withdrawn");
  result.tells.push_back(tell_of_withdrawal(before));
  return result;
}

settlement came_from_abroad(const job_ticket& ticket, const process_message& order,
                            const found_message& stored, const node_settings& settings) {
  auto& x = order.content;
  if (order.said == channel_status::false_alarm)
    return taken_back(ticket, order, stored);
  auto where = "the message " + order.channel_txn_id + " of channel " + order.channel_id;
  if (auto fault = fault_of(x, settings))
    return dead_letter_of(ticket, where + " breaks the rules: " + *fault);
  auto about = to_string(x.ref());
  if (x.sender == settings.jurisdiction || x.receiver != settings.jurisdiction)
    return dead_letter_of(ticket, where + " is from " + x.sender + " to " + x.receiver +
                                      ": only messages of others to " + settings.jurisdiction +
                                      " may come in");
  if (stored.record && !same_message(stored.record->content, x))
    return dead_letter_of(ticket, where + " says something else than " + about +
                                      ", which is in the lake; nothing was overwritten");
  settlement result;
  result.job = closed(ticket);
  if (stored.record) {
    came_again(result, order, *stored.record, settings);
    return result;
  }
  result.messages.push_back(
      {{x, message_status::received, order.channel_id, order.channel_txn_id, 0, {}}, 0});
  result.events.push_back({0,
                           {},
                           event_kind::message_received,
                           about,
                           "over channel " + order.channel_id + " as " + order.channel_txn_id});
  fetch_document(result, x, settings);
  result.tells.push_back(tell_of(x));
  return result;
}

} // namespace

caf::optional<std::string> fault_of(const message& x, const process_settings& settings) {
  uint64_t size = 0;
  for (auto* field : {&x.sender, &x.sender_ref, &x.receiver, &x.subject, &x.obj, &x.predicate})
    size += field->size();
  if (size > settings.message_bytes)
    return "it has " + std::to_string(size) + " bytes, message_bytes is " +
           std::to_string(settings.message_bytes);
  auto read = parse_posted_message(message_to_channel(x, sender_ref_field::included),
                                   settings.known_jurisdictions());
  if (!read) {
    auto source = problem_of(read.error()).source;
    return sentence_of(read.error()) + (source.empty() ? "" : " " + source);
  }
  // JSON text replaces what is not UTF-8.
  if (*read != x)
    return std::string{"a field is not UTF-8 text"};
  return caf::none;
}

caf::expected<settlement> decide(const job_ticket& ticket, const process_message& order,
                                 const found_message& stored, const node_settings& settings) {
  if (order.channel_id.empty())
    return posted_here(ticket, order.content, stored, settings);
  return came_from_abroad(ticket, order, stored, settings);
}

inbound_message_processor_actor::behavior_type inbound_message_processor(
    inbound_message_processor_actor::stateful_pointer<inbound_message_processor_state> self,
    surroundings around, current_settings settings) {
  answer_probes(self);
  return {
      [=](job_ticket& ticket, process_message& order) {
        auto answer = promise_of<settled>(self);
        auto question = find_message{order.content.ref()};
        read_decide_settle<found_message>(
            self, around, std::move(question),
            [=, ticket = std::move(ticket), order = std::move(order)](const found_message& stored) {
              return decide(ticket, order, stored, *settings.now());
            },
            answer_with(answer));
        return answer->unguarded();
      },
  };
}

} // namespace igl
