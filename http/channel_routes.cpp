#include "http/channel_form.hpp"
#include "http/detail/channel_door.hpp"

#include "messages/json.hpp"
#include "messages/text.hpp"
#include "messages/topic.hpp"
#include "messages/uri.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace igl {

namespace {

constexpr uint32_t usual_page = 500;
constexpr uint32_t longest_page = 5000;

void refuse(const std::shared_ptr<exchange>& x, field_faults faults) {
  x->reply({400, std::move(faults.json)});
}

std::string wire_of(const channel_message& x) {
  return channel_message_to_wire(x, x.content.sender_ref.empty() ? sender_ref_field::left_out
                                                                 : sender_ref_field::included);
}

/// Asks the API's actor for a caller.
template <class Order, class Then>
void ask(const std::shared_ptr<exchange>& x, const services_ptr& with, const caller& who,
         Order order, Then then) {
  order.as_jurisdiction = who.jurisdiction;
  with->through.ask_or(x, with->who.channel, timeouts::api, std::move(order), std::move(then),
                       [=](const caf::error& why) { refuse_caller(x, who, why); });
}

/// A key is the sender's, and may be any text: it comes percent-encoded from us. What is not
/// encoded well was meant as it is.
std::string key_of(const exchange& x) {
  auto given = x.header("Idempotency-Key");
  auto key = percent_decode(given);
  return key && is_utf8(*key) ? *key : given;
}

void post(const std::shared_ptr<exchange>& x, const services_ptr& with, const caller& who) {
  if (!x->demand("application/json"))
    return;
  x->read(with->how.message_bytes, [=](const std::string& body) {
    auto read = parse_channel_post(body, with->how.known);
    if (auto faults = std::get_if<field_faults>(&read))
      return refuse(x, std::move(*faults));
    post_to_channel order{std::move(std::get<message>(read)), key_of(*x)};
    ask(x, with, who, std::move(order), [=](const channel_receipt& y) {
      answer created{201, nlohmann::json{{"id", y.id}}.dump()};
      created.headers.push_back({"Link", "<" + x->origin() +
                                             "/messages/subscriptions/by_id>; rel=\"hub\", <" +
                                             y.id + ">; rel=\"self\""});
      x->reply(std::move(created));
    });
  });
}

/// Another side of the channel hands over a message (wire.md, simplex).
void take_over(const std::shared_ptr<exchange>& x, const services_ptr& with, const caller& who) {
  if (!x->demand("application/json"))
    return;
  x->read(with->how.message_bytes, [=](const std::string& body) {
    auto read = parse_channel_post(body, with->how.known);
    if (auto faults = std::get_if<field_faults>(&read))
      return refuse(x, std::move(*faults));
    incoming_message order{std::move(std::get<message>(read)), key_of(*x), who.node};
    with->through.ask_or(
        x, with->who.incoming, timeouts::api, std::move(order),
        [=](const channel_receipt& y) {
          x->reply({200, nlohmann::json{{"status", "delivered"}, {"id", y.id}}.dump()});
        },
        [=](const caf::error& why) { refuse_caller(x, who, why); });
  });
}

/// A header, for clients of the reference software may not know another member.
answer shown(const channel_message& found, std::string body) {
  answer result{200, std::move(body)};
  if (auto word = to_string(found.confirmation); !word.empty())
    result.headers.push_back({"X-Confirmation", word});
  return result;
}

/// Only the fields that the query names: `?fields=status,id`.
void show_fields(const std::shared_ptr<exchange>& x, const channel_message& found,
                 std::string_view fields) {
  auto whole = nlohmann::json::parse(wire_of(found));
  auto chosen = nlohmann::json::object();
  while (!fields.empty()) {
    auto end = std::min(fields.find(','), fields.size());
    std::string name{trimmed(fields.substr(0, end))};
    fields.remove_prefix(std::min(end + 1, fields.size()));
    if (!whole.contains(name))
      return refuse(x, fault_in("fields", "Unknown field: " + name + "."));
    chosen[name] = whole[name];
  }
  x->reply(shown(found, chosen.dump()));
}

void show(const std::shared_ptr<exchange>& x, const services_ptr& with, const caller& who) {
  ask(x, with, who, find_channel_message{x->captured[0]},
      [x, fields = x->asked.value("fields")](const channel_message& found) {
        if (fields.empty())
          return x->reply(shown(found, wire_of(found)));
        show_fields(x, found, fields);
      });
}

bool serves(const server_options& how, channel_half which) {
  auto& all = how.channel_halves;
  return std::find(all.begin(), all.end(), which) != all.end();
}

/// Which page of changes the query asks for; field_faults if it asks for none.
std::variant<find_channel_updates, field_faults> updates_asked(const form& query,
                                                               const jurisdictions& known) {
  find_channel_updates asked;
  asked.limit = usual_page;
  asked.cursor = query.value("cursor");
  asked.receiver = query.value("receiver");
  if (!asked.receiver.empty() && !known.contains(asked.receiver))
    return fault_in("receiver", "Not a known jurisdiction.");
  asked.sender = query.value("sender");
  if (!asked.sender.empty() && !known.contains(asked.sender))
    return fault_in("sender", "Not a known jurisdiction.");
  if (auto since = query.value("updated_since"); !since.empty()) {
    // The plus of an offset that was not encoded has become a space.
    if (auto offset = since.rfind(' '); offset != std::string::npos && offset > since.find('T'))
      since[offset] = '+';
    auto time = parse_rfc3339(since);
    if (!time)
      return fault_in("updated_since", "Not a valid datetime.");
    asked.since = *time;
  }
  if (query.has("limit")) {
    auto limit = parse_number(query.value("limit"));
    if (!limit || *limit == 0)
      return fault_in("limit", "Not a positive number.");
    asked.limit = static_cast<uint32_t>(std::min<uint64_t>(*limit, longest_page));
  }
  return asked;
}

void list_updates(const std::shared_ptr<exchange>& x, const services_ptr& with, const caller& who) {
  auto read = updates_asked(x->asked, with->how.known);
  if (auto faults = std::get_if<field_faults>(&read))
    return refuse(x, std::move(*faults));
  auto& asked = std::get<find_channel_updates>(read);
  if (!serves(with->how, asked.sender.empty() ? channel_half::receiving : channel_half::posting))
    return x->fail(make_problem(errc::method_not_allowed));
  auto next = x->origin() + "/messages?limit=" + std::to_string(asked.limit);
  if (!asked.receiver.empty())
    next += "&receiver=" + asked.receiver;
  if (!asked.sender.empty())
    next += "&sender=" + asked.sender;
  ask(x, with, who, asked, [=](const channel_page& page) {
    answer list{200, "["};
    for (auto& found : page.messages)
      list.body += (list.body.size() > 1 ? "," : "") + wire_of(found);
    list.body += "]";
    list.headers.push_back(
        {"Link", "<" + next + "&cursor=" + percent_encode(page.cursor) + ">; rel=\"next\""});
    list.headers.push_back({"X-More", page.more ? "true" : "false"});
    x->reply(std::move(list));
  });
}

void revoke(const std::shared_ptr<exchange>& x, const services_ptr& with, const caller& who) {
  read_form(x, [=](const form& fields) {
    if (!fields.has("status"))
      return refuse(x, fault_in("status", "Missing data for required field."));
    if (parse_channel_status(fields.value("status")) != channel_status::revoked)
      return refuse(x, fault_in("status", "Must be revoked."));
    ask(x, with, who, revoke_channel_message{x->captured[0]}, [=](const channel_message& found) {
      x->reply({200, wire_of(found)});
    });
  });
}

void list_participants(const std::shared_ptr<exchange>& x, const services_ptr& with,
                       const caller&) {
  with->through.ask(x, with->who.channel, find_participants{}, [=](const participants& y) {
    x->reply({200, nlohmann::json(y.codes).dump()});
  });
}

/// What `hub.topic` means: by_jurisdiction the code of one, else the topic itself.
enum class topic_form : uint8_t { topic, jurisdiction };

void subscribe(const std::shared_ptr<exchange>& x, const services_ptr& with, const caller& who,
               topic_form meaning) {
  read_form(x, [=](const form& fields) {
    auto asked = subscription_of(fields);
    if (meaning == topic_form::jurisdiction && !asked.topic.empty()) {
      if (!with->how.known.contains(asked.topic))
        return x->fail(make_problem(errc::topic_validation, "hub.topic must be a jurisdiction",
                                    nlohmann::json::array({asked.topic}).dump()));
      asked.topic = jurisdiction_topic(asked.topic);
    }
    ask(x, with, who, std::move(asked), [=](const subscription_accepted&) { x->reply({202, {}}); });
  });
}

} // namespace

void add_channel_routes(router& to, const services_ptr& with) {
  auto serves_half = [&](channel_half which) {
    return serves(with->how, which);
  };
  auto add = [&](const char* method, const char* path, auto handle) {
    to.add(method, path,
           known_callers_only(with->how.channel_access, with,
                              [=](auto& x, const caller& who) { handle(x, with, who); }));
  };
  auto subscribe_to = [](topic_form meaning) {
    return [=](auto& x, const services_ptr& through, const caller& who) {
      subscribe(x, through, who, meaning);
    };
  };
  if (serves_half(channel_half::posting)) {
    add("POST", "/messages", post);
    add("PUT", "/messages/{}/status", revoke);
  }
  add("GET", "/messages", list_updates);
  if (serves_half(channel_half::receiving)) {
    if (with->who.incoming)
      to.add("POST", "/messages/incoming",
             known_callers_only(with->how.peer_access, with,
                                [=](auto& x, const caller& who) { take_over(x, with, who); }));
    // The older names of the reference software.
    add("POST", "/messages/subscriptions/by_jurisdiction", subscribe_to(topic_form::jurisdiction));
  }
  add("POST", "/messages/subscriptions/by_id", subscribe_to(topic_form::topic));
  add("POST", "/subscriptions", subscribe_to(topic_form::topic));
  add("GET", "/messages/{}", show);
  add("GET", "/participants", list_participants);
  if (with->who.desk)
    add_subscriber_routes(to, with);
}

} // namespace igl
