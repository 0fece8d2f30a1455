#pragma once

#include "http/access_control.hpp"
#include "http/detail/routes.hpp"

#include <functional>
#include <memory>

namespace igl {

using caller_handler = std::function<void(const std::shared_ptr<exchange>&, const caller&)>;

/// Lets in whoever `door` knows, before anything of the request is looked at. Anybody else is
/// answered 401, 403 or 503, and the operator finds a line in the log. Without a door nobody is
/// asked, and the caller has neither name nor jurisdiction.
request_handler known_callers_only(std::shared_ptr<const access_control> door,
                                   const services_ptr& with, caller_handler then);

/// Answers with an error of the API's; the log says who was not allowed what. With a
/// WWW-Authenticate if it is about the token (RFC 6750 §3.1), so that the node can tell a mistake
/// in a configuration from a message that the channel does not want.
void refuse_caller(const std::shared_ptr<exchange>& x, const caller& who, const caf::error& why);

} // namespace igl
