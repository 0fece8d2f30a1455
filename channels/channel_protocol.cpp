#include "channels/channel_protocol.hpp"

#include "messages/errors.hpp"
#include "messages/http_date.hpp"
#include "messages/json.hpp"
#include "messages/quick_json.hpp"
#include "messages/text.hpp"
#include "messages/uri.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace igl::channel_protocol {

namespace {

/// How much of the past is asked for again where a channel has no cursor.
constexpr std::chrono::seconds overlap{5};
/// What a page of messages may weigh.
constexpr uint64_t page_bytes = uint64_t{64} << 20;
/// How much is shown of what cannot be read, in bytes.
constexpr size_t longest_excerpt = 1000;
/// In bytes; nobody is asked for a longer one.
constexpr size_t longest_id = 1000;
/// A channel without links to further pages is asked for longer lists, up to this many messages.
constexpr uint32_t longest_list = 64000;

std::string url_of(const channel_settings& at, std::string_view path) {
  auto base = std::string_view{at.url};
  while (!base.empty() && base.back() == '/')
    base.remove_suffix(1);
  return std::string{base} + std::string{path};
}

http_request request(const channel_settings& at, std::string method, std::string_view path) {
  http_request x;
  x.method = std::move(method);
  x.url = url_of(at, path);
  x.timeout = at.timeout;
  x.headers.push_back({"Accept", "application/json"});
  return x;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

std::string upper(std::string text) {
  for (auto& c : text)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

caf::error broken(const http_request& asked, const std::string& how) {
  return make_problem(errc::bad_answer, asked.method + " " + asked.url + " " + how);
}

/// Anything but a 2xx answer.
caf::error failure_in(const http_request& asked, const http_response& x) {
  if (x.status >= 400)
    return error_of(asked, x);
  if (x.status < 200 || x.status >= 300)
    return broken(asked, "answers " + std::to_string(x.status));
  return caf::none;
}

/// The parsed body of a 2xx answer.
caf::expected<nlohmann::json> body_of(const http_request& asked, const http_response& x) {
  auto body = parse_json(x.body);
  if (!body)
    return broken(asked, "answers " + std::to_string(x.status) + " without JSON");
  return body;
}

/// The id of what a channel says; empty: it has none, or none that is one.
std::string id_in(const nlohmann::json& said) {
  auto id = said.is_object() ? said.find("id") : said.end();
  if (id == said.end())
    return {};
  if (id->is_number_integer())
    return id->dump();
  return id->is_string() ? id->get<std::string>() : std::string{};
}

/// The beginning of what a channel says, for people.
std::string excerpt(const nlohmann::json& said) {
  auto text = said.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (text.size() <= longest_excerpt)
    return text;
  auto end = longest_excerpt;
  while (end > 0 && (text[end] & 0xc0) == 0x80) // within a character
    --end;
  return text.substr(0, end) + "…";
}

unreadable_message unreadable(const nlohmann::json& said, const caf::error& why) {
  auto id = id_in(said);
  if (id.size() > longest_id)
    id.clear();
  return {std::move(id), problem_of(why).detail, excerpt(said)};
}

/// The target of the link with a relation in a Link header (RFC 8288); empty: none.
std::string link_target(std::string_view header, std::string_view relation) {
  while (true) {
    auto open = header.find('<');
    auto close = header.find('>', open);
    if (open == std::string_view::npos || close == std::string_view::npos)
      return {};
    auto target = header.substr(open + 1, close - open - 1);
    header.remove_prefix(close + 1);
    auto parameters = header.substr(0, header.find(','));
    header.remove_prefix(parameters.size());
    while (!parameters.empty()) {
      auto end = std::min(parameters.find(';'), parameters.size());
      auto parameter = trimmed(parameters.substr(0, end));
      parameters.remove_prefix(std::min(end + 1, parameters.size()));
      auto equals = parameter.find('=');
      if (equals == std::string::npos || trimmed(parameter.substr(0, equals)) != "rel")
        continue;
      auto value = trimmed(parameter.substr(equals + 1));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
      if (value == relation)
        return std::string{target};
    }
  }
}

constexpr std::string_view since_mark = "?updated_since=";
constexpr std::string_view limit_mark = "&limit=";

/// A question of ours: what is new since a time.
std::string query_since(const std::string& since_encoded, const std::string& rest, uint32_t limit) {
  return std::string{since_mark} + since_encoded + rest + std::string{limit_mark} +
         std::to_string(limit);
}

/// What is asked for: the page that a link or a longer list needs, or what is new since a time.
std::string query_of(const find_channel_updates& x) {
  if (!x.cursor.empty() && x.cursor.front() == '?')
    return x.cursor;
  auto receiver = x.receiver.empty() ? "" : "&receiver=" + percent_encode(x.receiver);
  return query_since(percent_encode(x.cursor.empty() ? to_rfc3339(x.since) : x.cursor), receiver,
                     x.limit);
}

/// The limit in a query of ours; 0: it is a link's.
uint32_t limit_in(std::string_view query) {
  auto at = query.rfind(limit_mark);
  uint32_t limit = 0;
  if (query.starts_with(since_mark) && at != std::string_view::npos)
    std::from_chars(query.data() + at + limit_mark.size(), query.data() + query.size(), limit);
  return limit;
}

/// Our endpoints say in a header of theirs whether there is more; elsewhere a full page hints at
/// it.
bool says_more(const find_channel_updates& question, const http_response& x, size_t count) {
  auto said = x.header("X-More");
  return said.empty() ? question.limit > 0 && count >= question.limit : said == "true";
}

std::string time_cursor(const find_channel_updates& question, const http_response& x,
                        exchange_times when) {
  auto seen = when.asked;
  // What was stored while the answer was on its way may be missing in it.
  if (auto date = parse_http_date(x.header("Date")))
    seen = *date - (when.answered - when.asked);
  seen -= overlap;
  auto before = parse_rfc3339(question.cursor).value_or(question.since);
  return to_rfc3339(std::max(seen, before));
}

/// As a header can carry it: one that has blanks at its ends would come without them, and two keys
/// would be one. What is plain stays as it is.
std::string key_text(const std::string& key) {
  auto plain =
      std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~' && c != '%'; });
  return plain ? key : percent_encode(key);
}

} // namespace

http_request post(const channel_settings& to, const post_to_channel& x) {
  auto asked = request(to, "POST", "/messages");
  asked.headers.push_back({"Content-Type", "application/json"});
  auto key = x.idempotency_key;
  if (key.empty() && !x.content.sender_ref.empty())
    key = to_string(x.content.ref());
  if (!key.empty())
    asked.headers.push_back({"Idempotency-Key", key_text(key)});
  auto with_ref = to.sends_sender_ref && !x.content.sender_ref.empty();
  asked.body = message_to_channel(x.content, with_ref ? sender_ref_field::included
                                                      : sender_ref_field::left_out);
  return asked;
}

http_request find(const channel_settings& at, const find_channel_message& x) {
  return request(at, "GET", "/messages/" + percent_encode(x.id));
}

http_request list(const channel_settings& at, const find_channel_updates& x) {
  auto asked = request(at, "GET", "/messages" + query_of(x));
  asked.max_body = page_bytes;
  return asked;
}

http_request subscribe(const channel_settings& at, const subscription_request& x) {
  auto asked = request(at, "POST", at.subscription_path);
  asked.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  constexpr std::string_view prefix = "jurisdiction.";
  auto topic = x.topic;
  // There the topic is the bare jurisdiction (wire.md, Channel API).
  if (ends_with(at.subscription_path, "/by_jurisdiction") && topic.rfind(prefix, 0) == 0)
    topic = upper(topic.substr(prefix.size()));
  auto add = [&](const char* name, const std::string& value) {
    if (!value.empty())
      asked.body +=
          (asked.body.empty() ? "" : "&") + std::string{name} + "=" + percent_encode(value);
  };
  add("hub.mode", x.mode);
  add("hub.topic", topic);
  add("hub.callback", x.callback);
  add("hub.lease_seconds", x.lease_seconds);
  add("hub.secret", x.secret);
  return asked;
}

namespace {

/// Where the mistake can be, for whoever reads it on the node's side.
std::string what_to_check(const channel_settings& at) {
  auto here = "of channel " + at.id;
  switch (at.auth.kind) {
  case channel_auth::none:
    return "check auth.kind " + here + ": its endpoint wants a token, and none is configured";
  case channel_auth::token:
    return "check auth.token " + here + ", and [[nodes]] at its endpoint";
  case channel_auth::oauth2:
    break;
  }
  return "check auth.client_id and auth.scope " + here +
         ", and [[nodes]] and [access] at its endpoint";
}

} // namespace

caf::error access_fault(const channel_settings& at, const http_request& asked,
                        const http_response& x) {
  auto not_for_this = x.status == 403 && !x.header("WWW-Authenticate").empty();
  if (x.status != 401 && !not_for_this)
    return caf::none;
  auto what =
      not_for_this ? "this node's token is not good for what it asks" : "this node is not let in";
  return make_problem(errc::peer_failed, what + ("; " + what_to_check(at)) + ": " +
                                             problem_of(error_of(asked, x)).detail);
}

caf::error without_token(const channel_settings& at, const caf::error& why) {
  if (worth_retrying(why))
    return make_problem(errc::peer_unreachable, "no access token: " + sentence_of(why));
  return make_problem(errc::peer_failed,
                      "no access token for channel " + at.id + ": " + problem_of(why).detail);
}

caf::expected<channel_receipt> read_receipt(const http_request& asked, const http_response& x) {
  // A proxy in front of the channel speaks: what is behind it may have taken the message.
  if (x.status == 502 || x.status == 504)
    return make_problem(x.status == 502 ? errc::peer_lost : errc::peer_timeout,
                        problem_of(error_of(asked, x)).detail);
  if (auto why = failure_in(asked, x))
    return why;
  if (auto usual = quick_json::string_members(x.body);
      usual && usual->size() == 1 && usual->front().first == "id" && !usual->front().second.empty())
    return channel_receipt{std::move(usual->front().second)};
  auto body = body_of(asked, x);
  if (!body)
    return body.error();
  auto id = id_in(*body);
  if (id.empty())
    return broken(asked, "answers without an id that is a number or a text: " + excerpt(*body));
  return channel_receipt{std::move(id)};
}

caf::expected<channel_message> read_message(const http_request& asked, const http_response& x) {
  if (x.status == 404)
    return make_problem(errc::not_found, asked.url + " is not known to the channel");
  if (auto why = failure_in(asked, x))
    return why;
  const auto confirmation = parse_confirmation_kind(x.header("X-Confirmation"));
  if (auto usual = usual_channel_message(x.body)) {
    usual->confirmation = confirmation;
    return std::move(*usual);
  }
  auto body = body_of(asked, x);
  if (!body)
    return body.error();
  auto said = channel_message_from_wire(*body);
  if (!said)
    return broken(asked, "answers what cannot be read, " + problem_of(said.error()).detail + ": " +
                             excerpt(*body));
  said->confirmation = confirmation;
  return said;
}

namespace {

/// Where to go on without a link. A list as long as it may be can be the beginning of a longer one,
/// whose rest a cursor that moves on would skip; and no element says how new it is. So a longer
/// list is asked for, from the same time; what comes twice is known by its id.
caf::error go_on_without_link(channel_page& page, const find_channel_updates& question,
                              const http_request& asked, const http_response& x, size_t count,
                              exchange_times when) {
  if (count == 0) {
    page.cursor = question.cursor.empty() ? to_rfc3339(question.since) : question.cursor;
    return caf::none;
  }
  auto query = query_of(question);
  auto limit = limit_in(query);
  // 0: the last page of a channel that gave links before.
  auto asked_longer = limit > question.limit;
  if (limit == 0 || (count < limit && !(asked_longer && count == limit / 2))) {
    page.cursor = time_cursor(question, x, when);
    return caf::none;
  }
  // As many as the last time, though twice as many were asked for: it has a limit of its own.
  if (count < limit)
    return broken(asked, "answers " + std::to_string(count) +
                             " messages again and no link to further ones; if there are more, they "
                             "cannot be asked for. has_updated_since = false fetches each by its "
                             "id");
  if (limit > longest_list / 2)
    return broken(asked, "answers more than " + std::to_string(limit) +
                             " messages and no link to further ones");
  page.cursor = query.substr(0, query.rfind(limit_mark)) + std::string{limit_mark} +
                std::to_string(2 * limit);
  page.more = true;
  return caf::none;
}

/// What an answer lists; no cursor yet.
caf::expected<channel_page> listed_in(const http_request& asked, const http_response& x) {
  channel_page page;
  if (auto why = failure_in(asked, x))
    return why;
  if (auto usual = usual_channel_messages(x.body)) {
    page.messages = std::move(*usual);
    return page;
  }
  auto body = body_of(asked, x);
  if (!body)
    return body.error();
  if (body->is_object() && body->contains("messages"))
    *body = nlohmann::json((*body)["messages"]);
  if (!body->is_array())
    return broken(asked, "answers no list of messages");
  for (auto& element : *body) {
    auto said = channel_message_from_wire(element);
    if (said)
      page.messages.push_back(std::move(*said));
    else
      page.unreadable.push_back(unreadable(element, said.error()));
  }
  return page;
}

} // namespace

caf::expected<channel_page> read_page(const find_channel_updates& question,
                                      const http_request& asked, const http_response& x,
                                      exchange_times when) {
  auto link =
      !question.cursor.empty() && question.cursor.front() == '?' && limit_in(question.cursor) == 0;
  if (link && (x.status == 400 || x.status == 404 || x.status == 410))
    return make_problem(errc::bad_request, problem_of(error_of(asked, x)).detail);
  auto page = listed_in(asked, x);
  if (!page)
    return page;
  const auto count = page->messages.size() + page->unreadable.size();
  auto next = link_target(x.header("Link"), "next");
  if (auto at = next.find('?'); at != std::string::npos) {
    // Only the query: the path is ours, and a token must not follow a link elsewhere.
    page->cursor = next.substr(at, next.find('#') - at);
    if (!parse_http_url("http://h/" + page->cursor))
      return broken(asked, "links to further messages with what is no URL");
    page->more = says_more(question, x, count);
  } else if (auto why = go_on_without_link(*page, question, asked, x, count, when)) {
    return why;
  }
  return page;
}

caf::expected<subscription_accepted> read_acceptance(const http_request& asked,
                                                     const http_response& x) {
  if (auto why = failure_in(asked, x))
    return why;
  return subscription_accepted{};
}

bool tells_up(const caf::error& outcome) {
  if (!outcome)
    return true;
  auto code = code_of(outcome);
  return code == errc::peer_refused || code == errc::not_found;
}

} // namespace igl::channel_protocol
