#include "http/detail/routes.hpp"

namespace igl {

caf::error badly_encoded(std::string_view part) {
  return make_problem(errc::bad_request, "the " + std::string(part) + " is not well encoded",
                      R"(["expected UTF-8 without NUL; two hex digits follow a percent sign"])");
}

void read_form(const std::shared_ptr<exchange>& x, std::function<void(const form&)> then) {
  if (!x->demand("application/x-www-form-urlencoded"))
    return;
  x->read(most_form_bytes, [x, then = std::move(then)](const std::string& body) {
    auto fields = form::parse(body);
    if (!fields)
      return x->fail(badly_encoded("form"));
    then(*fields);
  });
}

subscription_request subscription_of(const form& fields) {
  auto mode = fields.value("hub.mode");
  auto topic = fields.value("hub.topic");
  // Publishers call it so, or so.
  if (mode == "publish" && topic.empty())
    topic = fields.value("hub.url");
  return {std::move(mode), std::move(topic), fields.value("hub.callback"),
          fields.value("hub.secret"), fields.value("hub.lease_seconds")};
}

void add_subscription_routes(router& to, const services_ptr& with) {
  to.add("POST", "/subscriptions", [=](const std::shared_ptr<exchange>& x) {
    read_form(x, [=](const form& fields) {
      with->through.ask(x, with->who.subscriptions, subscription_of(fields),
                        [=](const subscription_accepted&) {
                          x->reply({202, {}});
                        });
    });
  });
  if (with->who.desk)
    add_subscriber_routes(to, with);
}

} // namespace igl
