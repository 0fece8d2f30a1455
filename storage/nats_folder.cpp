#include "storage/nats_folder.hpp"

#include "messages/errors.hpp"

#include <nlohmann/json.hpp>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <sstream>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

namespace igl {

namespace {

namespace fs = std::filesystem;

constexpr size_t token_bytes = 32;
constexpr uintmax_t longest_log = 4 * 1024 * 1024;
constexpr size_t largest_payload = 8 * 1024 * 1024;

std::string content_of(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

template <class Number>
Number number_in(const std::string& path) {
  auto text = content_of(path);
  Number x = 0;
  std::from_chars(text.data(), text.data() + text.size(), x);
  return x;
}

/// For the eyes of this user only, and never half written.
caf::error write_secret(const std::string& path, const std::string& content) {
  auto fresh = path + ".new";
  unlink(fresh.c_str());
  auto fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  auto good =
      fd >= 0 && write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  auto reason = errno;
  if (fd >= 0)
    close(fd);
  if (good && rename(fresh.c_str(), path.c_str()) == 0)
    return {};
  return make_problem(errc::storage_failed,
                      path + " cannot be written: " + std::strerror(good ? errno : reason));
}

std::string fresh_token() {
  std::array<unsigned char, token_bytes> raw{};
  if (getrandom(raw.data(), raw.size(), 0) != static_cast<ssize_t>(raw.size()))
    return {};
  std::string x;
  for (auto b : raw) {
    x += "0123456789abcdef"[b >> 4];
    x += "0123456789abcdef"[b & 15];
  }
  return x;
}

bool is_token(const std::string& x) {
  return x.size() == 2 * token_bytes &&
         x.find_first_not_of("0123456789abcdef") == std::string::npos;
}

sockaddr_in loopback(uint16_t port) {
  sockaddr_in x{};
  x.sin_family = AF_INET;
  x.sin_port = htons(port);
  x.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return x;
}

/// A socket that is closed.
struct tcp_socket {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  tcp_socket() = default;
  tcp_socket(const tcp_socket&) = delete;
  tcp_socket& operator=(const tcp_socket&) = delete;
  ~tcp_socket() {
    if (fd >= 0)
      close(fd);
  }
};

bool is_free(uint16_t port) {
  tcp_socket s;
  auto at = loopback(port);
  auto on = 1;
  setsockopt(s.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return bind(s.fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0 && listen(s.fd, 1) == 0;
}

std::string quoted(const std::string& x) {
  return nlohmann::json(x).dump();
}

} // namespace

caf::expected<nats_folder> nats_folder::prepare(const std::string& path) {
  nats_folder x;
  std::error_code failed;
  auto absolute = fs::absolute(path, failed);
  if (!failed)
    fs::create_directories(absolute, failed);
  if (failed)
    return make_problem(errc::storage_failed,
                        "the folder " + path + " cannot be created: " + failed.message());
  x.path_ = absolute.lexically_normal().string();
  x.token_ = content_of(x.file("token"));
  if (is_token(x.token_))
    return x;
  x.token_ = fresh_token();
  if (x.token_.empty())
    return make_problem(errc::storage_failed, "the system gives no random numbers for a token");
  if (auto err = write_secret(x.file("token"), x.token_))
    return err;
  return x;
}

caf::error nats_folder::write_configuration(uint64_t max_file_store) const {
  auto kept = number_in<uint16_t>(file("port"));
  auto port = kept != 0 && is_free(kept) ? std::to_string(kept) : std::string{"-1"};
  std::ostringstream out;
  out << "# Written by igl at each start of this server; changes do not last.\n"
      << "host: \"127.0.0.1\"\n"
      << "port: " << port << "\n"
      << "authorization { token: " << quoted(token_) << " }\n"
      << "ports_file_dir: " << quoted(path_) << "\n"
      << "max_payload: " << largest_payload << "\n"
      << "jetstream {\n"
      << "  store_dir: " << quoted(path_) << "\n"
      << "  max_file_store: " << max_file_store << "\n"
      << "}\n";
  return write_secret(configuration(), out.str());
}

uint16_t nats_folder::port_of(pid_t pid) const {
  auto name = "nats-server_" + std::to_string(pid) + ".ports";
  auto x = nlohmann::json::parse(content_of(file(name.c_str())), nullptr, false);
  if (!x.is_object() || !x.contains("nats") || !x["nats"].is_array() || x["nats"].empty() ||
      !x["nats"][0].is_string())
    return 0; // not yet, or not yet all of it
  auto url = x["nats"][0].get<std::string>();
  auto digits = url.substr(url.rfind(':') + 1);
  uint16_t port = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return port;
}

void nats_folder::keep_port(uint16_t port) const {
  if (number_in<uint16_t>(file("port")) != port)
    std::ofstream{file("port"), std::ios::trunc} << port << "\n";
}

void nats_folder::forget_ports() const {
  std::error_code ignored;
  for (auto& x : fs::directory_iterator{path_, ignored})
    if (x.path().extension() == ".ports")
      fs::remove(x.path(), ignored);
}

pid_t nats_folder::noted_pid() const {
  return number_in<pid_t>(file("nats-server.pid"));
}

void nats_folder::note_pid(pid_t pid) const {
  std::ofstream{file("nats-server.pid"), std::ios::trunc} << pid << "\n";
}

void nats_folder::turn_log() const {
  std::error_code failed;
  auto size = fs::file_size(log(), failed);
  if (!failed && size > longest_log)
    fs::rename(log(), log() + ".1", failed);
}

std::string nats_version_at(uint16_t port) {
  tcp_socket s;
  auto at = loopback(port);
  timeval patience{1, 0};
  setsockopt(s.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(s.fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0)
    return {};
  // The server speaks first: `INFO {"server_id":…,"version":"2.9.10",…}`.
  std::string line;
  std::array<char, 2048> piece{};
  while (line.find('\n') == std::string::npos && line.size() < 65536) {
    auto n = recv(s.fd, piece.data(), piece.size(), 0);
    if (n <= 0)
      return {};
    line.append(piece.data(), static_cast<size_t>(n));
  }
  if (!line.starts_with("INFO "))
    return {};
  auto x = nlohmann::json::parse(line.substr(5, line.find('\n') - 5), nullptr, false);
  return x.is_object() && x.contains("version") && x["version"].is_string()
             ? x["version"].get<std::string>()
             : std::string{};
}

} // namespace igl
