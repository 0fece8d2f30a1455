#include "channels/memory_medium.hpp"
#include "channels/open_medium.hpp"
#include "tests/contracts/medium_contract.hpp"

using namespace igl;

TEST_SUITE_BEGIN("memory medium");

TEST_CASE("keeps the promises of a medium") {
  int places = 0;
  medium_contract([&] {
    auto log = make_memory_log("log-" + std::to_string(++places));
    return [log] {
      return make_memory_medium(log);
    };
  });
}

TEST_CASE("is shared by all that one opener opens, and by no others") {
  endpoint_settings how;
  how.medium = medium_kind::memory;
  auto open = opener_of(how, "au-sg");
  auto writer = std::move(*open());
  auto reader = std::move(*open());
  CHECK(!writer->append({entry_about("a")}));
  CHECK(*reader->newest() == 1);
  auto after_a_restart = std::move(*opener_of(how, "au-sg")());
  CHECK(*after_a_restart->newest() == 0);
  CHECK(after_a_restart->identity() != writer->identity());
}

TEST_SUITE_END();
