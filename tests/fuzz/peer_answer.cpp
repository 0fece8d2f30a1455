#include "channels/oauth2.hpp"
#include "channels/peer_protocol.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace igl;

void token(const http_response& x) {
  channel_auth_settings how;
  how.token_endpoint = "https://id.example.org/token";
  how.client_secret = "a-secret-that-nobody-may-read";
  auto now = caf::timestamp{std::chrono::hours{24 * 365 * 50}};
  auto found = oauth2::read_token(how, x, now);
  if (!found) {
    fuzz::must_speak(found.error());
    fuzz::must(sentence_of(found.error()).find(how.client_secret) == std::string::npos,
               "no error speaks the secret");
    return;
  }
  fuzz::must(found->ends > now && found->ends <= now + std::chrono::hours{24},
             "a token is good for a while, and a day at most");
  fuzz::must(found->value.find_first_of("\r\n ") == std::string::npos, "a token fits a header");
}

} // namespace

// What the other side of a simplex channel answers, and the server that gives out tokens.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto x = fuzz::response_in(fuzz::text_of(data, size));
  peer_settings to;
  to.id = "sg";
  to.url = "http://127.0.0.1:5200";
  auto asked = peer_protocol::hand_over(to, {"id", {"AU", "17", "SG", "s", "a.b.c", "a.b.c"}});
  if (auto why = peer_protocol::outcome_of(asked, x))
    fuzz::must_speak(why);
  else
    fuzz::must(x.status >= 200 && x.status < 300, "only 2xx says that the peer has it");
  peer_protocol::may_have_taken(x);
  token(x);
  return 0;
}
