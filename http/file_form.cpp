#include "http/detail/file_form.hpp"

#include "http/detail/plain_streambuf.hpp"
#include "messages/errors.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>
#include <stdexcept>

namespace igl {

namespace {

/// Long and random: it cannot be in the file.
std::string fresh_boundary() {
  std::random_device random;
  std::string boundary = "igl-";
  for (int i = 0; i < 40; ++i)
    boundary += "0123456789abcdef"[random() % 16];
  return boundary;
}

/// The last part of a path, without what would end a quoted text.
std::string file_name_of(const std::string& path) {
  auto name = path.substr(path.rfind('/') + 1);
  std::erase_if(name, [](unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; });
  return name.empty() ? "file" : name;
}

/// Head, file and tail, one after the other. Can be rewound: cpprestsdk sends a body again when a
/// kept connection turns out to be closed.
class form_stream : public plain_streambuf {
public:
  form_stream(int file, uint64_t size, std::string head, std::string tail)
      : plain_streambuf(std::ios_base::in), file_(file), size_(size), head_(std::move(head)),
        tail_(std::move(tail)) {}
  ~form_stream() override { ::close(file_); }

  uint64_t length() const { return head_.size() + size_ + tail_.size(); }

  bool can_seek() const override { return true; }
  pos_type seekpos(pos_type to, std::ios_base::openmode) override {
    at_ = static_cast<uint64_t>(static_cast<off_type>(to));
    m_stream_read_eof = false;
    return to;
  }

protected:
  pplx::task<size_t> _getn(uint8_t* to, size_t count) override {
    size_t read = 0;
    while (read < count && at_ < length()) {
      auto some = read_some(reinterpret_cast<char*>(to) + read, count - read);
      if (some == 0)
        return pplx::task_from_exception<size_t>(
            std::make_exception_ptr(std::runtime_error("the file has become shorter")));
      read += some;
      at_ += some;
    }
    return pplx::task_from_result(read);
  }

private:
  size_t read_some(char* to, size_t count) const {
    if (at_ < head_.size())
      return head_.copy(to, count, at_);
    auto in_file = at_ - head_.size();
    if (in_file >= size_)
      return tail_.copy(to, count, in_file - size_);
    auto wanted = static_cast<size_t>(std::min<uint64_t>(count, size_ - in_file));
    auto read = ::pread(file_, to, wanted, static_cast<off_t>(in_file));
    return read < 0 ? 0 : static_cast<size_t>(read);
  }

  int file_;
  uint64_t size_;
  std::string head_;
  std::string tail_;
  uint64_t at_ = 0;
};

} // namespace

caf::expected<file_form> file_form::open(const std::string& path) {
  auto file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat found {};
  if (file < 0 || ::fstat(file, &found) != 0 || !S_ISREG(found.st_mode)) {
    auto why = file < 0 ? std::strerror(errno) : "it is no file";
    if (file >= 0)
      ::close(file);
    return make_problem(errc::not_found, path + " cannot be read: " + why);
  }
  auto boundary = fresh_boundary();
  auto stream = std::make_shared<form_stream>(
      file, static_cast<uint64_t>(found.st_size),
      "--" + boundary + "\r\nContent-Disposition: form-data; name=\"document\"; filename=\"" +
          file_name_of(path) + "\"\r\nContent-Type: application/octet-stream\r\n\r\n",
      "\r\n--" + boundary + "--\r\n");
  return file_form{as_streambuf(stream).create_istream(), stream->length(),
                   "multipart/form-data; boundary=" + boundary};
}

} // namespace igl
