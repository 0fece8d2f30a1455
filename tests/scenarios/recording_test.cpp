#include "scenarios/runner/recording.hpp"

#include "actors/commands/node_client.hpp"
#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "messages/multihash.hpp"
#include "scenarios/runner/document_text.hpp"
#include "scenarios/runner/record.hpp"
#include "tests/support/raw_server.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <functional>
#include <sstream>

using namespace igl;
using namespace igl::scenario;

namespace {

/// A node that tells what a test wants, true or not.
struct odd_node {
  std::string nation = "SG";
  std::vector<event> events;
  std::map<std::string, message> messages;
  std::map<std::string, std::string> documents; ///< by path: what it answers, all of it
  std::atomic<int> asked_for_documents{0};
  temporary_folder folder;
  raw_server server{[this](int socket, int) {
    serve(socket);
  }};

  void serve(int socket) {
    for (;;) {
      auto request = raw_server::read_request(socket);
      if (request.empty())
        return;
      auto path = request.substr(4, request.find(' ', 4) - 4);
      auto answer = answer_to(path);
      raw_server::write(socket, answer);
      if (answer.find("cut off") != std::string::npos)
        return;
    }
  }

  std::string answer_to(const std::string& path) {
    if (path == "/operator/status")
      return raw_server::ok(nlohmann::json{{"name", nation}}.dump());
    if (path.starts_with("/operator/events"))
      return raw_server::ok(nlohmann::json{{"events", events}}.dump());
    if (path.starts_with("/message/")) {
      auto named = messages.find("AU:" + path.substr(path.size() - 2));
      auto& x = (named == messages.end() ? messages.begin() : named)->second;
      return raw_server::ok(nlohmann::json{
          {"receiver", x.receiver},
          {"subject", x.subject},
          {"obj", x.obj},
          {"predicate",
           x.predicate}}.dump());
    }
    ++asked_for_documents;
    auto found = documents.find(path);
    return found == documents.end() ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
                                    : found->second;
  }

  /// A message was received, and this is its document.
  void received(const std::string& obj) {
    events.push_back({1, {}, event_kind::message_received, "AU:17", "over channel au-sg as 4711"});
    messages["AU:17"] = {"AU", "17", "SG", "s", obj, "UN.CEFACT.Trade.Invoice.created"};
  }
  /// It has a document for SG; its multihash.
  std::string has(const std::string& text) {
    auto hash = multihash_of(text);
    documents["/" + hash + "?as_jurisdiction=SG"] = raw_server::ok(text);
    return hash;
  }

  caf::expected<recording> told(bool documents_too = false) {
    node_client client{{server.url, {}, {}}};
    return read_recording(client, {}, documents_too ? folder.path("beside") : std::string{});
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (auto& x : std::filesystem::directory_iterator{folder.path("beside")})
      names.push_back(x.path().filename());
    return names;
  }
};

size_t count_in(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

} // namespace

TEST_SUITE_BEGIN("recordings");

TEST_CASE("documents and what they refer to are read as the receiver, each once") {
  odd_node x;
  auto list = x.has("a packing list"), lost = multihash_of("lost"),
       certificate = x.has(document_text("a certificate", {list, lost}));
  x.received("/ipfs/" + certificate);
  x.received("/ipfs/" + certificate);
  for (bool documents_too : {false, true}) {
    x.asked_for_documents = 0;
    auto told = x.told(documents_too);
    REQUIRE_MESSAGE(told, sentence_of(told.error()));
    CHECK(told->links ==
          std::map<std::string, std::vector<std::string>>{{certificate, {list, lost}}, {list, {}}});
    CHECK((told->has(list, "SG") && !told->has(list, "AU") && !told->has(lost, "SG")));
    CHECK(x.asked_for_documents == 3);
    auto story = recorded_story(*told, {});
    // What stands in for it has another multihash; the document itself has the same.
    CHECK(story.find(documents_too ? "object=/ipfs/" + certificate : "object=" + certificate) !=
          std::string::npos);
    CHECK(story.find("# SG did not have " + lost + "; in this story it gets it\nAU stores " +
                     lost) != std::string::npos);
  }
  CHECK(x.files().size() == 2);
}

TEST_CASE("what goes wrong with a document is told, and leaves nothing behind") {
  auto wrong = [](const std::function<std::string(const std::string&)>& answer) {
    odd_node x;
    auto hash = x.has("right");
    x.received(hash);
    x.documents.begin()->second = answer(hash);
    std::string faults;
    for (bool documents_too : {false, true}) {
      auto told = x.told(documents_too);
      REQUIRE_FALSE(told);
      faults += sentence_of(told.error()) + '\n';
    }
    CHECK(x.files().empty());
    return faults;
  };
  auto says = [](const std::string& faults, const std::string& what) {
    CHECK_MESSAGE(count_in(faults, what) == 2, faults);
  };
  says(wrong([](auto&) { return raw_server::ok("wrong"); }),
       "it has the document " + multihash_of("wrong"));
  says(wrong([](auto&) { return "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"; }), "503");
  says(wrong([](auto&) { return "HTTP/1.1 204 Nothing\r\n\r\n"; }), "status 204");
  wrong([](auto&) { return "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut off"; });
}

TEST_CASE("a node that says what none says is not understood") {
  auto fault_of = [](const std::function<void(odd_node&)>& change) {
    odd_node x;
    x.received("https://example.org/document");
    change(x);
    auto told = x.told();
    REQUIRE_FALSE(told);
    return problem_of(told.error()).detail;
  };
  CHECK(fault_of([](auto& x) { x.events[0].about = "nobody"; }).find("'nobody'") !=
        std::string::npos);
  CHECK(fault_of([](auto& x) { x.events[0].about = "AU:17\nkill AU"; }).find("an event of") !=
        std::string::npos);
  CHECK(fault_of([](auto& x) { x.messages["AU:17"].receiver = "SG\nkill AU"; }).find("kill AU") !=
        std::string::npos);
  CHECK(fault_of([](auto& x) { x.nation = "au-sg-sg"; }).find("'au-sg-sg'") != std::string::npos);
}

TEST_CASE("links are followed so far, and a story says that there are more") {
  odd_node x;
  auto last = x.has("the last");
  for (int i = 0; i < 200; ++i)
    last = x.has(document_text("number " + std::to_string(i), {last}));
  x.received(last);
  auto told = x.told();
  REQUIRE(told);
  CHECK_FALSE(told->has_all_documents);
  CHECK(told->links.size() == deepest_link + 1);
  auto story = recorded_story(*told, {});
  CHECK(story.find("# Not all documents are in it") != std::string::npos);
  CHECK(count_in(story, "\nAU stores ") == deepest_link + 1);
}

TEST_CASE("what is too far from one message may be near another") {
  odd_node x;
  std::vector<std::string> chain{x.has("the last")};
  for (uint32_t i = 0; i <= deepest_link; ++i)
    chain.push_back(x.has(document_text("number " + std::to_string(i), {chain.back()})));
  x.received(chain.back());
  x.events.push_back({2, {}, event_kind::message_received, "AU:18", "over channel au-sg as 4712"});
  x.messages["AU:18"] = {"AU", "18", "SG", "s", chain.front(), "UN.CEFACT.Trade.created"};
  auto told = x.told();
  REQUIRE(told);
  CHECK_FALSE(told->has_all_documents);
  CHECK(told->has(chain.front(), "SG"));
}

TEST_CASE("events that do not go on are no log") {
  odd_node x;
  for (int i = 0; i < 5000; ++i)
    x.events.push_back({1, {}, event_kind::subscribed, "UN.*", ""});
  auto told = x.told();
  REQUIRE_FALSE(told);
  CHECK(problem_of(told.error()).detail.find("behind event 1 comes event 1") != std::string::npos);
}

TEST_CASE("an event may be as long as it likes") {
  recording x;
  x.nation = "SG";
  const std::string word(300'000, 'x'), id(300'000, 'y');
  for (auto kind : {event_kind::message_received, event_kind::document_stored})
    for (auto& detail : {word, "over channel au-sg as " + id, word + ", 12 bytes from AU"})
      x.events.push_back({1, {}, kind, "AU:17", detail});
  x.messages["AU:17"] = {"AU", "17", "SG", "s", "https://example.org/x", "UN.CEFACT.Trade.created"};
  auto story = recorded_story(x, {});
  CHECK(story.find("over channel au-sg as au-sg:1\n") != std::string::npos);
  CHECK(story.find(word + ", 12 bytes from AU\n") != std::string::npos);
}

TEST_SUITE_END();
