#include "http/detail/document_stream.hpp"

#include "http/detail/plain_streambuf.hpp"
#include "messages/errors.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace igl {

namespace {

class pulled_document : public plain_streambuf {
public:
  pulled_document(const document_part& part, piece_source source)
      : plain_streambuf(std::ios_base::in), source_(std::move(source)), left_(part.length),
        next_(static_cast<uint32_t>(part.first / part.piece_size)),
        skip_(part.first % part.piece_size) {}

protected:
  pplx::task<size_t> _getn(uint8_t* to, size_t count) override {
    std::unique_lock lock{guard_};
    if (left_ == 0)
      return pplx::task_from_result<size_t>(0);
    if (failed_)
      return pplx::task_from_exception<size_t>(failed_);
    if (at_ < now_.size()) {
      auto read = copy(to, count);
      fetch_ahead(lock);
      return pplx::task_from_result<size_t>(read);
    }
    waiting_ = true;
    to_ = to;
    count_ = count;
    answer_ = {};
    auto answered = pplx::create_task(answer_);
    settle(lock);
    return answered;
  }

private:
  size_t copy(uint8_t* to, size_t count) {
    auto read = std::min({count, now_.size() - at_, static_cast<size_t>(left_)});
    std::memcpy(to, now_.data() + at_, read);
    at_ += read;
    left_ -= read;
    return read;
  }

  /// Takes the piece that was fetched ahead, and answers the read that waits for it. Leaves the
  /// lock open.
  void settle(std::unique_lock<std::mutex>& lock) {
    size_t read = 0;
    bool answers = false;
    if (waiting_ && ahead_ready_) {
      now_ = std::move(ahead_);
      at_ = std::min(skip_, now_.size());
      skip_ = 0;
      ahead_ready_ = false;
      if (at_ == now_.size())
        failed_ = std::make_exception_ptr(std::runtime_error("a piece of the document is short"));
      else
        read = copy(to_, count_);
    }
    if (waiting_ && (read > 0 || failed_)) {
      waiting_ = false;
      answers = true;
    }
    auto failed = failed_;
    auto answer = answer_;
    fetch_ahead(lock);
    if (answers && failed)
      answer.set_exception(failed);
    else if (answers)
      answer.set(read);
  }

  void fetch_ahead(std::unique_lock<std::mutex>& lock) {
    bool wanted = !fetching_ && !ahead_ready_ && !failed_ && left_ > now_.size() - at_;
    if (wanted)
      fetching_ = true;
    auto piece = next_;
    lock.unlock();
    if (!wanted)
      return;
    std::weak_ptr<plain_streambuf> weak =
        std::static_pointer_cast<plain_streambuf>(shared_from_this());
    source_(piece, [weak](caf::expected<std::string> fetched) {
      if (auto self = std::static_pointer_cast<pulled_document>(weak.lock()))
        self->arrived(std::move(fetched));
    });
  }

  void arrived(caf::expected<std::string> fetched) {
    std::unique_lock lock{guard_};
    fetching_ = false;
    if (!fetched) {
      failed_ = std::make_exception_ptr(std::runtime_error(sentence_of(fetched.error())));
    } else {
      ahead_ = std::move(*fetched);
      ahead_ready_ = true;
      ++next_;
    }
    settle(lock);
  }

  std::mutex guard_;
  piece_source source_;
  uint64_t left_;     ///< bytes until the end of the part
  std::string now_;   ///< the piece that is being read
  size_t at_ = 0;     ///< how much of it was read
  std::string ahead_; ///< the piece after it
  bool ahead_ready_ = false;
  bool fetching_ = false;
  uint32_t next_; ///< the piece to fetch next
  size_t skip_;   ///< bytes of the first piece that come before the part
  std::exception_ptr failed_;
  bool waiting_ = false; ///< a read waits: into `to_`, `count_` bytes at most
  uint8_t* to_ = nullptr;
  size_t count_ = 0;
  pplx::task_completion_event<size_t> answer_;
};

} // namespace

concurrency::streams::istream open_document_stream(const document_part& part, piece_source source) {
  return as_streambuf(std::make_shared<pulled_document>(part, std::move(source))).create_istream();
}

} // namespace igl
