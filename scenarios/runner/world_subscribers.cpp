#include "messages/errors.hpp"
#include "messages/uri.hpp"
#include "scenarios/runner/world.hpp"

namespace igl::scenario {

void world::listen(subscriber& x) {
  wires_.join(x.name, x.who, [this, &x](http_request asked, auto done) {
    auto question = asked.url.find("hub.challenge=");
    // Also that its subscription is over is said so, and asks for nothing.
    if (asked.method == "GET" && question == std::string::npos)
      return done({200, {}, {}});
    if (asked.method == "GET") {
      auto start = question + std::string_view{"hub.challenge="}.size();
      auto challenge = percent_decode(asked.url.substr(start, asked.url.find('&', start) - start));
      return done({200, {}, challenge ? *challenge : std::string{}});
    }
    if (x.answers >= 200 && x.answers < 300) {
      x.heard.push_back(told_in(asked, time_.now()));
      if (on_told)
        on_told(x, x.heard.back());
    }
    done({x.answers, {}, {}});
  });
}

caf::error world::subscribe(subscriber& x, bool ends) {
  http_request wanted;
  wanted.method = "POST";
  wanted.url = "/subscriptions";
  wanted.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  wanted.body = std::string{"hub.mode="} + (ends ? "unsubscribe" : "subscribe") +
                "&hub.topic=" + percent_encode(x.topic) +
                "&hub.callback=" + percent_encode(callback_of(x));
  if (!x.lease.empty())
    wanted.body += "&hub.lease_seconds=" + x.lease;
  auto answer = ask(x.at, std::move(wanted));
  if (!answer)
    return answer.error();
  if (answer->status != 202)
    return make_problem(errc::bad_request, x.at + " answers " + std::to_string(answer->status) +
                                               " to " + x.name + ": " + answer->body);
  return caf::none;
}

} // namespace igl::scenario
