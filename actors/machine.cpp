#include "actors/machine.hpp"

#include "channels/http_exchange.hpp"
#include "channels/open_medium.hpp"
#include "http/client.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <thread>
#include <utility>

namespace igl {

namespace {

caf::actor_system_config& configured(caf::actor_system_config& config) {
  add_to(config);
  config.set("scheduler.policy", caf::atom("sharing"));
  // Half of the machine: the ledger, the listeners and JetStream have threads of their own, and
  // workers that compete with them for a core only wait for each other's locks.
  config.set("scheduler.max-threads", std::max(1u, std::thread::hardware_concurrency() / 2));
  return config;
}

caf::timestamp wall_clock() {
  return std::chrono::time_point_cast<caf::timespan>(std::chrono::system_clock::now());
}

/// Challenges and references must not be guessed. Drawn in advance, for a call costs more than its
/// bytes; each is handed out once and forgotten here.
uint64_t unpredictable() {
  thread_local std::array<uint64_t, 128> drawn;
  thread_local size_t left = 0;
  if (left == 0) {
    if (RAND_bytes(reinterpret_cast<unsigned char*>(drawn.data()), sizeof drawn) != 1)
      throw std::runtime_error("the system has no random numbers to give");
    left = drawn.size();
  }
  return std::exchange(drawn[--left], 0);
}

class computer final : public machine {
public:
  caf::actor_system& system() override { return system_; }
  std::function<caf::timestamp()> clock() override { return wall_clock; }
  std::function<uint64_t()> chance() override { return unpredictable; }
  threading threads() const override { return threading::detached; }
  std::shared_ptr<gauge> waiting_requests() override { return waiting_; }
  std::chrono::milliseconds look() const override { return std::chrono::seconds{1}; }

  caf::expected<std::shared_ptr<ledger>> open_ledger(ledger::options how) override {
    how.overlapping = true;
    return ledger::open(std::move(how));
  }
  std::shared_ptr<streams> open_streams(const process_settings&) override { return nullptr; }
  caf::expected<std::unique_ptr<http_server>> listen(server_options how, api_actors who) override {
    return http_server::start(system_, std::move(how), std::move(who));
  }
  http_client_actor start_http_client(caf::scheduled_actor* parent,
                                      http_client_options how) override {
    return parent->spawn(http_client, std::move(how));
  }
  medium_opener open_medium(const endpoint_settings& how, const http_client_actor& http) override {
    return opener_of(how, how.id, wall_clock, blocking_exchange(system_, http));
  }

  void spawned(const std::string&, const caf::strong_actor_ptr&) override {}
  bool let_others_work(const std::function<bool()>&) override { return true; }

private:
  caf::actor_system_config config_;
  caf::actor_system system_{configured(config_)};
  std::shared_ptr<gauge> waiting_ = std::make_shared<gauge>(std::chrono::milliseconds{50});
};

} // namespace

std::shared_ptr<machine> this_machine() {
  return std::make_shared<computer>();
}

} // namespace igl
