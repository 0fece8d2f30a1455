#include "channels/channel_protocol.hpp"

#include "messages/uri.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace igl;
namespace protocol = igl::channel_protocol;

template <class T>
void must_be_told(const caf::expected<T>& x) {
  if (!x)
    fuzz::must_speak(x.error());
}

void page(const channel_settings& at, const http_response& x) {
  find_channel_updates question;
  question.cursor = x.header("Cursor-Before");
  question.since = caf::timestamp{std::chrono::hours{24 * 365 * 50}};
  question.limit = 2;
  auto asked = protocol::list(at, question);
  auto now = question.since + std::chrono::hours{1};
  auto found = protocol::read_page(question, asked, x, {now, now + std::chrono::seconds{1}});
  must_be_told(found);
  if (!found)
    return;
  fuzz::must(!found->cursor.empty(), "a page says where to go on");
  for (auto& y : found->unreadable)
    fuzz::must(!y.reason.empty() && is_utf8(y.said) && y.said.size() < 1100,
               "what cannot be read is told, and shortly");
  // A cursor that was asked with may be anybody's; one that comes out can be asked with.
  question.cursor = found->cursor;
  if (x.header("Cursor-Before").empty())
    fuzz::must(bool(parse_http_url(protocol::list(at, question).url)),
               "where to go on can be asked for");
}

} // namespace

// Whatever a Channel API answers to any of our questions.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto x = fuzz::response_in(fuzz::text_of(data, size));
  channel_settings at;
  at.id = "au-sg";
  at.url = "http://127.0.0.1:5200";
  auto asked = protocol::find(at, {"17"});
  must_be_told(protocol::read_receipt(asked, x));
  must_be_told(protocol::read_message(asked, x));
  must_be_told(protocol::read_acceptance(asked, x));
  if (auto why = protocol::access_fault(at, asked, x))
    fuzz::must_speak(why);
  page(at, x);
  return 0;
}
