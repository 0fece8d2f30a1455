#pragma once

#include <caf/optional.hpp>

#include <string>
#include <string_view>

namespace igl {

/// Base58 as Bitcoin and IPFS spell it. None: a character outside the alphabet, or more than 256
/// characters (decoding is quadratic).
caf::optional<std::string> base58_decode(std::string_view text);
std::string base58_encode(std::string_view bytes);

/// RFC 4648 §4, padded. None: it is not the one text that stands for some bytes.
caf::optional<std::string> base64_decode(std::string_view text);
std::string base64_encode(std::string_view bytes);

/// RFC 4648 §5 without padding, as in JSON Web Tokens. None: a foreign character, padding, or bits
/// that stand for no byte.
caf::optional<std::string> base64url_decode(std::string_view text);

/// The bytes behind one of the prefixes z (base58), b (base32), f (base16) and u (base64url).
caf::optional<std::string> multibase_decode(std::string_view text);

} // namespace igl
