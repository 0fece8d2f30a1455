#include "http/detail/routes.hpp"

#include "messages/json.hpp"
#include "messages/message.hpp"

#include <nlohmann/json.hpp>

namespace igl {

namespace {

/// `AU:17` out of the path; answers 400 itself when there is no colon.
caf::optional<reference> reference_in(const std::shared_ptr<exchange>& x) {
  auto about = parse_reference(x->captured[0]);
  if (!about)
    x->fail(make_problem(errc::bad_request,
                         "a message is named by its sender, a colon and the sender's reference",
                         nlohmann::json::array({x->captured[0]}).dump()));
  return about;
}

/// Answers with the message that the API answers an order with.
template <class Order>
void show_after(const std::shared_ptr<exchange>& x, const services_ptr& with, Order order) {
  with->through.ask(x, with->who.messages, std::move(order), [=](const message_record& record) {
    x->reply({200, message_to_wire(record)});
  });
}

void post(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  if (!x->demand("application/json"))
    return;
  x->read(with->how.message_bytes, [=](const std::string& body) {
    auto content = parse_posted_message(body, with->how.known);
    if (!content)
      return x->fail(content.error());
    with->through.ask(x, with->who.messages, post_message{std::move(*content)},
                      [=](const message_record& stored) {
                        x->reply({201, message_to_wire(stored)});
                      });
  });
}

void patch(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  if (!x->demand("application/json"))
    return;
  x->read(with->how.message_bytes, [=](const std::string& body) {
    auto change = parse_message_patch(body);
    if (!change)
      return x->fail(change.error());
    if (auto about = reference_in(x))
      show_after(x, with, patch_message{*about, std::move(*change)});
  });
}

void show(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  if (auto about = reference_in(x))
    show_after(x, with, find_message{*about});
}

} // namespace

void add_message_routes(router& to, const services_ptr& with) {
  to.add("POST", "/message", [=](auto& x) { post(x, with); });
  to.add("GET", "/message/{}", [=](auto& x) { show(x, with); });
  to.add("PATCH", "/message/{}", [=](auto& x) { patch(x, with); });
}

} // namespace igl
