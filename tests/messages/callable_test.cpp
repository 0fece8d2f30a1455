#include "messages/callable.hpp"

#include <doctest/doctest.h>

using namespace igl;

namespace {

bool is_callable(const std::vector<std::string>& allowed, std::string_view address) {
  auto x = parse_ip(address);
  REQUIRE_MESSAGE(x, address);
  return callable_addresses{allowed}.contain(*x);
}

} // namespace

TEST_SUITE("callable addresses") {
  TEST_CASE("a host on the internet may be called") {
    for (auto x : {"1.1.1.1", "8.8.8.8", "172.15.255.255", "172.32.0.1", "100.63.255.255",
                   "100.128.0.1", "223.255.255.255", "2606:4700::1111", "2a00:1450::1"})
      CHECK_MESSAGE(is_callable({}, x), x);
  }

  TEST_CASE("what is not on the internet may not be called") {
    for (auto x : {"127.0.0.1",
                   "127.255.255.255",
                   "0.0.0.0",
                   "10.0.0.1",
                   "172.16.0.1",
                   "172.31.255.255",
                   "192.168.1.1",
                   "100.64.0.1",
                   "169.254.1.1",
                   "224.0.0.1",
                   "239.255.255.255",
                   "240.0.0.1",
                   "255.255.255.255",
                   "192.0.2.1",
                   "198.18.0.1",
                   "::",
                   "::1",
                   "fe80::1",
                   "febf::1",
                   "fc00::1",
                   "fdff::1",
                   "fec0::1",
                   "ff02::1",
                   "2001:db8::1",
                   "64:ff9b::7f00:1",
                   "2002:7f00:1::",
                   "2001::1"})
      CHECK_MESSAGE(!is_callable({}, x), x);
  }

  TEST_CASE("the addresses behind which clouds keep their metadata may not be called") {
    for (auto x :
         {"169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254"})
      CHECK_MESSAGE(!is_callable({}, x), x);
  }

  TEST_CASE("an IPv4 address in the clothes of IPv6 is what it is") {
    CHECK(!is_callable({}, "::ffff:127.0.0.1"));
    CHECK(!is_callable({}, "::ffff:a00:1"));
    CHECK(is_callable({}, "::ffff:8.8.8.8"));
    CHECK(is_callable({"127.0.0.0/8"}, "::ffff:127.0.0.1"));
    // The obsolete IPv4-compatible form is not on the internet.
    CHECK(!is_callable({}, "::8.8.8.8"));
    CHECK(to_string(*parse_ip("::ffff:10.1.2.3")) == "10.1.2.3");
  }

  TEST_CASE("what the configuration lists may be called, and nothing beside it") {
    CHECK(is_callable({"10.1.0.0/16"}, "10.1.255.255"));
    CHECK(!is_callable({"10.1.0.0/16"}, "10.2.0.0"));
    CHECK(is_callable({"10.1.2.3"}, "10.1.2.3"));
    CHECK(!is_callable({"10.1.2.3"}, "10.1.2.4"));
    CHECK(is_callable({"fd00::/8", "::1"}, "fd12::1"));
    CHECK(is_callable({"::/0"}, "2001::1"));
    CHECK(is_callable({"0.0.0.0/0"}, "127.0.0.1"));
    CHECK(!is_callable({"0.0.0.0/0"}, "::1"));
  }

  TEST_CASE("a host that is listed by name may have any address, others of its domain may not") {
    callable_addresses only{{"Subscriber.Internal"}};
    CHECK(only.names("subscriber.internal"));
    CHECK(only.names("subscriber.internal."));
    CHECK(!only.names("evil.subscriber.internal"));
    CHECK(!only.names("10.0.0.1"));
  }

  TEST_CASE("a URL is refused at once when its host says what it is") {
    callable_addresses none;
    for (auto x : {"127.0.0.1", "::1", "10.0.0.1", "localhost", "LOCALHOST", "localhost."})
      CHECK_MESSAGE(!none.may_contain(x), x);
    // Only a resolver knows.
    for (auto x : {"sub.example", "127.1", "2130706433", "0x7f.1", "8.8.8.8"})
      CHECK_MESSAGE(none.may_contain(x), x);
    CHECK(callable_addresses{{"127.0.0.0/8"}}.may_contain("localhost"));
    CHECK(callable_addresses{{"localhost"}}.may_contain("localhost"));
  }

  TEST_CASE("a network is an address and a mask that covers all of its bits") {
    for (auto x : {"10.0.0.0/8", "10.1.2.3", "10.1.2.3/32", "0.0.0.0/0", "fd00::/8", "::/0", "::1"})
      CHECK_MESSAGE(parse_network(x), x);
    for (auto x : {"", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x",
                   "10.0/8", "fd00::/129", "fd00::1/8", "example.org", "127.1", "[::1]"})
      CHECK_MESSAGE(!parse_network(x), x);
  }
}
