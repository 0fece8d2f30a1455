#include "client_world.hpp"

#include <doctest/doctest.h>

#include <condition_variable>
#include <thread>

using namespace igl;
using namespace igl::test;
using namespace std::chrono_literals;

TEST_SUITE("http client: answers") {
  TEST_CASE("answers that are none, or break off") {
    client_world x;
    for (auto text : {"nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
      CAPTURE(text);
      raw_server server([=](int socket, int) {
        raw_server::read_request(socket);
        raw_server::write(socket, text);
      });
      CHECK(x.failure(request_for("GET", server.url + "/")) == errc::bad_answer);
    }
    raw_server hangs_up([](int socket, int) { raw_server::read_request(socket); });
    CHECK(x.failure(request_for("POST", hangs_up.url + "/", {}, "x")) == errc::peer_lost);
  }

  TEST_CASE("a connection that was lost is told from one that was never made") {
    client_world x;
    // Reads the whole request and closes, as an endpoint that is killed after its commit.
    raw_server dies([](int socket, int) { raw_server::read_request(socket); });
    raw_server resets([](int socket, int) {
      raw_server::read_request(socket);
      linger at_once{1, 0};
      ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    });
    raw_server half([](int socket, int) {
      raw_server::read_request(socket);
      raw_server::write(socket, "HTTP/1.1 201 Cr");
    });
    std::string large(20'000'000, 'x');
    for (auto url : {dies.url, resets.url, half.url})
      for (auto& body : {std::string{"x"}, large}) {
        CAPTURE(url);
        CHECK(x.failure(request_for("POST", url + "/", {{"Idempotency-Key", "k"}}, body)) ==
              errc::peer_lost);
      }
    std::string nobody;
    {
      raw_server gone(always(raw_server::ok("x")));
      CHECK(x.get(gone.url + "/"));
      nobody = gone.url;
    }
    // Its kept connection is closed, and nobody takes a new one.
    CHECK(wire::eventually([&] {
      return x.failure(request_for("POST", nobody + "/", {{"Idempotency-Key", "k"}}, "x")) ==
             errc::peer_unreachable;
    }));
    raw_server no_tls([](int socket, int) {
      char byte;
      (void)::recv(socket, &byte, 1, 0);
    });
    CHECK(x.failure(request_for("POST", "https" + no_tls.url.substr(4) + "/", {}, "x")) ==
          errc::peer_unreachable);
  }

  TEST_CASE("a body over the bound is refused, announced or not, and not kept") {
    std::string large(10'000, 'x');
    client_world x;
    raw_server sized(always(raw_server::ok(large)));
    auto asked = request_for("GET", sized.url + "/");
    asked.max_body = 10'000;
    CHECK(x.ask(asked)->body == large);
    asked.max_body = 9'999;
    CHECK(x.failure(asked) == errc::too_large);
    for (auto chunk : {"2711\r\n" + large + "x\r\n0\r\n\r\n", std::string("-2\r\n\r\n")}) {
      raw_server chunked([=](int socket, int) {
        raw_server::read_request(socket);
        raw_server::write(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk);
        raw_server::read_request(socket);
      });
      asked.url = chunked.url + "/";
      CHECK(x.failure(asked) == errc::too_large);
    }
  }

  TEST_CASE("a head, a line or a chunk without an end is cut off before it fills the memory") {
    constexpr size_t megabyte = 1 << 20;
    constexpr size_t most = 4096 * megabyte;
    struct flood {
      std::string what, start, piece;
    };
    const std::string begin = "HTTP/1.1 200 OK\r\n";
    const std::string much(64 * 1024, 'a');
    for (auto& x :
         {flood{"head", begin, "X-A: " + much + "\r\n"}, flood{"line", begin + "X-A: ", much},
          flood{"chunk", begin + "Transfer-Encoding: chunked\r\n\r\n7fffffff\r\n", much},
          flood{"chunk behind others",
                begin + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n7fffffff\r\n", much},
          flood{"length of a chunk", begin + "Transfer-Encoding: chunked\r\n\r\n", much}}) {
      CAPTURE(x.what);
      std::atomic<size_t> sent{0};
      std::atomic<int> asked{0};
      raw_server server([&](int socket, int) {
        if (raw_server::read_request(socket).empty())
          return;
        ++asked;
        raw_server::write(socket, x.start);
        while (sent < most && raw_server::write(socket, x.piece))
          sent += x.piece.size();
      });
      client_world y;
      auto before = wire::resident_bytes();
      size_t peak = before;
      std::atomic<bool> over{false};
      std::thread looks([&] {
        for (; !over; std::this_thread::sleep_for(1ms))
          peak = std::max(peak, wire::resident_bytes());
      });
      // By its name and by its address; several at once, and none is asked twice.
      auto port = server.url.substr(server.url.rfind(':'));
      std::vector<std::string> urls(3, server.url + "/");
      urls.push_back("http://localhost" + port + "/");
      std::vector<caf::error> ends(urls.size());
      std::vector<std::thread> callers;
      for (size_t i = 0; i < urls.size(); ++i)
        callers.emplace_back([&, i] {
          caf::scoped_actor self{*y.node.system};
          auto what = request_for("GET", urls[i]);
          what.timeout = 60s;
          what.max_body = most;
          self->request(y.client, 90s, what)
              .receive([](http_response&) {}, [&](caf::error& why) { ends[i] = std::move(why); });
        });
      for (auto& caller : callers)
        caller.join();
      over = true;
      looks.join();
      for (auto& why : ends) {
        CHECK(code_of(why) == errc::too_large);
        CHECK(problem_of(why).detail.find("the head of the answer, or a chunk") !=
              std::string::npos);
      }
      CHECK(asked == static_cast<int>(urls.size()));
      CHECK(sent < most);
      CHECK(peak - before < 300 * megabyte);
      MESSAGE("endless ", x.what, ": ", sent / megabyte, " MiB taken, memory grew by ",
              (peak - before) / megabyte, " MiB");
    }
  }

  TEST_CASE("an answer over a second connection is bounded as one over the first") {
    constexpr size_t megabyte = 1 << 20;
    constexpr size_t most = 1024 * megabyte;
    std::atomic<size_t> sent{0};
    std::atomic<int> begun_anew{0};
    raw_server server([&](int socket, int number) {
      raw_server::read_request(socket);
      if (number == 0) {
        // Kept, until there is another request: for that one the library connects again.
        raw_server::write(socket, raw_server::ok("kept"));
        raw_server::read_request(socket);
        return;
      }
      ++begun_anew;
      raw_server::write(socket, "HTTP/1.1 200 OK\r\nX-A: ");
      const std::string much(64 * 1024, 'a');
      while (sent < most && raw_server::write(socket, much))
        sent += much.size();
    });
    client_world x;
    REQUIRE(x.get(server.url + "/"));
    auto what = request_for("POST", server.url + "/", {}, "event");
    what.max_body = most;
    auto answer = x.ask(what);
    REQUIRE_FALSE(answer);
    REQUIRE(begun_anew == 1);
    CHECK(code_of(answer.error()) == errc::too_large);
    CHECK(sent < most);
  }

  TEST_CASE("bodies of any size pass, in chunks and beside each other") {
    raw_server server([](int socket, int) {
      if (raw_server::read_request(socket).empty())
        return;
      raw_server::write(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      const std::string piece(1 << 20, 'x');
      for (int i = 0; i < 100; ++i)
        if (!raw_server::write(socket, "100000\r\n" + piece + "\r\n"))
          return;
      raw_server::write(socket, "0\r\n\r\n");
    });
    client_world x;
    std::vector<std::thread> all;
    std::atomic<int> whole{0};
    for (int i = 0; i < 4; ++i)
      all.emplace_back([&, i] {
        caf::scoped_actor self{*x.node.system};
        auto what = request_for("GET", server.url + "/");
        auto file = std::filesystem::temp_directory_path() /
                    ("igl-client-chunks-" + std::to_string(getpid()) + "-" + std::to_string(i));
        what.timeout = 60s;
        what.max_body = 1 << 30;
        what.save_to = file.string();
        self->request(x.client, 90s, what)
            .receive(
                [&](http_response&) { whole += std::filesystem::file_size(file) == 100 << 20; },
                [](caf::error&) {});
        std::filesystem::remove(file);
      });
    for (auto& one : all)
      one.join();
    CHECK(whole == 4);
  }

  TEST_CASE("many bodies that are too large at once hold up nobody") {
    raw_server endless([](int socket, int) {
      raw_server::read_request(socket);
      raw_server::write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n");
      std::string much(1 << 16, ' ');
      while (raw_server::write(socket, much)) {
      }
    });
    raw_server good(always(raw_server::ok("good")));
    client_world x;
    auto asked = request_for("GET", endless.url + "/");
    asked.max_body = 100'000;
    for (int round = 0; round < 5; ++round) {
      std::vector<decltype(x.self->request(x.client, 30s, asked))> pending;
      for (int i = 0; i < 32; ++i)
        pending.push_back(x.self->request(x.client, 30s, asked));
      int too_large = 0;
      for (auto& one : pending)
        one.receive([](http_response&) {},
                    [&](caf::error& why) { too_large += code_of(why) == errc::too_large; });
      REQUIRE(too_large == 32);
    }
    CHECK(x.get(good.url + "/")->body == "good");
  }
}
