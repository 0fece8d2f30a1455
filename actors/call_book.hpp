#pragma once

#include "actors/callback_breaker.hpp"
#include "actors/callback_pace.hpp"
#include "config/settings.hpp"
#include "messages/api.hpp"

#include <memory>
#include <mutex>
#include <string>

namespace igl {

/// Somebody whom a stranger had us call.
struct callee {
  std::string url;
  std::string origin;
};

/// Of a URL; what is behind # calls nobody else.
callee callee_at(const std::string& url, const std::string& origin);

/// How a call ended, as far as the callee goes.
enum class call_end : uint8_t {
  answered,
  failing, ///< it answered that it has trouble: 5xx, 429
  silent,  ///< no answer: no connection, no TLS, not in time
  unknown, ///< our own bounds ended it
};
call_end call_end_of(const http_response& answer);
call_end call_end_of(const caf::error& why);

/// Why somebody is not called now.
struct call_refusal {
  caf::timestamp until;             ///< then it may be
  std::chrono::milliseconds spread; ///< what waits comes back over so long a time
  std::string why;
  bool has_failed = false; ///< it is left alone because of how it answered, or did not
};

/// When to come back; `chance` is from 0 to 1. Spread out, or all that wait would be back at once.
caf::timestamp back_at(const call_refusal& x, double chance);

class call_book;

/// A call that may be made. Whoever has it tells how the call ended; if nobody does, that stays
/// unknown.
class call_permit {
public:
  call_permit(std::shared_ptr<call_book> from, callee whom, bool is_doubtful)
      : from_(std::move(from)), whom_(std::move(whom)), is_doubtful_(is_doubtful) {}
  call_permit(const call_permit&) = delete;
  call_permit& operator=(const call_permit&) = delete;
  ~call_permit();

  void ended(call_end how, caf::timestamp now) const;

private:
  std::shared_ptr<call_book> from_;
  callee whom_;
  bool is_doubtful_;
};

/// What the hub knows of all that it calls for strangers, whichever of its actors does: how often
/// each URL was called lately, and who failed. A URL that has trouble is left alone by itself; a
/// host that does not answer at all with everything on it. Calls to hosts that did not answer last
/// time use at most a quarter of the places that jobs have. Thread-safe: actors share it.
class call_book : public std::enable_shared_from_this<call_book> {
public:
  explicit call_book(const process_settings& settings);

  struct leave {
    std::shared_ptr<const call_permit> permit; ///< null: not now
    call_refusal refusal;
  };
  /// Counts a call. A delivery counts for its URL.
  leave to_deliver(const callee& whom, caf::timestamp now);
  /// A question that anybody may cause counts for its host besides: paths and queries cost nothing.
  leave to_ask(const callee& whom, caf::timestamp now);

private:
  friend class call_permit;
  enum class purpose : uint8_t { delivery, question };
  leave begin(const callee& whom, purpose what, caf::timestamp now);
  void ended(const callee& whom, call_end how, caf::timestamp now);
  void forget_doubtful();

  std::mutex mutex_;
  callback_pace by_url_;
  callback_pace questions_; // by origin
  callback_breaker urls_;
  callback_breaker origins_;
  std::chrono::milliseconds pause_;
  uint32_t most_doubtful_;
  uint32_t doubtful_ = 0;
};

} // namespace igl
