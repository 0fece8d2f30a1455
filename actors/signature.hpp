#pragma once

#include <string>
#include <string_view>

namespace igl {

/// The value of X-Hub-Signature for a body (W3C WebSub §7.1): the method, `=` and the HMAC in hex.
/// Methods: sha1, sha256, sha384, sha512; with another one the text is empty.
std::string hub_signature(std::string_view secret, std::string_view body,
                          std::string_view method = "sha256");

/// Whether a signature is ours, by sha256, sha384 or sha512, whichever it names; takes the same
/// time wherever it differs. What is signed by sha1 only is not believed.
bool is_hub_signature(std::string_view signature, std::string_view secret, std::string_view body);

/// Whether two texts are the same; takes the same time wherever they differ.
bool is_same_secret(std::string_view a, std::string_view b);

} // namespace igl
