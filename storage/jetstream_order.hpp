#pragma once

#include "storage/jetstream_api.hpp"

#include <caf/expected.hpp>

#include <functional>
#include <string>

namespace igl {

/// Asks the server and waits for its answer.
using ask_jetstream =
    std::function<jetstream_api::answer(const std::string& subject, const std::string& body)>;

/// A stream and its consumer as they should be on the server.
struct wanted_stream {
  jetstream_api::names names;
  std::string stream_config;
  std::string consumer_config;
};

struct ordered_stream {
  jetstream_api::stream_state state;
  bool was_gone = false; ///< the stream was not there and is empty now
};

/// What becomes of jobs that were handed out and are not acknowledged.
enum class handed_out : uint8_t {
  stays,       ///< with whoever has it, until ack_wait is over
  comes_again, ///< at once: whoever had it is dead
};

/// Makes a stream and its consumer what they should be: creates or changes them and mends what a
/// crash has left. For a new connection.
caf::expected<ordered_stream> set_up_stream(const wanted_stream& x, handed_out what,
                                            const ask_jetstream& ask);

/// The same for a stream that should be in order: looks first, changes only what is damaged.
caf::expected<ordered_stream> mend_stream(const wanted_stream& x, const ask_jetstream& ask);

/// How full the stream is, out of the answers about its consumer and then itself. A stream that is
/// gone is empty.
caf::expected<stream_level> level_of(const jetstream_api::answer& about_consumer,
                                     const jetstream_api::answer& about_stream);

} // namespace igl
