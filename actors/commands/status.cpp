#include "actors/commands/client_commands.hpp"

#include "messages/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <iomanip>
#include <ostream>

namespace igl::commands {

namespace {

std::string bytes(uint64_t n) {
  static constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(n);
  size_t unit = 0;
  for (; value >= 1024 && unit < 4; ++unit)
    value /= 1024;
  std::ostringstream text;
  text << std::fixed << std::setprecision(unit == 0 ? 0 : 1) << value << ' ' << units[unit];
  return text.str();
}

bool is_set(caf::timestamp t) {
  return t.time_since_epoch().count() != 0;
}

/// The two largest units: "3 d 4 h".
std::string so_long(std::chrono::seconds time) {
  static constexpr std::pair<int64_t, const char*> units[] = {
      {86400, " d"}, {3600, " h"}, {60, " min"}, {1, " s"}};
  auto left = std::max<int64_t>(time.count(), 0);
  std::string text;
  int parts = 0;
  for (const auto& [seconds, name] : units) {
    if (parts == 2 || (left < seconds && parts == 0 && seconds > 1))
      continue;
    text += (parts == 0 ? "" : " ") + std::to_string(left / seconds) + name;
    left %= seconds;
    ++parts;
  }
  return text;
}

void print_actor(const printer& out, const supervision_node& node, const std::string& indent) {
  auto name = indent + node.name;
  auto up = node.state == "running" && is_set(node.started)
                ? so_long(std::chrono::duration_cast<std::chrono::seconds>(
                      std::chrono::system_clock::now() - node.started))
                : std::string{"-"};
  out << "  " << std::left << std::setw(44) << name << std::setw(12) << node.state << std::right
      << std::setw(12) << up << std::setw(4) << node.restarts
      << (node.restarts == 1 ? " restart " : " restarts") << std::setw(6) << node.mailbox
      << (node.mailbox == 1 ? " waits" : " wait");
  if (!node.doing.empty())
    out << "   " << node.doing;
  if (!node.last_error.empty())
    out << "   last error "
        << (is_set(node.last_error_at) ? to_rfc3339(node.last_error_at) + ": " : "")
        << node.last_error;
  out << '\n';
}

void print(const printer& out, const supervision_node& node, const std::string& indent) {
  print_actor(out, node, indent);
  for (const auto& child : node.children)
    print(out, child, indent + "  ");
}

/// Those that somebody should look at, without where they stand; returns how many there are in all.
uint64_t print_notable(const printer& out, const supervision_node& node) {
  bool is_busy = node.doing.starts_with("busy") || node.mailbox > 0;
  if (node.state != "running" || is_busy || !node.last_error.empty())
    print_actor(out, node, "");
  uint64_t actors = 1;
  for (const auto& child : node.children)
    actors += print_notable(out, child);
  return actors;
}

void print(const printer& out, const node_status& x) {
  out << x.service << ' ' << x.name << ", version " << x.version << ", since "
      << to_rfc3339(x.started) << "\n\n";
  const auto& ledger = x.ledger;
  out << "ledger    " << ledger.events << " events, " << ledger.messages << " messages, "
      << ledger.objects << " documents, " << ledger.subscriptions << " subscriptions, "
      << bytes(ledger.used_bytes) << " of " << bytes(ledger.map_bytes) << '\n';
  if (ledger.damaged > 0)
    out << "          DAMAGED: " << ledger.damage << "   (" << ledger.damaged
        << " found so far; igl ledger check finds all)\n";
  out << "streams   " << (x.streams.connected ? "" : "AWAY: ") << x.streams.detail << '\n';
  out << "dead letters   " << ledger.dead_letters
      << (ledger.dead_letters ? "   (igl dead-letters lists them)" : "") << "\n\n";
  // A message of a stream carries one job or several.
  out << "  " << std::left << std::setw(24) << "stream" << std::right << std::setw(10)
      << "open jobs" << std::setw(18) << "messages waiting" << std::setw(11) << "in flight" << '\n';
  for (const auto& s : x.streams.streams)
    out << "  " << std::left << std::setw(24) << to_string(s.id) << std::right << std::setw(10)
        << s.open << std::setw(18) << s.waiting << std::setw(11) << s.in_flight << '\n';
  if (!x.channels.empty())
    out << "\nchannels\n";
  for (const auto& c : x.channels) {
    // One for posting only has not been asked anything before the first message.
    auto state = c.up ? "up" : c.last_error.empty() ? "-" : "DOWN";
    out << "  " << std::left << std::setw(20) << c.id << std::setw(6) << state << c.kind << ' '
        << c.url;
    if (is_set(c.subscribed_until))
      out << ", subscribed until " << to_rfc3339(c.subscribed_until);
    if (c.bad_signatures > 0)
      out << ", " << c.bad_signatures << " notifications with a wrong signature ignored";
    if (!c.last_error.empty())
      out << ", last error " << to_rfc3339(c.last_error_at) << ": " << c.last_error;
    out << '\n';
  }
  if (const auto& reload = x.last_reload; is_set(reload.at)) {
    out << "\nlast reload   " << to_string(reload.result) << ", " << to_rfc3339(reload.at)
        << ", by " << reload.who << '\n';
    for (const auto& line : reload.said)
      out << "  " << line << '\n';
  }
  out << "\nactors that are busy, do not run or have failed\n";
  auto actors = print_notable(out, x.tree);
  out << "  of " << actors << "; igl status --tree shows all of them\n";
}

} // namespace

int status(node_client& node, const terminal& term) {
  auto answer = node.operation("GET", "/operator/status");
  if (!answer)
    return fail(term, "status", answer.error());
  if (term.json)
    term.out << *answer << '\n';
  else
    print(term.out, answer->get<node_status>());
  return 0;
}

int tree(node_client& node, const terminal& term) {
  auto answer = node.operation("GET", "/admin/tree");
  if (!answer)
    return fail(term, "status", answer.error());
  if (term.json)
    term.out << *answer << '\n';
  else
    print(term.out, answer->get<supervision_node>(), "");
  return 0;
}

} // namespace igl::commands
