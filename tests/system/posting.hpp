#pragma once

#include "tests/system/member.hpp"

#include "messages/json.hpp"

#include <nlohmann/json.hpp>

/// What tests of endpoints do over the Channel API.
namespace igl::system_tests {

/// A message with a subject of its own.
inline std::string five_fields(const std::string& sender, const std::string& receiver,
                               const std::string& number) {
  auto x = nlohmann::json::parse(message_body("x"));
  x.erase("sender_ref");
  x["sender"] = sender;
  x["receiver"] = receiver;
  x["subject"] = "AU.abn." + number;
  return x.dump();
}

/// The id that an endpoint gave a message; empty: it was not taken.
inline std::string post(const member& to, const std::string& body) {
  auto answer = to.ask("POST", "/messages", {}, body);
  return answer.status == 201 ? parse_json(answer.body)->at("id").get<std::string>() : "";
}

inline std::string status_of(const member& at, const std::string& id) {
  auto body = parse_json(at.ask("GET", "/messages/" + id).body);
  return body && body->is_object() ? body->value("status", "") : "";
}

inline bool becomes(const member& at, const std::string& id, const std::string& status) {
  return eventually([&] { return status_of(at, id) == status; }, std::chrono::seconds{20});
}

/// The subjects of what came for a jurisdiction, each as often as it came.
inline std::multiset<std::string> arrived(const member& at) {
  std::multiset<std::string> all;
  auto list =
      parse_json(at.ask("GET", "/messages?updated_since=2020-01-01T00:00:00Z&limit=5000").body);
  if (list && list->is_array())
    for (auto& x : *list)
      all.insert(x["message"]["subject"].get<std::string>());
  return all;
}

} // namespace igl::system_tests
