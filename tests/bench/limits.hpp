#pragma once

#include <cstddef>
#include <string>

/// What the figures are measured against, on the same machine in the same run.
namespace igl::bench {

/// Serves POST on a port with a bare cpprestsdk listener that echoes the body, until SIGTERM: on
/// the threads that the library starts by itself (40), or on two as a node does.
int serve_echo(const std::string& port, bool on_two_threads);

/// Messages per second that bare nats.c publishes asynchronously to a JetStream work queue on disk,
/// of `payload` each, in a nats-server of its own below `folder`.
double jetstream_publish_rate(const std::string& folder, const std::string& payload, size_t count);

/// Seconds that `sha256sum` takes for a file that is in the page cache.
double sha256sum_seconds(const std::string& file);

} // namespace igl::bench
