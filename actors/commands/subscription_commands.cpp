#include "actors/commands/client_commands.hpp"

#include "messages/errors.hpp"
#include "messages/uri.hpp"

#include <nlohmann/json.hpp>

#include <ostream>

namespace igl::commands {

namespace {

using nlohmann::json;

std::string text_in(const json& x, const char* name) {
  return x.value(name, std::string{});
}

void print(const printer& out, const json& x) {
  out << text_in(x, "callback") << "  " << text_in(x, "topic") << "  until "
      << text_in(x, "lease_ends") << (x.value("has_secret", false) ? "  with a secret" : "")
      << '\n';
}

void print_report(const printer& out, const json& x) {
  for (auto& one : x.at("subscriptions"))
    print(out, one);
  auto& waiting = x.at("waiting");
  out << waiting.value("events", uint64_t{0}) << " events wait"
      << (waiting.value("paused", false) ? ", paused" : "");
  if (waiting.contains("first")) {
    out << "; the first is " << waiting["first"].get<uint64_t>() << ", tried "
        << waiting.value("first_attempts", uint64_t{0}) << " times in vain";
    if (auto error = text_in(waiting, "first_error"); !error.empty())
      out << ": " << error;
  }
  out << '\n';
  for (auto& one : x.at("deliveries"))
    out << text_in(one, "at") << "  " << text_in(one, "event") << "  " << text_in(one, "about")
        << "  " << text_in(one, "detail") << '\n';
}

int show_one(node_client& node, const terminal& term, const std::string& callback) {
  auto report =
      node.operation("GET", "/operator/subscriptions?callback=" + percent_encode(callback));
  if (!report)
    return fail(term, "subscriptions show", report.error());
  if (term.json)
    term.out << *report << '\n';
  else
    print_report(term.out, *report);
  return 0;
}

} // namespace

int subscriptions(node_client& node, const terminal& term, const std::string& callback) {
  if (!callback.empty())
    return show_one(node, term, callback);
  std::string place;
  for (bool first = true;; first = false) {
    auto page = node.operation("GET", "/operator/subscriptions?limit=500" + place);
    if (!page)
      return fail(term, "subscriptions list", page.error());
    auto& all = page->at("subscriptions");
    if (all.empty() && first && !term.json)
      term.out << "no subscriptions\n";
    for (auto& x : all)
      if (term.json)
        term.out << x << '\n';
      else
        print(term.out, x);
    if (!page->contains("next"))
      return 0;
    auto& next = page->at("next");
    place = "&after_topic=" + percent_encode(text_in(next, "after_topic")) +
            "&after_callback=" + percent_encode(text_in(next, "after_callback"));
  }
}

int act_on_subscriber(node_client& node, const terminal& term, const std::string& act,
                      const std::string& callback) {
  auto answer = node.operation("POST", "/operator/subscriptions/" + act +
                                           "?callback=" + percent_encode(callback));
  if (!answer)
    return fail(term, "subscriptions " + act, answer.error());
  if (term.json)
    term.out << *answer << '\n';
  else
    for (auto& outcome : answer->at("outcomes"))
      term.out << outcome.get<std::string>() << '\n';
  return answer->value("in_vain", false) ? 1 : 0;
}

} // namespace igl::commands
