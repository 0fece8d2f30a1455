#include "tests/contracts/streams_contract.hpp"
#include "tests/storage/streams_worlds.hpp"

namespace igl {

TEST_SUITE_BEGIN("streams");

IGL_STREAMS_CONTRACT(memory_world, jetstream_world);

TEST_CASE("streams in memory remember a publication id for two minutes") {
  memory_world world;
  publish_some(world, stream::inbox, 1);
  world.pass(119s);
  publish_some(world, stream::inbox, 1);
  CHECK(level_now(world, stream::inbox).messages == 1);
  world.pass(1s);
  publish_some(world, stream::inbox, 1);
  CHECK(level_now(world, stream::inbox).messages == 2);
}

TEST_CASE("streams in memory call back on the thread that causes it") {
  memory_world world;
  std::thread::id heard, arrived;
  auto consumer = world.streams().consume(
      stream::inbox, 1, [&](const job_arrived&) { arrived = std::this_thread::get_id(); });
  world.streams().publish(stream::inbox, "one", "job",
                          [&](const caf::error&) { heard = std::this_thread::get_id(); });
  CHECK(heard == std::this_thread::get_id());
  CHECK(arrived == std::this_thread::get_id());
}

TEST_SUITE_END();

} // namespace igl
