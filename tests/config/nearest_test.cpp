#include "config/nearest.hpp"

#include <doctest/doctest.h>

using namespace igl::config;

TEST_SUITE_BEGIN("nearest");

TEST_CASE("the distance counts letters put in, left out, changed and swapped") {
  CHECK(edit_distance("url", "url") == 0);
  CHECK(edit_distance("ur", "url") == 1);
  CHECK(edit_distance("urll", "url") == 1);
  CHECK(edit_distance("uri", "url") == 1);
  CHECK(edit_distance("ulr", "url") == 1);
  CHECK(edit_distance("", "url") == 3);
  CHECK(edit_distance("url", "") == 3);
}

TEST_CASE("a slip of the pen finds what was meant") {
  CHECK(nearest("jursdiction", {"jurisdiction", "data_dir"}) == "jurisdiction");
  CHECK(nearest("reconcile_intervall", {"ack_wait", "reconcile_interval"}) == "reconcile_interval");
}

TEST_CASE("another word finds nothing") {
  CHECK(nearest("colour", {"jurisdiction", "data_dir"}).empty());
  CHECK(nearest("xy", {"id", "url"}).empty());
  CHECK(nearest("url", {}).empty());
}

TEST_SUITE_END();
