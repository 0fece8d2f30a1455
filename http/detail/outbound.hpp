#pragma once

#include "http/detail/answer_watch.hpp"
#include "messages/api.hpp"
#include "messages/callable.hpp"
#include "messages/uri.hpp"

#include <caf/optional.hpp>
#include <cpprest/http_client.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace igl {

/// How an exchange with another server ended.
struct outbound_end {
  caf::error why;            ///< none: it was answered
  bool answer_began = false; ///< the other side has sent at least a status line
  http_response answer;
};

/// The status and the headers of an answer whose body may never end. Local; thread-safe.
class answer_head {
public:
  void set(http_response x) {
    std::lock_guard guard{mutex_};
    known_ = std::move(x);
  }
  /// None: no answer has begun.
  caf::optional<http_response> known() const {
    std::lock_guard guard{mutex_};
    return known_;
  }

private:
  mutable std::mutex mutex_;
  caf::optional<http_response> known_;
};

class connections_by_address;

/// The connections to one origin; cpprestsdk keeps and reuses them. A name is looked up here, so
/// that what is connected to is what was looked at, whatever the name says a moment later, and that
/// the socket is known.
class origin_client {
public:
  /// With `only`, connections go to no other addresses. `watch` looks after the answers.
  origin_client(const http_url& where, std::shared_ptr<const callable_addresses> only,
                std::shared_ptr<answer_watch> watch);

  /// Makes one exchange; nothing blocks. `ended` is called once, on a thread of cpprestsdk. `head`,
  /// if there is one, is set as soon as the answer has begun.
  void start(const http_request& asked, const http_url& where,
             const pplx::cancellation_token& until, std::shared_ptr<answer_head> head,
             std::function<void(outbound_end)> ended) const;

private:
  std::shared_ptr<connections_by_address> connections_;
  std::shared_ptr<answer_watch> watch_;
};

/// May be sent twice: by its method, because it carries a key by which the other side can tell, or
/// because it is a file, which a document API stores once.
bool is_repeatable(const http_request& asked);

} // namespace igl
