#include "http/detail/upload.hpp"

#include "http/multipart.hpp"
#include "messages/errors.hpp"

#include <nlohmann/json.hpp>

namespace igl {

namespace {

constexpr size_t piece_bytes = 128 * 1024;
/// What the form around the file may take, in bytes.
constexpr uint64_t most_form_overhead = 1 << 20;
/// cpprestsdk reads a body into memory as fast as it comes. Bytes that may wait there while a disk
/// is slower than the network; more, and the upload is refused.
constexpr size_t most_waiting = 32 << 20;

/// One upload: takes the body off cpprestsdk's buffer piece by piece, on its threads.
class upload : public std::enable_shared_from_this<upload> {
public:
  upload(std::shared_ptr<exchange> x, const upload_limits& limits, std::string_view boundary,
         std::function<void(std::shared_ptr<spool_file>)> then)
      : exchange_(std::move(x)), limits_(limits), memory_(limits.memory), then_(std::move(then)),
        body_(exchange_->take_body()), piece_(piece_bytes, '\0'),
        parser_(boundary, {[this] { return begin_file(); },
                           [this](std::string_view bytes) {
                             return write(bytes);
                           }}) {}

  void begin() {
    if (memory_.uses(piece_bytes))
      pump();
    else
      refuse(no_memory());
  }

private:
  void pump() {
    for (;;) {
      auto some = body_.getn(reinterpret_cast<uint8_t*>(piece_.data()), piece_.size());
      if (!some.is_done()) {
        some.then([self = shared_from_this()](pplx::task<size_t> read) {
          self->exchange_->guarded([&] {
            if (self->take(read))
              self->pump();
          });
        });
        return;
      }
      if (!take(some))
        return;
    }
  }

  /// False: that was the end, one way or the other.
  bool take(const pplx::task<size_t>& read) {
    size_t size = 0;
    try {
      size = read.get();
    } catch (const std::exception&) {
      return refuse(cut_short());
    }
    if (size == 0)
      return finish();
    received_ += size;
    exchange_->body_moved(size);
    // An unsynchronised look at a counter; an old value is good enough.
    auto waiting = body_.in_avail();
    if (!memory_.uses(piece_bytes + waiting))
      return refuse(no_memory());
    if (waiting > most_waiting)
      return refuse(make_problem(errc::overloaded, "the upload comes faster than the disk writes",
                                 R"(["disk"])"));
    if (received_ > limits_.file_bytes + most_form_overhead)
      return refuse(make_problem(errc::too_large));
    if (auto why = parser_.feed(std::string_view(piece_).substr(0, size)))
      return refuse(why);
    return true;
  }

  caf::error begin_file() {
    if (parser_.files() > 1)
      return caf::none;
    auto made = spool_file::create(limits_.spool_dir);
    if (!made)
      return made.error();
    file_ = std::move(*made);
    return caf::none;
  }

  caf::error write(std::string_view bytes) {
    if (parser_.files() > 1)
      return caf::none;
    written_ += bytes.size();
    if (written_ > limits_.file_bytes)
      return make_problem(errc::too_large);
    return file_->append(bytes);
  }

  bool finish() {
    if (!exchange_->body_ended()) {
      file_ = nullptr;
      return false;
    }
    auto length = exchange_->announced_length();
    if (received_ == 0)
      return refuse(make_problem(errc::no_input_file));
    if (!parser_.complete() || (length && received_ != *length))
      return refuse(cut_short());
    if (parser_.files() == 0)
      return refuse(make_problem(errc::no_input_file));
    if (parser_.files() > 1)
      return refuse(make_problem(errc::too_many_files,
                                 std::string(entry_of(errc::too_many_files).sentence),
                                 nlohmann::json::array({{{"files", parser_.files()}}}).dump()));
    then_(std::move(file_));
    return false;
  }

  bool refuse(const caf::error& why) {
    file_ = nullptr;
    exchange_->abandon_body();
    exchange_->fail(why);
    return false;
  }

  static caf::error no_memory() {
    return make_problem(errc::overloaded, "too many uploads are under way",
                        R"(["limits.upload_memory"])");
  }

  static caf::error cut_short() {
    return make_problem(errc::bad_request, "the multipart body was cut short",
                        R"(["multipart/form-data"])");
  }

  std::shared_ptr<exchange> exchange_;
  upload_limits limits_;
  byte_budget::share memory_;
  std::function<void(std::shared_ptr<spool_file>)> then_;
  concurrency::streams::streambuf<uint8_t> body_;
  std::string piece_;
  multipart_parser parser_;
  std::shared_ptr<spool_file> file_;
  uint64_t received_ = 0;
  uint64_t written_ = 0;
};

} // namespace

caf::optional<std::string> demand_upload(const std::shared_ptr<exchange>& x,
                                         const upload_limits& limits) {
  if (!x->demand("multipart/form-data"))
    return caf::none;
  auto boundary = boundary_of(x->header("Content-Type"));
  auto length = x->announced_length();
  if (boundary.empty() || !x->well_framed())
    x->fail(make_problem(errc::bad_request, "the multipart body has no boundary",
                         R"(["Content-Type"])"));
  else if (length && *length == 0)
    x->fail(make_problem(errc::no_input_file));
  else if (length && *length > limits.file_bytes + most_form_overhead)
    x->fail(make_problem(errc::too_large));
  else
    return boundary;
  return caf::none;
}

void receive_upload(const std::shared_ptr<exchange>& x, const upload_limits& limits,
                    const std::string& boundary,
                    std::function<void(std::shared_ptr<spool_file>)> then) {
  std::make_shared<upload>(x, limits, boundary, std::move(then))->begin();
}

} // namespace igl
