#include "messages/multibase.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace igl {

namespace {

constexpr std::string_view base58_alphabet =
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::string_view base32_alphabet = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::string_view base16_alphabet = "0123456789abcdef";
constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view base64url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr size_t longest_text = 256; // characters; decoding base58 is quadratic

/// A character's place in an alphabet; -1: not in it.
constexpr std::array<int8_t, 256> places_in(std::string_view alphabet) {
  std::array<int8_t, 256> places{};
  for (auto& place : places)
    place = -1;
  for (size_t i = 0; i < alphabet.size(); ++i)
    places[static_cast<unsigned char>(alphabet[i])] = static_cast<int8_t>(i);
  return places;
}

constexpr auto base58_places = places_in(base58_alphabet);
constexpr auto base32_places = places_in(base32_alphabet);
constexpr auto base16_places = places_in(base16_alphabet);
constexpr auto base64_places = places_in(base64_alphabet);
constexpr auto base64url_places = places_in(base64url_alphabet);

/// Bases whose digits are whole bits, without padding. None: a foreign character, a digit too
/// many, or bits that are not zero after the last byte.
caf::optional<std::string> bits_decode(std::string_view text, unsigned bits_per_digit,
                                       const std::array<int8_t, 256>& places) {
  std::string result;
  uint32_t buffer = 0;
  unsigned bits = 0;
  for (char c : text) {
    auto place = places[static_cast<unsigned char>(c)];
    if (place < 0)
      return caf::none;
    buffer = (buffer << bits_per_digit) | static_cast<uint32_t>(place);
    bits += bits_per_digit;
    if (bits >= 8) {
      bits -= 8;
      result += static_cast<char>((buffer >> bits) & 0xff);
      buffer &= (1u << bits) - 1;
    }
  }
  if (bits >= bits_per_digit || buffer != 0)
    return caf::none;
  return result;
}

} // namespace

caf::optional<std::string> base58_decode(std::string_view text) {
  if (text.size() > longest_text)
    return caf::none;
  // Little-endian while it grows; leading ones stand for leading zero bytes.
  std::string bytes;
  for (char c : text) {
    auto place = base58_places[static_cast<unsigned char>(c)];
    if (place < 0)
      return caf::none;
    auto carry = static_cast<unsigned>(place);
    for (auto& byte : bytes) {
      carry += 58u * static_cast<unsigned char>(byte);
      byte = static_cast<char>(carry & 0xff);
      carry >>= 8;
    }
    if (carry > 0)
      bytes += static_cast<char>(carry);
  }
  auto zeros = std::min(text.find_first_not_of('1'), text.size());
  bytes.append(zeros, '\0');
  std::reverse(bytes.begin(), bytes.end());
  return bytes;
}

std::string base58_encode(std::string_view bytes) {
  std::string digits;
  for (char c : bytes) {
    auto carry = static_cast<unsigned>(static_cast<unsigned char>(c));
    for (auto& digit : digits) {
      carry += static_cast<unsigned>(static_cast<unsigned char>(digit)) << 8;
      digit = static_cast<char>(carry % 58);
      carry /= 58;
    }
    for (; carry > 0; carry /= 58)
      digits += static_cast<char>(carry % 58);
  }
  auto zeros = std::min(bytes.find_first_not_of('\0'), bytes.size());
  digits.append(zeros, '\0');
  std::reverse(digits.begin(), digits.end());
  for (auto& digit : digits)
    digit = base58_alphabet[static_cast<size_t>(digit)];
  return digits;
}

caf::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0)
    return caf::none;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding)
    text.remove_suffix(1);
  return bits_decode(text, 6, base64_places);
}

std::string base64_encode(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  auto length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                reinterpret_cast<const unsigned char*>(bytes.data()),
                                static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(length));
  return text;
}

caf::optional<std::string> base64url_decode(std::string_view text) {
  return bits_decode(text, 6, base64url_places);
}

caf::optional<std::string> multibase_decode(std::string_view text) {
  if (text.empty() || text.size() > longest_text)
    return caf::none;
  auto digits = text.substr(1);
  switch (text.front()) {
  case 'z':
    return base58_decode(digits);
  case 'b':
    return bits_decode(digits, 5, base32_places);
  case 'f':
    return bits_decode(digits, 4, base16_places);
  case 'u':
    return base64url_decode(digits);
  default:
    return caf::none;
  }
}

} // namespace igl
