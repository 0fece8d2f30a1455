#include "config/relations.hpp"

#include "config/forms.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace igl::config {

namespace {

template <class T>
bool contains(const std::vector<T>& all, const T& x) {
  return std::find(all.begin(), all.end(), x) != all.end();
}

std::string nth(const std::string& list, size_t i) {
  return list + "[" + std::to_string(i) + "]";
}

// A mistake about options of which one is wrong in itself would only confuse.
bool all_good(const reader& from, std::initializer_list<std::string> paths) {
  return std::all_of(paths.begin(), paths.end(), [&](auto& x) { return from.good(x); });
}

void check_schedules(const process_settings& x, reader& from) {
  const std::pair<const char*, const retry_settings&> all[]{
      {"retry.internal", x.retry_internal},
      {"retry.outbox", x.retry_outbox},
      {"retry.channel-pending", x.retry_channel_pending},
      {"retry.object-retrieval", x.retry_object_retrieval},
      {"retry.callback", x.retry_callback},
      {"retry.revoked", x.retry_revoked},
      {"retry.channel-notifications", x.retry_channel_notifications},
      {"retry.verification", x.retry_verification},
      {"retry.medium", x.retry_medium}};
  for (auto& [section, schedule] : all) {
    std::string first = section + std::string{".first"};
    std::string longest = section + std::string{".longest"};
    if (schedule.first > schedule.longest && all_good(from, {first, longest}))
      from.report(from.given(first) ? first : longest,
                  from.given(first)
                      ? "is longer than " + longest + " (" + duration_text(schedule.longest) +
                            "), expected at most that"
                      : "is shorter than " + first + " (" + duration_text(schedule.first) +
                            "), expected at least that");
  }
}

// Something that is bounded by the jobs in flight, and was set higher, would mislead.
void check_in_flight(const process_settings& x, const std::string& path, uint32_t bound,
                     reader& from) {
  if (bound > x.jobs_in_flight && from.given(path) &&
      all_good(from, {path, "streams.jobs_in_flight"}))
    from.report(path, "is more than streams.jobs_in_flight (" + std::to_string(x.jobs_in_flight) +
                          "), expected at most that");
}

void check_listeners(const process_settings& x, reader& from) {
  std::map<std::string, size_t> seen;
  for (size_t i = 0; i < x.listeners.size(); ++i) {
    auto& listener = x.listeners[i];
    auto address = nth("listeners", i) + ".address";
    auto apis = nth("listeners", i) + ".apis";
    auto host = forms::host_of(listener.address);
    if (!from.good(address) || host.empty())
      continue;
    if (!listener.address.ends_with(":0") && !seen.emplace(listener.address, i).second)
      from.report(address, "is " + toml_text(listener.address) +
                               " on two listeners, expected each address once");
    if (contains(listener.apis, api::operation) && !forms::is_loopback(host) &&
        x.operator_token.empty() && all_good(from, {apis, "operator.token"}))
      from.report(address, "is no loopback address and serves the operator API, expected "
                           "operator.token to be set, or 127.0.0.1");
  }
  if (x.listeners.empty() && from.good("listeners"))
    from.report("listeners", "is empty, expected at least one listener");
}

/// Others are told the URL of an API: where its listener is, unless an option says something else.
/// Of a listener on every address of this host nobody knows which one others can reach.
void check_told(const process_settings& x, api which, const std::string& option,
                const std::string& url, reader& from) {
  for (size_t i = 0; i < x.listeners.size(); ++i) {
    auto address = nth("listeners", i) + ".address";
    auto apis = nth("listeners", i) + ".apis";
    if (!url.empty() || !all_good(from, {address, apis, option}) ||
        !contains(x.listeners[i].apis, which) ||
        !forms::is_every_address(forms::host_of(x.listeners[i].address)))
      continue;
    from.report(address, "is every address of this host and serves \"" + to_string(which) +
                             "\", expected " + option +
                             " to be set: others are told a URL that they can reach");
    return;
  }
}

void check_streams(const process_settings& x, reader& from) {
  if (!x.streams_url.empty() && x.streams_kind == "in-process" && from.good("streams.kind"))
    from.report("streams.url", "is set and streams.kind is \"in-process\", expected streams.kind "
                               "= \"jetstream\", or no URL");
  if (!x.streams_url.empty() && !x.nats_server.empty())
    from.report("streams.nats_server", "is set and so is streams.url, expected one of them: with a "
                                       "URL no nats-server is started");
}

/// No lease but those between the bounds, and each is announced before it ends.
void check_leases(const process_settings& x, reader& from) {
  struct {
    const char* shorter;
    const char* longer;
    std::chrono::milliseconds least, most;
  } const rows[] = {{"hub.shortest_lease", "hub.default_lease", x.shortest_lease, x.default_lease},
                    {"hub.default_lease", "hub.longest_lease", x.default_lease, x.longest_lease},
                    {"hub.ending_notice", "hub.shortest_lease", x.ending_notice, x.shortest_lease}};
  for (auto& row : rows) {
    if (row.least <= row.most || !all_good(from, {row.shorter, row.longer}))
      continue;
    if (from.given(row.shorter))
      from.report(row.shorter, std::string{"is longer than "} + row.longer + " (" +
                                   duration_text(row.most) + "), expected at most that");
    else
      from.report(row.longer, std::string{"is shorter than "} + row.shorter + " (" +
                                  duration_text(row.least) + "), expected at least that");
  }
}

void check_connections(const process_settings& x, reader& from) {
  if (x.connections_per_address > x.connections && from.given("limits.connections_per_address") &&
      all_good(from, {"limits.connections_per_address", "limits.connections"}))
    from.report("limits.connections_per_address", "is more than limits.connections (" +
                                                      std::to_string(x.connections) +
                                                      "), expected at most that");
  // Else connections would have to be cut before anybody is told to come again.
  auto most = std::max(x.connections - x.connections / 4, 1u);
  if (x.requests_in_flight > most && from.given("limits.requests_in_flight") &&
      all_good(from, {"limits.requests_in_flight", "limits.connections"}))
    from.report("limits.requests_in_flight", "is more than three quarters of limits.connections (" +
                                                 std::to_string(x.connections) +
                                                 "), expected at most " + std::to_string(most));
}

void check_process(const process_settings& x, reader& from) {
  check_connections(x, from);
  check_schedules(x, from);
  check_listeners(x, from);
  check_streams(x, from);
  check_leases(x, from);
  check_in_flight(x, "hub.callbacks_per_host", x.callbacks_per_host, from);
}

void check_auth(const channel_auth_settings& x, const std::string& channel, reader& from) {
  const std::pair<const char*, const std::string&> of_oauth2[]{
      {".auth.client_id", x.client_id},
      {".auth.client_secret", x.client_secret},
      {".auth.token_endpoint", x.token_endpoint}};
  if (!from.good(channel + ".auth.kind"))
    return;
  auto check = [&](const std::string& path, const std::string& text, channel_auth kind) {
    if (x.kind == kind && text.empty() && from.good(path))
      from.report(path, "is missing, expected it with auth.kind = \"" + to_string(kind) + "\"");
    if (x.kind != kind && !text.empty())
      from.report(path, "is set, expected auth.kind = \"" + to_string(kind) + "\" with it");
  };
  for (auto& [key, text] : of_oauth2)
    check(channel + key, text, channel_auth::oauth2);
  check(channel + ".auth.token", x.token, channel_auth::token);
}

bool serves(const process_settings& x, api which) {
  return std::any_of(x.listeners.begin(), x.listeners.end(),
                     [&](auto& y) { return contains(y.apis, which); });
}

void check_channels(const node_settings& x, reader& from) {
  std::map<std::string, size_t> seen;
  for (size_t i = 0; i < x.channels.size(); ++i) {
    auto& channel = x.channels[i];
    auto path = nth("channels", i);
    if (!channel.id.empty() && !seen.emplace(channel.id, i).second)
      from.report(path + ".id",
                  "is " + toml_text(channel.id) + " for two channels, expected each id once");
    check_auth(channel.auth, path, from);
    check_in_flight(x, path + ".in_flight", channel.in_flight, from);
    auto receives = channel.serves_half(channel_half::receiving);
    if (receives && !channel.has_updated_since && !serves(x, api::message_reception))
      from.report(path + ".has_updated_since",
                  "is false, expected a listener with \"message-reception\": without notifications "
                  "nothing would arrive over this channel");
    if (from.given(path + ".revocable_for") && channel.revocable_for.count() > 0 &&
        !channel.serves_half(channel_half::posting) &&
        all_good(from, {path + ".revocable_for", path + ".serves"}))
      from.report(path + ".revocable_for",
                  "is set, expected serves with \"posting\": nothing is posted to this channel");
  }
}

/// Where a medium is: each kind needs its own options, and no others of these.
void check_medium(const endpoint_settings& x, reader& from) {
  if (!from.good("medium.kind"))
    return;
  auto of_stream = x.medium == medium_kind::stream;
  auto has_folder = !of_stream && x.medium != medium_kind::memory;
  struct {
    const char* path;
    const std::string& value;
    bool needed;
    const char* missing;
    const char* unneeded;
  } const rows[] = {{"medium.path", x.medium_path, has_folder, "a folder",
                     "medium.kind = \"shared-database\", \"chain\" or \"api\" with it, or no "
                     "path"},
                    {"medium.url", x.medium_url, of_stream, "the URL of a NATS",
                     "medium.kind = \"stream\" with it, or no url"},
                    {"medium.stream", x.medium_stream, of_stream, "a name",
                     "medium.kind = \"stream\" with it, or no stream"}};
  for (auto& row : rows) {
    if (!from.good(row.path))
      continue;
    if (row.needed && row.value.empty())
      from.report(row.path, std::string{"is missing, expected "} + row.missing +
                                " with medium.kind = " + toml_text(to_string(x.medium)));
    if (!row.needed && !row.value.empty())
      from.report(row.path, std::string{"is set, expected "} + row.unneeded);
  }
}

/// What a chain has lost is sent again in time only if it is looked for before it is given up.
void check_grace(const endpoint_settings& x, reader& from) {
  if (x.medium != medium_kind::chain || x.medium_sends == 1 ||
      x.medium_grace >= x.medium_send_again ||
      !all_good(from, {"medium.kind", "medium.grace", "medium.send_again", "medium.sends"}))
    return;
  auto of_grace = from.given("medium.grace");
  from.report(of_grace ? "medium.grace" : "medium.send_again",
              (of_grace ? "is shorter than medium.send_again (" +
                              duration_text(x.medium_send_again) + "), expected at least that"
                        : "is longer than medium.grace (" + duration_text(x.medium_grace) +
                              "), expected at most that") +
                  ", or medium.sends = 1: a message would be given up before it is sent again");
}

/// What only means something together with access.jwks, and what it needs.
void check_jwks(const endpoint_settings& x, reader& from) {
  auto& how = x.access;
  const std::tuple<const char*, const std::string&, bool> all[]{
      {"access.issuer", how.issuer, true},
      {"access.audience", how.audience, true},
      {"access.jurisdiction_claim", how.jurisdiction_claim, false}};
  for (auto& [path, text, needed] : all) {
    if (!all_good(from, {path, "access.jwks"}))
      continue;
    if (how.jwks.empty() && !text.empty())
      from.report(path, "is set, expected access.jwks with it");
    if (!how.jwks.empty() && needed && text.empty())
      from.report(path, "is missing, expected it with access.jwks: a token for somebody else "
                        "would open this endpoint too");
  }
  auto has_subject = [](auto& node) {
    return !node.subject.empty();
  };
  if (!how.jwks.empty() && how.jurisdiction_claim.empty() &&
      std::none_of(x.nodes.begin(), x.nodes.end(), has_subject) &&
      std::none_of(x.peers.begin(), x.peers.end(), has_subject) && from.good("nodes") &&
      from.good("peers"))
    from.report("access.jwks", "is set and no token would be taken, expected a subject in one of "
                               "[[nodes]], or access.jurisdiction_claim");
}

/// Tokens and subjects, over nodes and peers together: each opens the door to one of them.
struct secrets_seen {
  std::set<std::string> tokens{}, subjects{};
};

bool is_first(std::set<std::string>& seen, const std::string& text) {
  return text.empty() || seen.insert(text).second;
}

/// What a node and a peer that ask have in common.
template <class Element>
void check_asker(const Element& who, const std::string& path, const endpoint_settings& x,
                 secrets_seen& seen, const std::string& whose, reader& from) {
  auto that_of = "is that of " + whose + " too, expected each ";
  if (!is_first(seen.tokens, who.token))
    from.report(path + ".token", that_of + "token once");
  if (!is_first(seen.subjects, who.subject))
    from.report(path + ".subject", that_of + "subject once");
  if (!who.subject.empty() && x.access.jwks.empty() && from.good("access.jwks"))
    from.report(path + ".subject", "is set, expected access.jwks with it");
}

void check_nodes(const endpoint_settings& x, secrets_seen& seen, reader& from) {
  std::set<std::string> ids;
  for (size_t i = 0; i < x.nodes.size(); ++i) {
    auto& node = x.nodes[i];
    auto path = nth("nodes", i);
    if (!is_first(ids, node.id))
      from.report(path + ".id",
                  "is " + toml_text(node.id) + " for two nodes, expected each id once");
    check_asker(node, path, x, seen, "another node", from);
    if (node.token.empty() && node.subject.empty() &&
        all_good(from, {path + ".token", path + ".subject"}))
      from.report(path + ".token", "is missing, expected a token, or a subject with access.jwks");
    if (!node.jurisdiction.empty() && !contains(x.jurisdictions, node.jurisdiction) &&
        all_good(from, {path + ".jurisdiction", "jurisdictions"}))
      from.report(path + ".jurisdiction", "is " + toml_text(node.jurisdiction) +
                                              ", expected one of the endpoint's jurisdictions");
  }
}

/// Whom a peer speaks for: others on the channel, and nobody for whom another peer does.
void check_peer_jurisdictions(const endpoint_settings& x, const peer_settings& peer,
                              const std::string& path, std::set<std::string>& seen, reader& from) {
  for (auto& code : peer.jurisdictions) {
    auto quoted = "has " + toml_text(code);
    if (contains(x.jurisdictions, code))
      from.report(path, quoted + ", expected none of the endpoint's own jurisdictions");
    else if (!contains(x.participants, code))
      from.report(path, quoted + ", expected only some of participants");
    else if (!seen.insert(code).second)
      from.report(path, quoted + ", expected each jurisdiction once among the peers");
  }
}

void check_peers(const endpoint_settings& x, secrets_seen& seen, reader& from) {
  std::set<std::string> ids, jurisdictions, reached;
  for (size_t i = 0; i < x.peers.size(); ++i) {
    auto& peer = x.peers[i];
    auto path = nth("peers", i);
    if (x.medium != medium_kind::api && from.good("medium.kind"))
      return from.report(path + ".id", "is set, expected medium.kind = \"api\" with peers");
    if (!is_first(ids, peer.id))
      from.report(path + ".id",
                  "is " + toml_text(peer.id) + " for two peers, expected each id once");
    check_asker(peer, path, x, seen, "a node or another peer", from);
    check_auth(peer.auth, path, from);
    if (peer.url.empty() && peer.auth.kind != channel_auth::none && from.good(path + ".url"))
      from.report(path + ".url",
                  "is missing, expected it with auth.kind = \"" + to_string(peer.auth.kind) + "\"");
    if (all_good(from, {path + ".jurisdictions", "jurisdictions", "participants"}))
      check_peer_jurisdictions(x, peer, path + ".jurisdictions", jurisdictions, from);
    if (!peer.url.empty() || !from.good(path + ".url"))
      reached.insert(peer.jurisdictions.begin(), peer.jurisdictions.end());
  }
  if (x.medium != medium_kind::api || !x.serves_half(channel_half::posting) ||
      !all_good(from, {"jurisdictions", "participants", "serves", "medium.kind", "peers"}))
    return;
  for (auto& code : x.participants)
    if (!contains(x.jurisdictions, code) && reached.count(code) == 0)
      from.report("participants", "has " + toml_text(code) +
                                      ", expected one of [[peers]] with a url that takes messages "
                                      "for it");
}

} // namespace

void check_relations(const node_settings& x, reader& from) {
  check_process(x, from);
  check_channels(x, from);
  if (std::any_of(x.channels.begin(), x.channels.end(),
                  [](auto& y) { return y.serves_half(channel_half::receiving); }))
    check_told(x, api::message_reception, "reception_url", x.reception_url, from);
  check_told(x, api::subscriptions, "hub.url", x.hub_url, from);
  check_in_flight(x, "spider.retrievals_per_jurisdiction", x.retrievals_per_jurisdiction, from);
}

void check_relations(const endpoint_settings& x, reader& from) {
  check_process(x, from);
  check_told(x, api::channel, "hub.url", x.hub_url, from);
  check_medium(x, from);
  check_grace(x, from);
  check_jwks(x, from);
  secrets_seen seen;
  check_nodes(x, seen, from);
  check_peers(x, seen, from);
  if (!all_good(from, {"jurisdictions", "participants"}))
    return;
  for (auto& code : x.jurisdictions)
    if (!contains(x.participants, code))
      from.report("jurisdictions",
                  "has " + toml_text(code) + ", expected only some of participants");
}

} // namespace igl::config
