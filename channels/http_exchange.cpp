#include "channels/http_exchange.hpp"

#include "messages/errors.hpp"
#include "messages/timeouts.hpp"

#include <caf/all.hpp>

namespace igl {

http_exchange blocking_exchange(caf::actor_system& system, http_client_actor by) {
  return [&system, by = std::move(by)](const std::vector<http_request>& asked) {
    // Hidden: the system does not wait for it when it ends.
    caf::scoped_actor self{system, true};
    std::vector<decltype(self->request(by, timeouts::outside, http_request{}))> pending;
    pending.reserve(asked.size());
    for (auto& x : asked)
      pending.push_back(self->request(by, timeouts::outside, x));
    std::vector<caf::expected<http_response>> answers;
    answers.reserve(asked.size());
    for (auto& x : pending)
      x.receive([&](http_response& answer) { answers.emplace_back(std::move(answer)); },
                [&](caf::error& why) { answers.emplace_back(std::move(why)); });
    return answers;
  };
}

} // namespace igl
