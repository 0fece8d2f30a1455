#include "http/detail/connection_guard.hpp"

#include <spdlog/spdlog.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

namespace igl {

namespace {

constexpr std::chrono::milliseconds sweep_interval{1000};

/// Calls with every descriptor of this process that may be a socket.
template <class Visit>
void for_each_descriptor(Visit visit) {
  std::unique_ptr<DIR, int (*)(DIR*)> folder{::opendir("/proc/self/fd"), ::closedir};
  if (!folder)
    return;
  while (auto entry = ::readdir(folder.get()))
    if (entry->d_name[0] != '.')
      visit(std::atoi(entry->d_name));
}

struct socket_address {
  std::string host;
  uint16_t port = 0;
};

socket_address spelled(const sockaddr_storage& from) {
  char text[INET6_ADDRSTRLEN] = "";
  if (from.ss_family == AF_INET) {
    auto& x = reinterpret_cast<const sockaddr_in&>(from);
    ::inet_ntop(AF_INET, &x.sin_addr, text, sizeof(text));
    return {text, ntohs(x.sin_port)};
  }
  if (from.ss_family == AF_INET6) {
    auto& x = reinterpret_cast<const sockaddr_in6&>(from);
    ::inet_ntop(AF_INET6, &x.sin6_addr, text, sizeof(text));
    return {text, ntohs(x.sin6_port)};
  }
  return {};
}

/// Port 0: no internet socket.
uint16_t local_port(int descriptor) {
  sockaddr_storage own{};
  socklen_t size = sizeof(own);
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &size) != 0)
    return 0;
  if (own.ss_family == AF_INET)
    return ntohs(reinterpret_cast<const sockaddr_in&>(own).sin_port);
  if (own.ss_family == AF_INET6)
    return ntohs(reinterpret_cast<const sockaddr_in6&>(own).sin6_port);
  return 0;
}

socket_address peer_of(int descriptor) {
  sockaddr_storage peer{};
  socklen_t size = sizeof(peer);
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) != 0)
    return {};
  return spelled(peer);
}

bool look_at(int descriptor, connection_sight& sight) {
  auto peer = peer_of(descriptor);
  if (peer.port == 0)
    return false;
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
    return false;
  sight = {peer.host + " " + std::to_string(peer.port), peer.host, info.tcpi_bytes_received,
           info.tcpi_bytes_acked, info.tcpi_unacked > 0 || info.tcpi_notsent_bytes > 0};
  return true;
}

/// A descriptor may be closed and given to another socket at any moment. So a copy is made, which
/// nobody else can close, and looked at once more.
void end(int descriptor, const std::string& peer) {
  auto copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (copy < 0)
    return;
  connection_sight sight;
  if (look_at(copy, sight) && sight.peer == peer)
    ::shutdown(copy, SHUT_RDWR);
  ::close(copy);
}

} // namespace

connection_guard::connection_guard(std::set<uint16_t> ports, connection_watch::limits how,
                                   waiting_requests waiting)
    : ports_(std::move(ports)), watch_(how), waiting_(std::move(waiting)),
      thread_([this] { run(); }) {}

connection_guard::~connection_guard() {
  {
    std::lock_guard lock{guard_};
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void connection_guard::run() {
  std::unique_lock lock{guard_};
  while (!wake_.wait_for(lock, sweep_interval, [this] { return stopping_; })) {
    lock.unlock();
    sweep();
    lock.lock();
  }
}

void connection_guard::sweep() {
  std::map<int, connection_sight> seen;
  for_each_descriptor([&](int descriptor) {
    connection_sight sight;
    if (ports_.contains(local_port(descriptor)) && look_at(descriptor, sight))
      seen.emplace(descriptor, std::move(sight));
  });
  auto ended = watch_.judge(seen, waiting_(), std::chrono::steady_clock::now());
  for (auto descriptor : ended)
    end(descriptor, seen[descriptor].peer);
  if (!ended.empty())
    spdlog::debug("http closed {} of {} connections: idle, slow or too many", ended.size(),
                  seen.size());
}

void send_without_delay(uint16_t port) {
  for_each_descriptor([=](int descriptor) {
    int listening = 0;
    int on = 1;
    socklen_t size = sizeof(listening);
    if (local_port(descriptor) == port &&
        ::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening)
      ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  });
}

} // namespace igl
