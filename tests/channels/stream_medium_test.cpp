#include "channels/entry_text.hpp"
#include "channels/open_medium.hpp"
#include "channels/stream_medium.hpp"
#include "messages/multihash.hpp"
#include "storage/nats_link.hpp"
#include "storage/nats_server.hpp"
#include "tests/contracts/medium_contract.hpp"
#include "tests/support/temporary_folder.hpp"

#include <condition_variable>
#include <csignal>
#include <mutex>

using namespace igl;
using namespace std::chrono_literals;

namespace {

/// A nats-server of its own, with as many streams as a test wants.
struct stream_world {
  temporary_folder folder;
  std::shared_ptr<nats_server> server;
  int streams = 0;

  stream_world() { start(); }

  void start() {
    nats_server_options how;
    how.folder = folder.path("nats");
    auto x = nats_server::start(how);
    REQUIRE_MESSAGE(x, sentence_of(x.error()));
    server = std::move(*x);
    REQUIRE(!server->wait_until_ready(20s));
  }

  append_stream_options named(const std::string& name) const {
    append_stream_options x;
    x.url = server->url();
    x.name = name;
    x.user = "a test";
    return x;
  }
  std::unique_ptr<medium> opened(const std::string& name = "au-sg") const {
    auto x = open_stream_medium(named(name));
    REQUIRE_MESSAGE(x, sentence_of(x.error()));
    return std::move(*x);
  }
  std::function<medium_place()> places() {
    return [this] {
      auto name = "s" + std::to_string(++streams);
      return medium_place{[this, name] { return opened(name); }, [] {},
                          [this, name, planted = std::make_shared<int>()](const std::string& data) {
                            // Now and then where an entry of ours could be.
                            auto key = std::to_string(++*planted);
                            publish(name, *planted % 2 == 0 ? key : sha256_hex(key), data);
                          }};
    };
  }

  /// What the server answers when it is asked without the medium.
  std::string ask(const std::string& subject, const std::string& body) const {
    std::mutex lock;
    std::condition_variable came;
    std::string answer;
    auto link = *nats_link::open(server->url(), "a test", 5s, [](const std::string&) {});
    auto inbox = nats_link::fresh_inbox();
    auto hears = link->subscribe(inbox, [&](const nats_message& x) {
      std::lock_guard guard{lock};
      answer = x.data;
      came.notify_all();
    });
    REQUIRE(!link->publish(haste::at_once, subject, inbox, body));
    std::unique_lock guard{lock};
    REQUIRE(came.wait_for(guard, 10s, [&] { return !answer.empty(); }));
    return answer;
  }
  void put(const std::string& id, const std::string& data) const {
    publish("au-sg", sha256_hex(id), data);
  }
  void publish(const std::string& stream, const std::string& key, const std::string& data) const {
    auto answer = ask("igl.medium." + stream + "." + key, data);
    REQUIRE_MESSAGE(answer.find("\"error\"") == std::string::npos, answer);
  }
};

} // namespace

TEST_SUITE_BEGIN("stream medium");

TEST_CASE_FIXTURE(stream_world, "keeps the promises of a medium") {
  medium_contract(places());
}

TEST_CASE_FIXTURE(stream_world, "keeps the promises of a medium that does not take back") {
  lasting_medium_contract(places());
}

TEST_CASE_FIXTURE(stream_world, "the server refuses to delete, to purge and to replace") {
  auto here = opened();
  CHECK(!here->append({entry_about("a"), entry_about("b")}));
  CHECK(ask("$JS.API.STREAM.PURGE.au-sg", "{}").find("\"error\"") != std::string::npos);
  CHECK(ask("$JS.API.STREAM.MSG.DELETE.au-sg", R"({"seq":1})").find("\"error\"") !=
        std::string::npos);
  CHECK(ask("igl.medium.au-sg." + sha256_hex("a"), "other").find("\"error\"") != std::string::npos);
  CHECK(confirmed_in(*here) == std::vector<std::string>{"a", "b"});
}

TEST_CASE_FIXTURE(stream_world, "refuses a stream that may shrink, and says what is wrong") {
  ask("$JS.API.STREAM.CREATE.au-sg", R"({"name":"au-sg","subjects":["igl.medium.au-sg.*"]})");
  auto x = open_stream_medium(named("au-sg"));
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::storage_format);
  CHECK(sentence_of(x.error()).find("expected") != std::string::npos);
  CHECK(sentence_of(x.error()).find("au-sg") != std::string::npos);
}

TEST_CASE_FIXTURE(stream_world, "has everything after the server was started again") {
  std::string cursor;
  auto here = opened();
  CHECK(!here->append({entry_about("a"), entry_about("b")}));
  next_of(*here, cursor, 1);
  server.reset();
  CHECK(code_of(here->append({entry_about("c")})) == errc::unavailable);
  CHECK(code_of(here->read(cursor, 10).error()) == errc::unavailable);
  CHECK(code_of(here->find("a").error()) == errc::unavailable);
  start();
  here = opened();
  CHECK(!here->append({entry_about("c")}));
  CHECK(ids_in(rest_of(*here, cursor)) == std::vector<std::string>{"b", "c"});
}

TEST_CASE_FIXTURE(stream_world, "says that the server is away when it is opened then") {
  auto how = named("au-sg");
  server.reset();
  auto x = open_stream_medium(how);
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::unavailable);
}

TEST_CASE_FIXTURE(stream_world, "reads anew a stream that lost what was read") {
  auto here = opened();
  CHECK(!here->append({entry_about("a"), entry_about("b")}));
  std::string cursor;
  rest_of(*here, cursor);
  auto other = cursor;
  auto dash = other.rfind('-');
  SUBCASE("its end lies before the cursor") {
    other = other.substr(0, other.rfind(':')) + ":9" + other.substr(dash);
  }
  SUBCASE("another entry is where the last one was") {
    other = other.substr(0, dash) + "-0123456789abcdef";
    CHECK(!here->append({entry_about("c")}));
  }
  auto page = here->read(other, 100);
  REQUIRE(page);
  CHECK(page->from_start);
  CHECK(page->changes.at(0).about.id == "a");
  CHECK(!here->read(page->cursor, 100)->from_start);
}

TEST_CASE_FIXTURE(stream_world, "an entry that is no message holds up nobody, and keeps its id") {
  auto here = opened();
  CHECK(!here->append({entry_about("a")}));
  put("b", "{");
  put("not the id", text_of(entry_about("d")));
  CHECK(!here->append({entry_about("c")}));
  auto page = *here->read("", 10);
  CHECK(ids_in(page.changes) == std::vector<std::string>{"a", "c"});
  REQUIRE(page.unreadable.size() == 2);
  CHECK(page.unreadable[0].where == "at place 2");
  CHECK(page.unreadable[1].where == "at place 3");
  CHECK(page.unreadable[1].reason.find("not under the subject of its id") != std::string::npos);
  // The server keeps it for ever, so this message will never be there: the others of a batch will.
  CHECK(code_of(here->append({entry_about("b")})) == errc::conflict);
  CHECK(!here->append({entry_about("d")}));
  CHECK(ids_in(here->read(page.cursor, 10)->changes) == std::vector<std::string>{"d"});
}

TEST_CASE_FIXTURE(stream_world, "refuses what the server would close the connection for") {
  auto here = opened();
  auto large = entry_about("a");
  auto link = *nats_link::open(server->url(), "a test", 5s, [](const std::string&) {});
  large.content.subject = std::string(link->largest_payload(), 'x');
  CHECK(code_of(here->append({entry_about("b"), large})) == errc::too_large);
  CHECK(*here->find("b") == medium_presence::absent);
  CHECK(!here->append({entry_about("b")}));
}

TEST_CASE_FIXTURE(stream_world, "opens where the settings say") {
  endpoint_settings how;
  how.id = "channel-au";
  how.medium = medium_kind::stream;
  how.medium_url = server->url();
  how.medium_stream = "au-sg";
  auto x = opener_of(how, "ignored")();
  REQUIRE(x);
  CHECK((*x)->description().find("stream au-sg at 127.0.0.1:") == 0);
}

TEST_SUITE_END();
