#pragma once

#include <cpprest/streams.h>

#include <cstdint>
#include <memory>

namespace igl {

/// cpprestsdk asks a stream buffer for far more than the body of a message needs. This is the rest:
/// what nobody calls for a body, and what says that it cannot be done. A body that is sent
/// overrides
/// `_getn`, one that is received `_putn`.
class plain_streambuf : public concurrency::streams::details::streambuf_state_manager<uint8_t> {
public:
  using streambuf_state_manager::streambuf_state_manager;

  bool can_seek() const override { return false; }
  bool has_size() const override { return false; }
  size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(size_t, std::ios_base::openmode) override {}
  size_t in_avail() const override { return 0; }
  pos_type getpos(std::ios_base::openmode) const override { return traits::eof(); }
  pos_type seekpos(pos_type, std::ios_base::openmode) override { return traits::eof(); }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override {
    return traits::eof();
  }
  bool acquire(uint8_t*& ptr, size_t& count) override {
    ptr = nullptr;
    count = 0;
    return false;
  }
  void release(uint8_t*, size_t) override {}

  using streambuf_state_manager::close;
  /// cpprestsdk calls this when a body fails, on one of the threads that serve everything, and
  /// waits for it there; its own way of closing needs another of them. As many bodies that fail at
  /// once as there are threads would stop the whole process for ever.
  pplx::task<void> close(std::ios_base::openmode mode, std::exception_ptr why) override {
    if (m_currentException == nullptr)
      m_currentException = why;
    if ((mode & std::ios_base::in) != 0)
      m_stream_can_read = false;
    if ((mode & std::ios_base::out) != 0)
      m_stream_can_write = false;
    return pplx::task_from_result();
  }

protected:
  pplx::task<int_type> _putc(uint8_t) override { return unable(); }
  pplx::task<size_t> _putn(const uint8_t*, size_t) override { return nothing(); }
  pplx::task<size_t> _getn(uint8_t*, size_t) override { return nothing(); }
  pplx::task<int_type> _bumpc() override { return unable(); }
  int_type _sbumpc() override { return traits::eof(); }
  pplx::task<int_type> _getc() override { return unable(); }
  int_type _sgetc() override { return traits::eof(); }
  pplx::task<int_type> _nextc() override { return unable(); }
  pplx::task<int_type> _ungetc() override { return unable(); }
  size_t _scopy(uint8_t*, size_t) override { return 0; }
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }
  uint8_t* _alloc(size_t) override { return nullptr; }
  void _commit(size_t) override {}

private:
  static pplx::task<int_type> unable() { return pplx::task_from_result<int_type>(traits::eof()); }
  static pplx::task<size_t> nothing() { return pplx::task_from_result<size_t>(0); }
};

/// What cpprestsdk reads a body from, and writes one to.
inline concurrency::streams::streambuf<uint8_t>
as_streambuf(const std::shared_ptr<plain_streambuf>& x) {
  std::shared_ptr<concurrency::streams::details::basic_streambuf<uint8_t>> plain = x;
  return {plain};
}

} // namespace igl
