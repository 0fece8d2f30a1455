#pragma once

#include "messages/channel.hpp"

#include <string>

/// Example data of these tests.
namespace igl::test {

inline const std::string certificate = "QmZjTnYw2TFhn9Nn7tjmPSoTBoY7YRkwPzwSrSbabY24Kp";

inline message certificate_of_origin() {
  return {"AU",        "17",
          "SG",        "AU.abn0000000000.XXXX-XXXXX-XXXXX-XXXXXX",
          certificate, "UN.CEFACT.Trade.CertificateOfOrigin.created"};
}

/// A message whose texts have everything that JSON must escape and UTF-8 can hold.
inline message odd_message() {
  std::string odd = "quote \" backslash \\ slash / tab \t newline \n nul ";
  odd += '\0';
  odd += " del \x7f é 東京 🚢 \u2028 \ufffd";
  return {"AU", "ref é:東京🚢", "SG", odd, "https://example.org/a?b=c", "a.b.ü"};
}

/// `count` times a character, which may have several bytes.
inline std::string repeated(std::string_view character, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i)
    text += character;
  return text;
}

inline caf::timestamp at_nanosecond(int64_t ns) {
  return caf::timestamp{std::chrono::nanoseconds{ns}};
}

} // namespace igl::test
