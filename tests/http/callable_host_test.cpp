#include "http/detail/callable_host.hpp"

#include "messages/errors.hpp"

#include <boost/asio/error.hpp>
#include <doctest/doctest.h>

using namespace igl;
using namespace std::chrono_literals;

namespace {

const std::vector<ip_address> there{*parse_ip("192.0.2.1")};
const found_host::clock::time_point noon{10h};

} // namespace

TEST_SUITE("callable host") {
  TEST_CASE("a name that does not exist is told from a resolver that cannot tell") {
    namespace refusal = boost::asio::error;
    for (auto why : {refusal::host_not_found, refusal::no_data})
      CHECK(code_of(look_up_failure(why, "a.example")) == errc::peer_unreachable);
    CHECK(code_of(look_up_failure(refusal::host_not_found_try_again, "a.example")) ==
          errc::peer_timeout);
    CHECK(code_of(look_up_failure(refusal::no_recovery, "a.example")) == errc::peer_timeout);
  }

  TEST_CASE("where a name cannot be looked up nothing was sent, and nobody is in doubt") {
    auto away = nothing_sent(make_problem(errc::peer_timeout, "a.example: later"));
    CHECK(code_of(away) == errc::peer_unreachable);
    CHECK(problem_of(away).detail == "a.example: later");
    CHECK(code_of(nothing_sent(make_problem(errc::forbidden))) == errc::forbidden);
    CHECK(code_of(nothing_sent(make_problem(errc::peer_unreachable))) == errc::peer_unreachable);
  }

  TEST_CASE("a name is looked up again after some seconds") {
    found_host x;
    CHECK(x.now(noon).empty());
    x.found(there, noon);
    CHECK(x.now(noon + found_host::look_again_after - 1s) == there);
    CHECK(x.now(noon + found_host::look_again_after).empty());
  }

  TEST_CASE("only a resolver that is away leaves a name where it was, and not for long") {
    found_host x;
    auto away = make_problem(errc::peer_timeout);
    CHECK(x.in_spite_of(away, noon).empty());
    x.found(there, noon);
    CHECK(x.in_spite_of(away, noon + 1min) == there);
    CHECK(x.in_spite_of(away, noon + found_host::good_without_resolver).empty());
  }

  TEST_CASE("a resolver that hangs is not waited for each time") {
    found_host x;
    x.found(there, noon);
    CHECK(x.in_spite_of(make_problem(errc::peer_timeout), noon + 1min) == there);
    CHECK(x.now(noon + 1min + found_host::look_again_after - 1s) == there);
    CHECK(x.now(noon + 1min + found_host::look_again_after).empty());
  }

  TEST_CASE("what a resolver said counts when it is away afterwards, too") {
    for (auto said : {errc::forbidden, errc::peer_unreachable}) {
      found_host x;
      x.found(there, noon);
      CHECK(x.in_spite_of(make_problem(said), noon + 10s).empty());
      CHECK(x.now(noon + 11s).empty());
      CHECK(x.in_spite_of(make_problem(errc::peer_timeout), noon + 20s).empty());
    }
  }
}
