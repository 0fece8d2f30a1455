#include "client_world.hpp"
#include "messages/multihash.hpp"

#include <doctest/doctest.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

using namespace igl;
using namespace igl::test;
using namespace std::chrono_literals;

namespace {

std::string content_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

} // namespace

TEST_SUITE("http client") {
  TEST_CASE("sends what it is told and brings back what it gets") {
    std::string seen;
    raw_server server([&](int socket, int) {
      seen = raw_server::read_request(socket);
      raw_server::write(socket,
                        "HTTP/1.1 404 Not Found\r\nX-A: b\r\nContent-Length: 4\r\n\r\nbody");
    });
    client_world x;
    auto y = x.ask(request_for("POST", server.url + "/a//b%2Fc?d=%20&e=f",
                               {{"Content-Type", "application/json"}, {"X-Key", "value"}},
                               "{\"a\": 1}"));
    REQUIRE(y);
    CHECK(y->status == 404);
    CHECK(y->header("x-a") == "b");
    CHECK(y->body == "body");
    CAPTURE(seen);
    CHECK(seen.starts_with("POST /a//b%2Fc?d=%20&e=f HTTP/1.1\r\n"));
    CHECK(seen.find("Content-Type:application/json\r\n") != std::string::npos);
    CHECK(seen.find("X-Key:value\r\n") != std::string::npos);
    CHECK(seen.ends_with("\r\n\r\n{\"a\": 1}"));
  }

  TEST_CASE("uses a connection again") {
    raw_server server(always(raw_server::ok("x")));
    client_world x;
    for (int i = 0; i < 20; ++i)
      CHECK(x.get(server.url + "/")->body == "x");
    // cpprestsdk may tell the answer before it has put the connection back.
    CHECK(server.connections <= 4);
  }

  TEST_CASE("a redirect is an answer like any other") {
    raw_server server(
        always("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"));
    client_world x;
    auto y = x.get(server.url + "/");
    REQUIRE(y);
    CHECK(y->status == 302);
    CHECK(y->header("location") == "http://127.0.0.1:1/");
  }

  TEST_CASE("with a list, only addresses on the internet and those on it are connected to") {
    std::atomic<int> called{0};
    std::string seen;
    raw_server server([&](int socket, int) {
      ++called;
      seen = raw_server::read_request(socket);
      raw_server::write(socket, raw_server::ok("x"));
    });
    auto port = server.url.substr(server.url.rfind(':'));
    http_client_options how;
    how.only = std::make_shared<callable_addresses>();
    client_world closed{how};
    // A resolver knows the short forms, and localhost.
    for (std::string host : {"127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0.0.0.0",
                             "[::1]", "[::ffff:127.0.0.1]", "[fe80::1]", "169.254.169.254"}) {
      CAPTURE(host);
      auto x = closed.ask(request_for("POST", "http://" + host + port + "/", {}, "x"));
      REQUIRE(!x);
      CHECK(code_of(x.error()) == errc::forbidden);
      CHECK(sentence_of(x.error()).find("hub.allowed_callbacks") != std::string::npos);
    }
    CHECK(called == 0);
    CHECK(closed.failure(request_for("GET", "http://no-such-name.invalid/")) ==
          errc::peer_unreachable);
    how.only = std::make_shared<callable_addresses>(std::vector<std::string>{"127.0.0.0/8"});
    client_world open{how};
    for (std::string host : {"127.0.0.1", "localhost", "127.1"}) {
      CAPTURE(host);
      auto x = open.get("http://" + host + port + "/a?b=c");
      REQUIRE(x);
      CHECK(x->body == "x");
      CHECK(seen.starts_with("GET /a?b=c HTTP/1.1\r\n"));
      CHECK(seen.find("Host:" + host + port + "\r\n") != std::string::npos);
      CHECK(seen.find("Host", seen.find("Host") + 1) == std::string::npos);
    }
    CHECK(open.failure(request_for("GET", "http://10.0.0.1/")) == errc::forbidden);
    how.only = std::make_shared<callable_addresses>(std::vector<std::string>{"localhost"});
    client_world named{how};
    CHECK(named.get("http://localhost" + port + "/"));
    CHECK(named.failure(request_for("GET", "http://127.0.0.1" + port + "/")) == errc::forbidden);
  }

  TEST_CASE("connections to addresses that were looked at are used again") {
    raw_server server(always(raw_server::ok("x")));
    http_client_options how;
    how.only = std::make_shared<callable_addresses>(std::vector<std::string>{"127.0.0.0/8"});
    client_world x{how};
    auto url = "http://localhost" + server.url.substr(server.url.rfind(':')) + "/";
    for (int i = 0; i < 20; ++i)
      CHECK(x.get(url)->body == "x");
    CHECK(server.connections <= 4);
  }

  TEST_CASE("nobody there, no such name, no URL") {
    client_world x;
    CHECK(x.failure(request_for("GET", "http://127.0.0.1:1/")) == errc::peer_unreachable);
    CHECK(x.failure(request_for("GET", "http://no-such-name.invalid/")) == errc::peer_unreachable);
    for (auto url : {"", "ftp://x/", "http://", "127.0.0.1/x", "http://u:p@127.0.0.1/"}) {
      CAPTURE(url);
      CHECK(x.failure(request_for("GET", url)) == errc::bad_request);
    }
    CHECK(x.failure(request_for("GET", "http://127.0.0.1:1/", {{"X", "a\r\nY: b"}}, {})) ==
          errc::bad_request);
  }

  TEST_CASE("an answer that does not come in time, in whole, is a time-out") {
    raw_server silent([](int socket, int) {
      char byte;
      while (::recv(socket, &byte, 1, 0) > 0) {
      }
    });
    raw_server endless([](int socket, int) {
      raw_server::read_request(socket);
      raw_server::write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
      char byte;
      while (raw_server::write(socket, "x") && ::recv(socket, &byte, 1, MSG_DONTWAIT) != 0)
        std::this_thread::sleep_for(20ms);
    });
    client_world x;
    for (auto& url : {silent.url, endless.url}) {
      auto asked = request_for("GET", url + "/");
      asked.timeout = 300ms;
      auto begin = std::chrono::steady_clock::now();
      CHECK(x.failure(asked) == errc::peer_timeout);
      CHECK(std::chrono::steady_clock::now() - begin < 5s);
    }
  }

  TEST_CASE("where the body does not count, an answer counts however its body ends") {
    auto wait_for_close = [](int socket) {
      char byte;
      while (::recv(socket, &byte, 1, 0) > 0) {
      }
    };
    raw_server large(
        always("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 100000\r\n\r\n" +
               std::string(100000, 'x')));
    raw_server chunked(always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n" +
                              std::string(100000, 'x') + "\r\n0\r\n\r\n"));
    raw_server broken([](int socket, int) {
      raw_server::read_request(socket);
      raw_server::write(socket, "HTTP/1.1 410 Gone\r\nContent-Length: 10\r\n\r\nshort");
    });
    raw_server endless([=](int socket, int) {
      raw_server::read_request(socket);
      raw_server::write(socket, "HTTP/1.1 201 Created\r\nX-A: b\r\nContent-Length: 9\r\n\r\nx");
      wait_for_close(socket);
    });
    raw_server silent([=](int socket, int) { wait_for_close(socket); });
    http_client_options looked_at;
    looked_at.only = std::make_shared<callable_addresses>(std::vector<std::string>{"127.0.0.0/8"});
    for (auto& how : {http_client_options{}, looked_at}) {
      client_world x{how};
      auto ask = [&](const std::string& url, std::chrono::milliseconds timeout) {
        auto asked = request_for("POST", url + "/", {}, "event");
        asked.cut_body = true;
        asked.max_body = 1000;
        asked.timeout = timeout;
        return x.ask(asked);
      };
      auto busy = ask(large.url, 20s);
      REQUIRE(busy);
      CHECK(busy->status == 503);
      CHECK(busy->header("Retry-After") == "7");
      CHECK(busy->is_cut);
      CHECK(busy->body == std::string(1000, 'x'));
      auto taken = ask(chunked.url, 20s);
      REQUIRE(taken);
      CHECK(taken->status == 200);
      CHECK(taken->is_cut);
      auto gone = ask(broken.url, 20s);
      REQUIRE(gone);
      CHECK(gone->status == 410);
      CHECK(gone->is_cut);
      auto late = ask(endless.url, 500ms);
      REQUIRE(late);
      CHECK(late->status == 201);
      CHECK(late->header("x-a") == "b");
      CHECK(late->is_cut);
      auto none = ask(silent.url, 300ms);
      REQUIRE(!none);
      CHECK(code_of(none.error()) == errc::peer_timeout);
    }
    raw_server plain(always(raw_server::ok("x")));
    client_world x;
    auto asked = request_for("GET", plain.url + "/");
    asked.cut_body = true;
    auto whole = x.ask(asked);
    REQUIRE(whole);
    CHECK(whole->body == "x");
    CHECK(!whole->is_cut);
  }

  TEST_CASE("a large body goes to a file") {
    std::string piece(1 << 20, 'p');
    raw_server server([&](int socket, int) {
      raw_server::read_request(socket);
      raw_server::write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n");
      for (int i = 0; i < 50; ++i)
        raw_server::write(socket, piece);
    });
    client_world x;
    auto asked = request_for("GET", server.url + "/");
    asked.max_body = 60 << 20;
    asked.save_to = x.node.folder.path("saved");
    auto before = wire::resident_bytes();
    auto y = x.ask(asked);
    REQUIRE(y);
    CHECK(y->body.empty());
    CHECK(std::filesystem::file_size(asked.save_to) == 50 * piece.size());
    CHECK(wire::resident_bytes() < before + (24 << 20));
  }

  TEST_CASE("no file is left when there is an error, or no success") {
    client_world x;
    auto asked = request_for("GET", "");
    asked.save_to = x.node.folder.path("saved");
    raw_server short_body([](int socket, int) {
      raw_server::read_request(socket);
      raw_server::write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort");
    });
    asked.url = short_body.url + "/";
    CHECK(x.failure(asked) == errc::bad_answer);
    CHECK(wire::eventually([&] { return !std::filesystem::exists(asked.save_to); }));
    raw_server large(always(raw_server::ok(std::string(100, 'x'))));
    asked.url = large.url + "/";
    asked.max_body = 99;
    CHECK(x.failure(asked) == errc::too_large);
    CHECK(wire::eventually([&] { return !std::filesystem::exists(asked.save_to); }));
    raw_server refusing(always("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone"));
    asked.url = refusing.url + "/";
    auto y = x.ask(asked);
    REQUIRE(y);
    CHECK(y->status == 404);
    CHECK(y->body == "none");
    CHECK(wire::eventually([&] { return !std::filesystem::exists(asked.save_to); }));
    asked.save_to = x.node.folder.path("no/such/folder");
    CHECK(x.failure(asked) == errc::unavailable);
  }

  TEST_CASE("an empty answer makes an empty file") {
    raw_server server(always(raw_server::ok("")));
    client_world x;
    auto asked = request_for("GET", server.url + "/");
    asked.save_to = x.node.folder.path("saved");
    REQUIRE(x.ask(asked));
    CHECK(std::filesystem::exists(asked.save_to));
    CHECK(content_of(asked.save_to).empty());
  }

  TEST_CASE("a file is sent as the one part of a form, also on a kept connection that was closed") {
    client_world x;
    x.node.answers->store = [](const store_document& y) -> caf::expected<document_stored> {
      return document_stored{multihash_of(content_of(y.path))};
    };
    x.node.open();
    auto path = x.node.folder.path("certificate \"1\".pdf");
    for (auto size : {size_t{0}, size_t{1}, size_t{3'000'000}}) {
      CAPTURE(size);
      std::string content(size, 'c');
      std::ofstream(path, std::ios::binary) << content;
      auto asked = request_for("POST", x.node.url() + "/jurisdictions/AU");
      asked.upload_file = path;
      auto y = x.ask(asked);
      REQUIRE(y);
      CHECK(y->status == 200);
      CHECK(y->body.find(multihash_of(content)) != std::string::npos);
    }
    auto asked = request_for("POST", x.node.url() + "/jurisdictions/AU");
    asked.upload_file = x.node.folder.path("none");
    CHECK(x.failure(asked) == errc::not_found);
    asked.upload_file = x.node.folder.path();
    CHECK(x.failure(asked) == errc::not_found);
    raw_server closing([](int socket, int) {
      if (!raw_server::read_request(socket).empty())
        raw_server::write(socket, raw_server::ok("x"));
    });
    asked.url = closing.url + "/";
    asked.upload_file = path;
    for (int i = 0; i < 5; ++i)
      CHECK(x.ask(asked));
  }

  TEST_CASE("a kept connection that the other side has closed is no failure") {
    // Every connection serves one request and is closed without a word.
    raw_server server([](int socket, int) {
      if (!raw_server::read_request(socket).empty())
        raw_server::write(socket, raw_server::ok("x"));
    });
    client_world x;
    for (int i = 0; i < 30; ++i) {
      auto y = x.ask(request_for(i % 2 ? "GET" : "PUT", server.url + "/", {},
                                 std::string(i % 2 ? 0 : 100, 'b')));
      REQUIRE(y);
      CHECK(y->body == "x");
    }
  }

  TEST_CASE("what may be repeated is, once, when no byte of an answer came") {
    auto hang_up_on = [](int times) {
      return [=](int socket, int number) {
        raw_server::read_request(socket);
        if (number >= times)
          raw_server::write(socket, raw_server::ok("x"));
      };
    };
    client_world x;
    raw_server once(hang_up_on(1));
    CHECK(x.get(once.url + "/")->body == "x");
    raw_server with_key(hang_up_on(1));
    CHECK(x.ask(request_for("POST", with_key.url + "/", {{"idempotency-key", "k"}}, "b"))->body ==
          "x");
    raw_server no_key(hang_up_on(1));
    CHECK(x.failure(request_for("POST", no_key.url + "/", {}, "b")) == errc::peer_lost);
    raw_server twice(hang_up_on(2));
    CHECK(x.failure(request_for("GET", twice.url + "/")) == errc::peer_lost);
    CHECK(twice.connections == 2);
  }

  TEST_CASE("many requests wait at once, in order of arrival, and one too many is refused") {
    std::mutex guard;
    std::condition_variable released;
    bool go = false;
    std::atomic<int> at_once{0};
    raw_server server([&](int socket, int) {
      while (!raw_server::read_request(socket).empty()) {
        ++at_once;
        std::unique_lock lock{guard};
        released.wait(lock, [&] { return go; });
        lock.unlock();
        raw_server::write(socket, raw_server::ok("x"));
      }
    });
    client_world x{{32, 8}};
    std::atomic<int> answered{0};
    std::atomic<int> refused{0};
    for (int i = 0; i < 41; ++i)
      x.self->send(
          x.self->spawn([&, client = x.client](caf::event_based_actor* self) -> caf::behavior {
            return {[=, &server, &answered, &refused](int) {
              self->request(client, 30s, request_for("GET", server.url + "/"))
                  .then([=, &answered](const http_response&) { ++answered; },
                        [=, &refused](caf::error& why) {
                          if (code_of(why) == errc::peer_busy)
                            ++refused;
                        });
            }};
          }),
          1);
    CHECK(wire::eventually([&] { return at_once == 32 && refused == 1; }));
    {
      std::lock_guard lock{guard};
      go = true;
    }
    released.notify_all();
    CHECK(wire::eventually([&] { return answered == 40; }));
    CHECK(server.connections <= 40);
  }

  TEST_CASE("a slow origin does not hold another one up") {
    raw_server silent([](int socket, int) {
      raw_server::read_request(socket);
      raw_server::read_request(socket);
    });
    raw_server quick(always(raw_server::ok("x")));
    client_world x{{1, 100}};
    for (int i = 0; i < 10; ++i)
      x.self->send(x.client, request_for("GET", silent.url + "/"));
    CHECK(x.get(quick.url + "/")->body == "x");
  }

  TEST_CASE("ending the client ends what it waits for") {
    raw_server silent([](int socket, int) {
      raw_server::read_request(socket);
      raw_server::read_request(socket);
    });
    client_world x;
    auto asked = x.self->request(x.client, 30s, request_for("GET", silent.url + "/"));
    REQUIRE(wire::eventually([&] { return silent.connections == 1; }));
    x.self->send_exit(x.client, caf::exit_reason::user_shutdown);
    bool failed = false;
    asked.receive([](const http_response&) {}, [&](const caf::error&) { failed = true; });
    CHECK(failed);
  }
}
