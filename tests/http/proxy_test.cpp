#include "fake_node.hpp"
#include "http/address.hpp"

#include <doctest/doctest.h>

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <regex>
#include <sstream>

using namespace igl;
using namespace std::chrono_literals;

namespace {

constexpr const char* program = "/usr/sbin/nginx";

/// The configuration that http/PROXY.md tells people to use.
std::string told() {
  std::ifstream page(IGL_SOURCE_DIR "/http/PROXY.md");
  std::string line, text;
  bool inside = false;
  while (std::getline(page, line)) {
    if (line == "```")
      inside = false;
    if (inside)
      text += line + "\n";
    if (line == "```nginx")
      inside = true;
  }
  return text;
}

/// Replaces what has to be there once.
void replace(std::string& text, const std::string& what, const std::string& with) {
  auto at = text.find(what);
  REQUIRE_MESSAGE(at != std::string::npos, what);
  text.replace(at, what.size(), with);
  REQUIRE_MESSAGE(text.find(what) == std::string::npos, what);
}

/// nginx as the page configures it, in front of a node.
class proxy {
public:
  explicit proxy(const std::string& node_url) {
    auto address = free_address({"127.0.0.1", 0});
    REQUIRE(address);
    url_ = address->url();
    auto conf = told();
    replace(conf, "127.0.0.1:5103", node_url.substr(node_url.rfind('/') + 1));
    replace(conf, "listen 443 ssl", "listen " + url_.substr(url_.rfind('/') + 1));
    conf = std::regex_replace(conf, std::regex("ssl_certificate[^;]*;"), "");
    replace(conf, "client_header_timeout 10s", "client_header_timeout 1s");
    replace(conf, "client_body_timeout 30s", "client_body_timeout 1s");
    auto own = [&](const std::string& name) {
      return folder_.path(name);
    };
    std::ofstream(own("nginx.conf"))
        << "daemon off; master_process off; pid " << own("pid") << "; error_log " << own("error")
        << "; events { worker_connections 512; } http { access_log off; client_body_temp_path "
        << own("body") << "; proxy_temp_path " << own("proxy") << "; fastcgi_temp_path "
        << own("fastcgi") << "; uwsgi_temp_path " << own("uwsgi") << "; scgi_temp_path "
        << own("scgi") << ";\n"
        << conf << "}\n";
    std::string name = program, config = own("nginx.conf"), log = own("error");
    std::string c = "-c", e = "-e";
    char* arguments[]{name.data(), c.data(), config.data(), e.data(), log.data(), nullptr};
    REQUIRE(::posix_spawn(&process_, program, nullptr, nullptr, arguments, environ) == 0);
    auto listens = [&] {
      try {
        wire::connection line(wire::port_of(url_));
        return true;
      } catch (const std::exception&) {
        return false;
      }
    };
    REQUIRE_MESSAGE(wire::eventually(listens), error_log());
  }
  ~proxy() {
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
  }

  const std::string& url() const { return url_; }

private:
  std::string error_log() const {
    std::stringstream text;
    text << std::ifstream(folder_.path("error")).rdbuf();
    return text.str();
  }

  temporary_folder folder_;
  std::string url_;
  pid_t process_ = 0;
};

bool can_run() {
  if (::access(program, X_OK) == 0)
    return true;
  MESSAGE("SKIPPED: there is no ", program, " (package nginx-light)");
  return false;
}

/// What is answered to these bytes, within a time-out of the proxy; empty: nothing.
std::string answered(const proxy& by, const std::string& bytes) {
  wire::connection line(wire::port_of(by.url()));
  line.try_send(bytes);
  return line.receive(4096);
}

} // namespace

TEST_SUITE("proxy") {
  TEST_CASE("messages pass, one after the other and several at once") {
    if (!can_run())
      return;
    fake_node node;
    proxy front{node.url()};
    for (int i = 0; i < 50; ++i)
      CHECK(wire::post_json(front.url(), "/message", message_json()).status == 201);
    wire::connection line(wire::port_of(front.url()));
    auto get = wire::request_text("GET", "/healthz", {}, "");
    line.send(get + get + get);
    for (int i = 0; i < 3; ++i)
      CHECK(line.read().status == 200);
  }

  TEST_CASE("a document of 100 MB passes, announced and in chunks") {
    if (!can_run())
      return;
    fake_node node;
    node.answers->store = [](const store_document&) {
      return caf::expected<document_stored>{document_stored{"Qm"}};
    };
    proxy front{node.url()};
    const std::string begin =
        "--XyZ\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\n";
    const std::string end = "\r\n--XyZ--\r\n";
    const std::string piece(1 << 20, 'x');
    constexpr size_t pieces = 100;
    for (auto chunked : {false, true}) {
      CAPTURE(chunked);
      auto length = std::to_string(begin.size() + end.size() + pieces * piece.size());
      wire::connection line(wire::port_of(front.url()));
      auto framing = chunked ? std::pair<std::string, std::string>{"Transfer-Encoding", "chunked"}
                             : std::pair<std::string, std::string>{"Content-Length", length};
      line.send(wire::request_text("POST", "/jurisdictions/AU",
                                   {{"Content-Type", "multipart/form-data; boundary=XyZ"}, framing},
                                   ""));
      auto send = [&](const std::string& bytes) {
        char size[32];
        std::snprintf(size, sizeof(size), "%zx\r\n", bytes.size());
        line.send(chunked ? size + bytes + "\r\n" : bytes);
      };
      send(begin);
      for (size_t i = 0; i < pieces; ++i)
        send(piece);
      send(end);
      if (chunked)
        line.send("0\r\n\r\n");
      CHECK(line.read().status == 200);
    }
  }

  TEST_CASE("heads and bodies that are too large never reach the node") {
    if (!can_run())
      return;
    fake_node node;
    proxy front{node.url()};
    auto with = [&](size_t lines, size_t bytes) {
      wire::headers all;
      for (size_t i = 0; i < lines; ++i)
        all.emplace_back("X-" + std::to_string(i), std::string(bytes, 'x'));
      return wire::ask(front.url(), "GET", "/healthz", all).status;
    };
    CHECK(with(3, 4000) == 200);
    CHECK(with(1, 9000) == 400);
    CHECK(with(10, 4000) == 400);
    CHECK(wire::post_json(front.url(), "/message", std::string(200'000, ' ')).status == 413);
    CHECK(answered(front, "POST /message HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
                          "Content-Length: 3\r\n\r\n{}\r")
              .starts_with("HTTP/1.1 400"));
  }

  TEST_CASE("who sends letter by letter is ended by the proxy") {
    if (!can_run())
      return;
    fake_node node;
    proxy front{node.url()};
    wire::connection head(wire::port_of(front.url()));
    wire::connection body(wire::port_of(front.url()));
    body.send(wire::request_text("POST", "/message",
                                 {{"Content-Type", "application/json"}, {"Content-Length", "100"}},
                                 "{"));
    bool ended = false;
    head.send("GET /healthz HTTP/1.1\r\nX: ");
    CHECK(wire::eventually([&] {
      ended = ended || !head.try_send("x") || head.closes_within(50ms);
      return ended;
    }));
    CHECK(body.closes_within(5s));
  }

  TEST_CASE("nobody reaches the operator API through the proxy") {
    if (!can_run())
      return;
    fake_node node;
    node.answers->status = [](const node_status_query&) {
      return caf::expected<node_status>{node_status{}};
    };
    CHECK(wire::ask(node.url(), "GET", "/operator/status").status == 200);
    proxy front{node.url()};
    for (auto path :
         {"/operator/status", "//operator/status", "/%6fperator/status",
          "/jurisdictions/../operator/status", "/./operator/status", "/operator", "/readyz"}) {
      CAPTURE(path);
      CHECK(wire::ask(front.url(), "GET", path).status == 404);
    }
    // Nor if the proxy forgot.
    CHECK(wire::ask(node.url(), "GET", "/operator/status", {{"X-Forwarded-For", "192.0.2.1"}})
              .status == 403);
  }
}
