#include "http/address.hpp"

#include "http/form.hpp"
#include "messages/errors.hpp"
#include "messages/text.hpp"

#include <spdlog/spdlog.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <limits>
#include <iterator>
#include <memory>

namespace igl {

std::string listen_address::reachable_url() const {
  return listen_address{host == "0.0.0.0" ? "127.0.0.1" : host, port}.url();
}

caf::expected<listen_address> parse_listen_address(std::string_view text) {
  auto colon = text.rfind(':');
  auto port = colon == std::string_view::npos ? caf::none : parse_number(text.substr(colon + 1));
  auto host = text.substr(0, std::min(colon, text.size()));
  if (!port || *port > UINT16_MAX || host.empty() || host.find(':') != std::string_view::npos)
    return make_problem(errc::unavailable, "cannot listen on " + std::string(text) +
                                               ": expected an IPv4 address or a name, a colon and "
                                               "a port, as in 127.0.0.1:5103");
  return listen_address{std::string(host), static_cast<uint16_t>(*port)};
}

caf::expected<listen_address> free_address(const listen_address& wanted) {
  auto port = std::to_string(wanted.port);
  auto failed = [&](const std::string& why) {
    return make_problem(errc::unavailable,
                        "cannot listen on " + wanted.host + ":" + port + ": " + why);
  };
  addrinfo kind{};
  kind.ai_family = AF_INET;
  kind.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (auto why = ::getaddrinfo(wanted.host.c_str(), port.c_str(), &kind, &found))
    return failed(::gai_strerror(why));
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> resolved{found, ::freeaddrinfo};
  auto probe = ::socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, found->ai_protocol);
  if (probe < 0)
    return failed(std::strerror(errno));
  int on = 1;
  ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in own{};
  socklen_t size = sizeof(own);
  // Only listening shows that nobody else does: SO_REUSEADDR lets several sockets bind.
  bool free = ::bind(probe, found->ai_addr, found->ai_addrlen) == 0 && ::listen(probe, 1) == 0 &&
              ::getsockname(probe, reinterpret_cast<sockaddr*>(&own), &size) == 0;
  auto why = errno;
  ::close(probe);
  if (!free)
    return failed(std::strerror(why));
  return listen_address{wanted.host, ntohs(own.sin_port)};
}

uint32_t connections_within(uint32_t wanted, uint64_t most, uint64_t open) {
  auto possible = (most - std::min(most, open)) / 4 * 3;
  return static_cast<uint32_t>(std::clamp<uint64_t>(possible, 1, std::max(wanted, 1u)));
}

uint32_t possible_connections() {
  constexpr auto any = std::numeric_limits<uint32_t>::max();
  rlimit now{};
  if (::getrlimit(RLIMIT_NOFILE, &now) != 0)
    return any;
  std::error_code unknown;
  std::filesystem::directory_iterator all{"/proc/self/fd", unknown};
  auto open = static_cast<uint64_t>(std::distance(begin(all), end(all)));
  return connections_within(any, now.rlim_cur, open);
}

uint32_t make_room_for(uint32_t connections) {
  const auto enough = std::max<rlim_t>(65536, rlim_t{2} * connections);
  rlimit now{};
  if (::getrlimit(RLIMIT_NOFILE, &now) != 0)
    return connections;
  if (now.rlim_cur < std::min(now.rlim_max, enough)) {
    now.rlim_cur = std::min(now.rlim_max, enough);
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  auto possible = std::min(connections, possible_connections());
  if (possible < connections)
    spdlog::warn("http keeps at most {} connections, not the {} of limits.connections: the system "
                 "lets this process open only {} files (ulimit -n, LimitNOFILE)",
                 possible, connections, now.rlim_cur);
  return possible;
}

} // namespace igl
