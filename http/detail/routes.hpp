#pragma once

#include "http/detail/byte_budget.hpp"
#include "http/detail/gateway.hpp"
#include "http/router.hpp"
#include "http/server.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace igl {

/// What every handler may use. Lives as long as a request is in flight.
struct services {
  server_options how;
  api_actors who;
  gateway through;
  std::shared_ptr<byte_budget> upload_memory;

  services(caf::actor_system& sys, server_options options, api_actors actors)
      : how(std::move(options)), who(std::move(actors)), through(sys, how.waiting, how.look),
        upload_memory(std::make_shared<byte_budget>(how.upload_memory)) {}
};
using services_ptr = std::shared_ptr<const services>;

// One function per API, each in the file of its name. They parse, ask and render; the actors
// behind `api_actors` decide.

void add_message_routes(router& to, const services_ptr& with);
void add_document_routes(router& to, const services_ptr& with);
void add_subscription_routes(router& to, const services_ptr& with);
void add_reception_routes(router& to, const services_ptr& with);
void add_channel_routes(router& to, const services_ptr& with);
void add_operator_routes(router& to, const services_ptr& with);
/// What subscribers ask of a hub. Where callers of the Channel API are asked who they are, only the
/// operator is answered.
void add_subscriber_routes(router& to, const services_ptr& with);
void add_subscriber_operation_routes(router& to, const services_ptr& with);
/// GET /, /healthz and /readyz: on every listener. `service` is what GET / says.
void add_common_routes(router& to, const services_ptr& with, std::string service);

/// What the Authorization header has as a bearer token; empty: nothing.
std::string bearer_token_in(const exchange& x);
/// True only if there is an operator's token and this is it.
bool is_operator_token(std::string_view given, const std::string& token);
/// A handler for whoever may operate; others are answered 401 or 403.
request_handler operators_only(const services_ptr& with, request_handler then);

/// Who operates, for the event of what he does: the name that he gives in `X-Operator`, and where
/// he is. "alice@desk-7 at 127.0.0.1".
std::string operator_in(const exchange& x);

struct page_asked {
  std::string about;
  uint64_t after = 0;
  uint32_t limit = 0;
};
/// about, after and limit of the query; answers 400 itself.
caf::optional<page_asked> page_in(const std::shared_ptr<exchange>& x, uint32_t usual);

/// 400: the path, the query or a form is not percent-encoded UTF-8.
caf::error badly_encoded(std::string_view part);
/// Reads the body as a form; a body that is none is answered with 415, 413 or 400.
void read_form(const std::shared_ptr<exchange>& x, std::function<void(const form&)> then);
/// The fields of a WebSub request, as they came.
subscription_request subscription_of(const form& fields);

/// The largest form that is read, and the largest body of a private API.
inline constexpr uint64_t most_form_bytes = 64 * 1024;

} // namespace igl
