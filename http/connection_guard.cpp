#include "http/detail/connection_guard.hpp"

#include <spdlog/spdlog.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace igl {

namespace {

/// Between two sweeps; and as much longer as keeps them at a twentieth of one processor, unless it
/// presses.
constexpr std::chrono::milliseconds shortest_interval{50};
constexpr std::chrono::milliseconds longest_interval{1000};
constexpr int share_of_time = 20;

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
  int unread = 0;
  ::ioctl(descriptor, SIOCINQ, &unread);
  sight = {
      peer.host + " " + std::to_string(peer.port),
      peer.host,
      info.tcpi_bytes_received,
      info.tcpi_bytes_acked,
      info.tcpi_unacked > 0 || info.tcpi_notsent_bytes > 0,
      std::min<uint64_t>(static_cast<uint64_t>(std::max(unread, 0)), info.tcpi_bytes_received)};
  return true;
}

} // namespace

own_descriptors::own_descriptors()
    : folder_(::opendir("/proc/self/fd")),
      spare_(folder_ ? ::fcntl(::dirfd(folder_), F_DUPFD_CLOEXEC, 0) : -1) {}

own_descriptors::~own_descriptors() {
  if (spare_ >= 0)
    ::close(spare_);
  if (folder_)
    ::closedir(folder_);
}

void own_descriptors::for_each(const std::function<void(int)>& visit) {
  if (!folder_)
    return;
  ::rewinddir(folder_);
  while (auto entry = ::readdir(folder_))
    if (entry->d_name[0] != '.')
      visit(std::atoi(entry->d_name));
}

/// A descriptor may be closed and given to another socket at any moment. So a copy is made, which
/// nobody else can close, and looked at once more.
void own_descriptors::end(int descriptor, const std::function<bool(int)>& is_meant) {
  if (spare_ < 0 || ::dup3(descriptor, spare_, O_CLOEXEC) < 0)
    return;
  if (is_meant(spare_)) {
    // Who goes on sending would wait for room that never comes: a reset tells it.
    linger at_once{1, 0};
    int unread = 0;
    if (::ioctl(spare_, SIOCINQ, &unread) == 0 && unread > 0)
      ::setsockopt(spare_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    ::shutdown(spare_, SHUT_RDWR);
  }
  ::dup3(::dirfd(folder_), spare_, O_CLOEXEC);
}

connection_guard::connection_guard(std::set<uint16_t> ports, connection_watch::limits how,
                                   count_requests requests, tell_crowd tell)
    : ports_(std::move(ports)), watch_(how), requests_(std::move(requests)), tell_(std::move(tell)),
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
  using std::chrono::steady_clock;
  std::unique_lock lock{guard_};
  steady_clock::duration pause = shortest_interval;
  while (!wake_.wait_for(lock, pause, [this] { return stopping_; })) {
    lock.unlock();
    auto start = steady_clock::now();
    sweep();
    pause = std::clamp<steady_clock::duration>(share_of_time * (steady_clock::now() - start),
                                               shortest_interval, longest_interval);
    if (watch_.is_pressing())
      pause = shortest_interval;
    lock.lock();
  }
}

void connection_guard::sweep() {
  std::map<int, connection_sight> seen;
  descriptors_.for_each([&](int descriptor) {
    connection_sight sight;
    if (ports_.contains(local_port(descriptor)) && look_at(descriptor, sight))
      seen.emplace(descriptor, std::move(sight));
  });
  // Afterwards: what a body had brought when its connection was looked at, it has brought now.
  auto ended = watch_.judge(seen, requests_(), std::chrono::steady_clock::now());
  tell_(watch_.crowded());
  for (auto descriptor : ended)
    descriptors_.end(descriptor, [&](int copy) {
      connection_sight now;
      return look_at(copy, now) && now.peer == seen[descriptor].peer;
    });
  if (!ended.empty())
    spdlog::debug("http closed {} of {} connections: idle, slow, too large or too many",
                  ended.size(), seen.size());
}

void send_without_delay(uint16_t port) {
  own_descriptors{}.for_each([=](int descriptor) {
    int listening = 0;
    int on = 1;
    socklen_t size = sizeof(listening);
    if (local_port(descriptor) == port &&
        ::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening)
      ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  });
}

} // namespace igl
