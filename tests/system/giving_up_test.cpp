#include "actors/commands/child_process.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/system/world.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

using namespace igl;
using namespace igl::system_tests;

TEST_SUITE_BEGIN("giving up");

TEST_CASE("a node that cannot do without what always dies says so and ends, with 1") {
  temporary_folder folder;
  auto config = folder.path() + "/node.toml";
  std::ofstream(config)
      << "jurisdiction = \"AU\"\ndata_dir = \"" << folder.path()
      << "/data\"\n[[listeners]]\naddress = \"127.0.0.1:0\"\napis = [\"message\"]\n";
  auto log = folder.path() + "/output";
  auto node = child_process::start({DYING_NODE, config}, log);
  REQUIRE(node);
  auto output = [&] {
    std::ostringstream text;
    text << std::ifstream(log).rdbuf();
    return text.str();
  };
  const std::string before_address = "message at ";
  REQUIRE(eventually([&] { return output().find(before_address) != std::string::npos; }));
  auto address = output().substr(output().find(before_address) + before_address.size());
  address = address.substr(0, address.find_first_of(", \n"));
  // It is taken, and cannot go on.
  CHECK(run_igl({"message", "send", "--node", address, "--from", "AU", "--to", "SG", "--subject",
                 "x", "--obj", "QmUJPTFZnR2CPGAzmfdYPghgrFtYFB6pf1BqMvqfiPDam8", "--predicate",
                 "UN.CEFACT.Trade.CoO.created"})
            .status == 0);
  CHECK(node->wait(std::chrono::seconds{120}) == 1);
  auto said = output();
  auto last = said.substr(said.rfind("igl node: "));
  for (auto part : {"its parts failed again and again, it gives up", "supervisor igl-node AU",
                    "supervisor streams gave up", "the streams are broken"})
    CHECK_MESSAGE(last.find(part) != std::string::npos, part << " is not in\n" << last);
}

TEST_SUITE_END();
