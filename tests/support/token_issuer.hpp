#pragma once

#include "tests/support/raw_server.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace igl::test {

std::string base64url(std::string_view bytes);

/// A key pair that JSON Web Tokens are signed with.
class signing_key {
public:
  enum class kind { rsa, p256, p384 };
  /// `bits` of an RSA key.
  signing_key(kind which, std::string id, int bits = 2048);

  /// The public half as RFC 7517 has it: kty, kid, use and the numbers.
  nlohmann::json jwk() const;
  /// A token with these claims; `header` overrides alg, kid and typ, null removes them.
  std::string sign(const nlohmann::json& claims, const nlohmann::json& header = {}) const;

private:
  std::string number(const char* name) const;

  kind kind_;
  std::string id_;
  std::shared_ptr<evp_pkey_st> key_;
};

/// `{"keys": […]}`.
std::string key_set_of(std::initializer_list<const signing_key*> keys);

/// A small HTTP server on a free port of 127.0.0.1, one request at a time, each on a connection of
/// its own.
class small_server {
public:
  struct request {
    std::string method;
    std::string path;
    std::map<std::string, std::string> fields; ///< of the header, names in lower case
    std::string body;
  };
  struct response {
    int status = 200;
    std::string body;
  };

  explicit small_server(std::function<response(const request&)> answer);

  const std::string& url() const { return server_.url; }

private:
  void serve(int socket);

  std::function<response(const request&)> answer_;
  std::mutex one_at_a_time_;
  raw_server server_;
};

} // namespace igl::test
