#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace igl::bench {

/// What a load generator saw.
struct load_result {
  uint64_t good = 0; ///< 2xx answers
  uint64_t bad = 0;  ///< other answers, time-outs, broken connections
  double seconds = 0;

  double rate() const { return seconds > 0 ? static_cast<double>(good) / seconds : 0; }
};

/// POSTs the same JSON body again and again over 32 connections that are kept open (wrk, one
/// thread). `folder` takes its script. Ends the process with a sentence when wrk cannot be run.
load_result post_repeatedly(const std::string& url, const std::string& body,
                            std::chrono::seconds duration, const std::string& folder);

/// `VmRSS`, `VmHWM`, `RssAnon` of a process in bytes (/proc/<pid>/status).
uint64_t memory_of(pid_t pid, const std::string& field);
/// Lets `VmHWM` start again from what is resident now.
void reset_peak(pid_t pid);

} // namespace igl::bench
