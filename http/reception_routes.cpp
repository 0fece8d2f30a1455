#include "http/detail/routes.hpp"

#include "messages/json.hpp"
#include "messages/quick_json.hpp"

#include <nlohmann/json.hpp>

namespace igl {

namespace {

/// The id of a channel's message out of a notification; none if there is none. Some channels
/// number their messages.
caf::optional<std::string> message_id_in(const std::string& body) {
  if (auto usual = quick_json::string_members(body))
    for (auto& [name, value] : *usual)
      if (name == "id" && !value.empty())
        return std::move(value);
  auto json = parse_json(body);
  if (!json || !json->is_object())
    return caf::none;
  auto id = json->find("id");
  if (id == json->end())
    return caf::none;
  if (id->is_number_integer())
    return id->dump();
  if (id->is_string() && !id->get_ref<const std::string&>().empty())
    return id->get<std::string>();
  return caf::none;
}

void confirm(const std::shared_ptr<exchange>& x, const services_ptr& with,
             const std::string& channel) {
  confirm_channel_intent asked{channel,
                               x->asked.value("hub.mode"),
                               x->asked.value("hub.topic"),
                               x->asked.value("hub.challenge"),
                               x->asked.value("hub.lease_seconds"),
                               x->asked.value("hub.reason")};
  with->through.ask_or(
      x, with->who.reception, timeouts::api, asked,
      [=](const channel_intent_confirmed& y) {
        x->reply({200, y.challenge, "text/plain"});
      },
      [=](const caf::error& why) {
        // The reference software says 400 here and wire.md keeps that.
        x->fail(code_of(why) == errc::unknown_channel
                    ? make_problem(errc::bad_request, "Bad channel_id",
                                   nlohmann::json::array({asked.channel_id}).dump())
                    : why);
      });
}

void notify(const std::shared_ptr<exchange>& x, const services_ptr& with,
            const std::string& channel) {
  if (!x->demand("application/json"))
    return;
  x->read(most_form_bytes, [=](std::string body) {
    auto id = message_id_in(body);
    if (!id)
      return x->fail(make_problem(
          errc::bad_request, "a notification says the id of the channel's message", R"(["id"])"));
    channel_notification told{channel, std::move(*id), std::move(body),
                              x->header("X-Hub-Signature")};
    with->through.ask(x, with->who.reception, std::move(told), [=](const notification_accepted&) {
      x->reply({200, {}});
    });
  });
}

} // namespace

void add_reception_routes(router& to, const services_ptr& with) {
  to.add("GET", "/channel-message/{}", [=](auto& x) { confirm(x, with, x->captured[0]); });
  to.add("POST", "/channel-message/{}", [=](auto& x) { notify(x, with, x->captured[0]); });
  // What became of what we posted there.
  to.add("GET", "/channel-message/{}/posted",
         [=](auto& x) { confirm(x, with, x->captured[0] + std::string{about_posted}); });
  to.add("POST", "/channel-message/{}/posted",
         [=](auto& x) { notify(x, with, x->captured[0] + std::string{about_posted}); });
}

} // namespace igl
