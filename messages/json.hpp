#pragma once

#include "messages/api.hpp"
#include "messages/errors.hpp"

#include <caf/expected.hpp>

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

/// The vocabulary as JSON: for streams, stored values and the wire. Names are those of the fields.
namespace igl {

/// Parses text with a bound on nesting (64) and size; invalid UTF-8 and trailing text are errors.
/// Fails with bad_request.
caf::expected<nlohmann::json> parse_json(std::string_view text);

/// The members of an object that are texts, by name, the last of a repeated one; or none.
std::map<std::string, std::string> text_members(std::string_view object);

/// RFC 3339 in UTC with microseconds: 2026-11-21T08:15:30.000125Z.
std::string to_rfc3339(caf::timestamp t);
/// Any offset, any number of fractional digits, "Z" or none; none if it is no time. Also takes the
/// spec's `2020-01-12Z123456`.
caf::optional<caf::timestamp> parse_rfc3339(std::string_view text);

// The wire of wire.md.

/// The body of POST /message and GET /message: five fields, sender_ref, status, and channel_id and
/// channel_txn_id when known.
std::string message_to_wire(const message_record& x);
/// What subscribers of the predicate's topic are sent: the message without its status.
std::string message_to_notice(const message& x);
/// `{"predicate": "message.<ref>.status", "sender_ref": "AU:<ref>"}`
std::string status_to_notice(const reference& about, std::string_view topic);
/// The five fields, and sender_ref if `with` says so.
enum class sender_ref_field : uint8_t { left_out, included };
std::string message_to_channel(const message& x, sender_ref_field with);
/// `{"id": "…", "status": "…", "message": {…}}`; our ids are strings.
std::string channel_message_to_wire(const channel_message& x, sender_ref_field with);
/// Reads what a Channel API answers for one message; id may be a number or a string. Fails with
/// bad_answer.
caf::expected<channel_message> channel_message_from_wire(const nlohmann::json& x);
/// The same of a text as our endpoints write it; none: it may be right, but is spelt otherwise. It
/// takes a tenth of the time.
caf::optional<channel_message> usual_channel_message(std::string_view text);
/// A list of them.
caf::optional<std::vector<channel_message>> usual_channel_messages(std::string_view text);
/// `{"errors": [{…}]}` of wire.md.
std::string problem_to_wire(const problem& x);

// Stored values and stream payloads: lossless both ways; from_json throws nlohmann's exceptions on
// a missing or wrong field.

void to_json(nlohmann::json& j, const reference& x);
void from_json(const nlohmann::json& j, reference& x);
void to_json(nlohmann::json& j, const message& x);
void from_json(const nlohmann::json& j, message& x);
void to_json(nlohmann::json& j, const message_arrival& x);
void from_json(const nlohmann::json& j, message_arrival& x);
void to_json(nlohmann::json& j, const message_record& x);
void from_json(const nlohmann::json& j, message_record& x);
void to_json(nlohmann::json& j, const channel_message& x);
void from_json(const nlohmann::json& j, channel_message& x);
void to_json(nlohmann::json& j, const channel_record& x);
void from_json(const nlohmann::json& j, channel_record& x);
void to_json(nlohmann::json& j, const event& x);
void from_json(const nlohmann::json& j, event& x);
void to_json(nlohmann::json& j, const subscription& x);
void from_json(const nlohmann::json& j, subscription& x);
void to_json(nlohmann::json& j, const open_job& x);
void from_json(const nlohmann::json& j, open_job& x);
void to_json(nlohmann::json& j, const dead_letter& x);
void from_json(const nlohmann::json& j, dead_letter& x);
void to_json(nlohmann::json& j, const object_info& x);
void from_json(const nlohmann::json& j, object_info& x);
void to_json(nlohmann::json& j, const configuration_reload& x);
void from_json(const nlohmann::json& j, configuration_reload& x);
void to_json(nlohmann::json& j, const node_status& x);
void from_json(const nlohmann::json& j, node_status& x);
void to_json(nlohmann::json& j, const backup_state& x);
void from_json(const nlohmann::json& j, backup_state& x);
void to_json(nlohmann::json& j, const supervision_node& x);
void from_json(const nlohmann::json& j, supervision_node& x);
void to_json(nlohmann::json& j, const dead_letter_cause& x);
void from_json(const nlohmann::json& j, dead_letter_cause& x);
void to_json(nlohmann::json& j, const dead_letter_group& x);
void from_json(const nlohmann::json& j, dead_letter_group& x);
void to_json(nlohmann::json& j, const readiness& x);
void from_json(const nlohmann::json& j, readiness& x);

} // namespace igl
