#include "messages/uri.hpp"

#include "examples.hpp"

#include <doctest/doctest.h>

using namespace igl;

TEST_SUITE("uri") {

  TEST_CASE("a URL with scheme, host and path is a URI") {
    for (auto text : {"http://example.org/", "https://example.org/a/b?c=d#e", "ftp://h/x",
                      "http://[::1]:8080/x", "http://user@example.org/x", "HTTP://EXAMPLE.ORG/X",
                      "ethereum+rpc://node-1/0xabc", "https://example.org/dökument"}) {
      CAPTURE(text);
      CHECK(is_uri(text));
    }
  }

  TEST_CASE("a URL without one of them, or with what no URL has, is none") {
    for (auto text :
         {"http://example.org", "http:///path", "://example.org/", "http:/example",
          "//example.org/x", "http://example.org?x=1", "1http://example.org/",
          "ht tp://example.org/", "http://example.org/a b", "http://example.org/a\nb",
          "http://example.org/<script>", "http://example.org/\xff", "mailto:a@b", "urn:uuid:1"}) {
      CAPTURE(text);
      CHECK(!is_uri(text));
    }
  }

  TEST_CASE("a CID or multihash is a URI, with or without /ipfs/") {
    for (auto text : {"QmZjTnYw2TFhn9Nn7tjmPSoTBoY7YRkwPzwSrSbabY24Kp",
                      "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4",
                      "8VxAkNuUDzKc3zqKzuaBh5q7TvawM2NJhp4GqtbtJVrmqXHRVV83ebDibFeZcCCZNjiU9xMZf87j"
                      "arpzmp8jQSgmwY"}) {
      CAPTURE(text);
      CHECK(is_uri(text));
      CHECK(is_uri(std::string{"/ipfs/"} + text));
    }
  }

  TEST_CASE("what starts with /ipfs/ must be a CID or multihash") {
    for (auto text : {"/ipfs/", "/ipfs/a.b.c", "/ipfs/http://example.org/x", "/ipfs",
                      "/ipfs/QmZjTnYw2TFhn9Nn7tjmPSoTBoY7YRkwPzwSrSbabY24K",
                      "/ipfs/QmZjTnYw2TFhn9Nn7tjmPSoTBoY7YRkwPzwSrSbabY24Kp/file",
                      "/ipfs//ipfs/QmZjTnYw2TFhn9Nn7tjmPSoTBoY7YRkwPzwSrSbabY24Kp"}) {
      CAPTURE(text);
      CHECK(!is_uri(text));
    }
  }

  TEST_CASE("a dotted name of at least three parts is a URI") {
    for (auto text : {"UN.CEFACT.Trade.CertificateOfOrigin.created", "a.b.c", "a-1.b_2.c",
                      "zertifikat.für.ursprung", "1.2.3.4"}) {
      CAPTURE(text);
      CHECK(is_uri(text));
    }
  }

  TEST_CASE("fewer parts, an empty part or other characters make none") {
    for (auto text : {"", "abc", "a.b", "a..c", ".a.b", "a.b.", "a.b.c.", "...", "a.b.c d", "a.b.*",
                      "a.b.c/d", "a.b.\xff", "a.b.\n", "Qm"}) {
      CAPTURE(text);
      CHECK(!is_uri(text));
    }
  }

  TEST_CASE("judging a long text takes no long time") {
    CHECK(!is_uri(std::string(1 << 20, 'z')));
    CHECK(!is_uri(std::string(1 << 20, '1')));
    CHECK(!is_uri(std::string(1 << 20, '.')));
  }

} // TEST_SUITE

TEST_SUITE("http url") {

  TEST_CASE("the parts of a URL are told apart") {
    auto x = parse_http_url("HTTP://Example.ORG:8080/Path/x?q=1&r=%20#fragment");
    REQUIRE(x);
    CHECK(x->scheme == "http");
    CHECK(x->host == "example.org");
    CHECK(x->port == 8080);
    CHECK(x->path == "/Path/x?q=1&r=%20");
    CHECK(x->origin() == "http://example.org:8080");
  }

  TEST_CASE("port and path have defaults") {
    auto x = parse_http_url("https://example.org");
    REQUIRE(x);
    CHECK(x->port == 443);
    CHECK(x->path == "/");
    x = parse_http_url("http://example.org?x=1");
    REQUIRE(x);
    CHECK(x->port == 80);
    CHECK(x->path == "/?x=1");
  }

  TEST_CASE("an IPv6 host loses its brackets, its origin has them") {
    auto x = parse_http_url("http://[2001:DB8::1]:81/x");
    REQUIRE(x);
    CHECK(x->host == "2001:db8::1");
    CHECK(x->port == 81);
    CHECK(x->origin() == "http://[2001:db8::1]:81");
  }

  TEST_CASE("what cannot be called is none") {
    for (auto text : {"",
                      "http",
                      "http://",
                      "http:///x",
                      "ftp://example.org/",
                      "//example.org/",
                      "javascript:alert(1)",
                      "http://:80/",
                      "http://example.org:/x",
                      "http://example.org:0/",
                      "http://example.org:65536/",
                      "http://example.org:8o/",
                      "http://example.org:-1/",
                      "http://user@example.org/",
                      "http://user:secret@example.org/",
                      "http://exa mple.org/",
                      "http://example.org/a b",
                      "http://example.org/\r\nX: y",
                      "http://example.org/é",
                      "http://example.org/%zz",
                      "http://example.org/%4",
                      "http://[::1/x",
                      "http://[zz::1]/",
                      "http://[::1]x/",
                      "http://exämple.org/",
                      "http://example.org\\@evil.org/",
                      " http://example.org/",
                      "http://example.org/ "}) {
      CAPTURE(text);
      CHECK(!parse_http_url(text));
    }
  }

  TEST_CASE("a text with a NUL or a tab is none") {
    CHECK(!parse_http_url(std::string_view{"http://example.org/\0", 20}));
    CHECK(!parse_http_url("http://example.org/\tx"));
  }

} // TEST_SUITE

TEST_SUITE("percent encoding") {

  TEST_CASE("every byte survives encoding and decoding") {
    std::string bytes;
    for (int i = 0; i < 256; ++i)
      bytes += static_cast<char>(i);
    auto encoded = percent_encode(bytes);
    CHECK(
        encoded.find_first_not_of("%0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "-._~") == std::string::npos);
    CHECK(percent_decode(encoded) == bytes);
  }

  TEST_CASE("unreserved characters stay, everything else is encoded") {
    CHECK(percent_encode("AU:a b/é~") == "AU%3Aa%20b%2F%C3%A9~");
    CHECK(percent_decode("AU%3a17") == std::string{"AU:17"});
    CHECK(percent_decode("a+b") == std::string{"a+b"});
  }

  TEST_CASE("a percent sign without two hex digits is refused") {
    for (auto text : {"%", "%4", "a%", "%g0", "%0g", "%%41", "% 1"}) {
      CAPTURE(text);
      CHECK(!percent_decode(text));
    }
  }

} // TEST_SUITE

TEST_SUITE("plain text") {

  TEST_CASE("well-formed UTF-8 without control characters is plain") {
    for (auto text : {"", "abc", "é 東京 🚢", "\u00a0", "\U0010ffff", "\ud7ff", "\ue000"}) {
      CHECK(is_plain_text(text));
      CHECK(is_utf8(text));
    }
  }

  TEST_CASE("control characters are not plain, though UTF-8") {
    for (auto text : {"\n", "a\tb", "\x1b[2J", "\x7f", "\u0080", "\u009f"}) {
      CHECK(!is_plain_text(text));
      CHECK(is_utf8(text));
    }
    CHECK(!is_plain_text(std::string_view{"\0", 1}));
  }

  TEST_CASE("malformed UTF-8 is neither") {
    for (auto text :
         {"\x80", "\xff", "\xc3", "\xc3(", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf",
          "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",
          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe6\x9d", "\xf0\x9f\x9a"}) {
      CHECK(!is_plain_text(text));
      CHECK(!is_utf8(text));
      CHECK(!is_utf8(std::string{text} + "abc"));
    }
  }

  TEST_CASE("characters are counted, not bytes") {
    CHECK(characters_in("") == 0);
    CHECK(characters_in("abc") == 3);
    CHECK(characters_in("é東🚢") == 3);
    CHECK(characters_in(test::repeated("🚢", 256)) == 256);
  }

} // TEST_SUITE
