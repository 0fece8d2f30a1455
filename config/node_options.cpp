#include "config/auth_options.hpp"

namespace igl::config {

namespace {

using namespace std::chrono_literals;

constexpr uint64_t gibibyte = uint64_t{1} << 30;

template <class Settings>
using rows = std::vector<option<Settings>>;

rows<node_settings> node_rows() {
  using s = node_settings;
  rows<s> all{{{"", "jurisdiction", text_of(forms::jurisdiction), std::nullopt,
                "The jurisdiction whose node this is."},
               in(&s::jurisdiction)}};
  append(all, common_options_at_top(file_kind::node));
  all.push_back({{"", "accept_foreign_sender", flag(), "false",
                  "Whether POST /message takes messages of other senders: for tests that act as "
                  "the other side."},
                 in(&s::accept_foreign_sender)});
  all.push_back({{"", "reception_url", text_of(forms::base_url), "",
                  "How channels reach the message reception API; empty: the address of its "
                  "listener, which must then be one address and not 0.0.0.0.",
                  secrecy::open, takes_effect::at_reload},
                 in(&s::reception_url)});
  append(all, common_sections(file_kind::node));
  rows<s> spider{
      {{"spider", "link_depth", number(0, 64), "4",
        "How many links away from a message's obj documents are fetched; 0: the obj only."},
       in(&s::link_depth)},
      {{"spider", "links_per_document", number(0, 100'000), "100",
        "Links that are followed in one document."},
       in(&s::links_per_document)},
      {{"spider", "retrieved_document_bytes", size(1024, 1024 * gibibyte), "1GiB",
        "The largest document that is fetched from another government."},
       in(&s::retrieved_document_bytes)},
      {{"spider", "retrievals_per_jurisdiction", number(1, 65536), "8",
        "Documents that are fetched from one government at once."},
       in(&s::retrievals_per_jurisdiction)},
      {{"spider", "retrieval_timeout", duration(100ms, 10min), "5m",
        "How long one document may take."},
       in(&s::retrieval_timeout)}};
  reloadable(spider);
  all.insert(all.end(), spider.begin(), spider.end());
  return all;
}

rows<channel_settings> filter_rows() {
  using s = channel_settings;
  using f = filter_settings;
  rows<s> result;
  auto part = [&](const std::string& name, filter_settings s::*where) {
    result.push_back({filter_row("", "filters." + name, "allow"), in(where, &f::allow)});
    result.push_back({filter_row("", "filters." + name, "deny"), in(where, &f::deny)});
  };
  part("sender", &s::sender);
  part("receiver", &s::receiver);
  part("subject", &s::subject);
  part("obj", &s::obj);
  part("predicate", &s::predicate);
  return result;
}

rows<channel_settings> channel_rows() {
  using s = channel_settings;
  rows<s> all{
      {{"", "id", text_of(forms::identifier), std::nullopt, "What the node calls the channel."},
       in(&s::id)},
      {{"", "name", any_text(), "", "What people call the channel."}, in(&s::name)},
      {{"", "kind", one_of({"http"}), "http", "How it is spoken to: a Channel API somewhere else."},
       in(&s::kind)},
      {{"", "url", text_of(forms::base_url), std::nullopt, "Where its Channel API is."},
       in(&s::url)},
      {{"", "jurisdictions", list_of(forms::jurisdiction), "",
        "The receivers it reaches; empty: any."},
       in(&s::jurisdictions)},
      {{"", "serves", some_of({"posting", "receiving"}), "posting,receiving",
        "Which halves of the Channel API its endpoint serves: nothing is posted to one that is for "
        "receiving only, and nothing is expected from one that is for posting only."},
       in(&s::serves)}};
  auto auth = auth_rows(&s::auth, "node", "the channel");
  auto filters = filter_rows();
  all.insert(all.end(), auth.begin(), auth.end());
  all.insert(all.end(), filters.begin(), filters.end());
  rows<s> more{
      {{"", "sends_sender_ref", flag(), "true",
        "Whether it takes sender_ref; false for endpoints of the reference software."},
       in(&s::sends_sender_ref)},
      {{"", "has_updated_since", flag(), "true",
        "Whether it can be asked what is new; false: only notifications tell."},
       in(&s::has_updated_since)},
      {{"", "subscription_path", text_of(forms::url_path), "/subscriptions",
        "Where the node subscribes, below the URL."},
       in(&s::subscription_path)},
      {{"", "subscription_secret", text_of(forms::subscription_secret), "",
        "The secret that notifications are signed with (hub.secret); empty: they are not.",
        secrecy::all},
       in(&s::subscription_secret)},
      {{"", "poll_interval", duration(10ms, 24h), "2s",
        "The longest pause between two questions about a posted message."},
       in(&s::poll_interval)},
      {{"", "revocable_for", duration(0ms, 720h), "1h",
        "How long after a confirmation the node goes on asking whether it was revoked, unless the "
        "endpoint says that its confirmations are final: on a channel that can fork, such as one "
        "over a chain, as long as its operator says, and longer than the endpoint's medium.grace. "
        "0: every confirmation is final, and nobody hears of a revocation."},
       in(&s::revocable_for)},
      {{"", "updates_interval", duration(10ms, 24h), "30s",
        "The pause between two questions about what is new, in case a notification was lost."},
       in(&s::updates_interval)},
      {{"", "timeout", duration(10ms, 10min), "10s", "How long it may take to answer."},
       in(&s::timeout)},
      {{"", "in_flight", number(1, 65536), "32", "Requests to it that are under way at once."},
       in(&s::in_flight)}};
  all.insert(all.end(), more.begin(), more.end());
  reloadable(all);
  return all;
}

} // namespace

template <>
const rows<node_settings>& options<node_settings>() {
  static const auto all = node_rows();
  return all;
}

template <>
const rows<channel_settings>& options<channel_settings>() {
  static const auto all = channel_rows();
  return all;
}

option_row filter_row(const std::string& section, const std::string& part,
                      const std::string& which) {
  auto name = part.substr(part.rfind('.') + 1);
  auto meaning = which == "allow"
                     ? "Only messages whose " + name + " matches one of these pass; empty: any."
                     : "No message whose " + name + " matches one of these passes.";
  return {section, part + "." + which, list_of(forms::pattern), "", meaning};
}

const rows<listener_settings>& listener_options(file_kind of) {
  using s = listener_settings;
  auto made = [](std::vector<std::string> apis) {
    return rows<s>{
        {{"", "address", text_of(forms::address), std::nullopt,
          "Where the listener listens; port 0: a free one."},
         in(&s::address)},
        {{"", "apis", some_of(std::move(apis)), std::nullopt, "What it serves."}, in(&s::apis)}};
  };
  static const auto of_node =
      made({"message", "document", "subscriptions", "message-reception", "operator"});
  static const auto of_endpoint = made({"channel", "operator"});
  return of == file_kind::endpoint ? of_endpoint : of_node;
}

} // namespace igl::config
