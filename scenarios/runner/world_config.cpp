#include "scenarios/runner/world.hpp"

#include "messages/errors.hpp"
#include "messages/text.hpp"
#include "scenarios/runner/grammar.hpp"

#include <algorithm>

namespace igl::scenario {

namespace {

std::string toml_text(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      result += '\\';
    result += c;
  }
  return result + '"';
}

std::string list_of(const std::vector<std::string>& all) {
  std::string text;
  for (auto& x : all)
    text += (text.empty() ? "" : ", ") + toml_text(x);
  return "[" + text + "]";
}

/// As a configuration file would have it: numbers and truths bare, everything else quoted; `[a,b]`
/// is a list of texts.
std::string as_toml(const std::string& value) {
  if (value.size() >= 2 && value.front() == '[' && value.back() == ']')
    return list_of(parts_of(value.substr(1, value.size() - 2)));
  const bool bare = value == "true" || value == "false" ||
                    (!value.empty() && value.find_first_not_of("0123456789.") == std::string::npos);
  return bare ? value : toml_text(value);
}

std::string lines_of(const settings& how) {
  std::string text;
  for (auto& [name, value] : how)
    text += name + " = " + as_toml(value) + '\n';
  return text;
}

/// Which part of a channel's settings configures its endpoints, and which the nodes on it.
enum class side : uint8_t { endpoint, node };
settings part_of(const settings& all, side which) {
  constexpr std::string_view endpoints = "endpoint.";
  settings result;
  for (auto& [name, value] : all) {
    const bool of_endpoint = name.rfind(endpoints, 0) == 0 || name.rfind("medium.", 0) == 0;
    if (of_endpoint == (which == side::endpoint))
      result.emplace_back(name.rfind(endpoints, 0) == 0 ? name.substr(endpoints.size()) : name,
                          value);
  }
  return result;
}

} // namespace

std::string world::own_settings() const {
  return "streams.kind = \"in-process\"\noperator.token = \"scenario\"\n"
         "streams.reconcile_interval = \"5m\"\n";
}

std::string world::node_config(const std::string& nation) const {
  auto text = "jurisdiction = " + toml_text(nation) +
              "\ndata_dir = " + toml_text(folder_ + "/" + nation) + "\n" + own_settings();
  text += lines_of(nations_.at(nation));
  for (auto& other : nation_order_)
    if (other != nation)
      text +=
          "document_apis." + other + " = " + toml_text(url_of("node-" + lower_case(other))) + '\n';
  text += "[[listeners]]\naddress = " + toml_text(address_of("node-" + lower_case(nation))) +
          "\napis = [\"message\", \"document\", \"subscriptions\", \"message-reception\", "
          "\"operator\"]\n";
  for (auto& name : channel_order_) {
    auto& channel = channels_.at(name);
    auto others = channel.between;
    if (std::erase(others, nation) == 0)
      continue;
    text += "[[channels]]\nid = " + toml_text(name) +
            "\nurl = " + toml_text(url_of(name + "-" + lower_case(nation))) +
            "\njurisdictions = " + list_of(others) + '\n' +
            lines_of(part_of(channel.how, side::node));
  }
  return text;
}

std::string world::endpoint_config(const channel_plan& channel, const std::string& nation) const {
  auto host = channel.name + "-" + lower_case(nation);
  // Processes have no memory in common, but a database that all can open.
  auto medium = channel.medium;
  if (is_live() && medium == "memory")
    medium = "shared-database";
  // A stream is a log that only grows, too.
  if (!is_live() && medium == "stream")
    medium = "memory";
  auto text = "endpoint = " + toml_text(host) + "\ndata_dir = " + toml_text(folder_ + "/" + host) +
              "\njurisdictions = " + list_of({nation}) +
              "\nparticipants = " + list_of(channel.between) + "\n" + own_settings() +
              "medium.kind = " + toml_text(medium) + '\n';
  auto how = part_of(channel.how, side::endpoint);
  const bool says_interval =
      std::any_of(how.begin(), how.end(), [](auto& x) { return x.first == "medium.interval"; });
  if (!says_interval)
    how.emplace_back("medium.interval", "1s");
  if (medium == "shared-database" || medium == "chain")
    how.emplace_back("medium.path", medium_path(channel.name));
  if (channel.medium == "api")
    how.emplace_back("medium.path", folder_ + "/" + host + ".incoming");
  for (auto& given : medium_settings(channel))
    how.push_back(given);
  text += lines_of(how);
  text += "[[listeners]]\naddress = " + toml_text(address_of(host)) +
          "\napis = [\"channel\", \"operator\"]\n";
  if (channel.medium == "api")
    for (auto& other : channel.between)
      if (other != nation)
        text += "[[peers]]\nid = " + toml_text(lower_case(other)) +
                "\njurisdictions = " + list_of({other}) +
                "\nurl = " + toml_text(url_of(channel.name + "-" + lower_case(other))) + '\n';
  return text;
}

std::string world::in_the_story(const std::string& line) const {
  auto text = called_.in_the_story(line);
  // The folder is another one each time.
  const auto mine = path_of("");
  for (auto at = text.find(mine); at != std::string::npos; at = text.find(mine, at))
    text.erase(at, mine.size());
  return text;
}

caf::error world::join(const std::string& nation, const std::string& channel) {
  auto& plan = channels_.at(channel);
  auto is_on_it = [&](const std::string& who) {
    return std::find(plan.between.begin(), plan.between.end(), who) != plan.between.end();
  };
  if (is_on_it(nation))
    return make_problem(errc::bad_request, nation + " is on channel " + channel + " already");
  auto host = channel + "-" + lower_case(nation);
  if (auto why = claim(host, "the endpoint " + channel + "/" + nation))
    return why;
  plan.between.push_back(nation);
  if (auto why = check_channel(plan)) {
    plan.between.pop_back();
    return why;
  }
  if (auto why = start(add_endpoint(plan, nation)))
    return why;
  for (auto& x : processes_) {
    const bool node = x->is == process::kind::node;
    if (!is_on_it(x->nation) || x->host == host || !(node || x->channel == channel))
      continue;
    x->config = node ? node_config(x->nation) : endpoint_config(plan, x->nation);
    if (!x->running)
      continue;
    stop(*x);
    if (auto why = start(*x))
      return why;
  }
  return caf::none;
}

} // namespace igl::scenario
