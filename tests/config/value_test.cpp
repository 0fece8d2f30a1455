#include "config/forms.hpp"
#include "config/value.hpp"

#include <doctest/doctest.h>

using namespace igl;
using namespace igl::config;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("value");

TEST_CASE("durations carry their unit") {
  CHECK(parse_duration("500ms") == 500ms);
  CHECK(parse_duration("10s") == 10s);
  CHECK(parse_duration("5m") == 5min);
  CHECK(parse_duration("2h") == 2h);
  CHECK(parse_duration("0s") == 0s);
}

TEST_CASE("a duration without a known unit, or too long to be counted, is none") {
  for (auto text : {"", "10", "s", "10 s", "10S", "1.5s", "-1s", "10sec", "1s5",
                    "99999999999999999999s", "9999999999999999h"})
    CHECK_MESSAGE(!parse_duration(text), text);
}

TEST_CASE("a duration is shown in the largest unit that leaves no rest") {
  CHECK(duration_text(500ms) == "500ms");
  CHECK(duration_text(90s) == "90s");
  CHECK(duration_text(5min) == "5m");
  CHECK(duration_text(24h) == "24h");
  CHECK(duration_text(0ms) == "0s");
}

TEST_CASE("sizes carry a binary unit") {
  CHECK(parse_size("64KiB") == 65536);
  CHECK(parse_size("10GiB") == uint64_t{10} << 30);
  CHECK(parse_size("1TiB") == uint64_t{1} << 40);
  CHECK(parse_size("12B") == 12);
}

TEST_CASE("a size with another unit, or too large to be counted, is none") {
  for (auto text : {"", "64", "64KB", "64 KiB", "64kib", "-1B", "99999999TiB"})
    CHECK_MESSAGE(!parse_size(text), text);
}

TEST_CASE("a size is shown in the largest unit that leaves no rest") {
  CHECK(size_text(65536) == "64KiB");
  CHECK(size_text(65537) == "65537B");
  CHECK(size_text(uint64_t{10} << 30) == "10GiB");
  CHECK(size_text(0) == "0B");
}

TEST_CASE("values are written as TOML reads them") {
  CHECK(to_toml(std::string{"a\"b\\c\n\x7f"}, any_text()) == R"("a\"b\\c\u000A\u007F")");
  CHECK(to_toml(true, flag()) == "true");
  CHECK(to_toml(uint64_t{256}, number(0, 1000)) == "256");
  CHECK(to_toml(uint64_t{65536}, size(0, UINT64_MAX)) == "\"64KiB\"");
  CHECK(to_toml(value{std::chrono::milliseconds{30s}}, duration(0s, 1h)) == "\"30s\"");
  CHECK(to_toml(0.2, fraction(0, 1)) == "0.2");
  CHECK(to_toml(1.0, fraction(0, 1)) == "1.0");
  CHECK(to_toml(std::vector<std::string>{"AU", "SG"}, list_of(forms::jurisdiction)) ==
        "[\"AU\", \"SG\"]");
}

namespace {

bool holds(const text_form& form, std::string_view text) {
  return form.holds(text, jurisdictions{{"XK"}});
}

} // namespace

TEST_CASE("an address is a host and a port") {
  for (auto text : {"127.0.0.1:5100", "0.0.0.0:0", "localhost:65535", "igl_node.au:1"})
    CHECK_MESSAGE(holds(forms::address, text), text);
  for (auto text : {"", "127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                    "127.0.0.1:80 ", "::1:80", "[::1]:80", "[]:80", "http://a:80", "a b:80"})
    CHECK_MESSAGE(!holds(forms::address, text), text);
}

TEST_CASE("every address of this host has two spellings") {
  for (auto text : {"0.0.0.0", "0"})
    CHECK_MESSAGE(forms::is_every_address(text), text);
  for (auto text : {"", "10.0.0.0", "127.0.0.1", "localhost", "0x0"})
    CHECK_MESSAGE(!forms::is_every_address(text), text);
}

TEST_CASE("only this machine's own addresses are loopback") {
  for (auto text : {"127.0.0.1", "127.9.9.9", "::1", "localhost"})
    CHECK_MESSAGE(forms::is_loopback(text), text);
  for (auto text : {"0.0.0.0", "::", "10.0.0.1", "127.example.org", "localhost.example.org", ""})
    CHECK_MESSAGE(!forms::is_loopback(text), text);
}

TEST_CASE("a NATS URL names a server, and several are separated by commas") {
  for (auto text :
       {"nats://a:4222", "tls://a", "nats://user:secret@[::1]:4222", "nats://a:4222,nats://b:4222"})
    CHECK_MESSAGE(holds(forms::nats_urls, text), text);
  for (auto text : {"a:4222", "http://a:4222", "nats://", "nats://a:0", "nats://a:x",
                    "nats://a:4222,", "nats://a:4222, nats://b:4222"})
    CHECK_MESSAGE(!holds(forms::nats_urls, text), text);
}

TEST_CASE("a base URL is http or https, and has no query and no slash at its end") {
  CHECK(holds(forms::base_url, "https://example.org/igl"));
  for (auto text : {"127.0.0.0/8", "10.1.2.3", "::1", "fd00::/8", "localhost", "a.example.org"})
    CHECK_MESSAGE(holds(forms::network_or_host, text), text);
  for (auto text : {"", "10.0.0.1/8", "10.0.0", "127.1", "10.0.0.0/33", "http://a", "a:80", "*"})
    CHECK_MESSAGE(!holds(forms::network_or_host, text), text);
  CHECK(forms::base_url.tidy("http://127.0.0.1:5200/") == "http://127.0.0.1:5200");
  for (auto text : {"", "ftp://a/", "http://", "a.example.org", "http://a/?x=1", "http://a/#x"})
    CHECK_MESSAGE(!holds(forms::base_url, text), text);
}

TEST_CASE("a pattern has its star at the end, after a dot, or alone") {
  for (auto text : {"*", "AU", "UN.CEFACT.*", "UN.*"})
    CHECK_MESSAGE(holds(forms::pattern, text), text);
  for (auto text : {"", ".*", "UN*", "UN.*.CEFACT", "**", "*.CEFACT", "UN.CEFACT.**"})
    CHECK_MESSAGE(!holds(forms::pattern, text), text);
}

TEST_CASE("an identifier has small letters, digits and hyphens") {
  CHECK(holds(forms::identifier, "sg-http-2"));
  for (auto text : {"", "SG", "sg_http", "sg http", "sg/http"})
    CHECK_MESSAGE(!holds(forms::identifier, text), text);
  CHECK_FALSE(holds(forms::identifier, std::string(65, 'a')));
}

TEST_CASE("a jurisdiction exists in ISO 3166-1 or was added") {
  CHECK(holds(forms::jurisdiction, "AU"));
  CHECK(holds(forms::jurisdiction, "XK"));
  for (auto text : {"", "au", "XX", "AUS"})
    CHECK_MESSAGE(!holds(forms::jurisdiction, text), text);
}

TEST_SUITE_END();
