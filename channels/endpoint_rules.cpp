#include "channels/endpoint_rules.hpp"

#include "messages/json.hpp"
#include "messages/multihash.hpp"
#include "messages/text.hpp"
#include "messages/topic.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace igl::endpoint_rules {

namespace {

bool among(const std::vector<std::string>& codes, std::string_view code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

/// Listed with a comma: "AU, SG".
std::string listed(const std::vector<std::string>& codes) {
  std::string text;
  for (auto& code : codes)
    text += (text.empty() ? "" : ", ") + code;
  return text;
}

event fact(event_kind what, const std::string& id, std::string detail) {
  event x;
  x.what = what;
  x.about = id;
  x.detail = std::move(detail);
  return x;
}

/// Tells whoever subscribed to `topic` that a message has a new state.
message_changed tell(const channel_record& x, std::string topic) {
  message_changed news;
  news.about = x.said.id;
  news.cause = to_string(x.half) + "/" + to_string(x.said.status);
  news.notices.push_back({std::move(topic), nlohmann::json{{"id", x.said.id}}.dump()});
  return news;
}

/// A record of the sending store takes a new state, which whoever asked by its id is told.
void change(settlement& into, const channel_record& x, channel_status becomes, std::string detail,
            caf::timestamp now) {
  auto changed = x;
  changed.said.status = becomes;
  changed.updated = now;
  into.tells.push_back(tell(changed, changed.said.id));
  into.channel_records.push_back({std::move(changed), x.version});
  into.events.push_back(fact(event_kind::channel_message_changed, x.said.id, std::move(detail)));
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

std::string id_of(const post_to_channel& x, const std::function<uint64_t()>& random) {
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
  return uuid_from(bytes);
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

bool is_about_the_message(const caf::error& why) {
  auto code = code_of(why);
  return code == errc::conflict || code == errc::bad_request || code == errc::too_large;
}

bool gives_up(const caf::error& why, const job_ticket& job, const retry_settings& retry) {
  return job.attempt >= retry.attempts || is_about_the_message(why);
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

settlement observed(const std::vector<medium_entry>& read, const endpoint_settings& how,
                    const std::set<std::string>& known, const std::string& cursor,
                    caf::timestamp now) {
  settlement s;
  s.cursors.push_back({std::string{medium_cursor_name}, cursor});
  for (auto& entry : read) {
    auto& said = entry.said;
    if (!among(how.jurisdictions, said.content.receiver) || known.count(said.id) != 0)
      continue;
    channel_record record;
    record.half = channel_half::receiving;
    record.said = said;
    record.updated = now;
    s.events.push_back(fact(event_kind::channel_message_changed, said.id,
                            "observed at place " + std::to_string(entry.place)));
    // Only a confirmed message is published (spec/channel-api.rst, Receiving API).
    if (said.status == channel_status::confirmed) {
      s.events.push_back(fact(event_kind::channel_message_changed, said.id,
                              "confirmed: it is on the medium, for " + said.content.receiver));
      s.tells.push_back(tell(record, jurisdiction_topic(said.content.receiver)));
    }
    s.channel_records.push_back({std::move(record), 0});
  }
  return s;
}

std::vector<std::string> ours_among(const std::vector<medium_entry>& read,
                                    const endpoint_settings& how) {
  std::vector<std::string> ids;
  for (auto& entry : read)
    if (among(how.jurisdictions, entry.said.content.receiver))
      ids.push_back(entry.said.id);
  return ids;
}

std::string medium_cursor(const std::string& identity, uint64_t place) {
  return identity + ":" + std::to_string(place);
}

uint64_t place_in(std::string_view cursor, std::string_view identity) {
  auto colon = cursor.rfind(':');
  if (colon == std::string_view::npos || cursor.substr(0, colon) != identity)
    return 0;
  return parse_number(cursor.substr(colon + 1)).value_or(0);
}

} // namespace igl::endpoint_rules
