#include "channels/endpoint_rules.hpp"

#include "channels/record_change.hpp"
#include "messages/multihash.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace igl::endpoint_rules {

namespace {

using record_change::among;
using record_change::fact;

/// Listed with a comma: "AU, SG".
std::string listed(const std::vector<std::string>& codes) {
  std::string text;
  for (auto& code : codes)
    text += (text.empty() ? "" : ", ") + code;
  return text;
}

/// A record of the sending store takes a new state, which whoever asked by its id is told.
void change(settlement& into, const channel_record& x, channel_status becomes, std::string detail,
            caf::timestamp now) {
  auto changed = x;
  record_change::change(into, changed, becomes, std::move(detail), record_change::noise::told, now);
  into.channel_records.push_back({std::move(changed), x.version});
}

settlement ending(const job_ticket& job) {
  settlement s;
  job_outcome outcome;
  outcome.ticket = job;
  s.job = std::move(outcome);
  return s;
}

} // namespace

caf::error refusal_of(const endpoint_settings& how, const message& x) {
  if (!among(how.jurisdictions, x.sender))
    return make_problem(errc::forbidden, "endpoint " + how.id + " posts for " +
                                             listed(how.jurisdictions) + ", not for " + x.sender);
  if (!among(how.participants, x.receiver))
    return make_problem(errc::message_validation,
                        "receiver " + x.receiver + " is not on this channel; " +
                            listed(how.participants) + " are",
                        nlohmann::json::array({"receiver is not on this channel"}).dump());
  return screened(how, x);
}

caf::error screened(const endpoint_settings& how, const message& x) {
  auto denied = [&](const std::string& field, const std::string& value) {
    return make_problem(errc::forbidden,
                        "this channel's filters do not let the " + field + " " + value + " pass");
  };
  if (!how.sender.passes(x.sender))
    return denied("sender", x.sender);
  if (!how.receiver.passes(x.receiver))
    return denied("receiver", x.receiver);
  if (!how.subject.passes(x.subject))
    return denied("subject", x.subject);
  if (!how.obj.passes(x.obj))
    return denied("obj", x.obj);
  if (!how.predicate.passes(x.predicate))
    return denied("predicate", x.predicate);
  return caf::none;
}

std::string id_of(const post_to_channel& x, caf::timestamp now,
                  const std::function<uint64_t()>& random) {
  // The sender belongs to the name: two governments that choose the same key must not meet on the
  // medium. A blank cannot follow a jurisdiction in a reference, so keys and references never meet.
  if (!x.idempotency_key.empty())
    return uuid_of(x.content.sender + " " + x.idempotency_key);
  if (!x.content.sender_ref.empty())
    return uuid_of(to_string(x.content.ref()));
  std::string bytes;
  for (int half = 0; half < 2; ++half) {
    auto value = random();
    for (int i = 0; i < 8; ++i)
      bytes.push_back(static_cast<char>(value >> (8 * i)));
  }
  constexpr size_t taken = 10;
  return uuid_at(std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()),
                 bytes.substr(0, taken));
}

settlement posted(const channel_message& said, caf::timestamp now) {
  settlement s;
  channel_record record;
  record.half = channel_half::posting;
  record.said = said;
  record.said.status = channel_status::received;
  record.updated = now;
  s.opens.push_back(make_job(write_to_medium{record.said}));
  s.channel_records.push_back({std::move(record), 0});
  auto& content = said.content;
  auto subject = content.sender_ref.empty() ? content.sender : to_string(content.ref());
  s.events.push_back(
      fact(event_kind::channel_message_posted, said.id, subject + " to " + content.receiver));
  return s;
}

caf::expected<channel_receipt> repeated(const channel_record& stored, const message& again) {
  if (!same_message(stored.said.content, again))
    return make_problem(errc::conflict,
                        "message " + stored.said.id + " was posted before with other content");
  return channel_receipt{stored.said.id};
}

bool to_be_written(const channel_record& x) {
  return x.said.status == channel_status::received;
}

settlement written(const job_ticket& job, const channel_record& x, caf::timestamp now) {
  auto s = ending(job);
  if (to_be_written(x))
    change(s, x, channel_status::confirmed, "confirmed: it is on the medium", now);
  return s;
}

settlement undeliverable(const job_ticket& job, const channel_record& x, const std::string& why,
                         caf::timestamp now) {
  auto s = ending(job);
  if (to_be_written(x))
    change(s, x, channel_status::undeliverable, "undeliverable: " + why, now);
  return s;
}

bool to_be_written(const channel_record& x, const write_to_medium& order) {
  return to_be_written(x) || (order.sent && x.said.status == channel_status::confirmed);
}

namespace {

bool may_be_sent(const write_to_medium& order, const endpoint_settings& how) {
  return order.sent.value_or(0) < how.medium_sends;
}

} // namespace

writing_step step_of(const channel_record& x, const write_to_medium& order,
                     medium_presence presence, const endpoint_settings& how, caf::timestamp now) {
  if (!to_be_written(x, order))
    return writing_step::end;
  switch (presence) {
  case medium_presence::confirmed:
    // Who follows the medium confirms it, and hears from there on if it is taken back. What was
    // confirmed here before he has come so far would be taken back without a word.
    return to_be_written(x) ? writing_step::wait : writing_step::end;
  case medium_presence::under_way:
    return writing_step::wait;
  case medium_presence::absent:
    break;
  }
  if (may_be_sent(order, how))
    return writing_step::send;
  // A confirmed one that does not return is revoked when the medium says that it is gone.
  if (!to_be_written(x))
    return writing_step::end;
  // What a fork has left behind may come back with the next one, as for those who wait for it.
  return order.absent && now >= *order.absent + how.medium_grace ? writing_step::give_up
                                                                 : writing_step::wait;
}

settlement sent(const job_ticket& job, const channel_record& x, const write_to_medium& order,
                const endpoint_settings& how, caf::timestamp now) {
  auto s = ending(job);
  auto times = order.sent.value_or(0) + 1;
  auto next = make_job(write_to_medium{x.said, times});
  next.due = now + how.medium_send_again;
  s.opens.push_back(std::move(next));
  s.events.push_back(fact(event_kind::channel_message_changed, x.said.id,
                          times == 1 ? std::string{"sent to the medium; not confirmed yet"}
                                     : "sent to the medium again, time " + std::to_string(times) +
                                           " of " + std::to_string(how.medium_sends) +
                                           ": the medium did not have it any more"));
  return s;
}

settlement waiting(const job_ticket& job, const endpoint_settings& how, caf::timestamp now) {
  auto s = ending(job);
  s.job->end = job_end::postponed;
  s.job->due = now + how.medium_send_again;
  return s;
}

settlement watched(const job_ticket& job, const write_to_medium& order, medium_presence presence,
                   const endpoint_settings& how, caf::timestamp now) {
  auto s = waiting(job, how, now);
  auto is_missed = presence == medium_presence::absent && !may_be_sent(order, how);
  auto next = order;
  if (!is_missed)
    next.absent = caf::none;
  else if (!next.absent)
    next.absent = now;
  if (next.absent)
    s.job->due = std::min(s.job->due, *next.absent + how.medium_grace);
  if (next.absent != order.absent)
    s.opens.push_back(make_job(next));
  return s;
}

bool is_about_the_message(const caf::error& why) {
  auto code = code_of(why);
  return code == errc::conflict || code == errc::bad_request || code == errc::too_large;
}

failed_step after_failure(const caf::error& why, const job_ticket& job,
                          const write_to_medium& order, const retry_settings& retry) {
  if (is_about_the_message(why))
    return failed_step::undeliverable;
  if (order.sent)
    return failed_step::look_later;
  if (job.attempt < retry.attempts || code_of(why) == errc::peer_busy)
    return failed_step::again;
  return order.doubt ? failed_step::dead_letter : failed_step::undeliverable;
}

settlement doubted(const job_ticket& job, write_to_medium order, const caf::error& why, job_end end,
                   caf::timestamp due) {
  auto s = ending(job);
  s.job->end = end;
  s.job->due = due;
  s.job->error = sentence_of(why);
  if (!order.doubt)
    order.doubt = sentence_of(why);
  s.opens.push_back(make_job(order));
  return s;
}

settlement unanswered(const job_ticket& job, const write_to_medium& order, const caf::error& why) {
  auto s = ending(job);
  s.job->end = job_end::dead;
  s.job->error = "message " + order.said.id + " to " + order.said.content.receiver +
                 " may be on the medium though no attempt was answered (" +
                 order.doubt.value_or("") +
                 "), and the attempts are used up; replayed, it is sent under the same id again: " +
                 sentence_of(why);
  return s;
}

settlement lost(const job_ticket& job, const std::string& id) {
  auto s = ending(job);
  s.job->end = job_end::dead;
  s.job->error = "the sending store has no message " + id;
  return s;
}

caf::expected<settlement> revoked(const endpoint_settings& how, const channel_record& x,
                                  caf::timestamp now) {
  if (!how.may_revoke)
    return make_problem(errc::forbidden,
                        "endpoint " + how.id + " is not configured to let messages be revoked");
  if (!may_follow(x.half, x.said.status, channel_status::revoked))
    return make_problem(errc::conflict, "message " + x.said.id + " is " + to_string(x.said.status) +
                                            "; only a confirmed one can be revoked");
  settlement s;
  change(s, x, channel_status::revoked, "revoked by an operator", now);
  return s;
}

} // namespace igl::endpoint_rules
