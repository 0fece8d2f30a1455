#include "http/server.hpp"

#include <pplx/threadpool.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>
#include <vector>

namespace igl {

namespace {

/// cpprestsdk's own threads do not survive an exception in one of its socket handlers, and a
/// chunk length of -2 in a request is enough to raise one. So its pool gets no threads, and these
/// run it instead.
class callback_threads {
public:
  explicit callback_threads(unsigned count) {
    crossplat::threadpool::initialize_with_threads(0);
    for (unsigned i = 0; i < count; ++i)
      threads_.emplace_back([] { run(); });
  }
  callback_threads(const callback_threads&) = delete;
  callback_threads& operator=(const callback_threads&) = delete;
  ~callback_threads() {
    crossplat::threadpool::shared_instance().service().stop();
    for (auto& thread : threads_)
      thread.join();
  }

private:
  static void run() {
    for (;;) {
      try {
        crossplat::threadpool::shared_instance().service().run();
        return;
      } catch (const std::exception& failure) {
        spdlog::warn("http gives up a connection that sent something malformed: {}",
                     failure.what());
      }
    }
  }

  std::vector<std::thread> threads_;
};

} // namespace

void start_http_threads(unsigned count) {
  try {
    // Its destructor is registered after that of cpprestsdk's pool, which its constructor makes,
    // and so runs before it: the threads must end while what they run still exists.
    static callback_threads threads{std::max(count, 2u)};
  } catch (const std::exception& failure) {
    spdlog::error("http runs on cpprestsdk's own threads: {}", failure.what());
  }
}

} // namespace igl
