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
static_assert(15min <= timeouts::work);

constexpr uint64_t gibibyte = uint64_t{1} << 30;

enum class served : uint8_t { both, node, endpoint };

struct schedule {
  std::string name;
  served by;
  std::string work; ///< what is tried again
  std::string first, longest, attempts;
  retry_settings process_settings::*where;
};

const std::vector<schedule>& schedules() {
  using s = process_settings;
  static const std::vector<schedule> all{
      {"internal", served::both, "Work inside the process", "100ms", "30s", "10",
       &s::retry_internal},
      {"outbox", served::node, "Posting to channels that do not answer", "500ms", "5m", "1320",
       &s::retry_outbox},
      {"revoked", served::node, "Routing anew a message whose confirmation a channel revoked", "2s",
       "10m", "8", &s::retry_revoked},
      {"channel-pending", served::node, "Asking about a posted message a channel that is down",
       "1s", "5m", "1320", &s::retry_channel_pending},
      {"object-retrieval", served::node, "Fetching a document from another government", "1s", "10m",
       "50", &s::retry_object_retrieval},
      {"callback", served::both, "Calling a subscriber back", "1s", "10m", "24",
       &s::retry_callback},
      {"channel-notifications", served::node, "Fetching what a channel has notified us of", "500ms",
       "1m", "6600", &s::retry_channel_notifications},
      {"verification", served::both, "Asking a subscriber whether it means its subscription", "1s",
       "1m", "5", &s::retry_verification},
      {"medium", served::endpoint, "Writing to the medium", "200ms", "30s", "2600",
       &s::retry_medium},
  };
  return all;
}

// What becomes of the work when the attempts are used up: as the stream catalogue has it.
std::string end_of(const schedule& x) {
  if (x.name == "outbox")
    return "then the message is rejected";
  if (x.name == "medium")
    return "then the message is undeliverable, or an operator's if it may have arrived";
  if (x.name == "verification")
    return "then there is no subscription";
  return "then an operator finds it among the dead letters";
}

/// "about 5 days": all pauses of a schedule together.
std::string time_of(const schedule& x) {
  retry_settings how;
  how.first = parse_duration(x.first).value();
  how.longest = parse_duration(x.longest).value();
  how.attempts = static_cast<uint32_t>(std::stoul(x.attempts));
  auto all = 0ms;
  for (uint32_t failed = 1; failed < how.attempts; ++failed)
    all += pause_after(how, failed, 0.5);
  auto about = [&](std::chrono::milliseconds unit, const char* name) {
    return "about " + std::to_string((all + unit / 2) / unit) + " " + name;
  };
  if (all >= 48h)
    return about(24h, "days");
  if (all >= 2h)
    return about(1h, "hours");
  return all >= 2min ? about(1min, "minutes") : about(1s, "seconds");
}

void append_schedule(rows& to, const schedule& x) {
  auto section = "retry." + x.name;
  auto row = [&](const std::string& key, value_rule rule, const std::string& fallback,
                 const std::string& meaning, auto member) {
    // A node's channels and routing have schedules of their own.
    to.push_back({{section, key, std::move(rule), fallback, x.work + ": " + meaning, secrecy::open,
                   x.by == served::node ? takes_effect::at_reload : takes_effect::at_start},
                  in(x.where, member)});
  };
  row("first", duration(1ms, 1h), x.first,
      "the pause after the first failure; each further failure doubles it.",
      &retry_settings::first);
  row("longest", duration(1ms, 24h), x.longest, "the longest pause.", &retry_settings::longest);
  row("attempts", number(1, 1'000'000), x.attempts,
      "attempts in all, " + end_of(x) + ". The defaults last " + time_of(x) + ".",
      &retry_settings::attempts);
  row("jitter", fraction(0, 1), "0.2",
      "the part of a pause by which chance makes it longer, at most.", &retry_settings::jitter);
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
      {{"limits", "message_bytes", size(1024, gibibyte / 1024), "64KiB",
        "The largest body of a posted message; a larger one gets 413. It has to fit into a message "
        "of NATS (max_payload: 8 MiB when embedded), quoted."},
       in(&s::message_bytes)},
      {{"limits", "document_bytes", size(1024, 1024 * gibibyte), "10GiB",
        "The largest document that is taken; a larger one gets 413."},
       in(&s::document_bytes)},
      {{"limits", "connections", number(1, 1'000'000), "2048",
        "HTTP connections that are open at once, over all listeners; of more, those that are not "
        "being used are closed, and on the others requests get 503. Each needs a file descriptor, "
        "some need two: fewer are kept where ulimit -n does not allow as many."},
       in(&s::connections)},
      {{"limits", "connections_per_address", number(0, 1'000'000), "512",
        "HTTP connections of one address that are open at once, the same way; 0: any number. "
        "Behind "
        "a proxy everybody comes from one address: set it to 0 there."},
       in(&s::connections_per_address)},
      {{"limits", "requests_in_flight", number(1, 1'000'000), "1024",
        "HTTP requests that are answered at once; one more gets 503. Requests that change "
        "something get it when three quarters are taken already. At most three quarters of "
        "limits.connections, so that there is room for those who are told to come again."},
       in(&s::requests_in_flight)},
      {{"limits", "header_bytes", size(1024, gibibyte / 64), "64KiB",
        "The largest head of an HTTP request; a larger one gets 431, and one that does not end "
        "is cut off, also of an answer to us."},
       in(&s::header_bytes)},
      {{"limits", "chunk_bytes", size(1024, gibibyte), "1MiB",
        "The largest chunk of an HTTP body that comes in chunks; a connection with a larger one "
        "is cut off, also by us if it is an answer."},
       in(&s::chunk_bytes)},
      {{"limits", "upload_memory", size(gibibyte / 1024, 1024 * gibibyte), "256MiB",
        "The memory that all uploads together may take; one more gets 503."},
       in(&s::upload_memory)},
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
  };
}

rows hub_options(file_kind of) {
  using s = process_settings;
  return {
      {{"hub", "url", text_of(forms::base_url), "",
        "What callbacks name as their hub; empty: /subscriptions at the listener, which must then "
        "be one address and not 0.0.0.0."},
       in(&s::hub_url)},
      {{"hub", "verify_intent", flag(), "true",
        "Whether subscribers are asked if they mean it (W3C WebSub); false for old clients."},
       in(&s::verify_intent)},
      {{"hub", "callbacks_per_host", number(1, 65536), "16",
        "Callbacks to one host that are under way at once."},
       in(&s::callbacks_per_host)},
      {{"hub", "callbacks_per_url", number(0, 1'000'000), of == file_kind::node ? "100" : "0",
        "Callbacks to one URL, and verifications at one host, that are begun within ten seconds, "
        "further ones wait; 0: as many as "
        "there are. The subscribers of an endpoint are nodes, which want to know at once."},
       in(&s::callbacks_per_url)},
      {{"hub", "breaker_failures", number(0, 1'000'000), "10",
        "Callbacks to one URL that fail in a row (no answer, 5xx, 429) before it is left alone, "
        "and "
        "calls that one host does not answer at all before it is; 0: never."},
       in(&s::breaker_failures)},
      {{"hub", "breaker_pause", duration(10ms, 1h), "30s",
        "How long a URL or a host is left alone that failed so often; then one callback tries."},
       in(&s::breaker_pause)},
      {{"hub", "keep_events", duration(1s, 8760h), "168h",
        "How long what subscribers were told is kept, for those that were away."},
       in(&s::keep_events)},
      {{"hub", "publish", flag(), "false",
        "Whether topics may be URLs whose publishers say hub.mode=publish: the hub then fetches "
        "them, from where callbacks may go, and tells their subscribers."},
       in(&s::publish)},
      {{"hub", "allowed_callbacks", list_of(forms::network_or_host), "",
        "Where callbacks may go besides hosts on the internet: networks, addresses, names of "
        "hosts. "
        "Whoever subscribes chooses where this process sends requests, so loopback, private, "
        "link-local and other addresses of its own surroundings are refused unless they are here."},
       in(&s::allowed_callbacks)},
      {{"hub", "shortest_lease", duration(1s, 8760h), "1h",
        "The shortest hub.lease_seconds that is granted; a shorter one is refused."},
       in(&s::shortest_lease)},
      {{"hub", "longest_lease", duration(1s, 876000h), "8760h",
        "The longest hub.lease_seconds that is granted; a longer one is refused."},
       in(&s::longest_lease)},
      {{"hub", "default_lease", duration(1s, 876000h), "120h",
        "The lease of a subscriber that asks for none."},
       in(&s::default_lease)},
      {{"hub", "ending_notice", duration(1s, 8760h), "30m",
        "How long before a lease ends, unless it is renewed, the operator is told."},
       in(&s::ending_notice)},
      {{"hub", "signature", one_of({"sha256", "sha384", "sha512", "sha1"}), "sha256",
        "The method of X-Hub-Signature, for subscriptions with a secret; sha1 for old clients."},
       in(&s::callback_signature)},
      {{"hub", "longest_retry_after", duration(1s, 24h), "1h",
        "How long a subscriber may put off the next attempt at most, with Retry-After."},
       in(&s::longest_retry_after)},
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
  for (auto& part : {stream_options(of), bounds_options(), hub_options(of)})
    result.insert(result.end(), part.begin(), part.end());
  for (auto& x : schedules())
    if (x.by == served::both || (x.by == served::node) == (of == file_kind::node))
      append_schedule(result, x);
  result.push_back({{"log", "level", one_of({"trace", "debug", "info", "warn", "error"}), "info",
                     "The least important lines that are logged.", secrecy::open,
                     of == file_kind::node ? takes_effect::at_reload : takes_effect::at_start},
                    in(&process_settings::log_level)});
  return result;
}

} // namespace igl::config
