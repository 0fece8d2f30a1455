#include "actors/commands/dead_letter_campaign.hpp"

#include <doctest/doctest.h>

using namespace igl::commands;
using namespace std::chrono_literals;

namespace {

using campaign = dead_letter_campaign;

/// A node of which is known what becomes of each job, and a clock that jumps to what is waited for.
struct played_campaign {
  explicit played_campaign(campaign::limits how) : it(how) {}

  campaign it;
  std::map<std::string, campaign::fate> fates; ///< others are done
  std::vector<uint64_t> gone;
  std::vector<std::vector<campaign::letter>> pages;
  campaign::time_point now{};
  std::vector<std::pair<uint64_t, campaign::time_point>> replayed;
  size_t most_under_way = 0;
  size_t looks = 0;

  void play() {
    size_t page = 0;
    size_t under_way = 0;
    for (size_t steps = 0; steps < 100'000; ++steps) {
      auto step = it.next(now);
      switch (step.what) {
      case campaign::act::over:
        return;
      case campaign::act::wait:
        REQUIRE(step.until > now);
        now = step.until;
        break;
      case campaign::act::fetch:
        it.fetched(page < pages.size() ? pages[page] : std::vector<campaign::letter>{});
        ++page;
        break;
      case campaign::act::replay:
        if (std::count(gone.begin(), gone.end(), step.which.number) > 0) {
          it.missing(step.which);
          break;
        }
        replayed.emplace_back(step.which.number, now);
        it.replayed(step.which, now);
        most_under_way = std::max(most_under_way, ++under_way);
        break;
      case campaign::act::look: {
        ++looks;
        auto found = fates.find(step.which.job);
        auto fate = found == fates.end() ? campaign::fate::done : found->second;
        auto before = it.so_far();
        it.looked(step.which, fate, "peer_failed", now);
        if (it.so_far().done + it.so_far().failed + it.so_far().open !=
            before.done + before.failed + before.open)
          --under_way;
        break;
      }
      }
    }
    FAIL("it never ends");
  }
};

std::vector<campaign::letter> letters(uint64_t from, uint64_t to) {
  std::vector<campaign::letter> page;
  for (auto n = from; n <= to; ++n)
    page.push_back({n, "job-" + std::to_string(n)});
  return page;
}

campaign::limits ten_per_second() {
  campaign::limits how;
  how.rate = 10;
  how.under_way = 4;
  return how;
}

} // namespace

TEST_SUITE_BEGIN("dead letter campaign");

TEST_CASE("without dead letters there is nothing to do") {
  played_campaign x{ten_per_second()};
  x.play();
  CHECK(x.replayed.empty());
  CHECK(x.it.stopped_because().empty());
}

TEST_CASE("all are replayed, page by page, no faster than was said") {
  played_campaign x{ten_per_second()};
  x.pages = {letters(1, 30), letters(31, 40)};
  x.play();
  REQUIRE(x.replayed.size() == 40);
  for (size_t i = 2; i < x.replayed.size(); ++i)
    CHECK(x.replayed[i].second - x.replayed[i - 1].second >= 100ms);
  CHECK(x.it.so_far().done == 40);
  CHECK(x.most_under_way <= 4);
  CHECK(x.it.stopped_because().empty());
}

TEST_CASE("nothing follows the first one before it is known how it ended") {
  played_campaign x{ten_per_second()};
  x.pages = {letters(1, 5)};
  x.play();
  CHECK(x.replayed[1].second - x.replayed[0].second >= 500ms);
}

TEST_CASE("when the first one fails again, the others are left") {
  played_campaign x{ten_per_second()};
  x.pages = {letters(1, 5)};
  x.fates = {{"job-1", campaign::fate::failed}};
  x.play();
  CHECK(x.replayed.size() == 1);
  CHECK(x.it.so_far().failed == 1);
  CHECK(x.it.stopped_because() == "the first one, job-1, failed again: peer_failed");
}

TEST_CASE("when nobody knows how the first one ended, the others are left") {
  played_campaign x{ten_per_second()};
  x.pages = {letters(1, 5)};
  x.fates = {{"job-1", campaign::fate::open}};
  x.play();
  CHECK(x.replayed.size() == 1);
  CHECK(x.it.so_far().open == 1);
  CHECK(x.it.stopped_because() == "the first one, job-1, is still open after 60 s");
  CHECK(x.now - x.replayed[0].second >= 60s);
  CHECK(x.now - x.replayed[0].second < 62s);
}

TEST_CASE("one that fails does not end it, the third does; what is under way is awaited") {
  played_campaign x{ten_per_second()};
  x.pages = {letters(1, 100)};
  x.fates = {{"job-3", campaign::fate::failed}};
  SUBCASE("one") {
    x.play();
    CHECK(x.replayed.size() == 100);
    CHECK(x.it.so_far().failed == 1);
    CHECK(x.it.stopped_because().empty());
  }
  SUBCASE("three") {
    x.fates["job-5"] = x.fates["job-9"] = campaign::fate::failed;
    x.play();
    CHECK(x.replayed.size() < 20);
    CHECK(x.it.so_far().failed == 3);
    CHECK(x.it.so_far().replayed == x.it.so_far().done + 3);
    CHECK(x.it.stopped_because().find("3 failed again, the last of them job-9") == 0);
  }
}

TEST_CASE("those that stay open are counted, and hold up the others no longer than the patience") {
  played_campaign x{ten_per_second()};
  x.pages = {letters(1, 10)};
  for (auto n : {2, 3, 4, 5})
    x.fates["job-" + std::to_string(n)] = campaign::fate::open;
  x.play();
  CHECK(x.replayed.size() == 10);
  CHECK(x.it.so_far().open == 4);
  CHECK(x.it.so_far().done == 6);
  CHECK(x.it.stopped_because().empty());
}

TEST_CASE("what somebody else replayed or dropped is passed over, also as the first") {
  played_campaign x{ten_per_second()};
  x.pages = {letters(1, 5)};
  x.gone = {1, 3};
  x.play();
  CHECK(x.replayed.size() == 3);
  CHECK(x.it.so_far().gone == 2);
}

TEST_CASE("no more are replayed than there were: what dies again comes at the end of the list") {
  auto how = ten_per_second();
  how.letters = 5;
  played_campaign x{how};
  x.pages = {letters(1, 4), letters(5, 9), letters(10, 20)};
  x.play();
  CHECK(x.replayed.size() == 5);
}

TEST_SUITE_END();
