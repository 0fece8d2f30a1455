#include "http/detail/body_sink.hpp"

#include "http/detail/plain_streambuf.hpp"
#include "messages/errors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <stdexcept>

namespace igl {

namespace {

class bounded_body : public plain_streambuf, public body_sink {
public:
  bounded_body(uint64_t at_most, std::string file)
      : plain_streambuf(std::ios_base::out), at_most_(at_most), file_(std::move(file)) {
    if (file_.empty())
      return;
    descriptor_ = ::open(file_.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor_ < 0)
      fault_ = file_fault(errno);
  }

  ~bounded_body() override {
    if (descriptor_ < 0)
      return;
    ::close(descriptor_);
    if (!released_)
      ::unlink(file_.c_str());
  }

  concurrency::streams::ostream stream() override {
    return as_streambuf(std::static_pointer_cast<plain_streambuf>(shared_from_this()))
        .create_ostream();
  }

  uint64_t brought() const override { return size_; }

  caf::error fault() const override {
    std::lock_guard lock{guard_};
    return fault_;
  }

  using plain_streambuf::release;
  std::string release() override {
    std::lock_guard lock{guard_};
    released_ = true;
    return std::move(text_);
  }

  std::string withdraw(size_t at_most) override {
    std::lock_guard lock{guard_};
    std::string text(static_cast<size_t>(std::min<uint64_t>(size_, at_most)), '\0');
    auto read = ::pread(descriptor_, text.data(), text.size(), 0);
    text.resize(read < 0 ? 0 : static_cast<size_t>(read));
    return text;
  }

protected:
  pplx::task<size_t> _putn(const uint8_t* bytes, size_t count) override {
    std::lock_guard lock{guard_};
    if (!fault_)
      fault_ = take({reinterpret_cast<const char*>(bytes), count});
    if (fault_)
      return pplx::task_from_exception<size_t>(
          std::make_exception_ptr(std::runtime_error(sentence_of(fault_))));
    return pplx::task_from_result(count);
  }

private:
  caf::error file_fault(int why) const {
    return make_problem(why == ENOSPC || why == EDQUOT ? errc::storage_full : errc::unavailable,
                        "an answer cannot be written to " + file_ + ": " + std::strerror(why));
  }

  /// A negative chunk length, which cpprestsdk lets pass, is a very large `count` here.
  caf::error take(std::string_view bytes) {
    if (bytes.size() > at_most_ - size_) {
      // A negative length is no text: there are no such bytes behind the pointer.
      constexpr auto most_at_once = static_cast<size_t>(-1) / 2;
      if (descriptor_ < 0 && bytes.size() < most_at_once)
        text_.append(bytes.substr(0, static_cast<size_t>(at_most_ - size_)));
      size_ = at_most_;
      return make_problem(errc::too_large,
                          "the answer has more than " + std::to_string(at_most_) + " bytes");
    }
    size_ += bytes.size();
    if (descriptor_ < 0) {
      text_.append(bytes);
      return caf::none;
    }
    while (!bytes.empty()) {
      auto written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        return file_fault(errno);
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return caf::none;
  }

  mutable std::mutex guard_;
  uint64_t at_most_;
  std::atomic<uint64_t> size_{0};
  std::string file_; ///< empty: into `text_`
  int descriptor_ = -1;
  std::string text_;
  caf::error fault_;
  bool released_ = false;
};

} // namespace

std::shared_ptr<body_sink> body_sink::make(uint64_t at_most, std::string file) {
  return std::make_shared<bounded_body>(at_most, std::move(file));
}

} // namespace igl
