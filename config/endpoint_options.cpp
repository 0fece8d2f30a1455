#include "config/auth_options.hpp"

namespace igl::config {

namespace {

using namespace std::chrono_literals;
using rows = std::vector<option<endpoint_settings>>;

void append_filter(rows& to, const std::string& part, filter_settings endpoint_settings::*where) {
  to.push_back({filter_row("filters", part, "allow"), in(where, &filter_settings::allow)});
  to.push_back({filter_row("filters", part, "deny"), in(where, &filter_settings::deny)});
}

rows access_rows() {
  using s = endpoint_settings;
  using a = access_settings;
  return {{{"access", "jwks", text_of(forms::file_or_url), "",
            "Where the public keys are that JSON Web Tokens of nodes are signed with (RFC 7517); "
            "empty: only the tokens of [[nodes]] are taken, and without any of them nobody is "
            "asked for one."},
           in(&s::access, &a::jwks)},
          {{"access", "issuer", any_text(), "", "The iss that every JSON Web Token has to have."},
           in(&s::access, &a::issuer)},
          {{"access", "audience", any_text(), "",
            "What the aud of every JSON Web Token has to name: this endpoint."},
           in(&s::access, &a::audience)},
          {{"access", "jurisdiction_claim", any_text(), "",
            "The claim that names the jurisdiction a node posts as; empty: only the subjects of "
            "[[nodes]] say so. It does not count for a subject that is listed there."},
           in(&s::access, &a::jurisdiction_claim)},
          {{"access", "jwks_refresh", duration(1s, 24h), "10m",
            "The pause between two readings of the keys. They are also read when a token names one "
            "that is not known."},
           in(&s::access, &a::jwks_refresh)},
          {{"access", "clock_leeway", duration(0ms, 5min), "30s",
            "How far the clock of whoever made a token may be from ours."},
           in(&s::access, &a::clock_leeway)}};
}

rows endpoint_rows() {
  using s = endpoint_settings;
  rows all{{{"", "endpoint", text_of(forms::identifier), std::nullopt,
             "What the endpoint is called; no two on a channel have the same name."},
            in(&s::id)},
           {{"", "jurisdictions", list_of(forms::jurisdiction), std::nullopt,
             "Whose messages the endpoint posts and receives."},
            in(&s::jurisdictions)},
           {{"", "participants", list_of(forms::jurisdiction), std::nullopt,
             "Every jurisdiction on the channel, those of this endpoint too."},
            in(&s::participants)},
           {{"", "serves", some_of({"posting", "receiving"}), "posting,receiving",
             "Which halves of the Channel API the endpoint serves; of the other one, paths and "
             "methods are unknown."},
            in(&s::serves)}};
  append(all, common_options_at_top(file_kind::endpoint));
  append(all, common_sections(file_kind::endpoint));
  auto access = access_rows();
  all.insert(all.end(), access.begin(), access.end());
  rows medium{
      {{"medium", "kind", one_of({"memory", "shared-database", "stream", "chain", "api"}),
        "shared-database",
        "What lies between the endpoints; memory: nothing but this process, for tests; api: "
        "nothing, each hands its messages to the others, which are [[peers]]."},
       in(&s::medium)},
      {{"medium", "path", text_of(forms::folder), "",
        "shared-database, chain: the folder that all endpoints can open; api: one of this endpoint "
        "alone; a relative one starts at the working directory."},
       in(&s::medium_path)},
      {{"medium", "url", text_of(forms::nats_urls), "",
        "stream: the NATS with JetStream that all endpoints can reach.", secrecy::user_in_url},
       in(&s::medium_url)},
      {{"medium", "stream", text_of(forms::identifier), "",
        "stream: what it is called there; created if it is missing."},
       in(&s::medium_stream)},
      {{"medium", "replicas", number(1, 5), "1",
        "stream: on how many servers of a cluster it is kept, when it is created."},
       in(&s::medium_replicas)},
      {{"medium", "interval", duration(1ms, 1h), "5ms",
        "The pause between two looks at the medium."},
       in(&s::medium_interval)},
      {{"medium", "confirmations", number(1, 64), "3",
        "chain: blocks, a message's own one included, that make it confirmed."},
       in(&s::medium_confirmations)},
      {{"medium", "grace", duration(0ms, 24h), "30s",
        "chain: how long a message that left the chain may take to come back before it is a "
        "false alarm, or revoked; longer than send_again, so that it is sent again in time."},
       in(&s::medium_grace)},
      {{"medium", "block_interval", duration(0ms, 1h), "1s",
        "chain: the time between two blocks, made by whichever endpoint sees that one is "
        "due; 0: they are made by `igl chain mine`."},
       in(&s::medium_block_interval)},
      {{"medium", "send_again", duration(10ms, 1h), "10s",
        "chain: how often it is looked whether a posted message that is not confirmed has to "
        "be sent again."},
       in(&s::medium_send_again)},
      {{"medium", "sends", number(1, 1000), "5",
        "chain: how often a message is sent in all; when the chain has lost it again and grace is "
        "over, it is undeliverable."},
       in(&s::medium_sends)},
      {{"medium", "may_revoke", flag(), "false",
        "Whether an operator may revoke a confirmed message: for tests of what follows."},
       in(&s::may_revoke)}};
  all.insert(all.end(), medium.begin(), medium.end());
  append_filter(all, "sender", &s::sender);
  append_filter(all, "receiver", &s::receiver);
  append_filter(all, "subject", &s::subject);
  append_filter(all, "obj", &s::obj);
  append_filter(all, "predicate", &s::predicate);
  return all;
}

} // namespace

template <>
const rows& options<endpoint_settings>() {
  static const auto all = endpoint_rows();
  return all;
}

template <>
const std::vector<option<node_access>>& options<node_access>() {
  using s = node_access;
  static const std::vector<option<s>> all{
      {{"", "id", text_of(forms::identifier), std::nullopt, "What the endpoint calls the node."},
       in(&s::id)},
      {{"", "jurisdiction", text_of(forms::jurisdiction), std::nullopt,
        "As which the node posts and reads; one of the endpoint's jurisdictions."},
       in(&s::jurisdiction)},
      {{"", "token", text_of(forms::long_token), "",
        "The bearer token that the node sends; empty: it sends JSON Web Tokens.", secrecy::all},
       in(&s::token)},
      {{"", "subject", any_text(), "",
        "The sub of the JSON Web Tokens that the node sends; empty: it sends its bearer token."},
       in(&s::subject)}};
  return all;
}

template <>
const std::vector<option<peer_settings>>& options<peer_settings>() {
  using s = peer_settings;
  static const auto all = [] {
    std::vector<option<s>> result{
        {{"", "id", text_of(forms::identifier), std::nullopt, "What the endpoint calls the peer."},
         in(&s::id)},
        {{"", "jurisdictions", list_of(forms::jurisdiction), std::nullopt,
          "For whom the peer takes messages, and as whom it may hand us some."},
         in(&s::jurisdictions)},
        {{"", "url", text_of(forms::base_url), "",
          "Where the peer's Channel API is: /messages/incoming is below it; empty: it takes none."},
         in(&s::url)}};
    auto auth = auth_rows(&s::auth, "endpoint", "the peer");
    result.insert(result.end(), auth.begin(), auth.end());
    std::vector<option<s>> more{
        {{"", "token", text_of(forms::long_token), "",
          "The bearer token that the peer shows us; empty: it shows JSON Web Tokens, or none.",
          secrecy::all},
         in(&s::token)},
        {{"", "subject", any_text(), "",
          "The sub of the JSON Web Tokens that the peer shows us; empty: it shows none."},
         in(&s::subject)},
        {{"", "sends_sender_ref", flag(), "true",
          "Whether the peer takes sender_ref; false for endpoints of the reference software."},
         in(&s::sends_sender_ref)},
        {{"", "timeout", duration(10ms, 10min), "10s", "How long the peer may take to answer."},
         in(&s::timeout)},
        {{"", "in_flight", number(1, 1024), "16",
          "Messages that are on their way to the peer at once; 1: they arrive in their order."},
         in(&s::in_flight)}};
    result.insert(result.end(), more.begin(), more.end());
    return result;
  }();
  return all;
}

} // namespace igl::config
