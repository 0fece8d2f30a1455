#include "http/spool.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

using namespace igl;

TEST_SUITE("spool") {
  TEST_CASE("a file holds what was appended, and goes with its object") {
    temporary_folder folder;
    auto file = spool_file::create(folder.path());
    REQUIRE(file);
    auto path = (*file)->path();
    CHECK_FALSE((*file)->append("hello "));
    CHECK_FALSE((*file)->append("world"));
    std::string text;
    std::getline(std::ifstream(path), text);
    CHECK(text == "hello world");
    *file = nullptr;
    CHECK_FALSE(std::filesystem::exists(path));
  }

  TEST_CASE("a folder that is not there is an error, and is made by preparing") {
    temporary_folder folder;
    auto missing = folder.path() + "/a/b";
    CHECK_FALSE(spool_file::create(missing));
    CHECK_FALSE(prepare_spool(missing));
    CHECK(spool_file::create(missing));
  }

  TEST_CASE("preparing removes leftovers and nothing else") {
    temporary_folder folder;
    for (auto name : {"upload-abc123.spool", "mine.txt", "upload-notes.txt"})
      std::ofstream(folder.path() + "/" + name) << "x";
    CHECK_FALSE(prepare_spool(folder.path()));
    CHECK_FALSE(std::filesystem::exists(folder.path() + "/upload-abc123.spool"));
    CHECK(std::filesystem::exists(folder.path() + "/mine.txt"));
    CHECK(std::filesystem::exists(folder.path() + "/upload-notes.txt"));
  }
}
