#pragma once

#include "http/detail/connection_guard.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace igl {

/// An answer on its way, and the connection it comes over.
class followed_answer {
public:
  /// `brought` tells how many bytes of the body have reached where they are to go.
  explicit followed_answer(std::function<uint64_t()> brought) : brought_(std::move(brought)) {}

  /// Before it begins, and begins anew: the socket it will come over. Never: nobody looks after it.
  void comes_over(int descriptor);
  /// It was cut off: its head, or a chunk, was too large.
  bool was_cut() const { return was_cut_; }

private:
  friend class answer_watch;
  std::function<uint64_t()> brought_;
  std::atomic<bool> was_cut_{false};
  bool is_followed_ = false; ///< under the guard of the watch
  std::mutex guard_;         ///< of what stands below
  int descriptor_ = -1;
  uint64_t cookie_ = 0;  ///< which socket the descriptor was
  uint64_t arrived_ = 0; ///< of the body, at the last look
  uint64_t taken_ = 0;   ///< off the line, when some of the body had last arrived
};

/// cpprestsdk reads the head of an answer, and each of its chunks, into memory as a whole, and
/// bounds neither. This thread looks at the connections of answers under way twenty times per
/// second, and shuts down one over which more came than a head and a chunk may have without any of
/// it reaching the body.
class answer_watch {
public:
  explicit answer_watch(uint64_t most);
  answer_watch(const answer_watch&) = delete;
  answer_watch& operator=(const answer_watch&) = delete;
  ~answer_watch();

  uint64_t most() const { return most_; }
  /// As long as it exists.
  void follow(const std::shared_ptr<followed_answer>& x);

private:
  void run();
  void look_at(followed_answer& x);

  const uint64_t most_;
  own_descriptors descriptors_;
  std::mutex guard_;
  std::condition_variable wake_;
  std::vector<std::weak_ptr<followed_answer>> followed_;
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace igl
