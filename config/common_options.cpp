#include "config/forms.hpp"
#include "config/options.hpp"

#include "messages/timeouts.hpp"

namespace igl::config {

namespace {

using namespace std::chrono_literals;
using rows = std::vector<option<process_settings>>;

// A worker gives up after timeouts::work; nothing that it waits for outside may take as long.
constexpr std::chrono::milliseconds longest_wait_outside = 10min;
static_assert(longest_wait_outside < timeouts::work);
static_assert(timeouts::settle < 15min && 15min <= timeouts::work);

constexpr uint64_t gibibyte = uint64_t{1} << 30;

struct schedule {
  std::string name;
  std::string meaning;
  std::string first, longest, attempts;
  retry_settings process_settings::*where;
};

const std::vector<schedule>& schedules() {
  static const std::vector<schedule> all{
      {"internal", "Work inside the process: inbox, message-updates, rejected and notifications.",
       "100ms", "30s", "10", &process_settings::retry_internal},
      {"outbox",
       "Posting to channels that do not answer; after the last attempt the message is rejected.",
       "500ms", "1m", "20", &process_settings::retry_outbox},
      {"channel-pending", "Asking a channel about a posted message while it does not answer.", "1s",
       "5m", "100", &process_settings::retry_channel_pending},
      {"object-retrieval", "Fetching a document from another government.", "1s", "10m", "50",
       &process_settings::retry_object_retrieval},
      {"callback", "Calling a subscriber back.", "1s", "10m", "24",
       &process_settings::retry_callback},
      {"channel-notifications", "Fetching what a channel has notified us of.", "500ms", "1m", "20",
       &process_settings::retry_channel_notifications},
      {"verification", "Asking a subscriber whether it means its subscription.", "1s", "1m", "5",
       &process_settings::retry_verification},
      {"medium",
       "Writing to the medium of an endpoint; after the last attempt a message is undeliverable.",
       "200ms", "30s", "20", &process_settings::retry_medium},
  };
  return all;
}

void append_schedule(rows& to, const schedule& x) {
  auto section = "retry." + x.name;
  auto member = x.where;
  to.push_back({{section, "first", duration(1ms, 1h), x.first,
                 x.meaning + " The pause before the second attempt; each pause doubles the last."},
                in(member, &retry_settings::first)});
  to.push_back(
      {{section, "longest", duration(1ms, 24h), x.longest, "The longest pause between attempts."},
       in(member, &retry_settings::longest)});
  to.push_back({{section, "attempts", number(1, 1'000'000), x.attempts, "Attempts in all."},
                in(member, &retry_settings::attempts)});
  to.push_back({{section, "jitter", fraction(0, 1), "0.2",
                 "Each pause is longer by a random part of itself, up to this one."},
                in(member, &retry_settings::jitter)});
}

rows stream_options(file_kind of) {
  using s = process_settings;
  return {
      {{"streams", "kind", one_of({"jetstream", "in-process"}),
        of == file_kind::node ? "jetstream" : "in-process",
        "What hands open jobs to workers: a nats-server, or memory (the ledger keeps the jobs)."},
       in(&s::streams_kind)},
      {{"streams", "url", text_of(forms::nats_urls), "",
        "The NATS to use; empty: the process starts a nats-server of its own.",
        secrecy::user_in_url},
       in(&s::streams_url)},
      {{"streams", "nats_server", any_text(), "",
        "The nats-server program to start; empty: looked up in PATH, /usr/sbin, /usr/local/bin."},
       in(&s::nats_server)},
      {{"streams", "jobs_in_flight", number(1, 65536), "256",
        "Jobs of one stream that are worked on at once."},
       in(&s::jobs_in_flight)},
      {{"streams", "ack_wait", duration(1s, 15min), "30s",
        "How long a silent worker keeps its job before another one gets it."},
       in(&s::ack_wait)},
      {{"streams", "reconcile_interval", duration(100ms, 1h), "10s",
        "The pause between two comparisons of the ledger's open jobs with the streams."},
       in(&s::reconcile_interval)},
  };
}

rows bounds_options() {
  using s = process_settings;
  return {
      {{"limits", "message_bytes", size(1024, gibibyte / 16), "64KiB",
        "The largest body of a posted message; a larger one gets 413."},
       in(&s::message_bytes)},
      {{"limits", "document_bytes", size(1024, 1024 * gibibyte), "10GiB",
        "The largest document that is taken; a larger one gets 413."},
       in(&s::document_bytes)},
      {{"limits", "connections", number(1, 1'000'000), "1024",
        "HTTP connections that are open at once, over all listeners."},
       in(&s::connections)},
      {{"limits", "requests_in_flight", number(1, 1'000'000), "4096",
        "HTTP requests that are answered at once; one more gets 503."},
       in(&s::requests_in_flight)},
      {{"limits", "callback_answer_bytes", size(1024, gibibyte / 16), "64KiB",
        "How much of a subscriber's or a channel's answer is read."},
       in(&s::callback_answer_bytes)},
      {{"timeouts", "callback", duration(10ms, longest_wait_outside), "10s",
        "How long a subscriber may take to answer a callback."},
       in(&s::callback_timeout)},
      {{"timeouts", "shutdown", duration(100ms, longest_wait_outside), "10s",
        "How long what is being done may take to end when the process is stopped."},
       in(&s::shutdown_timeout)},
      {{"timeouts", "idle_connection", duration(1s, 1h), "1m",
        "How long an HTTP connection may be idle, or a request take to arrive."},
       in(&s::idle_connection)},
      {{"hub", "url", text_of(forms::base_url), "",
        "What callbacks name as their hub; empty: the address of the listener."},
       in(&s::hub_url)},
      {{"hub", "verify_intent", flag(), "true",
        "Whether subscribers are asked if they mean it (W3C WebSub); false for old clients."},
       in(&s::verify_intent)},
      {{"hub", "callbacks_per_host", number(1, 65536), "16",
        "Callbacks to one host that are under way at once."},
       in(&s::callbacks_per_host)},
  };
}

} // namespace

rows common_options_at_top(file_kind of) {
  using s = process_settings;
  auto data_dir = of == file_kind::node ? "igl-node-data" : "igl-endpoint-data";
  return {
      {{"", "data_dir", text_of(forms::folder), data_dir,
        "The folder of the ledger; a relative one starts at the working directory."},
       in(&s::data_dir)},
      {{"", "extra_jurisdictions", list_of(forms::jurisdiction_code), "",
        "Codes that are no countries of ISO 3166-1 and exist nevertheless, such as EU or XK."},
       in(&s::extra_jurisdictions)},
  };
}

rows common_sections(file_kind of) {
  rows result{{{"operator", "token", any_text(), "",
                "The bearer token of the operator API; empty: none is asked for, and only a "
                "loopback address may serve it.",
                secrecy::all},
               in(&process_settings::operator_token)}};
  for (auto& part : {stream_options(of), bounds_options()})
    result.insert(result.end(), part.begin(), part.end());
  for (auto& x : schedules())
    append_schedule(result, x);
  result.push_back({{"log", "level", one_of({"trace", "debug", "info", "warn", "error"}), "info",
                     "The least important lines that are logged."},
                    in(&process_settings::log_level)});
  return result;
}

} // namespace igl::config
