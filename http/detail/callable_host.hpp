#pragma once

#include "messages/callable.hpp"
#include "messages/uri.hpp"

#include <caf/expected.hpp>

#include <boost/system/error_code.hpp>

#include <chrono>
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

/// What a resolver's refusal means: peer_unreachable, there is no such name; peer_timeout, it could
/// not tell now.
caf::error look_up_failure(const boost::system::error_code& why, const std::string& host);

/// The same for whoever wanted to send something: nothing was sent, whatever kept a name from being
/// looked up.
caf::error nothing_sent(const caf::error& look_up);

/// Looks a host up; without a list its addresses are all good, IPv6 only where there is nothing
/// else. `then` is called once, on this thread or on one of cpprestsdk's. Fails like
/// callable_among and look_up_failure.
void find_callable(const http_url& where, const std::shared_ptr<const callable_addresses>& only,
                   addresses_found then);

/// Where a name was found, for as long as that may be relied on.
class found_host {
public:
  using clock = std::chrono::steady_clock;
  /// Saves a resolver's work; what is in use was looked at all the same.
  static constexpr std::chrono::seconds look_again_after{5};
  /// A resolver that is away for so long does not end what goes well without it, nor makes each
  /// wait for it. What it says – that there is no such name, that it is elsewhere – counts at once.
  static constexpr std::chrono::minutes good_without_resolver{5};

  void found(std::vector<ip_address> at, clock::time_point now);
  /// None: the name is to be looked up.
  std::vector<ip_address> now(clock::time_point now) const;
  /// None: the failure counts, until the name is found again.
  std::vector<ip_address> in_spite_of(const caf::error& why, clock::time_point now);

private:
  std::vector<ip_address> at_;
  clock::time_point found_{};
  clock::time_point look_again_{};
};

} // namespace igl
