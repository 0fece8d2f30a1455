#include "http/detail/routes.hpp"

#include "messages/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace igl {

namespace {

void show_readiness(const std::shared_ptr<exchange>& x, const readiness& found) {
  auto ready = std::all_of(found.checks.begin(), found.checks.end(),
                           [](const readiness_check& check) { return check.ready; });
  nlohmann::json body = found;
  x->reply({static_cast<uint16_t>(ready ? 200 : 503),
            body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
}

/// A part that does not answer is not ready.
void probe(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  if (!with->who.operation)
    return show_readiness(x, {{{"listeners", true, "open"}}});
  with->through.ask_or(
      x, with->who.operation, timeouts::status, readiness_query{},
      [=](const readiness& found) { show_readiness(x, found); },
      [=](const caf::error& why) {
        show_readiness(x, {{{"operator-api", false, sentence_of(why)}}});
      });
}

} // namespace

void add_common_routes(router& to, const services_ptr& with, std::string service) {
  auto who = nlohmann::json{{"service", std::move(service)}}.dump();
  to.add("GET", "/", [=](auto& x) { x->reply({200, who}); });
  to.add("GET", "/healthz", [](auto& x) { x->reply({200, R"({"alive": true})"}); });
  to.add("GET", "/readyz", [=](auto& x) { probe(x, with); });
}

} // namespace igl
