#pragma once

#include <string>
#include <string_view>

namespace igl {

/// The value of X-Hub-Signature for a body (W3C WebSub §8): `sha256=` and the HMAC in hex.
std::string hub_signature(std::string_view secret, std::string_view body);

/// Whether a signature is ours; takes the same time wherever it differs.
bool is_hub_signature(std::string_view signature, std::string_view secret, std::string_view body);

} // namespace igl
