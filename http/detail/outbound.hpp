#pragma once

#include "messages/api.hpp"
#include "messages/uri.hpp"

#include <cpprest/http_client.h>

#include <functional>
#include <memory>
#include <string>

namespace igl {

/// How an exchange with another server ended.
struct outbound_end {
  caf::error why;            ///< none: it was answered
  bool answer_began = false; ///< the other side has sent at least a status line
  http_response answer;
};

/// The connections to one origin; cpprestsdk keeps and reuses them.
class origin_client {
public:
  explicit origin_client(const http_url& where);

  /// Makes one exchange; nothing blocks. `ended` is called once, on a thread of cpprestsdk.
  void start(const http_request& asked, const http_url& where,
             const pplx::cancellation_token& until, std::function<void(outbound_end)> ended) const;

private:
  mutable web::http::client::http_client client_;
};

/// May be sent twice: by its method, because it carries a key by which the other side can tell, or
/// because it is a file, which a document API stores once.
bool is_repeatable(const http_request& asked);

} // namespace igl
