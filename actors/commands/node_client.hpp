#pragma once

#include "messages/interfaces.hpp"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>

namespace igl {

/// Where a running node is and how it may be spoken to.
struct node_address {
  std::string url = "http://127.0.0.1:5100"; ///< where the node's public APIs are
  std::string operator_url;                  ///< empty: the same
  std::string operator_token;                ///< empty: none
};

/// Speaks HTTP to a running node or endpoint. It blocks: for the command line, the demo and tests,
/// never for an actor.
class node_client {
public:
  explicit node_client(node_address where);
  ~node_client();
  node_client(const node_client&) = delete;
  node_client& operator=(const node_client&) = delete;

  /// Any answer is a success; errors are those of http_client_actor.
  caf::expected<http_response> exchange(http_request what);

  /// The body of a 2xx answer as JSON. Other answers become the error that the body's `detail` and
  /// `source` describe.
  caf::expected<nlohmann::json> json(std::string method, std::string url, std::string body = {});
  caf::expected<nlohmann::json> operation(std::string method, const std::string& path,
                                          std::string body = {});

  const node_address& where() const { return where_; }

private:
  struct system;
  node_address where_;
  std::unique_ptr<system> system_;
};

/// An answer of an API as an error: its title, detail and source in one line.
caf::error error_in(const http_request& asked, const http_response& answered);

} // namespace igl
