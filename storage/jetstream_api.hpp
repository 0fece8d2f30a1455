#pragma once

#include "storage/streams.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

/// What JetStream is asked and answers, as plain functions: subjects, JSON, decisions.
namespace igl::jetstream_api {

/// The names of one stream of one owner on the server.
struct names {
  names(const std::string& owner, igl::stream of);
  std::string stream;   ///< `AU-channel-pending`
  std::string subject;  ///< `igl.AU.channel-pending`
  std::string consumer; ///< `channel-poller`

  std::string create_stream() const;
  std::string update_stream() const;
  std::string stream_info() const;
  std::string purge() const;
  std::string create_consumer() const;
  std::string consumer_info() const;
  std::string delete_consumer() const;
  std::string pull() const;
};

std::string stream_config(const names& of, uint32_t replicas);
std::string consumer_config(const names& of, std::chrono::milliseconds ack_wait,
                            uint32_t max_ack_pending);
std::string pull_request(uint32_t batch, std::chrono::milliseconds expires,
                         std::chrono::milliseconds heartbeat);
/// Removes what is at or below a sequence number.
std::string purge_through(uint64_t sequence);

/// JetStream's own error codes, as far as somebody reacts to them.
inline constexpr int consumer_not_found = 10014;
inline constexpr int stream_not_found = 10059;
inline constexpr int stream_exists_differently = 10058;
/// Two of ours: what came is not understood; nothing came.
inline constexpr int not_understood = -1;
inline constexpr int no_answer = -2;

struct stream_state {
  std::string created; ///< tells a stream from another one of the same name
  uint64_t messages = 0;
  uint64_t first = 0; ///< sequence number of the oldest message
  uint64_t last = 0;
  caf::timestamp oldest;
};
struct consumer_state {
  uint64_t delivered = 0; ///< sequence number of the last message handed out
  uint64_t floor = 0;     ///< everything up to here is acknowledged
  uint64_t waiting = 0;
  uint64_t in_flight = 0;
};

/// An answer of the server: either its error code with a sentence, or what was asked.
struct answer {
  int error_code = 0; ///< 0: none
  std::string error;
  stream_state of_stream;     ///< of stream_info
  consumer_state of_consumer; ///< of consumer_info
};
answer read_answer(std::string_view json);
/// Whether the answer to a publish says that the stream has it; cheap.
bool is_stored(std::string_view publish_answer);

/// What a crash of the server has left behind. The consumer must have been asked BEFORE the stream:
/// then it can only seem to lag, never to be ahead.
enum class damage : uint8_t {
  none,
  orphans,       ///< acknowledged jobs that were not removed: purge them
  beyond_the_end ///< the consumer waits for numbers that the stream will give to others: recreate
};
damage examine(const stream_state& of_stream, const consumer_state& of_consumer);

/// The stream's sequence number in `$JS.ACK.<stream>.<consumer>.<n>.<sequence>.…`; 0: it has none.
uint64_t sequence_of(std::string_view acknowledgement);

} // namespace igl::jetstream_api
