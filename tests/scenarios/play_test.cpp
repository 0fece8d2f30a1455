#include "scenarios/runner/crash.hpp"
#include "scenarios/runner/play.hpp"
#include "tests/scenarios/one_story.hpp"

#include <doctest/doctest.h>
#include <spdlog/spdlog.h>

#include <set>

using namespace igl;
using namespace igl::scenario;

namespace {

played play_text(const std::string& text, uint64_t seed = 1) {
  spdlog::set_level(spdlog::level::off);
  auto parsed = parse_script("a.scenario", text);
  if (auto wrong = std::get_if<mistake>(&parsed))
    FAIL(to_string(*wrong));
  play_options how;
  how.seed = seed;
  how.rewrite = true;
  return play(std::get<script>(parsed), how);
}

const std::string two_nations = "nation AU\nnation SG\nchannel au-sg between=AU,SG\n"
                                "subscriber importer at SG\n----\n\n";

} // namespace

TEST_SUITE_BEGIN("scenario play");

TEST_CASE("the same story and the same seed say the same") {
  auto text = two_nations + "between AU and au-sg lost=0.3 delay=2s\nAU posts 1..20 to SG\n"
                            "run in detail\n----\n";
  auto one = play_text(text, 42);
  auto other = play_text(text, 42);
  CHECK(all_of(one.faults) == "");
  CHECK(all_of(one.came_out.at(1)) == all_of(other.came_out.at(1)));
  CHECK(all_of(one.came_out.at(1)) != all_of(play_text(text, 43).came_out.at(1)));
}

TEST_CASE("whoever is not there is named, with the line") {
  auto done = play_text("nation AU\nsubscriber importer at SG\n----\n");
  REQUIRE(done.faults.size() == 1);
  CHECK(done.faults[0] == "a.scenario:2:24: there is no nation SG");
}

TEST_CASE("a process may be killed at every moment of every job, and nothing is lost") {
  const std::vector<std::pair<std::string, std::vector<stream>>> whose{
      {"AU", {stream::inbox, stream::outbox, stream::channel_pending, stream::message_updates}},
      {"SG",
       {stream::channel_notifications, stream::inbox, stream::object_retrieval,
        stream::notifications, stream::delivery_outbox}},
      {"au-sg/AU", {stream::medium_writes}},
      {"au-sg/SG", {stream::notifications, stream::delivery_outbox}}};
  for (auto& [who, streams] : whose)
    for (auto which : streams)
      for (auto point : crash_points) {
        // Only these call somebody.
        const std::set<stream> calling{stream::outbox, stream::channel_pending,
                                       stream::channel_notifications, stream::object_retrieval,
                                       stream::delivery_outbox};
        if (point == "after-call" && calling.count(which) == 0)
          continue;
        auto moment = who + " " + std::string{point} + " of " + to_string(which);
        CAPTURE(moment);
        auto done =
            play_text(two_nations + "AU stores c.json for SG text=\"the document c.json\"\nkill " +
                      moment + "\nAU posts 17 to SG object=c.json\nrun quietly\nstart " + who +
                      "\nwait 5m quietly\n----\n\nshow message AU:17 at AU\n"
                      "show message AU:17 at SG\nSG fetches c.json\n----\n");
        CHECK(all_of(done.faults) == "");
        REQUIRE(done.came_out.size() == 3);
        CHECK(all_of(done.came_out[2]) == "AU   AU:17 accepted, to SG, over au-sg as au-sg:1\n"
                                          "SG   AU:17 received, to SG, over au-sg as au-sg:1\n"
                                          "SG   200  c.json, 19 bytes\n");
      }
}

TEST_SUITE_END();
