#include "messages/multihash.hpp"

#include "examples.hpp"

#include <doctest/doctest.h>

using namespace igl;

// The expected values come from an independent implementation (Python's hashlib, base64, uuid).
namespace {

const std::string text = "hello world\n";

} // namespace

TEST_SUITE("multihash") {

  TEST_CASE("a document's multihash is base58 of its sha2-256") {
    CHECK(multihash_of(text) == test::certificate);
    CHECK(multihash_of("") == "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n");
  }

  TEST_CASE("piece by piece gives the same as at once") {
    std::string document;
    for (int i = 0; i < 100000; ++i)
      document += static_cast<char>(i * 31);
    for (size_t piece : {size_t{1}, size_t{63}, size_t{64}, size_t{4096}, document.size()}) {
      multihasher hasher;
      for (size_t at = 0; at < document.size(); at += piece)
        hasher.update(std::string_view{document}.substr(at, piece));
      CHECK(hasher.finish() == multihash_of(document));
    }
    multihasher nothing;
    CHECK(nothing.finish() == multihash_of(""));
  }

  TEST_CASE("a computation can be moved") {
    multihasher a;
    a.update("hello ");
    multihasher b{std::move(a)};
    b.update("world\n");
    multihasher c;
    c = std::move(b);
    CHECK(c.finish() == test::certificate);
  }

  TEST_CASE("well-formed multihashes of functions that protect are multihashes") {
    for (auto good :
         {"QmZjTnYw2TFhn9Nn7tjmPSoTBoY7YRkwPzwSrSbabY24Kp",
          "8VxAkNuUDzKc3zqKzuaBh5q7TvawM2NJhp4GqtbtJVrmqXHRVV83ebDibFeZcCCZNjiU9xMZf87jarpzmp8jQSgm"
          "wY",                                                                   // sha2-512
          "W1kkoFwPBTQm68u4PRfPEWLsdSZAYccQgrCQc2nHrgTNMV",                       // sha3-256
          "2DrjgbHf7kVKEkvZdDvgdotiwZfR1fCsChS3H3Ectc6tGc6Veu",                   // blake2b-256
          "Q1CScxz5SkCZmCqidnKpAaMJtDcwS1Ay2wMrCBCzaCDT3B57kPAMJpuqdmJ7Uy6TwMcK", // sha2-384
          "5dbHt3rhQbqbdW8Fd9ZMhk8AzKoUUg383yzMNPGoj"}) {                         // sha3-224
      CAPTURE(good);
      CHECK(is_multihash(good));
    }
  }

  TEST_CASE("identity, sha1, short digests and malformed ones are not") {
    for (auto bad : {"5drGAdCtgwBfCxUkSazeJhEZDiMGrk",                   // sha1
                     "122wbe7KcNw3Je6KY6D",                              // identity
                     "fzhnWbwYy9bwNuwVivqqUd5N1H",                       // md5
                     "325UJZodMrQRvp8A5ukWE7N8UeAe",                     // blake2b-128
                     "5udAk4pJjSXMxCAcbkC1Vf3UKAUhFn",                   // 20 bytes of sha2-256
                     "6PLCS6nkWL69LHrLjoAEgXKEBc1huS6RZQ6YEU6ZzDTyV",    // one byte short
                     "FZwUSazoSWnFgnxqGWCZ6kBVhC1S3CDAVGyWAZFx3jfyS27Y", // overlong varint
                     "QmZjTnYw2TFhn9Nn7tjmPSoTBoY7YRkwPzwSrSbabY24K",    // cut
                     "QmZjTnYw2TFhn9Nn7tjmPSoTBoY7YRkwPzwSrSbabY24Kpp",  // longer
                     "QmZjTnYw2TFhn9Nn7tjmPSoTBoY7YRkwPzwSrSbabY24K0",   // not base58
                     "", "1", "Qm", "hello", " QmZjTnYw2TFhn9Nn7tjmPSoTBoY7YRkwPzwSrSbabY24Kp"}) {
      CAPTURE(bad);
      CHECK(!is_multihash(bad));
      CHECK(!document_of(bad));
    }
  }

} // TEST_SUITE

TEST_SUITE("cid") {

  TEST_CASE("a document is known by any CID of its sha2-256 multihash") {
    for (std::string cid :
         {"QmZjTnYw2TFhn9Nn7tjmPSoTBoY7YRkwPzwSrSbabY24Kp",
          "zb2rhi36Gc9GJWijLEL6zW45MBux5FcFv5gJmjXA7VAMozEXY",
          "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4",
          "f01551220a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447",
          "uAVUSIKlIkE8vD0ebj4GXaUswGEsNLtHBzSoewPuF0pmhkqRH",
          "zdj7Wgpi9yzsvjJerghrdhPFpe1p1jZFyB5GKLyXEzFQyaxVk",
          "bafybeifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"}) {
      CAPTURE(cid);
      CHECK(is_cid(cid));
      CHECK(document_of(cid) == test::certificate);
      CHECK(document_of("/ipfs/" + cid) == test::certificate);
    }
  }

  TEST_CASE("a CID of another function is a CID but names no document we could check") {
    auto cid =
        "bafkrgqg3hf2ks7zea634vynomn6aamdipiizcmtu2v4esjky4oobnqax32covtoiyyx6gtxe4evuwfbiqf7q"
        "tnvcoygd7ctgjtvostjegsszg";
    CHECK(is_cid(cid));
    CHECK(!document_of(cid));
    CHECK(!document_of("W1kkoFwPBTQm68u4PRfPEWLsdSZAYccQgrCQc2nHrgTNMV"));
  }

  TEST_CASE("other versions, multibases and malformed texts are no CIDs") {
    for (std::string bad :
         {"f02551220a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447",
          "f00551220a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447",
          "f01551220a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a4",
          "f01551220a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a4470",
          "F01551220A948904F2F0F479B8F8197694B30184B0D2ED1C1CD2A1EC0FB85D299A192A447",
          "bafkqaddimvwgy3zao5xxe3debi",                                 // identity
          "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei5", // bits after the end
          "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4=", "zQm", "z", "b", "f", "u",
          "", "/ipfs/", "x123", "W1kkoFwPBTQm68u4PRfPEWLsdSZAYccQgrCQc2nHrgTNMV"}) {
      CAPTURE(bad);
      CHECK(!is_cid(bad));
      CHECK(!document_of(bad));
    }
    CHECK(!is_cid("f0155" + std::string(300, '0')));
  }

  TEST_CASE("a URL and a name are no documents") {
    CHECK(!document_of("https://example.org/" + test::certificate));
    CHECK(!document_of("UN.CEFACT.Trade"));
    CHECK(!document_of("/ipfs/" + test::certificate + "/file"));
  }

} // TEST_SUITE

TEST_SUITE("keys and ids") {

  TEST_CASE("sha256_hex is lower-case hex") {
    CHECK(sha256_hex(text) == "a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447");
  }

  TEST_CASE("the same name gives the same version 5 UUID") {
    CHECK(uuid_of("au-sg/4711") == "ad00225f-8234-5569-9ae5-681c4881cf96");
    CHECK(uuid_of("") == "abc4faec-5348-5e03-b3bd-bd0467c1bb6d");
  }

  TEST_CASE("16 random bytes give a version 4 UUID") {
    std::string random;
    for (char c = 0; c < 16; ++c)
      random += c;
    CHECK(uuid_from(random) == "00010203-0405-4607-8809-0a0b0c0d0e0f");
    CHECK(uuid_from(std::string(16, '\xff')) == "ffffffff-ffff-4fff-bfff-ffffffffffff");
    // The example of RFC 9562, appendix A.6.
    CHECK(uuid_at(std::chrono::milliseconds{0x017F22E279B0},
                  std::string_view{"\x0c\xc3\x18\xc4\xdc\x0c\x0c\x07\x39\x8f", 10}) ==
          "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  }

} // TEST_SUITE
