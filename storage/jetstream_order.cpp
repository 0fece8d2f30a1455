#include "storage/jetstream_order.hpp"

#include "messages/errors.hpp"

#include <spdlog/spdlog.h>

namespace igl {

namespace {

using jetstream_api::answer;

caf::error refused(const wanted_stream& x, const answer& by) {
  return make_problem(errc::unavailable, "stream " + x.names.stream + ": " + by.error);
}

answer create_consumer(const wanted_stream& x, const ask_jetstream& ask) {
  auto made = ask(x.names.create_consumer(), x.consumer_config);
  // A consumer that was made otherwise, and in a way that cannot be changed.
  if (made.error_code > 0) {
    ask(x.names.delete_consumer(), {});
    made = ask(x.names.create_consumer(), x.consumer_config);
  }
  return made;
}

/// Only a new consumer hands out again what another one has handed out; it begins with the oldest
/// job that is not acknowledged.
caf::error recall(const wanted_stream& x, uint64_t jobs, const ask_jetstream& ask) {
  spdlog::info("stream {}: {} jobs were with a process that has ended, they come again",
               x.names.stream, jobs);
  ask(x.names.delete_consumer(), {});
  auto made = create_consumer(x, ask);
  return made.error_code != 0 ? refused(x, made) : caf::error{};
}

caf::expected<ordered_stream> mend_damage(const wanted_stream& x, const answer& consumer,
                                          const answer& stream, const ask_jetstream& ask) {
  switch (jetstream_api::examine(stream.of_stream, consumer.of_consumer)) {
  case jetstream_api::damage::none:
    break;
  case jetstream_api::damage::orphans: {
    spdlog::warn("stream {} kept jobs that are settled, after a crash of the server: purging them",
                 x.names.stream);
    auto purged = ask(x.names.purge(), jetstream_api::purge_through(consumer.of_consumer.floor));
    if (purged.error_code != 0)
      return refused(x, purged);
    break;
  }
  case jetstream_api::damage::beyond_the_end: {
    spdlog::warn("consumer {} stood beyond the end of stream {}, after a crash of the server: "
                 "making it anew",
                 x.names.consumer, x.names.stream);
    ask(x.names.delete_consumer(), {});
    auto made = create_consumer(x, ask);
    if (made.error_code != 0)
      return refused(x, made);
    break;
  }
  }
  return ordered_stream{stream.of_stream, false};
}

} // namespace

caf::expected<ordered_stream> set_up_stream(const wanted_stream& x, handed_out what,
                                            const ask_jetstream& ask) {
  auto made = ask(x.names.create_stream(), x.stream_config);
  if (made.error_code == jetstream_api::stream_exists_differently)
    made = ask(x.names.update_stream(), x.stream_config);
  if (made.error_code != 0)
    return refused(x, made);
  auto consumer = create_consumer(x, ask);
  if (consumer.error_code != 0)
    return refused(x, consumer);
  // After the consumer, as `examine` wants it.
  auto stream = ask(x.names.stream_info(), {});
  if (stream.error_code != 0)
    return refused(x, stream);
  auto ordered = mend_damage(x, consumer, stream, ask);
  // After that: a new consumer would also hand out what a crash has left below the floor.
  auto out = consumer.of_consumer.in_flight;
  if (ordered && what == handed_out::comes_again && out > 0)
    if (auto failed = recall(x, out, ask))
      return failed;
  return ordered;
}

caf::expected<ordered_stream> mend_stream(const wanted_stream& x, const ask_jetstream& ask) {
  auto consumer = ask(x.names.consumer_info(), {});
  auto stream = ask(x.names.stream_info(), {});
  auto stream_gone = stream.error_code == jetstream_api::stream_not_found;
  auto consumer_gone = consumer.error_code == jetstream_api::consumer_not_found;
  if (stream_gone || consumer_gone) {
    spdlog::warn("{} {} is gone from the NATS server: making it anew",
                 stream_gone ? "stream" : "the consumer of stream", x.names.stream);
    auto made = set_up_stream(x, handed_out::stays, ask);
    if (made)
      made->was_gone = stream_gone;
    return made;
  }
  if (stream.error_code != 0)
    return refused(x, stream);
  if (consumer.error_code != 0)
    return refused(x, consumer);
  return mend_damage(x, consumer, stream, ask);
}

caf::expected<stream_level> level_of(const answer& about_consumer, const answer& about_stream) {
  if (about_stream.error_code == jetstream_api::stream_not_found)
    return stream_level{};
  if (about_stream.error_code != 0)
    return make_problem(errc::unavailable, about_stream.error);
  stream_level x;
  x.messages = about_stream.of_stream.messages;
  x.oldest = about_stream.of_stream.oldest;
  x.waiting = x.messages;
  if (about_consumer.error_code == jetstream_api::consumer_not_found)
    return x;
  if (about_consumer.error_code != 0)
    return make_problem(errc::unavailable, about_consumer.error);
  x.waiting = about_consumer.of_consumer.waiting;
  x.in_flight = about_consumer.of_consumer.in_flight;
  return x;
}

} // namespace igl
