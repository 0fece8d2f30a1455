#include "fake_node.hpp"

#include "config/forms.hpp"
#include "http/address.hpp"
#include "messages/errors.hpp"
#include "tests/support/sanitized.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <thread>

using namespace igl;
using wire::ask;
using wire::post_json;
using namespace std::chrono_literals;

namespace {

/// An answer that the test gives when it wants to.
class held_answer {
public:
  /// Called on an actor's thread: waits for `release`.
  void wait() {
    ++waiting_;
    released_.get_future().wait();
  }
  void release() { released_.set_value(); }
  bool is_waited_for() const { return waiting_ > 0; }

private:
  std::promise<void> released_;
  std::atomic<int> waiting_{0};
};

/// GET /operator/status waits until `held` is released.
void hold_status(fake_node& node, held_answer& held) {
  node.answers->status = [&](const node_status_query&) {
    held.wait();
    return caf::expected<node_status>{node_status{}};
  };
}

} // namespace

TEST_SUITE("http server") {
  TEST_CASE("GET / names the service") {
    struct row {
      std::vector<api> apis;
      const char* service;
    };
    const row rows[] = {{{api::message}, "message"},
                        {{api::document}, "document"},
                        {{api::subscriptions}, "subscriptions"},
                        {{api::message_reception}, "message_rx"},
                        {{api::channel}, "channel"},
                        {{api::message, api::operation}, "message"},
                        {{api::message, api::document}, "igl-node"}};
    fake_node node{fake_node::start::later};
    node.how.listeners.clear();
    for (auto& x : rows)
      node.how.listeners = {{"127.0.0.1:0", x.apis}};
    for (auto& x : rows) {
      CAPTURE(x.service);
      node.server = nullptr;
      node.how.listeners = {{"127.0.0.1:0", x.apis}};
      node.open();
      auto y = ask(node.url(x.apis[0]), "GET", "/");
      CHECK(y.status == 200);
      CHECK(y.json() == nlohmann::json{{"service", x.service}});
    }
  }

  TEST_CASE("what no API serves is 404, another method 405") {
    fake_node node;
    for (auto path : {"/message/a/b", "/channel-message/a/b", "/operator/other", "/a/b"}) {
      CAPTURE(path);
      auto x = ask(node.url(), "GET", path);
      CHECK(x.status == 404);
      CHECK(x.code() == "generic-http-error");
      CHECK(x.error()["title"] == "Not Found");
      CHECK(x.error()["status"] == "Not Found");
    }
    for (auto path : {"/message", "/jurisdictions/AU"}) {
      CAPTURE(path);
      auto x = ask(node.url(), "GET", path);
      CHECK(x.status == 405);
      CHECK(x.code() == "generic-http-error");
      CHECK(x.error()["title"] == "Method Not Allowed");
      CHECK(x.field("Allow") == "POST");
    }
    for (auto method : {"OPTIONS", "TRACE", "DELETE", "FROBNICATE"}) {
      CAPTURE(method);
      CHECK(ask(node.url(), method, "/message").status == 405);
    }
    CHECK(ask(node.url(api::channel), "POST", "/message").status == 404);
  }

  TEST_CASE("an API that is not served has no address") {
    fake_node node{fake_node::start::later};
    node.how.listeners = {{"127.0.0.1:0", {api::message}}};
    node.open();
    CHECK(node.server->base_url(api::message).starts_with("http://127.0.0.1:"));
    CHECK(node.server->base_url(api::channel).empty());
    CHECK(node.server->listening());
  }

  TEST_CASE("an address that cannot be had is an error that names it") {
    fake_node node;
    auto taken = node.url().substr(std::string("http://").size());
    for (auto address : {taken, std::string("192.0.2.1:0"), std::string("nonsense"),
                         std::string("[::1]:0"), std::string("127.0.0.1:70000")}) {
      CAPTURE(address);
      auto how = node.how;
      how.listeners = {{address, {api::message}}};
      auto started = http_server::start(*node.system, how, node.who);
      REQUIRE_FALSE(started);
      CHECK(code_of(started.error()) == errc::unavailable);
      auto host = address.substr(0, address.rfind(':'));
      CHECK(sentence_of(started.error()).find(host) != std::string::npos);
    }
  }

  TEST_CASE("what a configuration may say, a listener can listen on") {
    for (auto text : {"127.0.0.1:5100", "0.0.0.0:0", "localhost:65535", "igl_node.au:1", "[::1]:80",
                      "::1:80", "127.0.0.1:65536", "127.0.0.1", ":80", "127.0.0.1:"}) {
      CAPTURE(text);
      CHECK(config::forms::address.holds(text, {}) == bool(parse_listen_address(text)));
    }
  }

  TEST_CASE("all interfaces are reachable by the loopback address") {
    CHECK(listen_address{"0.0.0.0", 80}.reachable_url() == "http://127.0.0.1:80");
    CHECK(listen_address{"10.0.0.1", 80}.reachable_url() == "http://10.0.0.1:80");
  }

  TEST_CASE("the probes answer on every listener") {
    fake_node node;
    std::atomic<bool> streams_ready{true};
    node.answers->ready = [&](const readiness_query&) -> caf::expected<readiness> {
      return readiness{{{"ledger", true, ""}, {"streams", streams_ready, "nats-server"}}};
    };
    for (auto& url : {node.url(), node.url(api::channel)}) {
      CHECK(ask(url, "GET", "/healthz").status == 200);
      streams_ready = true;
      CHECK(ask(url, "GET", "/readyz").status == 200);
      streams_ready = false;
      auto x = ask(url, "GET", "/readyz");
      CHECK(x.status == 503);
      CHECK(x.body.find("streams") != std::string::npos);
    }
    node.answers->ready = [](const readiness_query&) -> caf::expected<readiness> {
      return make_problem(errc::unavailable);
    };
    CHECK(ask(node.url(), "GET", "/readyz").status == 503);
    CHECK(ask(node.url(), "GET", "/healthz").status == 200);
  }

  TEST_CASE("an API without its actor is 503") {
    fake_node node{fake_node::start::later};
    auto messages = std::exchange(node.who.messages, {});
    node.open();
    CHECK(post_json(node.url(), "/message", message_json()).status == 503);
    CHECK(ask(node.url(), "GET", "/message/AU:1").status == 503);
    node.who.messages = messages;
  }

  TEST_CASE("one connection serves many requests, and answers refusals of bodies without harm") {
    fake_node node;
    wire::connection line(wire::port_of(node.url()));
    for (int round = 0; round < 50; ++round) {
      line.send(wire::request_text("POST", "/message", {{"Content-Type", "application/json"}},
                                   message_json()));
      CHECK(line.read().status == 201);
      line.send(wire::request_text("POST", "/nowhere/at/all", {}, std::string(60'000, 'x')));
      CHECK(line.read().status == 404);
    }
    // Who is refused a large body is told, and goes.
    line.send(wire::request_text("POST", "/nowhere/at/all", {}, std::string(1'000'000, 'x')));
    CHECK(line.read().status == 404);
  }

  TEST_CASE("more requests in flight than allowed are 503, probes are answered") {
    fake_node node{fake_node::start::later};
    node.how.requests_in_flight = 1;
    node.open();
    held_answer held;
    hold_status(node, held);
    wire::connection first(wire::port_of(node.url()));
    first.send(wire::request_text("GET", "/operator/status", {}, ""));
    REQUIRE(wire::eventually([&] { return held.is_waited_for(); }));
    auto refused = post_json(node.url(), "/message", message_json());
    CHECK(refused.status == 503);
    CHECK(refused.field("Retry-After") == "1");
    CHECK(ask(node.url(), "GET", "/healthz").status == 200);
    held.release();
    CHECK(first.read().status == 200);
    CHECK(wire::eventually(
        [&] { return post_json(node.url(), "/message", message_json()).status == 201; }));
  }

  TEST_CASE("stopping lets what is in flight be answered and refuses what comes") {
    fake_node node;
    held_answer held;
    hold_status(node, held);
    wire::connection first(wire::port_of(node.url()));
    wire::connection second(wire::port_of(node.url()));
    first.send(wire::request_text("GET", "/operator/status", {}, ""));
    REQUIRE(wire::eventually([&] { return held.is_waited_for(); }));
    auto stopping = std::async(std::launch::async, [&] { node.server->stop(20s); });
    REQUIRE(wire::eventually([&] { return !node.server->listening(); }));
    auto refused = wire::response{};
    REQUIRE(wire::eventually([&] {
      refused = ask(node.url(), "GET", "/");
      return refused.status == 503;
    }));
    CHECK(refused.closed);
    held.release();
    CHECK(first.read().status == 200);
    stopping.get();
    CHECK(second.closes_within(5s));
    CHECK_THROWS(wire::connection(wire::port_of(node.url())));
  }

  TEST_CASE("whoever asks again and again hears that it stops before the connection is cut") {
    fake_node node;
    wire::connection line(wire::port_of(node.url()));
    std::atomic<int> answers{0};
    auto asking = std::async(std::launch::async, [&] {
      wire::response last;
      do {
        line.send(wire::request_text("GET", "/", {}, ""));
        last = line.read();
        ++answers;
        std::this_thread::sleep_for(20ms); // so that nothing of his is in flight when it stops
      } while (last.status == 200);
      return last;
    });
    REQUIRE(wire::eventually([&] { return answers > 3; }));
    node.server->stop(20s);
    auto last = asking.get();
    CHECK(last.status == 503);
    CHECK(last.field("Retry-After") == "1");
    CHECK(last.field("Connection") == "close");
    CHECK_THROWS(wire::connection(wire::port_of(node.url())));
  }

  TEST_CASE("stopping does not wait longer than it is told") {
    fake_node node;
    held_answer held;
    hold_status(node, held);
    wire::connection line(wire::port_of(node.url()));
    line.send(wire::request_text("GET", "/operator/status", {}, ""));
    REQUIRE(wire::eventually([&] { return held.is_waited_for(); }));
    node.server->stop(50ms);
    held.release();
  }

  TEST_CASE("malformed requests are 400") {
    fake_node node;
    auto raw = [&](std::string_view text) {
      wire::connection line(wire::port_of(node.url()));
      line.send(text);
      return line.read().status;
    };
    CHECK(raw("NONSENSE\r\n\r\n") == 400);
    CHECK(raw("GET /%zz HTTP/1.1\r\n\r\n") == 400);
    CHECK(raw("GET / HTTP/1.1\r\nno colon\r\n\r\n") == 400);
    auto post = std::string("POST /message HTTP/1.1\r\nContent-Type: application/json\r\n");
    CHECK(raw(post + "Content-Length: x\r\n\r\n") == 400);
    CHECK(raw(post + "Content-Length: -5\r\n\r\n") == 400);
    CHECK(raw(post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 400);
    CHECK(raw(post + "Transfer-Encoding: gzip\r\n\r\n") == 400);
  }

  TEST_CASE("malformed chunks neither end the process nor keep a connection") {
    // The library asks for as much memory as a chunk says; the sanitizer lets nobody refuse it.
    if (skipped_when_sanitized())
      return;
    fake_node node{fake_node::start::later};
    node.how.idle_connection = 1s;
    node.open();
    for (std::string path : {"/message", "/jurisdictions/AU"})
      for (std::string chunk :
           {"-2\r\n\r\n", "x\r\n\r\n", "ffffffffffff\r\n\r\n", "7fffffff\r\nx"}) {
        CAPTURE(path);
        CAPTURE(chunk);
        wire::connection line(wire::port_of(node.url()));
        line.send("POST " + path + " HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Type: " +
                  (path == "/message" ? "application/json" : "multipart/form-data; boundary=X") +
                  "\r\n\r\n" + chunk);
        CHECK(ask(node.url(), "GET", "/").status == 200);
        CHECK(line.closes_within(8s));
      }
    node.server->stop(10s);
    CHECK(wire::eventually([&] { return node.spooled().empty(); }));
  }

  TEST_CASE("connections that are idle or send letter by letter are closed, others are not") {
    fake_node node{fake_node::start::later};
    node.how.idle_connection = 2s;
    node.open();
    auto port = wire::port_of(node.url());
    wire::connection idle(port);
    wire::connection used_once(port);
    used_once.send(wire::request_text("GET", "/", {}, ""));
    CHECK(used_once.read().status == 200);
    wire::connection half_a_body(port);
    half_a_body.send(
        wire::request_text("POST", "/message",
                           {{"Content-Type", "application/json"}, {"Content-Length", "100"}}, "{"));
    wire::connection slow(port);
    wire::connection busy(port);
    bool slow_is_open = true;
    slow.send("GET / HTTP/1.1\r\nX: ");
    CHECK(wire::eventually([&] {
      busy.send(wire::request_text("GET", "/", {}, ""));
      CHECK(busy.read().status == 200);
      slow_is_open = slow_is_open && slow.try_send("x") && !slow.closes_within(20ms);
      return !slow_is_open;
    }));
    CHECK(idle.closes_within(5s));
    CHECK(used_once.closes_within(5s));
    CHECK(half_a_body.closes_within(5s));
    busy.send(wire::request_text("GET", "/", {}, ""));
    CHECK(busy.read().status == 200);
  }

  TEST_CASE("more connections than allowed are closed, the ones in use stay") {
    fake_node node{fake_node::start::later};
    node.how.connections = 10;
    node.open();
    auto port = wire::port_of(node.url());
    std::vector<std::unique_ptr<wire::connection>> idle;
    for (int i = 0; i < 40; ++i)
      idle.push_back(std::make_unique<wire::connection>(port));
    wire::connection busy(port);
    CHECK(wire::eventually([&] {
      busy.send(wire::request_text("GET", "/", {}, ""));
      CHECK(busy.read().status == 200);
      std::erase_if(idle, [](auto& x) { return x->closes_within(1ms); });
      return idle.size() <= 9;
    }));
    CHECK(idle.size() == 9);
  }

  TEST_CASE("when all that runs actors hangs, probes are answered and requests end") {
    fake_node node;
    std::promise<void> mended;
    auto until = mended.get_future().share();
    // As actors do that read a file on a disk that hangs.
    for (int i = 0; i < 64; ++i)
      node.system->spawn([until] { until.wait(); });
    auto begun = std::chrono::steady_clock::now();
    wire::connection post(wire::port_of(node.url()));
    post.send(wire::request_text("POST", "/message", {{"Content-Type", "application/json"}},
                                 message_json()));
    CHECK(ask(node.url(), "GET", "/healthz").status == 200);
    CHECK(ask(node.url(), "GET", "/readyz").status == 503);
    CHECK(std::chrono::steady_clock::now() - begun < 5s);
    CHECK(wire::eventually([&] { return post.has_something(); }, 20s));
    CHECK(post.read().status == 503);
    mended.set_value();
    CHECK(wire::eventually(
        [&] { return post_json(node.url(), "/message", message_json()).status == 201; }));
  }

  TEST_CASE("wherever a body is read, its media type comes before any other fault") {
    fake_node node;
    struct {
      api of;
      std::string method, path;
    } const routes[] = {
        {api::message, "POST", "/message"},
        {api::message, "PATCH", "/message/no-colon"},
        {api::message, "PATCH", "/message/AU:unknown"},
        {api::document, "POST", "/jurisdictions/XX"},
        {api::document, "POST", "/countries/XX"},
        {api::subscriptions, "POST", "/subscriptions"},
        {api::message_reception, "POST", "/channel-message/unknown"},
        {api::channel, "POST", "/messages"},
        {api::channel, "PUT", "/messages/unknown/status"},
        {api::channel, "POST", "/subscriptions"},
        {api::channel, "POST", "/messages/subscriptions/by_jurisdiction"},
        {api::channel, "POST", "/messages/subscriptions/by_id"},
    };
    for (auto& x : routes)
      for (auto body : {"", "%ff"}) {
        CAPTURE(x.path);
        CAPTURE(body);
        auto answered =
            ask(node.url(x.of), x.method, x.path, {{"Content-Type", "text/plain"}}, body);
        CHECK(answered.status == 415);
        CHECK(answered.error()["source"]["value"] == "text/plain");
      }
  }

  TEST_CASE("hundreds of idle connections keep nobody from being served") {
    fake_node node;
    std::vector<std::unique_ptr<wire::connection>> idle;
    for (int i = 0; i < 500; ++i)
      idle.push_back(std::make_unique<wire::connection>(wire::port_of(node.url())));
    for (int i = 0; i < 20; ++i)
      CHECK(post_json(node.url(), "/message", message_json()).status == 201);
  }

  TEST_CASE("a slow actor keeps no thread: requests beside it are answered") {
    fake_node node;
    held_answer held;
    hold_status(node, held);
    std::vector<std::unique_ptr<wire::connection>> waiting;
    for (int i = 0; i < 64; ++i) {
      waiting.push_back(std::make_unique<wire::connection>(wire::port_of(node.url())));
      waiting.back()->send(wire::request_text("GET", "/operator/status", {}, ""));
    }
    REQUIRE(wire::eventually([&] { return held.is_waited_for(); }));
    CHECK(post_json(node.url(), "/message", message_json()).status == 201);
    node.answers->status = [](const node_status_query&) {
      return caf::expected<node_status>{node_status{}};
    };
    held.release();
    for (auto& x : waiting)
      CHECK(x->read().status == 200);
  }
}
