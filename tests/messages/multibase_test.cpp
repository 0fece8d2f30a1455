#include "messages/multibase.hpp"

#include <doctest/doctest.h>

using namespace igl;

TEST_SUITE("base58") {

  TEST_CASE("known values") {
    CHECK(base58_encode("Hello World!") == "2NEpo7TZRRrLZSi2U");
    CHECK(base58_encode(std::string_view{"\0\0\x28\x7f\xb4\xcd", 6}) == "11233QC4");
    CHECK(base58_decode("2NEpo7TZRRrLZSi2U") == std::string{"Hello World!"});
    CHECK(base58_encode("") == "");
    CHECK(base58_decode("") == std::string{});
  }

  TEST_CASE("every byte survives encoding and decoding") {
    for (size_t size = 0; size < 70; ++size) {
      std::string bytes;
      for (size_t i = 0; i < size; ++i)
        bytes += static_cast<char>(i < size / 3 ? 0 : i * 37 + size);
      CHECK(base58_decode(base58_encode(bytes)) == bytes);
    }
  }

  TEST_CASE("foreign characters and long texts are refused") {
    for (auto bad : {"0", "O", "I", "l", "a b", "é", "+", "abc\n"})
      CHECK(!base58_decode(bad));
    CHECK(base58_decode(std::string(256, 'z')));
    CHECK(!base58_decode(std::string(257, 'z')));
    CHECK(!base58_decode(std::string(257, '1')));
  }

} // TEST_SUITE

TEST_SUITE("base64") {

  TEST_CASE("the examples of RFC 4648") {
    const std::pair<std::string, std::string> examples[] = {{"", ""},
                                                            {"f", "Zg=="},
                                                            {"fo", "Zm8="},
                                                            {"foo", "Zm9v"},
                                                            {"foob", "Zm9vYg=="},
                                                            {"fooba", "Zm9vYmE="},
                                                            {"foobar", "Zm9vYmFy"},
                                                            {"\xfb\xff\xbf", "+/+/"}};
    for (auto& [bytes, text] : examples) {
      CHECK(base64_encode(bytes) == text);
      CHECK(base64_decode(text) == bytes);
    }
  }

  TEST_CASE("what is not the one text of some bytes is refused") {
    for (auto bad : {"Zg", "Zg=", "Zh==", "Z===", "====", "Zm9v\n", "-_-_", "Zg==Zg==", "Zm=v"})
      CHECK_MESSAGE(!base64_decode(bad), bad);
  }

  TEST_CASE("base64url is decoded strictly") {
    CHECK(base64url_decode("") == std::string{});
    CHECK(base64url_decode("Zm9vYmE") == std::string{"fooba"});
    CHECK(base64url_decode("-_-_") == std::string{"\xfb\xff\xbf"});
    for (auto text : {"Zg==", "Z", "Zm9v\n", "Zm+v", "Zm/v", "Zh", "Zm9vYmF"})
      CHECK_MESSAGE(!base64url_decode(text), text);
  }

} // TEST_SUITE

TEST_CASE("multibase: the prefix tells the base, and an unknown one is refused") {
  for (auto text : {"zCn8eVZg", "bnbswy3dp", "f68656c6c6f", "uaGVsbG8"})
    CHECK_MESSAGE(multibase_decode(text) == std::string{"hello"}, text);
  for (auto bad : {"", "mnbswy3dp", "Bnbswy3dp", "F68656C6C6F", "uaGVsbG8=", "f6", "z0"})
    CHECK_MESSAGE(!multibase_decode(bad), bad);
}
