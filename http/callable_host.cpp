#include "http/detail/callable_host.hpp"

#include "messages/errors.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <pplx/threadpool.h>

#include <algorithm>
#include <memory>

namespace igl {

namespace {

using boost::asio::ip::tcp;

ip_address address_of(const boost::asio::ip::address& x) {
  auto v6 = x.is_v4() ? boost::asio::ip::make_address_v6(boost::asio::ip::v4_mapped, x.to_v4())
                      : x.to_v6();
  return {v6.to_bytes()};
}

/// The order of a resolver's answer changes from one look to the next; connections are to be
/// reused.
void sort(std::vector<ip_address>& found) {
  std::sort(found.begin(), found.end(), [](auto& a, auto& b) { return a.bytes < b.bytes; });
}

caf::expected<std::vector<ip_address>>
chosen(std::vector<ip_address> found, const std::string& host,
       const std::shared_ptr<const callable_addresses>& only) {
  if (only)
    return callable_among(std::move(found), host, *only);
  if (found.empty())
    return make_problem(errc::peer_unreachable, host + ": there is no such name");
  if (std::any_of(found.begin(), found.end(), [](auto& x) { return x.is_ipv4(); }))
    std::erase_if(found, [](auto& x) { return !x.is_ipv4(); });
  sort(found);
  return found;
}

} // namespace

caf::expected<std::vector<ip_address>> callable_among(std::vector<ip_address> found,
                                                      const std::string& host,
                                                      const callable_addresses& only) {
  auto first = found.empty() ? std::string{"nowhere"} : to_string(found.front());
  if (!only.names(host))
    std::erase_if(found, [&](auto& x) { return !only.contain(x); });
  if (found.empty())
    return make_problem(errc::forbidden, host + " is at " + first +
                                             ", which is not to be called unless "
                                             "hub.allowed_callbacks lists it");
  std::erase_if(found, [](auto& x) { return !x.is_ipv4(); });
  if (found.empty())
    return make_problem(errc::peer_unreachable,
                        host + " has no IPv4 address, and callbacks go over IPv4 only");
  sort(found);
  return found;
}

caf::error look_up_failure(const boost::system::error_code& why, const std::string& host) {
  namespace refusal = boost::asio::error;
  if (why == refusal::host_not_found || why == refusal::no_data)
    return make_problem(errc::peer_unreachable, host + ": there is no such name");
  return make_problem(errc::peer_timeout,
                      host + ": the name cannot be looked up now: " + why.message());
}

caf::error nothing_sent(const caf::error& look_up) {
  return code_of(look_up) == errc::peer_timeout
             ? make_problem(errc::peer_unreachable, problem_of(look_up).detail)
             : look_up;
}

void find_callable(const http_url& where, const std::shared_ptr<const callable_addresses>& only,
                   addresses_found then) {
  if (auto address = parse_ip(where.host))
    return then(chosen({*address}, where.host, only));
  auto resolver =
      std::make_shared<tcp::resolver>(crossplat::threadpool::shared_instance().service());
  // As C knows them: the same that cpprestsdk would find, whatever a name looks like.
  resolver->async_resolve(where.host, std::to_string(where.port), tcp::resolver::address_configured,
                          [resolver, host = where.host, only,
                           then = std::move(then)](const boost::system::error_code& failed,
                                                   const tcp::resolver::results_type& all) {
                            if (failed)
                              return then(look_up_failure(failed, host));
                            std::vector<ip_address> found;
                            for (auto& x : all)
                              found.push_back(address_of(x.endpoint().address()));
                            then(chosen(std::move(found), host, only));
                          });
}

void found_host::found(std::vector<ip_address> at, clock::time_point now) {
  at_ = std::move(at);
  found_ = now;
  look_again_ = now + look_again_after;
}

std::vector<ip_address> found_host::now(clock::time_point now) const {
  return now < look_again_ ? at_ : std::vector<ip_address>{};
}

std::vector<ip_address> found_host::in_spite_of(const caf::error& why, clock::time_point now) {
  if (code_of(why) != errc::peer_timeout || now >= found_ + good_without_resolver)
    at_.clear();
  look_again_ = now + look_again_after;
  return at_;
}

} // namespace igl
