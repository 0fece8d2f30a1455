#include "http/detail/dispatch.hpp"

#include <algorithm>

namespace igl {

namespace {

/// What `GET /` says of a listener that serves one API (wire.md).
std::string service_name(const listener_settings& x, const std::string& of_many) {
  std::vector<api> apis;
  std::copy_if(x.apis.begin(), x.apis.end(), std::back_inserter(apis),
               [&](api one) { return one != api::operation || x.apis.size() == 1; });
  if (apis.size() != 1)
    return of_many;
  return apis[0] == api::message_reception ? "message_rx" : to_string(apis[0]);
}

} // namespace

router routes_of(const listener_settings& x, const services_ptr& with) {
  router routes;
  for (auto one : x.apis) {
    switch (one) {
    case api::message:
      add_message_routes(routes, with);
      break;
    case api::document:
      add_document_routes(routes, with);
      break;
    case api::subscriptions:
      add_subscription_routes(routes, with);
      break;
    case api::message_reception:
      add_reception_routes(routes, with);
      break;
    case api::channel:
      add_channel_routes(routes, with);
      break;
    case api::operation:
      add_operator_routes(routes, with);
      break;
    }
  }
  add_common_routes(routes, with, service_name(x, with->how.service));
  return routes;
}

namespace {

/// Everything in a request's first line that a handler will look at, decoded. False: it is not
/// text; that is answered here, and once for all of them.
bool decode(exchange& x, const std::vector<std::string_view>& captured) {
  for (auto segment : captured) {
    auto text = decode_text(segment);
    if (!text) {
      x.fail(badly_encoded("path"));
      return false;
    }
    x.captured.push_back(std::move(*text));
  }
  auto query = form::parse(x.query());
  if (query)
    x.asked = std::move(*query);
  else
    x.fail(badly_encoded("query"));
  return bool(query);
}

} // namespace

void dispatch(const router& routes, const std::shared_ptr<exchange>& x) {
  auto found = routes.find(x->method(), x->path());
  if (!found.handler)
    return found.allow.empty() ? x->fail(make_problem(errc::not_found))
                               : x->refuse_method(std::move(found.allow));
  if (decode(*x, found.captured))
    (*found.handler)(x);
}

} // namespace igl
