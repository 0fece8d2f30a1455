#include "actors/commands/child_process.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <array>

#include <poll.h>
#include <unistd.h>

using namespace igl;

TEST_SUITE_BEGIN("child process");

TEST_CASE("a child holds nothing open that its parent closes") {
  temporary_folder folder;
  std::array<int, 2> ends{-1, -1};
  REQUIRE(pipe(ends.data()) == 0);
  auto child = child_process::start({"/bin/sleep", "60"}, folder.path("log"));
  REQUIRE(child);
  close(ends[1]);
  pollfd nobody_writes{ends[0], POLLIN, 0};
  CHECK(poll(&nobody_writes, 1, 5000) == 1);
  CHECK((nobody_writes.revents & POLLHUP) != 0);
  CHECK(child->running());
  close(ends[0]);
}

TEST_SUITE_END();
