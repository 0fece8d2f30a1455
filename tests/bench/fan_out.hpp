#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

/// How fast the hub tells its subscribers, and what they cost.
namespace igl::bench {

/// A node without channels, whose subscribers are all at one listener.
struct hub_options {
  std::string folder;   ///< of its own
  std::string program;  ///< igl
  std::string listener; ///< base URL of the callbacks
  size_t subscribers = 1000;
  size_t events = 5; ///< each is told to all
};

struct hub_figures {
  double told_per_second = 0;
  std::string body;          ///< one that was told
  double bytes_per_wait = 0; ///< of memory, for each delivery that waits
};

/// Deliveries per second, from the post of the first event until the last one is settled.
hub_figures fan_out(const hub_options& how);

/// The memory that deliveries cost which wait for a listener that is not there.
hub_figures waiting_deliveries(const hub_options& how);

/// Posts per second of a bare cpprestsdk client, so many at once over the connections that it
/// keeps.
double client_rate(const std::string& url, const std::string& body, size_t posts, size_t at_once);

/// Microseconds that it takes to tell an event that ten of so many subscriptions want: to write it,
/// and to find them.
double matching_microseconds(const std::string& folder, size_t subscriptions);

} // namespace igl::bench
