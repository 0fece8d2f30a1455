#pragma once

#include "channels/medium.hpp"
#include "config/settings.hpp"
#include "messages/type_ids.hpp"

/// What an endpoint decides about what is posted, as plain functions: no actor, no clock, no store.
namespace igl::endpoint_rules {

/// Why the endpoint does not take a message; none: it does. `forbidden` for a sender the endpoint
/// does not speak for and for what its filters deny, `message_validation` for a receiver that is
/// not on the channel.
caf::error refusal_of(const endpoint_settings& how, const message& x);

/// What the channel's filters say of a message: forbidden, or none.
caf::error screened(const endpoint_settings& how, const message& x);

/// The id a message gets. The same idempotency key, or else the same sender and reference, gives
/// the same id on every endpoint and after every restart. With neither it is a new one, and sorts
/// behind those of before: the ledger writes what lies together faster.
std::string id_of(const post_to_channel& x, caf::timestamp now,
                  const std::function<uint64_t()>& random);

/// A new message comes into the sending store and is to be written to the medium.
settlement posted(const channel_message& said, caf::timestamp now);

/// The same id was posted again: the same receipt, or `conflict` if the content is another.
caf::expected<channel_receipt> repeated(const channel_record& stored, const message& again);

/// Is there something to write, or was the message's fate decided before?
bool to_be_written(const channel_record& x);

/// The medium has the message: `confirmed`. If its fate was decided before, only the job ends.
settlement written(const job_ticket& job, const channel_record& x, caf::timestamp now);

/// The endpoint stops trying: `undeliverable`.
settlement undeliverable(const job_ticket& job, const channel_record& x, const std::string& why,
                         caf::timestamp now);

// A medium that takes back: the job stays open until the message is confirmed or given up.

/// The same for such a medium: a confirmed message that is missing is sent once more, too.
bool to_be_written(const channel_record& x, const write_to_medium& order);

enum class writing_step : uint8_t {
  end,     ///< nothing is left to be done
  wait,    ///< look again later
  send,    ///< append it, for the first time or again
  give_up, ///< it was sent as often as the settings allow, and did not come back within the grace
};
writing_step step_of(const channel_record& x, const write_to_medium& order,
                     medium_presence presence, const endpoint_settings& how, caf::timestamp now);

/// It was appended; the job looks after it again later.
settlement sent(const job_ticket& job, const channel_record& x, const write_to_medium& order,
                const endpoint_settings& how, caf::timestamp now);
/// It is looked for again later; the attempt does not count.
settlement waiting(const job_ticket& job, const endpoint_settings& how, caf::timestamp now);
/// The same, and the order remembers since when the medium does not have what must not be sent any
/// more: its grace begins then, and anew if it comes back in between.
settlement watched(const job_ticket& job, const write_to_medium& order, medium_presence presence,
                   const endpoint_settings& how, caf::timestamp now);

/// The medium is well; it will never take this message.
bool is_about_the_message(const caf::error& why);

/// What follows from a failed attempt.
enum class failed_step : uint8_t {
  again,         ///< the job's source tries again as `retry.medium` says
  look_later,    ///< it was sent before: whether it is there is asked again, without counting
  undeliverable, ///< the medium will never take it, or never had it and does not answer
  dead_letter,   ///< it may be there, and nobody says so: only an operator can find out
};
failed_step after_failure(const caf::error& why, const job_ticket& job,
                          const write_to_medium& order, const retry_settings& retry);

/// It may be on the medium all the same, which the order remembers from now on: tried again at
/// `due` or, with `postponed`, later without counting.
settlement doubted(const job_ticket& job, write_to_medium order, const caf::error& why, job_end end,
                   caf::timestamp due);

/// The attempts are used up and it may be on the medium: a dead letter. The message stays
/// `received`, which is true; replayed, it is appended again under the same id.
settlement unanswered(const job_ticket& job, const write_to_medium& order, const caf::error& why);

/// The job speaks of a message that the sending store does not have.
settlement lost(const job_ticket& job, const std::string& id);

/// An operator takes a confirmation back. Fails with forbidden or conflict.
caf::expected<settlement> revoked(const endpoint_settings& how, const channel_record& x,
                                  caf::timestamp now);

} // namespace igl::endpoint_rules
