#include "channels/memory_medium.hpp"
#include "channels/open_medium.hpp"
#include "tests/contracts/medium_contract.hpp"

using namespace igl;

TEST_SUITE_BEGIN("memory medium");

namespace {

std::function<medium_place()> fresh_places() {
  return [places = std::make_shared<int>()] {
    auto log = make_memory_log("log-" + std::to_string(++*places));
    return medium_place{[log] {
      return make_memory_medium(log);
    }};
  };
}

} // namespace

TEST_CASE("keeps the promises of a medium") {
  medium_contract(fresh_places());
}

TEST_CASE("keeps the promises of a medium that does not take back") {
  lasting_medium_contract(fresh_places());
}

TEST_CASE("is shared by all that one opener opens, and by no others") {
  endpoint_settings how;
  how.medium = medium_kind::memory;
  auto open = opener_of(how, "au-sg");
  auto writer = std::move(*open());
  auto reader = std::move(*open());
  CHECK(!writer->append({entry_about("a")}));
  CHECK(all_of(*reader).size() == 1);
  auto after_a_restart = std::move(*opener_of(how, "au-sg")());
  CHECK(all_of(*after_a_restart).empty());
  CHECK(after_a_restart->read("", 1)->cursor != writer->read("", 0)->cursor);
}

TEST_SUITE_END();
