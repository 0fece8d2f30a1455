#pragma once

#include "channels/http_exchange.hpp"
#include "messages/errors.hpp"

#include <map>
#include <string>
#include <vector>

namespace igl {

/// Other sides of a channel that answer what a test says, without a network.
struct peer_network {
  using side = std::function<caf::expected<http_response>(const http_request&)>;

  std::map<std::string, side> sides; ///< by URL, without the path
  std::vector<http_request> asked;
  std::vector<size_t> at_once; ///< how many requests each exchange had

  http_exchange exchange() {
    return [this](const std::vector<http_request>& all) {
      at_once.push_back(all.size());
      std::vector<caf::expected<http_response>> answers;
      for (auto& x : all) {
        asked.push_back(x);
        auto at = sides.find(x.url.substr(0, x.url.find('/', 8)));
        answers.push_back(at == sides.end() ? make_problem(errc::peer_unreachable, x.url)
                                            : at->second(x));
      }
      return answers;
    };
  }

  static side answers(uint16_t status, std::string body) {
    return [=](const http_request&) {
      http_response x;
      x.status = status;
      x.body = body;
      return x;
    };
  }
  static side takes_all() { return answers(200, R"({"status": "delivered", "id": "1"})"); }
  static side fails(errc code) {
    return [=](const http_request& x) {
      return make_problem(code, x.url);
    };
  }

  size_t asked_of(const std::string& url) const {
    size_t count = 0;
    for (auto& x : asked)
      count += x.url.starts_with(url);
    return count;
  }
};

} // namespace igl
