#include "fake_node.hpp"
#include "http/detail/byte_budget.hpp"
#include "http/detail/traffic.hpp"
#include "http/detail/web_exchange.hpp"
#include "node_apart.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

using namespace igl;
using namespace std::chrono_literals;

namespace {

constexpr size_t megabyte = 1 << 20;

using errand = traffic::errand;

/// How many of these errands are welcome, one after the other.
int welcomed(traffic& to, errand why, int of) {
  int count = 0;
  for (int i = 0; i < of; ++i)
    count += to.enter(why).how == traffic::admission::welcome;
  return count;
}

/// More than what is waited for without a place.
const std::string upload_begin =
    "--XyZ\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\n" +
    std::string(70'000, 'x');
const std::string upload_end = "\r\n--XyZ--\r\n";

/// An upload of which the end is missing.
std::unique_ptr<wire::connection> half_an_upload(const node_apart& to) {
  auto line = std::make_unique<wire::connection>(wire::port_of(to.url()));
  line->send(wire::request_text(
      "POST", "/jurisdictions/AU",
      {{"Content-Type", "multipart/form-data; boundary=XyZ"},
       {"Content-Length", std::to_string(upload_begin.size() + upload_end.size())}},
      upload_begin));
  return line;
}

} // namespace

TEST_SUITE("overload") {
  TEST_CASE("changes leave a quarter of the places to those that read, and probes need none") {
    traffic x{100, nullptr};
    CHECK(welcomed(x, errand::change, 200) == 75);
    CHECK(welcomed(x, errand::read, 200) == 25);
    CHECK(welcomed(x, errand::probe, 200) == 200);
  }

  TEST_CASE("those that read may have all places") {
    traffic x{100, nullptr};
    CHECK(welcomed(x, errand::read, 200) == 100);
    CHECK(welcomed(x, errand::change, 10) == 0);
  }

  TEST_CASE("large changes get half of the places, and say when they would need more") {
    traffic x{100, nullptr};
    CHECK(welcomed(x, errand::large_change, 50) == 50);
    CHECK_FALSE(x.lacked_places_of_large());
    CHECK(welcomed(x, errand::large_change, 10) == 0);
    CHECK(x.lacked_places_of_large());
    CHECK_FALSE(x.lacked_places_of_large());
    CHECK(welcomed(x, errand::change, 50) == 25);
    x.leave({errand::large_change, traffic::admission::welcome});
    CHECK(welcomed(x, errand::large_change, 10) == 1);
  }

  TEST_CASE("probes take nobody's place") {
    traffic x{4, nullptr};
    CHECK(welcomed(x, errand::probe, 100) == 100);
    CHECK(welcomed(x, errand::read, 100) == 4);
    x.leave({errand::probe, traffic::admission::welcome});
    CHECK(welcomed(x, errand::read, 1) == 0);
  }

  TEST_CASE("large changes are short when others want their places, not when the ledger lags") {
    auto waiting = std::make_shared<gauge>(1ms);
    traffic x{100, waiting};
    CHECK(welcomed(x, errand::large_change, 10) == 10);
    waiting->change(60);
    CHECK(wire::eventually([&] { return welcomed(x, errand::change, 1) == 0; }));
    CHECK_FALSE(x.lacked_places_of_large());
    waiting->change(-60);
    CHECK(wire::eventually([&] { return welcomed(x, errand::change, 1) == 1; }));
    welcomed(x, errand::change, 100);
    CHECK(x.lacked_places_of_large());
  }

  TEST_CASE("a body is too slow when less than 16 KiB a second came, but for what is not shown") {
    constexpr uint64_t kib = 1024;
    CHECK_FALSE(web_exchange::is_too_slow(0, false, 1999ms));
    CHECK(web_exchange::is_too_slow(0, false, 2s));
    CHECK_FALSE(web_exchange::is_too_slow(28 * kib, false, 2s));
    CHECK(web_exchange::is_too_slow(28 * kib - 1, false, 2s));
    CHECK_FALSE(web_exchange::is_too_slow(0, true, 4s));
    CHECK(web_exchange::is_too_slow(0, true, 4001ms));
    CHECK(web_exchange::is_too_slow(1000 * kib, false, 63s));
    CHECK_FALSE(web_exchange::is_too_slow(1000 * kib, false, 62s));
  }

  TEST_CASE("who was refused takes nobody's place") {
    traffic x{4, nullptr};
    CHECK(welcomed(x, errand::change, 3) == 3);
    auto refused = x.enter(errand::change);
    CHECK(refused.how == traffic::admission::overloaded);
    CHECK(welcomed(x, errand::read, 2) == 1);
    x.leave(refused);
    CHECK(welcomed(x, errand::read, 2) == 0);
    x.leave({errand::change, traffic::admission::welcome});
    CHECK(welcomed(x, errand::read, 2) == 1);
  }

  TEST_CASE("changes are refused early when the ledger falls behind") {
    auto waiting = std::make_shared<gauge>(1ms);
    traffic x{100, waiting};
    CHECK(welcomed(x, errand::change, 10) == 10);
    waiting->change(60);
    CHECK(wire::eventually([&] { return welcomed(x, errand::change, 1) == 0; }));
    CHECK(welcomed(x, errand::read, 10) == 10);
    waiting->change(-60);
    CHECK(wire::eventually([&] { return welcomed(x, errand::change, 1) == 1; }));
  }

  TEST_CASE("nothing is welcome any more when the node drains") {
    traffic x{100, nullptr};
    x.drain();
    CHECK(welcomed(x, errand::read, 1) == 0);
  }

  TEST_CASE("many together use no more than their budget") {
    auto all = std::make_shared<byte_budget>(100);
    byte_budget::share one{all};
    {
      byte_budget::share two{all};
      CHECK(one.uses(60));
      CHECK(two.uses(40));
      CHECK_FALSE(two.uses(41));
    }
    CHECK(one.uses(100));
    CHECK_FALSE(one.uses(101));
    CHECK(one.uses(1));
  }

  TEST_CASE("thousands of posts that nobody answers stop neither reading nor probes") {
    node_apart node{apart_options{
        {"posts", "never answered"}, {"connections", 4096}, {"requests_in_flight", 2000}}};
    auto before = node.resident();
    auto body = message_json({{"subject", "AU." + std::string(900, 'x')}});
    auto post =
        wire::request_text("POST", "/message", {{"Content-Type", "application/json"}}, body);
    std::vector<std::unique_ptr<wire::connection>> posting;
    size_t refused = 0;
    for (int i = 0; i < 2500; ++i) {
      posting.push_back(std::make_unique<wire::connection>(wire::port_of(node.url())));
      posting.back()->send(post);
    }
    CHECK(wire::eventually([&] {
      auto answer =
          wire::ask(node.url(), "POST", "/message", {{"Content-Type", "application/json"}}, body);
      CHECK(answer.status == 503);
      CHECK(answer.code() == "generic-http-error");
      auto seconds = std::stoi(answer.field("Retry-After"));
      CHECK((seconds >= 1 && seconds <= 30));
      // It learns that nothing gets done.
      return seconds >= 2;
    }));
    for (auto& x : posting)
      refused += x->has_something();
    CHECK(refused >= 2500 - 1500);
    CHECK(refused < 2500 - 900);
    for (int i = 0; i < 20; ++i) {
      CHECK(wire::ask(node.url(), "GET", "/message/AU:unknown").status == 404);
      CHECK(wire::ask(node.url(), "GET", "/").status == 200);
      CHECK(wire::ask(node.url(), "GET", "/healthz").status == 200);
    }
    CHECK(node.resident() - before < 150 * megabyte);
  }

  TEST_CASE("many clients on few places hear 201 or 503, and no answer is cut off") {
    for (auto bound : {"connections", "connections_per_address"}) {
      CAPTURE(bound);
      node_apart node{apart_options{{bound, 40}, {"requests_in_flight", 30}}};
      auto post = wire::request_text("POST", "/message", {{"Content-Type", "application/json"}},
                                     message_json());
      std::atomic<size_t> taken{0}, refused{0}, other{0};
      std::vector<std::thread> clients;
      const auto end = std::chrono::steady_clock::now() + 3s;
      for (int i = 0; i < 120; ++i)
        clients.emplace_back([&] {
          std::unique_ptr<wire::connection> line;
          while (std::chrono::steady_clock::now() < end) {
            try {
              if (!line)
                line = std::make_unique<wire::connection>(wire::port_of(node.url()));
              line->send(post);
              auto answer = line->read();
              taken += answer.status == 201;
              refused += answer.status == 503;
              other += answer.status != 201 && answer.status != 503;
              if (answer.status == 503 && answer.field("Retry-After").empty())
                ++other;
              if (answer.closed || answer.field("Connection") == "close")
                line = nullptr;
            } catch (const std::exception&) {
              ++other;
              line = nullptr;
            }
            std::this_thread::sleep_for(5ms);
          }
        });
      for (auto& x : clients)
        x.join();
      MESSAGE(taken.load(), " taken, ", refused.load(), " refused");
      CHECK(taken > 0);
      CHECK(refused > 0);
      CHECK(other == 0);
    }
  }

  TEST_CASE("uploads share their memory, and one more is told to come again") {
    // A piece of 128 KiB for each of them.
    node_apart node{apart_options{{"upload_memory", megabyte}}};
    std::vector<std::unique_ptr<wire::connection>> slow;
    for (int i = 0; i < 8; ++i)
      slow.push_back(half_an_upload(node));
    wire::response refused;
    CHECK(wire::eventually([&] {
      // The node may take the last one before one of these, and refuse that.
      for (auto& x : slow)
        if (x->has_something())
          x = half_an_upload(node);
      auto line = half_an_upload(node);
      line->send(upload_end);
      refused = line->read();
      return refused.status == 503;
    }));
    CHECK(!refused.field("Retry-After").empty());
    CHECK(wire::ask(node.url(), "GET", "/").status == 200);
    // Each is done, unless this machine was so slow that it had to give way.
    for (auto& x : slow) {
      x->send(upload_end);
      auto status = x->read().status;
      CHECK((status == 200 || status == 503));
    }
    auto again = half_an_upload(node);
    again->send(upload_end);
    CHECK(again->read().status == 200);
  }

  TEST_CASE("bodies that are announced and do not come keep nobody out") {
    node_apart node{apart_options{{"requests_in_flight", 40}, {"connections", 200}}};
    const auto whole = message_json();
    auto begun = [&](size_t announced, const std::string& sent) {
      auto line = std::make_unique<wire::connection>(wire::port_of(node.url()));
      line->send(wire::request_text(
          "POST", "/message",
          {{"Content-Type", "application/json"}, {"Content-Length", std::to_string(announced)}},
          sent));
      return line;
    };
    auto is_taken = [&] {
      return wire::ask(node.url(), "POST", "/message", {{"Content-Type", "application/json"}},
                       whole)
                 .status == 201;
    };
    std::vector<std::unique_ptr<wire::connection>> stalled;
    SUBCASE("small ones") {
      for (int i = 0; i < 150; ++i)
        stalled.push_back(begun(whole.size(), "{"));
      for (int i = 0; i < 20; ++i)
        CHECK(is_taken());
      // Who was only slow is served.
      stalled.back()->send(whole.substr(1));
      CHECK(stalled.back()->read().status == 201);
    }
    SUBCASE("more of them than there may be connections") {
      for (int i = 0; i < 400; ++i)
        stalled.push_back(begun(whole.size(), "{"));
      CHECK(wire::eventually(is_taken));
    }
    SUBCASE("of requests that read, and of probes") {
      for (auto path : {"/", "/healthz"})
        for (int i = 0; i < 60; ++i) {
          stalled.push_back(std::make_unique<wire::connection>(wire::port_of(node.url())));
          stalled.back()->send(wire::request_text("GET", path, {{"Content-Length", "1"}}, ""));
        }
      for (int i = 0; i < 20; ++i) {
        CHECK(is_taken());
        CHECK(wire::ask(node.url(), "GET", "/").status == 200);
      }
    }
    SUBCASE("large ones of requests that are answered without them") {
      for (auto path : {"/nope", "/message"})
        for (int i = 0; i < 60; ++i) {
          stalled.push_back(std::make_unique<wire::connection>(wire::port_of(node.url())));
          stalled.back()->send(wire::request_text(
              "POST", path, {{"Content-Type", "text/plain"}, {"Content-Length", "100000"}}, ""));
        }
      for (int i = 0; i < 20; ++i)
        CHECK(is_taken());
      CHECK(wire::eventually([&] {
        auto line = half_an_upload(node);
        line->send(upload_end);
        return line->read().status == 200;
      }));
      // They are told, although they sent nothing.
      CHECK(stalled.front()->read().status == 404);
    }
    SUBCASE("large ones") {
      for (int i = 0; i < 150; ++i)
        stalled.push_back(half_an_upload(node));
      for (int i = 0; i < 20; ++i)
        CHECK(is_taken());
      CHECK(wire::eventually([&] {
        auto line = half_an_upload(node);
        line->send(upload_end);
        return line->read().status == 200;
      }));
    }
  }

  TEST_CASE("who sends nothing more does not keep a node from stopping") {
    fake_node node;
    auto port = wire::port_of(node.url());
    std::vector<std::unique_ptr<wire::connection>> silent;
    for (auto& head : {wire::request_text("POST", "/message", {{"Content-Length", "100"}}, ""),
                       wire::request_text("POST", "/nope", {{"Content-Length", "100000"}}, ""),
                       wire::request_text("GET", "/", {{"Content-Length", "1"}}, "")}) {
      silent.push_back(std::make_unique<wire::connection>(port));
      silent.back()->send(head);
    }
    wire::connection upload(port);
    upload.send(wire::request_text(
        "POST", "/jurisdictions/AU",
        {{"Content-Type", "multipart/form-data; boundary=XyZ"}, {"Content-Length", "1000000"}},
        upload_begin + std::string(65'000, 'x')));
    REQUIRE(wire::eventually([&] { return !node.spooled().empty(); }));
    const auto begun = std::chrono::steady_clock::now();
    node.server->stop(60s);
    CHECK(std::chrono::steady_clock::now() - begun < 50s);
    CHECK(upload.read().status == 503);
  }
}
