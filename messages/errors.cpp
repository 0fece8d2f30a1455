#include "messages/errors.hpp"

#include "messages/type_ids.hpp"

#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>

namespace igl {

namespace {

constexpr std::string_view generic = "generic-http-error";

/// Wire codes and titles are those of the reference software; where it has none, the reason
/// phrase. One row per code, in the order of the enum.
const std::vector<errc_entry> table{
    {errc::none, "none", 200, generic, "OK", "nothing failed", retry::never},

    {errc::message_data_empty, "message_data_empty", 400, "message-data-empty-error",
     "Message Data Empty Error", "the body must be a JSON object with at least one field",
     retry::never},
    {errc::message_deserialization, "message_deserialization", 400, "message-deserialization-error",
     "Message Deserialization Error", "the message cannot be read", retry::never},
    {errc::message_validation, "message_validation", 400, "message-validation-error",
     "Message Validation Error", "the message is not valid", retry::never},
    {errc::unexpected_message_status, "unexpected_message_status", 400,
     "unexpected-message-status-error", "Unexpected Message Status Error",
     "a message can only be set to accepted or rejected", retry::never},
    {errc::message_not_found, "message_not_found", 404, generic, "Message Not Found Error",
     "there is no message with this reference", retry::never},
    {errc::bad_jurisdiction_name, "bad_jurisdiction_name", 400, "bad-jurisdiction-name-error",
     "Bad Jurisdiction Name Error",
     "a jurisdiction is two capital letters of ISO 3166-1, or a code the operator added",
     retry::never},
    {errc::no_input_file, "no_input_file", 400, "no-input-file-error", "No Input File Error",
     "the form must have one part with a file", retry::never},
    {errc::too_many_files, "too_many_files", 400, "too-many-files-error", "Too Many Files Error",
     "the form must have only one part with a file", retry::never},
    {errc::invalid_uri, "invalid_uri", 400, "invalid-uri-error", "Invalid URI Error",
     "a document is named by its base58 multihash", retry::never},
    {errc::document_not_found, "document_not_found", 404, generic, "Not Found",
     "there is no such document, or this jurisdiction may not read it", retry::never},
    {errc::missing_attributes, "missing_attributes", 400, "missing-attributes-error",
     "Missing Attributes Error", "required attributes are missing", retry::never},
    {errc::unknown_mode, "unknown_mode", 400, "unknown-mode-error", "Unknown Mode Error",
     "hub.mode must be subscribe or unsubscribe", retry::never},
    {errc::callback_url_validation, "callback_url_validation", 400, "callback-url-validation-error",
     "Callback URL Validation Error", "hub.callback must be an http or https URL with a host",
     retry::never},
    {errc::topic_validation, "topic_validation", 400, "topic-validation-error",
     "Topic Validation Error",
     "a topic is elements between dots, none empty, with * only as the last one", retry::never},
    {errc::lease_seconds_validation, "lease_seconds_validation", 400,
     "lease-seconds-validation-error", "Lease Seconds Validation Error",
     "hub.lease_seconds is not a number within its bounds", retry::never},
    {errc::subscription_not_found, "subscription_not_found", 404, generic, "Not Found",
     "there is no subscription of this callback to this topic", retry::never},
    {errc::unknown_channel, "unknown_channel", 404, generic, "Not Found",
     "no channel of this node has this id", retry::never},
    {errc::not_found, "not_found", 404, generic, "Not Found", "there is nothing under this name",
     retry::never},
    {errc::bad_request, "bad_request", 400, generic, "Bad Request",
     "the request cannot be understood", retry::never},
    {errc::unauthorized, "unauthorized", 401, generic, "Unauthorized",
     "who is asking could not be established", retry::never},
    {errc::forbidden, "forbidden", 403, generic, "Forbidden", "this is not allowed", retry::never},
    {errc::conflict, "conflict", 409, generic, "Conflict",
     "the request contradicts what is stored; nothing was changed", retry::never},
    {errc::too_large, "too_large", 413, generic, "Request Entity Too Large",
     "this is larger than the configured limit", retry::never},
    {errc::unsupported_media_type, "unsupported_media_type", 415, generic, "Unsupported Media Type",
     "the body has a media type that is not accepted here", retry::never},
    {errc::method_not_allowed, "method_not_allowed", 405, generic, "Method Not Allowed",
     "this method is not allowed here", retry::never},

    {errc::overloaded, "overloaded", 503, generic, "Service Unavailable",
     "too much is in progress; come again", retry::later},
    {errc::unavailable, "unavailable", 503, generic, "Service Unavailable",
     "a part that is needed is down or starting; come again", retry::later},
    {errc::storage_failed, "storage_failed", 500, generic, "Internal Server Error",
     "the ledger could not be read or written", retry::later},
    {errc::storage_full, "storage_full", 503, generic, "Service Unavailable",
     "the ledger has no room; make room on its disk", retry::later},
    {errc::storage_locked, "storage_locked", 503, generic, "Service Unavailable",
     "another process has the data folder open", retry::later},
    {errc::storage_format, "storage_format", 500, generic, "Internal Server Error",
     "the data folder was written by another version of the program", retry::never},
    {errc::storage_damaged, "storage_damaged", 503, generic, "Service Unavailable",
     "what is on disk is not what was written; igl ledger check tells more", retry::later},
    {errc::job_not_open, "job_not_open", 500, generic, "Internal Server Error",
     "the job is no longer open; it was settled before", retry::never},
    {errc::stale, "stale", 503, generic, "Service Unavailable",
     "what the decision rested on has changed; read and decide again", retry::later},
    {errc::broken_promise, "broken_promise", 503, generic, "Service Unavailable",
     "a part ended without answering; come again", retry::later},
    {errc::internal, "internal", 500, generic, "Internal Server Error", "a fault of the program",
     retry::never},

    {errc::peer_unreachable, "peer_unreachable", 502, generic, "Bad Gateway",
     "the peer cannot be reached", retry::later},
    {errc::peer_timeout, "peer_timeout", 504, generic, "Gateway Timeout",
     "the peer did not answer in time", retry::later},
    {errc::peer_refused, "peer_refused", 502, generic, "Bad Gateway", "the peer refused",
     retry::never},
    {errc::peer_failed, "peer_failed", 502, generic, "Bad Gateway", "the peer failed",
     retry::later},
    {errc::peer_busy, "peer_busy", 503, generic, "Service Unavailable",
     "as much as allowed is already waiting for this peer", retry::later},
    {errc::bad_answer, "bad_answer", 502, generic, "Bad Gateway",
     "the peer answered what the protocol does not allow", retry::later},
    {errc::multihash_mismatch, "multihash_mismatch", 502, generic, "Bad Gateway",
     "the document is not the one its multihash names", retry::later},
    {errc::link_bound, "link_bound", 502, generic, "Bad Gateway",
     "the document links to sub-documents too deep or too many", retry::never},
    {errc::no_channel, "no_channel", 502, generic, "Bad Gateway", "no channel took the message",
     retry::never},
    {errc::peer_lost, "peer_lost", 502, generic, "Bad Gateway",
     "the connection to the peer ended before it answered", retry::later},
};

/// What CAF itself reports, in the words of this project.
errc code_of_sec(caf::sec code) {
  switch (code) {
  case caf::sec::request_receiver_down:
  case caf::sec::request_timeout:
  case caf::sec::no_route_to_receiving_node:
  case caf::sec::cannot_connect_to_node:
  case caf::sec::socket_disconnected:
  case caf::sec::connection_timeout:
    return errc::unavailable;
  case caf::sec::runtime_error:
    return errc::broken_promise;
  default:
    return errc::internal;
  }
}

std::string detail_of_sec(caf::sec code) {
  switch (code) {
  case caf::sec::request_timeout:
    return "a part of the program did not answer in time";
  case caf::sec::request_receiver_down:
    return "a part of the program is restarting";
  case caf::sec::runtime_error:
    return "a part of the program ended by an exception";
  default:
    return "actor system: " + caf::to_string(code);
  }
}

} // namespace

const std::vector<errc_entry>& errc_table() {
  return table;
}

const errc_entry& entry_of(errc code) {
  auto at = static_cast<size_t>(code);
  return at < table.size() ? table[at] : table[static_cast<size_t>(errc::internal)];
}

std::string_view reason_phrase(uint16_t http_status) {
  switch (http_status) {
  case 200:
    return "OK";
  case 201:
    return "Created";
  case 202:
    return "Accepted";
  case 206:
    return "Partial Content";
  case 400:
    return "Bad Request";
  case 401:
    return "Unauthorized";
  case 403:
    return "Forbidden";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 409:
    return "Conflict";
  case 413:
    return "Request Entity Too Large";
  case 415:
    return "Unsupported Media Type";
  case 416:
    return "Requested Range Not Satisfiable";
  case 500:
    return "Internal Server Error";
  case 502:
    return "Bad Gateway";
  case 503:
    return "Service Unavailable";
  case 504:
    return "Gateway Timeout";
  default:
    return {};
  }
}

std::string to_string(errc code) {
  return std::string{entry_of(code).name};
}

caf::error make_problem(errc code, std::string detail, std::string source) {
  if (code == errc::none)
    return caf::none;
  return {static_cast<uint8_t>(code), caf::atom("igl"),
          caf::make_message(std::move(detail), std::move(source))};
}

problem problem_of(const caf::error& err) {
  if (!err)
    return {errc::none, {}, {}};
  if (err.category() == caf::atom("igl")) {
    problem x{entry_of(static_cast<errc>(err.code())).code, {}, {}};
    auto& context = err.context();
    if (context.size() > 0 && context.match_element<std::string>(0))
      x.detail = context.get_as<std::string>(0);
    if (context.size() > 1 && context.match_element<std::string>(1))
      x.source = context.get_as<std::string>(1);
    return x;
  }
  if (err.category() == caf::atom("system")) {
    auto code = static_cast<caf::sec>(err.code());
    problem x{code_of_sec(code), detail_of_sec(code), {}};
    // What an exception said.
    auto& context = err.context();
    if (context.size() > 0 && context.match_element<std::string>(0))
      x.detail += ": " + context.get_as<std::string>(0);
    return x;
  }
  if (err.category() == caf::atom("exit"))
    return {errc::unavailable, "a part of the program has ended", {}};
  return {errc::internal, "an error of the kind " + caf::to_string(err.category()), {}};
}

errc code_of(const caf::error& err) {
  if (err && err.category() == caf::atom("igl"))
    return entry_of(static_cast<errc>(err.code())).code;
  return problem_of(err).code;
}

bool worth_retrying(const caf::error& err) {
  return entry_of(code_of(err)).again == retry::later;
}

std::string sentence_of(const caf::error& err) {
  auto x = problem_of(err);
  auto& entry = entry_of(x.code);
  std::string text{entry.name};
  text += ": ";
  text += entry.sentence;
  if (!x.detail.empty()) {
    text += ": ";
    text += x.detail;
  }
  return text;
}

void add_to(caf::actor_system_config& config) {
  config.add_message_types<caf::id_block::igl>();
  config.add_error_category(
      caf::atom("igl"), [](uint8_t code, caf::atom_value category, const caf::message& context) {
        return sentence_of(caf::error{code, category, context});
      });
}

} // namespace igl
