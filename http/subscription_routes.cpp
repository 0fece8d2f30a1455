#include "http/detail/routes.hpp"

namespace igl {

void read_form(const std::shared_ptr<exchange>& x, std::function<void(const form&)> then) {
  if (!x->demand("application/x-www-form-urlencoded"))
    return;
  x->read(most_form_bytes, [x, then = std::move(then)](const std::string& body) {
    auto fields = form::parse(body);
    if (!fields)
      return x->fail(make_problem(errc::bad_request, "the form is not well encoded",
                                  R"(["a percent sign without two hex digits"])"));
    then(*fields);
  });
}

subscription_request subscription_of(const form& fields) {
  return {fields.value("hub.mode"), fields.value("hub.topic"), fields.value("hub.callback"),
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
}

} // namespace igl
