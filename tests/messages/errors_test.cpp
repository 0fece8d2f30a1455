#include "messages/errors.hpp"

#include "enum_values.hpp"
#include "messages/type_ids.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>
#include <doctest/doctest.h>

#include <set>

using namespace igl;

TEST_SUITE("errors") {

  TEST_CASE("every code has exactly one row, in the order of the enum") {
    auto& table = errc_table();
    CHECK(table.size() == test::enumerators<errc>());
    std::set<std::string_view> names;
    for (size_t i = 0; i < table.size(); ++i) {
      CAPTURE(table[i].name);
      CHECK(static_cast<size_t>(table[i].code) == i);
      CHECK(&entry_of(table[i].code) == &table[i]);
      CHECK(to_string(table[i].code) == table[i].name);
      CHECK(names.insert(table[i].name).second);
      CHECK(!table[i].sentence.empty());
      CHECK(table[i].sentence.back() != '.');
    }
  }

  TEST_CASE("an unknown code is a fault of the program") {
    CHECK(entry_of(static_cast<errc>(250)).code == errc::internal);
  }

  TEST_CASE("codes and titles are those of the wire") {
    struct row {
      errc code;
      uint16_t status;
      std::string_view wire_code;
      std::string_view title;
    };
    constexpr std::string_view generic = "generic-http-error";
    for (auto& r : std::vector<row>{
             {errc::message_data_empty, 400, "message-data-empty-error",
              "Message Data Empty Error"},
             {errc::message_deserialization, 400, "message-deserialization-error",
              "Message Deserialization Error"},
             {errc::message_validation, 400, "message-validation-error",
              "Message Validation Error"},
             {errc::unexpected_message_status, 400, "unexpected-message-status-error",
              "Unexpected Message Status Error"},
             {errc::message_not_found, 404, generic, "Message Not Found Error"},
             {errc::bad_jurisdiction_name, 400, "bad-jurisdiction-name-error",
              "Bad Jurisdiction Name Error"},
             {errc::no_input_file, 400, "no-input-file-error", "No Input File Error"},
             {errc::too_many_files, 400, "too-many-files-error", "Too Many Files Error"},
             {errc::invalid_uri, 400, "invalid-uri-error", "Invalid URI Error"},
             {errc::document_not_found, 404, generic, "Not Found"},
             {errc::missing_attributes, 400, "missing-attributes-error",
              "Missing Attributes Error"},
             {errc::unknown_mode, 400, "unknown-mode-error", "Unknown Mode Error"},
             {errc::callback_url_validation, 400, "callback-url-validation-error",
              "Callback URL Validation Error"},
             {errc::topic_validation, 400, "topic-validation-error", "Topic Validation Error"},
             {errc::lease_seconds_validation, 400, "lease-seconds-validation-error",
              "Lease Seconds Validation Error"},
             {errc::subscription_not_found, 404, generic, "Not Found"},
             {errc::unknown_channel, 404, generic, "Not Found"},
             {errc::not_found, 404, generic, "Not Found"},
             {errc::bad_request, 400, generic, "Bad Request"},
             {errc::unauthorized, 401, generic, "Unauthorized"},
             {errc::forbidden, 403, generic, "Forbidden"},
             {errc::conflict, 409, generic, "Conflict"},
             {errc::too_large, 413, generic, "Request Entity Too Large"},
             {errc::unsupported_media_type, 415, generic, "Unsupported Media Type"},
             {errc::method_not_allowed, 405, generic, "Method Not Allowed"},
             {errc::overloaded, 503, generic, "Service Unavailable"},
             {errc::unavailable, 503, generic, "Service Unavailable"},
             {errc::broken_promise, 503, generic, "Service Unavailable"},
             {errc::internal, 500, generic, "Internal Server Error"},
         }) {
      auto& entry = entry_of(r.code);
      CAPTURE(entry.name);
      CHECK(entry.http_status == r.status);
      CHECK(entry.wire_code == r.wire_code);
      CHECK(entry.title == r.title);
    }
  }

  TEST_CASE("a code of its own is the title in kebab-case, otherwise the title is the phrase") {
    for (auto& entry : errc_table()) {
      CAPTURE(entry.name);
      CHECK(!reason_phrase(entry.http_status).empty());
      if (entry.code == errc::message_not_found)
        continue; // the one exception of the reference software
      if (entry.wire_code == "generic-http-error") {
        CHECK(entry.title == reason_phrase(entry.http_status));
        continue;
      }
      std::string kebab;
      for (char c : entry.title)
        kebab += c == ' ' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      CHECK(entry.wire_code == kebab);
    }
  }

  TEST_CASE("what is wrong with a request stays wrong, what is wrong with the node passes") {
    for (auto& entry : errc_table()) {
      CAPTURE(entry.name);
      if (entry.http_status >= 400 && entry.http_status < 500)
        CHECK(entry.again == retry::never);
      if (entry.http_status == 503 || entry.http_status == 504)
        CHECK(entry.again == retry::later);
    }
    CHECK(worth_retrying(make_problem(errc::peer_failed)));
    CHECK(worth_retrying(make_problem(errc::stale)));
    CHECK(!worth_retrying(make_problem(errc::peer_refused)));
    CHECK(!worth_retrying(make_problem(errc::job_not_open)));
    CHECK(!worth_retrying(caf::none));
  }

  TEST_CASE("a problem travels in an error and comes back") {
    auto err = make_problem(errc::conflict, "the status is final", "[1]");
    CHECK(code_of(err) == errc::conflict);
    auto x = problem_of(err);
    CHECK(x.code == errc::conflict);
    CHECK(x.detail == "the status is final");
    CHECK(x.source == "[1]");
    CHECK(!make_problem(errc::none));
    CHECK(problem_of(caf::none).code == errc::none);
  }

  TEST_CASE("an error made from a code alone is a problem without details") {
    caf::error err = errc::too_large;
    CHECK(code_of(err) == errc::too_large);
    CHECK(problem_of(err).detail.empty());
    CHECK(sentence_of(err) == "too_large: this is larger than the configured limit");
  }

  TEST_CASE("CAF's own errors are translated") {
    CHECK(code_of(make_error(caf::sec::request_timeout)) == errc::unavailable);
    CHECK(code_of(make_error(caf::sec::request_receiver_down)) == errc::unavailable);
    CHECK(code_of(make_error(caf::sec::runtime_error)) == errc::broken_promise);
    CHECK(code_of(make_error(caf::sec::unexpected_message)) == errc::internal);
    CHECK(code_of(make_error(caf::exit_reason::kill)) == errc::unavailable);
    CHECK(code_of(caf::error{3, caf::atom("other")}) == errc::internal);
    CHECK(!problem_of(make_error(caf::sec::request_timeout)).detail.empty());
    CHECK(sentence_of(make_error(caf::sec::unexpected_message)).find("unexpected_message") !=
          std::string::npos);
  }

  TEST_CASE("a sentence has the name, what it means, and this very case") {
    CHECK(sentence_of(make_problem(errc::peer_timeout, "GET http://au.example/x")) ==
          "peer_timeout: the peer did not answer in time: GET http://au.example/x");
    CHECK(sentence_of(make_problem(errc::stale)) ==
          "stale: what the decision rested on has changed; read and decide again");
  }

  TEST_CASE("an actor system renders the project's errors as their sentence") {
    struct configuration : caf::actor_system_config {
      configuration() { add_to(*this); }
    } config;
    caf::actor_system system{config};
    CHECK(system.render(make_problem(errc::storage_full, "ledger of AU")) ==
          "storage_full: the ledger has no room; make room on its disk: ledger of AU");
  }

} // TEST_SUITE
