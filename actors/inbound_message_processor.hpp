#pragma once

#include "actors/replaceable.hpp"
#include "messages/surroundings.hpp"

#include <memory>

namespace igl {

/// What a new message causes. `stored` is what the lake holds under its reference.
///
/// From here (no channel id): its receiver may read the document that `obj` names; ours to another
/// jurisdiction goes to the outbox. A message to ourselves has nowhere to go: it stays `pending`
/// until a business accepts or rejects it. From abroad: into the lake as `received`, its document
/// is fetched. Both: the subscribers of its predicate and of `message.<ref>.received` are told.
///
/// A message from abroad that is in the lake already is not there twice: that another channel has
/// confirmed it too is remembered (message_arrivals), else nothing changes. One that says something
/// else under the same reference, claims to be ours or breaks the rules of POST /message becomes a
/// dead letter that says so.
///
/// A false alarm of what never was in the lake makes no noise. Of a message that is there: if
/// another channel has confirmed it, it stays. Otherwise it is withdrawn: `rejected`, unless a
/// business has decided; the subscribers of its predicate and of `message.<ref>.status` are told in
/// any case; and the documents that were granted because of it are closed, for the ledger does not
/// count what a withdrawn message grants. When it comes again after that, all of it is undone: it
/// is `received` again, unless a business has decided, its document is fetched if it is not here,
/// and whoever was told is told.
///
/// Fails with internal: a message from here that is not in the lake.
caf::expected<settlement> decide(const job_ticket& ticket, const process_message& order,
                                 const found_message& stored, const node_settings& settings);

/// Why this node does not take the message from a channel; none: it is as good as a posted one.
/// The rules are those of POST /message, and message_bytes bounds its size.
caf::optional<std::string> fault_of(const message& x, const process_settings& settings);

struct inbound_message_processor_state {
  static inline const char* name = "inbound-message-processor";
};

/// Brings a new message, from here or abroad, into the lake and on its way, and withdraws one that
/// its channel takes back.
///
/// Takes:   inbox
/// Opens:   outbox, object-retrieval, notifications
/// Calls:   nobody outside
/// Retries: while the ledger does not answer
/// Refuses: other content under a known reference, and content against the rules; a dead letter
inbound_message_processor_actor::behavior_type inbound_message_processor(
    inbound_message_processor_actor::stateful_pointer<inbound_message_processor_state> self,
    surroundings around, current_settings settings);

} // namespace igl
