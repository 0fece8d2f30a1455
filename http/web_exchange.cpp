#include "http/detail/web_exchange.hpp"

#include "http/detail/document_stream.hpp"
#include "messages/errors.hpp"
#include "messages/text.hpp"

#include <cpprest/streams.h>
#include <stdexcept>

namespace igl {

namespace {

using names = web::http::header_names;
using web_response = web::http::http_response;

/// A body that nobody reads is taken off the line up to this size, so that the caller has written
/// all of it when it reads the answer; of a larger one the connection is cut. So it is when the
/// body of a refused request is still not there after a while: the caller is told all the same.
constexpr uint64_t most_dropped = 64 << 20;
constexpr std::chrono::seconds linger{2};

constexpr std::string_view large_head =
    R"({"errors": [{"status": "Request Header Fields Too Large", "code": "generic-http-error", )"
    R"("title": "Request Header Fields Too Large", "detail": "the head of the request is larger )"
    R"(than this server reads", "source": ["limits.header_bytes"]}]})";

constexpr std::string_view no_continue =
    R"({"errors": [{"status": "Expectation Failed", "code": "generic-http-error", )"
    R"("title": "Expectation Failed", "detail": "this server never says 100 Continue: send the )"
    R"(body at once, or after a second", "source": ["Expect"]}]})";

void leave(traffic& load, const traffic::pass& entered) {
  if (entered.how != traffic::admission::outside)
    load.leave(entered);
}

/// The body of an answer that has none, although its length is told.
concurrency::streams::istream no_body() {
  concurrency::streams::container_buffer<std::vector<uint8_t>> nothing(std::vector<uint8_t>{},
                                                                       std::ios_base::in);
  nothing.sbumpc();
  return nothing.create_istream();
}

} // namespace

web_exchange::web_exchange(web::http::http_request request, std::shared_ptr<traffic> load,
                           std::string own_origin)
    : exchange(std::move(own_origin)), request_(std::move(request)), load_(std::move(load)) {
  load_->begins();
  auto& headers = request_.headers();
  std::string text;
  if (headers.match(names::transfer_encoding, text)) {
    well_framed_ =
        equal_ignoring_case(trimmed(text), "chunked") && !headers.has(names::content_length);
  } else if (headers.match(names::content_length, text)) {
    length_ = parse_number(trimmed(text));
    well_framed_ = static_cast<bool>(length_);
  } else {
    length_ = 0;
  }
  must_close_ = !well_framed_;
  if (length_ != uint64_t{0})
    whole_ = pplx::create_task(request_._get_impl()->_get_data_available());
}

web_exchange::~web_exchange() {
  if (!answered_)
    guarded([this] { fail(make_problem(errc::broken_promise)); });
}

traffic::admission web_exchange::enter(traffic::errand why) {
  entered_ = load_->enter(why, peer());
  return entered_.how;
}

/// cpprestsdk may have all of it and be too busy to say so.
bool web_exchange::is_whole() {
  return length_ == uint64_t{0} || body_ == fate::ended || whole_.is_done() ||
         (length_ && came() >= *length_);
}

void web_exchange::when_whole(std::function<void()> then) {
  if (length_ == uint64_t{0})
    return then();
  auto go_on = [self = shared_this(), then = std::move(then)](pplx::task<uint64_t> whole) {
    try {
      whole.get();
    } catch (const std::exception&) {
      self->was_cut_ = true;
    }
    then();
  };
  if (whole_.is_done())
    go_on(whole_);
  else
    whole_.then(std::move(go_on));
}

void web_exchange::may_be_cut() {
  if (length_ == uint64_t{0})
    return;
  whole_.then([](pplx::task<uint64_t> whole) {
    try {
      whole.get();
    } catch (const std::exception&) {
      // Whoever reads the body says so.
    }
  });
}

bool web_exchange::body_ended() {
  auto before = fate::awaited;
  return body_.compare_exchange_strong(before, fate::ended) || before == fate::ended;
}

std::string web_exchange::header(const char* name) const {
  auto found = request_.headers().find(name);
  return found == request_.headers().end() ? std::string{} : found->second;
}

std::string web_exchange::added_by_proxy() const {
  for (auto& [name, value] : request_.headers()) {
    auto small = lower_case(name);
    if (small == "forwarded" || small == "via" || small == "x-real-ip" ||
        small.starts_with("x-forwarded-"))
      return name;
  }
  return {};
}

uint64_t web_exchange::head_bytes() const {
  constexpr std::string_view around = " HTTP/1.1\r\n\r\n ";
  constexpr std::string_view between = ": \r\n";
  auto bytes = method().size() + request_.request_uri().to_string().size() + around.size();
  for (auto& [name, value] : request_.headers())
    bytes += name.size() + value.size() + between.size();
  return bytes;
}

bool web_exchange::is_large(uint64_t usual) const {
  return !length_ || *length_ > usual || expects_continue();
}

/// Of the body, as far as cpprestsdk shows it. An unsynchronised look at a counter; a body that
/// moves is looked at again soon.
uint64_t web_exchange::came() {
  return taken_ + request_.body().streambuf().in_avail();
}

concurrency::streams::streambuf<uint8_t> web_exchange::take_body() {
  body_taken_ = true;
  return request_.body().streambuf();
}

void web_exchange::read(uint64_t at_most, std::function<void(std::string)> then) {
  if (!length_)
    return read_chunked(at_most, std::move(then));
  if (*length_ > at_most)
    return fail(make_problem(errc::too_large));
  if (*length_ == 0)
    return then({});
  // What extract_vector() does, with one hop between threads and one copy less.
  auto take = [self = shared_this(), then = std::move(then)](pplx::task<uint64_t> whole) {
    self->guarded([&] {
      const bool is_wanted = self->body_ended();
      std::string body(static_cast<size_t>(*self->length_), '\0');
      size_t read = 0;
      try {
        whole.get();
        read = self->take_body().scopy(reinterpret_cast<uint8_t*>(body.data()), body.size());
      } catch (const std::exception&) {
        // The caller hung up; there is nobody left to read the answer.
      }
      if (!is_wanted)
        return;
      if (read != body.size())
        return self->fail(self->cut_short());
      then(std::move(body));
    });
  };
  if (whole_.is_done())
    take(whole_);
  else
    whole_.then(std::move(take));
}

void web_exchange::read_chunked(uint64_t at_most, std::function<void(std::string)> then) {
  auto buffer = std::make_shared<std::string>(static_cast<size_t>(at_most) + 1, '\0');
  auto stream = take_body();
  stream.getn(reinterpret_cast<uint8_t*>(buffer->data()), buffer->size())
      .then([self = shared_this(), buffer, then = std::move(then)](pplx::task<size_t> some) {
        self->guarded([&] {
          const bool is_wanted = self->body_ended();
          size_t read = 0;
          try {
            read = some.get();
          } catch (const std::exception&) {
            return self->fail(self->cut_short());
          }
          if (!is_wanted)
            return;
          if (read == buffer->size()) {
            self->abandon_body();
            return self->fail(make_problem(errc::too_large));
          }
          buffer->resize(read);
          then(std::move(*buffer));
        });
      });
}

bool web_exchange::expects_continue() const {
  return (!length_ || *length_ > 0) && equal_ignoring_case(header("Expect"), "100-continue");
}

/// An unsynchronised look at a counter; who insists has not sent a byte for seconds.
bool web_exchange::nothing_came() {
  return taken_ == 0 && request_.body().streambuf().in_avail() == 0;
}

void web_exchange::end_stalled_body(std::chrono::milliseconds patience) {
  auto since = std::chrono::steady_clock::now().time_since_epoch() - moved_.load();
  if (since >= std::min<std::chrono::milliseconds>(linger, patience) && dropped_.exchange(0) > 0)
    return refuse_body();
  if (answered_ || since < patience / 2 || is_whole())
    return;
  if (expects_continue() && nothing_came()) {
    if (!claim_answer())
      return;
    must_close_ = true;
    abandon_body();
    write({417, std::string(no_continue)});
  } else if (!length_ && body_taken_ && since >= patience) {
    give_up(cut_short());
  }
}

bool web_exchange::is_too_slow(uint64_t came, bool in_chunks,
                               std::chrono::steady_clock::duration after) {
  constexpr double least_rate = 16 * 1024;
  const uint64_t not_shown = in_chunks ? 64 * 1024 : 4 * 1024;
  return after >= linger && static_cast<double>(came + not_shown) <
                                least_rate * std::chrono::duration<double>(after).count();
}

void web_exchange::give_way(const caf::error& why) {
  if (is_too_slow(came(), !length_, std::chrono::steady_clock::now() - began_))
    give_up(why);
}

void web_exchange::give_up(const caf::error& why) {
  auto awaited = fate::awaited;
  if (answered_ || is_whole() || !body_.compare_exchange_strong(awaited, fate::given_up) ||
      !claim_answer())
    return;
  must_close_ = true;
  abandon_body();
  write(refusal_of(why));
  if (dropped_.exchange(0) > 0)
    refuse_body();
}

caf::error web_exchange::cut_short() const {
  return make_problem(errc::bad_request, "the body was cut short",
                      length_ ? R"(["Content-Length"])" : R"(["Transfer-Encoding"])");
}

void web_exchange::refuse_head() {
  must_close_ = true;
  reply({431, std::string(large_head)});
}

void web_exchange::expect_long_wait() {
  waits_long_ = true;
  load_->begin_wait(peer());
}

void web_exchange::reply(answer x) {
  if (claim_answer())
    write(std::move(x));
}

void web_exchange::write(answer x) {
  web_response response(x.status);
  for (auto& [name, value] : x.headers)
    response.headers().add(name, std::move(value));
  if (!x.body.empty() && method() != web::http::methods::HEAD)
    response.set_body(std::move(x.body), x.content_type);
  send(std::move(response));
}

void web_exchange::stream(streamed_answer x) {
  if (!claim_answer())
    return;
  web_response response(x.status);
  for (auto& [name, value] : x.headers)
    response.headers().add(name, std::move(value));
  if (x.pieces) {
    response.set_body(open_document_stream(x.part, std::move(x.pieces)), x.part.length,
                      x.content_type);
  } else if (x.part.length > 0) {
    // cpprestsdk ends the connection when a body ends before its length; that suits HEAD.
    response.set_body(no_body(), x.part.length, x.content_type);
    must_close_ = true;
  } else {
    response.headers().set_content_type(x.content_type);
  }
  send(std::move(response));
}

bool web_exchange::claim_answer() {
  return !answered_.exchange(true);
}

/// cpprestsdk writes an answer only after it has read the body, into memory without bound if
/// nobody says that the bytes are not wanted. A small body is taken off the line and dropped;
/// otherwise the body is declared complete, and the connection ends with the answer.
void web_exchange::leave_body() {
  if (body_taken_ || (length_ && *length_ == 0))
    return;
  auto body = request_.body().streambuf();
  if (length_ && *length_ <= most_dropped && !request_.headers().has("Expect")) {
    if (!is_whole()) {
      must_close_ = true;
      moved_ = std::chrono::steady_clock::now().time_since_epoch();
      dropped_ = *length_;
    }
    body.close(std::ios_base::in);
    return;
  }
  must_close_ = true;
  refuse_body();
}

void web_exchange::refuse_body() {
  auto body = request_.body().streambuf();
  auto unwanted = std::make_exception_ptr(std::runtime_error("the body is not wanted"));
  body.close(std::ios_base::out, unwanted);
  request_._get_impl()->_complete(0, unwanted);
}

void web_exchange::send(web::http::http_response response) {
  // cpprestsdk takes a chunk whose size is malformed for the last one, and what follows for the
  // next request: who is refused a body in chunks may have sent such.
  if (!length_ && response.status_code() >= 400)
    must_close_ = true;
  leave_body();
  if (waits_long_)
    load_->end_wait(peer());
  if (must_close_)
    response.headers()[names::connection] = "close";
  try {
    // A body that nobody reads is still on its way, and looked after.
    auto self = dropped_ > 0 ? weak_from_this().lock() : nullptr;
    if (!self && dropped_.exchange(0) > 0)
      refuse_body();
    request_.reply(response).then(
        [load = load_, entered = entered_, self](pplx::task<void> written) {
          try {
            written.get();
          } catch (const std::exception&) {
            // The caller hung up before it had the answer.
          }
          leave(*load, entered);
        });
  } catch (const std::exception&) {
    // The listener was closed meanwhile and has answered itself.
    leave(*load_, entered_);
  }
}

} // namespace igl
