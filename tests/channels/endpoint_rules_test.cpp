#include "channels/endpoint_rules.hpp"
#include "messages/errors.hpp"
#include "messages/multihash.hpp"
#include "tests/channels/examples.hpp"

#include <doctest/doctest.h>

using namespace igl;
using namespace igl::endpoint_rules;
using examples::australian_endpoint;
using examples::certificate;
using examples::record;
using namespace std::chrono_literals;

namespace {

const caf::timestamp noon{std::chrono::seconds{1795262400}};
const job_ticket first_try{"write_to_medium/x", 1, 1};

std::function<uint64_t()> counting() {
  return [n = uint64_t{0}]() mutable {
    return ++n;
  };
}

/// The topics and bodies of the notices of a settlement.
std::vector<notice> notices_of(const settlement& s) {
  std::vector<notice> all;
  for (auto& news : s.tells)
    all.insert(all.end(), news.notices.begin(), news.notices.end());
  return all;
}

} // namespace

TEST_SUITE_BEGIN("endpoint rules");

TEST_CASE("takes a message of ours to a participant") {
  CHECK(!refusal_of(australian_endpoint(), certificate()));
}

TEST_CASE("refuses a sender that the endpoint does not speak for") {
  auto x = certificate();
  x.sender = "NZ";
  auto why = refusal_of(australian_endpoint(), x);
  CHECK(code_of(why) == errc::forbidden);
  CHECK(sentence_of(why).find("posts for AU, not for NZ") != std::string::npos);
}

TEST_CASE("refuses a receiver that is not on the channel") {
  auto x = certificate();
  x.receiver = "FR";
  auto why = refusal_of(australian_endpoint(), x);
  CHECK(code_of(why) == errc::message_validation);
  CHECK(sentence_of(why).find("FR is not on this channel; AU, SG, NZ are") != std::string::npos);
  CHECK(!problem_of(why).source.empty());
}

TEST_CASE("refuses what a filter denies, whichever field it is on") {
  struct {
    const char* field;
    filter_settings endpoint_settings::*filter;
    std::string value;
  } rows[] = {
      {"sender", &endpoint_settings::sender, "AU"},
      {"receiver", &endpoint_settings::receiver, "SG"},
      {"subject", &endpoint_settings::subject, certificate().subject},
      {"obj", &endpoint_settings::obj, certificate().obj},
      {"predicate", &endpoint_settings::predicate, "UN.CEFACT.*"},
  };
  for (auto& row : rows) {
    CAPTURE(row.field);
    auto how = australian_endpoint();
    (how.*row.filter).deny = {row.value};
    auto why = refusal_of(how, certificate());
    CHECK(code_of(why) == errc::forbidden);
    CHECK(sentence_of(why).find(row.field) != std::string::npos);
    (how.*row.filter) = {{row.value}, {}};
    CHECK(!refusal_of(how, certificate()));
  }
}

TEST_CASE("gives the same id to the same key, and to the same reference where there is no key") {
  auto random = counting();
  auto id = id_of({certificate(), "key-1"}, noon, random);
  CHECK(id == id_of({certificate("other"), "key-1"}, noon, random));
  CHECK(id != id_of({certificate(), "key-2"}, noon, random));
  auto by_reference = id_of({certificate(), ""}, noon, random);
  CHECK(by_reference == id_of({certificate(), ""}, noon, random));
  CHECK(by_reference != id_of({certificate("18"), ""}, noon, random));
}

TEST_CASE("keeps apart the keys of two senders, and keys from references") {
  auto random = counting();
  auto theirs = certificate();
  theirs.sender = "NZ";
  CHECK(id_of({certificate(), "1"}, noon, random) != id_of({theirs, "1"}, noon, random));
  CHECK(id_of({certificate("17"), ""}, noon, random) != id_of({certificate(), "17"}, noon, random));
  CHECK(id_of({certificate("17"), ""}, noon, random) !=
        id_of({certificate(), "AU:17"}, noon, random));
}

TEST_CASE("gives a fresh id where there is neither key nor reference") {
  auto random = counting();
  auto x = certificate("");
  auto first = id_of({x, ""}, noon, random);
  CHECK(first.size() == 36);
  CHECK(first != id_of({x, ""}, noon, random));
  CHECK(first < id_of({x, ""}, noon + std::chrono::milliseconds{1}, random));
}

TEST_CASE("stores a posted message as received and has it written") {
  auto s = posted({"id-1", certificate(), channel_status::confirmed}, noon);
  REQUIRE(s.channel_records.size() == 1);
  auto& stored = s.channel_records[0];
  CHECK(stored.expects == 0);
  CHECK(stored.record.half == channel_half::posting);
  CHECK(stored.record.said.status == channel_status::received);
  CHECK(stored.record.updated == noon);
  REQUIRE(s.events.size() == 1);
  CHECK(s.events[0].what == event_kind::channel_message_posted);
  CHECK(s.events[0].about == "id-1");
  CHECK(s.events[0].detail == "AU:17 to SG");
  REQUIRE(s.opens.size() == 1);
  CHECK(s.opens[0].on == stream::medium_writes);
  CHECK(parse_order<write_to_medium>(s.opens[0].body)->said.id == "id-1");
  CHECK(!s.job);
}

TEST_CASE("answers the same receipt to the same message again, and conflict to another") {
  auto stored = record(channel_half::posting, channel_status::confirmed);
  CHECK(repeated(stored, certificate())->id == stored.said.id);
  auto other = certificate();
  other.subject = "something else";
  auto refused = repeated(stored, other);
  REQUIRE(!refused);
  CHECK(code_of(refused.error()) == errc::conflict);
}

TEST_CASE("confirms what was written and tells who asked by its id") {
  auto x = record(channel_half::posting, channel_status::received);
  auto s = written(first_try, x, noon);
  REQUIRE(s.job);
  CHECK(s.job->ticket.id == first_try.id);
  CHECK(s.job->end == job_end::done);
  REQUIRE(s.channel_records.size() == 1);
  CHECK(s.channel_records[0].expects == x.version);
  CHECK(s.channel_records[0].record.said.status == channel_status::confirmed);
  CHECK(s.events.size() == 1);
  auto told = notices_of(s);
  REQUIRE(told.size() == 2);
  CHECK(told[1].topic == "posting.AU.confirmed");
  CHECK(told[0].topic == x.said.id);
  CHECK(told[0].body == "{\"id\":\"" + x.said.id + "\"}");
}

TEST_CASE("does not touch a message whose fate was decided before, but ends its job") {
  for (auto status :
       {channel_status::confirmed, channel_status::undeliverable, channel_status::revoked}) {
    auto x = record(channel_half::posting, status);
    CHECK(!to_be_written(x));
    for (auto& s : {written(first_try, x, noon), undeliverable(first_try, x, "why", noon)}) {
      CHECK(s.job->end == job_end::done);
      CHECK(s.channel_records.empty());
      CHECK(s.events.empty());
      CHECK(s.opens.empty());
    }
  }
  CHECK(to_be_written(record(channel_half::posting, channel_status::received)));
}

TEST_CASE("says undeliverable, why, and to whom it matters") {
  auto x = record(channel_half::posting, channel_status::received);
  auto s = undeliverable(first_try, x, "the disk is full", noon);
  CHECK(s.job->end == job_end::done);
  CHECK(s.channel_records.at(0).record.said.status == channel_status::undeliverable);
  CHECK(s.events.at(0).detail == "undeliverable: the disk is full");
  CHECK(notices_of(s).at(0).topic == x.said.id);
}

TEST_CASE("tries a failing medium as often as configured, and a hopeless message once") {
  retry_settings retry;
  retry.attempts = 3;
  auto gives_up = [](const caf::error& why, uint32_t attempt, const retry_settings& how) {
    return after_failure(why, job_ticket{"j", 1, attempt}, {}, how) == failed_step::undeliverable;
  };
  auto at = [](uint32_t attempt) {
    return attempt;
  };
  auto failing = make_problem(errc::storage_failed);
  CHECK(!gives_up(failing, at(1), retry));
  CHECK(!gives_up(failing, at(2), retry));
  CHECK(gives_up(failing, at(3), retry));
  CHECK(!gives_up(make_problem(errc::storage_format), at(1), retry));
  CHECK(gives_up(make_problem(errc::conflict), at(1), retry));
  CHECK(gives_up(make_problem(errc::bad_request), at(1), retry));
}

TEST_CASE("a busy medium costs no attempt, what was sent before is looked for, and what may be "
          "there is nobody's to call undeliverable") {
  retry_settings retry;
  retry.attempts = 3;
  const job_ticket last{"j", 1, 3};
  auto silent = make_problem(errc::peer_timeout);
  auto refused = make_problem(errc::bad_request);
  write_to_medium fresh, sent, doubted;
  sent.sent = uint32_t{1};
  doubted.doubt = std::string{"peer_timeout"};
  CHECK(after_failure(make_problem(errc::peer_busy), last, fresh, retry) == failed_step::again);
  CHECK(after_failure(silent, last, sent, retry) == failed_step::look_later);
  CHECK(after_failure(refused, last, sent, retry) == failed_step::undeliverable);
  CHECK(after_failure(silent, first_try, doubted, retry) == failed_step::again);
  CHECK(after_failure(make_problem(errc::peer_unreachable), last, doubted, retry) ==
        failed_step::dead_letter);
  CHECK(after_failure(refused, last, doubted, retry) == failed_step::undeliverable);
}

TEST_CASE("a doubt is in the order from then on, and the dead letter says what to do about it") {
  write_to_medium order{{"id-1", certificate(), channel_status::received}};
  auto why = make_problem(errc::peer_timeout, "POST http://sg");
  auto s = doubted(first_try, order, why, job_end::again, noon);
  CHECK(s.job->end == job_end::again);
  CHECK(s.job->due == noon);
  CHECK(s.channel_records.empty());
  REQUIRE(s.opens.size() == 1);
  CHECK(s.opens[0].id == make_job(order).id);
  auto next = *parse_order<write_to_medium>(s.opens[0].body);
  CHECK(next.doubt == sentence_of(why));
  auto end = unanswered(first_try, next, make_problem(errc::peer_unreachable, "no route"));
  CHECK(end.job->end == job_end::dead);
  CHECK(end.channel_records.empty());
  for (auto part : {"id-1", "SG", "POST http://sg", "no route", "replayed"})
    CHECK_MESSAGE(end.job->error.find(part) != std::string::npos, part);
}

TEST_CASE("leaves a job without its message to an operator") {
  auto s = lost(first_try, "id-1");
  CHECK(s.job->end == job_end::dead);
  CHECK(s.job->error == "the sending store has no message id-1");
}

TEST_CASE("revokes a confirmed message where that is allowed, and no other") {
  auto how = australian_endpoint();
  auto confirmed = record(channel_half::posting, channel_status::confirmed);
  CHECK(code_of(revoked(how, confirmed, noon).error()) == errc::forbidden);
  how.may_revoke = true;
  auto s = revoked(how, confirmed, noon);
  REQUIRE(s);
  CHECK(s->channel_records.at(0).record.said.status == channel_status::revoked);
  CHECK(s->channel_records.at(0).expects == confirmed.version);
  CHECK(!s->job);
  CHECK(notices_of(*s).size() == 2);
  CHECK(notices_of(*s).at(1).topic == "posting.AU.revoked");
  for (auto status :
       {channel_status::received, channel_status::undeliverable, channel_status::revoked}) {
    auto refused = revoked(how, record(channel_half::posting, status), noon);
    REQUIRE(!refused);
    CHECK(code_of(refused.error()) == errc::conflict);
  }
}

TEST_CASE("sends to a medium that takes back as often as configured, then gives up") {
  auto how = australian_endpoint();
  how.medium_sends = 2;
  how.medium_grace = std::chrono::seconds{30};
  using p = medium_presence;
  using s = channel_status;
  constexpr uint32_t never = 0;
  struct {
    s status;
    uint32_t sent;
    p presence;
    writing_step step;
  } const rows[] = {
      {s::received, never, p::absent, writing_step::send},
      {s::received, 1, p::under_way, writing_step::wait},
      {s::received, 1, p::absent, writing_step::send},
      {s::received, 2, p::under_way, writing_step::wait},
      {s::received, 2, p::absent, writing_step::give_up},
      {s::received, 2, p::confirmed, writing_step::wait}, // for the observer to come so far
      {s::confirmed, never, p::absent, writing_step::end},
      {s::confirmed, 1, p::absent, writing_step::send},
      {s::confirmed, 1, p::under_way, writing_step::wait},
      {s::confirmed, 1, p::confirmed, writing_step::end},
      {s::confirmed, 2, p::absent, writing_step::end},
      {s::undeliverable, 1, p::absent, writing_step::end},
      {s::revoked, 1, p::absent, writing_step::end},
  };
  for (auto& row : rows) {
    CAPTURE(to_string(row.status));
    CAPTURE(row.sent);
    CAPTURE(static_cast<int>(row.presence));
    write_to_medium order;
    if (row.sent > 0)
      order.sent = row.sent;
    // When the grace of one that was missed is over; before that it is waited for.
    order.absent = noon - how.medium_grace;
    auto x = record(channel_half::posting, row.status);
    CHECK(step_of(x, order, row.presence, how, noon) == row.step);
    for (auto missed : {caf::optional<caf::timestamp>{},
                        caf::optional<caf::timestamp>{noon - how.medium_grace + 1ns}}) {
      order.absent = missed;
      CHECK(step_of(x, order, row.presence, how, noon) ==
            (row.step == writing_step::give_up ? writing_step::wait : row.step));
    }
  }
}

TEST_CASE("notes since when a message is missed that must not be sent again, and that it is back") {
  auto how = australian_endpoint();
  how.medium_sends = 1;
  how.medium_send_again = std::chrono::seconds{10};
  how.medium_grace = std::chrono::seconds{25};
  using p = medium_presence;
  write_to_medium order{{"id-1", certificate(), channel_status::received}, uint32_t{1}};
  auto quiet = watched(first_try, order, p::under_way, how, noon);
  CHECK(quiet.job->end == job_end::postponed);
  CHECK(quiet.opens.empty());
  auto missed = watched(first_try, order, p::absent, how, noon);
  CHECK(missed.job->due == noon + how.medium_send_again);
  order = *parse_order<write_to_medium>(missed.opens.at(0).body);
  CHECK(order.absent == noon);
  CHECK(order.sent == 1u);
  auto still = watched(first_try, order, p::absent, how, noon + std::chrono::seconds{20});
  CHECK(still.opens.empty());
  CHECK(still.job->due == noon + how.medium_grace);
  auto back = watched(first_try, order, p::under_way, how, noon + std::chrono::seconds{20});
  CHECK(!parse_order<write_to_medium>(back.opens.at(0).body)->absent);
}

TEST_CASE("looks after a message that was sent, and says when it was sent again") {
  auto how = australian_endpoint();
  auto x = record(channel_half::posting, channel_status::received);
  write_to_medium order{x.said};
  auto first = sent(first_try, x, order, how, noon);
  CHECK(first.job->end == job_end::done);
  CHECK(first.channel_records.empty());
  REQUIRE(first.opens.size() == 1);
  CHECK(first.opens[0].id == make_job(order).id);
  CHECK(first.opens[0].due == noon + how.medium_send_again);
  auto next = parse_order<write_to_medium>(first.opens[0].body);
  CHECK(next->sent == uint32_t{1});
  CHECK(first.events.at(0).detail.find("not confirmed yet") != std::string::npos);
  auto second = sent(first_try, x, *next, how, noon);
  CHECK(parse_order<write_to_medium>(second.opens[0].body)->sent == uint32_t{2});
  CHECK(second.events.at(0).detail.find("again, time 2 of 5") != std::string::npos);
  auto later = waiting(first_try, how, noon);
  CHECK(later.job->end == job_end::postponed);
  CHECK(later.job->due == noon + how.medium_send_again);
  CHECK(later.events.empty());
}

TEST_SUITE_END();
