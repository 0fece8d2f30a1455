#pragma once

#include <caf/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace igl {

/// Every way in which something can fail. A code exists only if somebody reacts to it: a client
/// to the answer, a job source to "again or never", an operator to the sentence.
enum class errc : uint8_t {
  none = 0,

  // What a client of the APIs did (wire.md names the codes and titles).
  message_data_empty,
  message_deserialization,
  message_validation,
  unexpected_message_status,
  message_not_found,
  bad_jurisdiction_name,
  no_input_file,
  too_many_files,
  invalid_uri,
  document_not_found,
  missing_attributes,
  unknown_mode,
  callback_url_validation,
  topic_validation,
  lease_seconds_validation,
  subscription_not_found,
  unknown_channel,
  not_found,
  bad_request,
  unauthorized,
  forbidden,
  conflict,
  too_large,
  unsupported_media_type,
  method_not_allowed,

  // The node itself.
  overloaded,      ///< a bound was reached; the caller may come again
  unavailable,     ///< a part that is needed is down or restarting
  storage_failed,  ///< the ledger could not read or write
  storage_full,    ///< disk or map limit
  storage_locked,  ///< another process has the folder
  storage_format,  ///< the folder was written by another version
  storage_damaged, ///< what is on disk is not what was written
  job_not_open,    ///< settled by somebody else before: acknowledge and forget
  stale,           ///< what a decision rested on has changed: read and decide again
  broken_promise,  ///< an actor ended without answering
  internal,        ///< a fault of the program

  // The other side.
  peer_unreachable, ///< refused, no route, no such name: nothing was sent
  peer_timeout,
  peer_refused, ///< it answered 4xx: asking again will not help
  peer_failed,  ///< it answered 5xx or 429
  peer_busy,    ///< our own bound towards this peer is reached: later, without counting an attempt
  bad_answer,   ///< it answered what the protocol does not allow
  multihash_mismatch,
  link_bound, ///< links to sub-documents too deep or too many
  no_channel, ///< every channel refused, screened or does not serve the receiver
  peer_lost,  ///< the connection ended before an answer: the request may have been done
};

/// Whether the same request may succeed later.
enum class retry : uint8_t { never, later };

/// What is known about an error code, in one row of one table.
struct errc_entry {
  errc code;
  std::string_view name;      ///< snake_case, as in logs
  uint16_t http_status;       ///< what an API answers
  std::string_view wire_code; ///< `code` in the body of wire.md
  std::string_view title;     ///< `title` in the body of wire.md
  std::string_view sentence;  ///< for the person who can act on it
  retry again;
};

const errc_entry& entry_of(errc code);
const std::vector<errc_entry>& errc_table();
std::string to_string(errc code);

/// "Not Found" for 404; the phrases of the reference software. Empty: not a status that is used.
std::string_view reason_phrase(uint16_t http_status);

/// An error as it travels: a code, optionally a sentence about this very case and the `source`
/// of wire.md as JSON text (empty: none).
struct problem {
  errc code = errc::internal;
  std::string detail;
  std::string source;
};

caf::error make_problem(errc code, std::string detail = {}, std::string source = {});

/// Also translates CAF's own errors: a request that timed out, a receiver that is down.
problem problem_of(const caf::error& err);
errc code_of(const caf::error& err);
bool worth_retrying(const caf::error& err);

/// One line: `peer_timeout: the peer did not answer in time: GET http://…`.
std::string sentence_of(const caf::error& err);

} // namespace igl
