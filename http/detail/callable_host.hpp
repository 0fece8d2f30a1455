#pragma once

#include "messages/callable.hpp"
#include "messages/uri.hpp"

#include <caf/expected.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace igl {

using addresses_found = std::function<void(caf::expected<std::vector<ip_address>>)>;

/// Which of the addresses a host has may be called; in order. Fails with forbidden: none of them,
/// and with peer_unreachable: only such as cpprestsdk cannot connect to (IPv6).
caf::expected<std::vector<ip_address>> callable_among(std::vector<ip_address> found,
                                                      const std::string& host,
                                                      const callable_addresses& only);

/// Looks a host up; without a list its addresses are all good, IPv6 only where there is nothing
/// else. `then` is called once, on this thread or on one of cpprestsdk's. Fails like
/// callable_among, and with peer_unreachable when there is no such name.
void find_callable(const http_url& where, const std::shared_ptr<const callable_addresses>& only,
                   addresses_found then);

} // namespace igl
