#include "scenarios/runner/simulated_machine.hpp"

#include "channels/http_exchange.hpp"
#include "channels/open_medium.hpp"
#include "http/local_server.hpp"
#include "messages/errors.hpp"

namespace igl::scenario {

namespace {

class simulated_machine final : public machine {
public:
  explicit simulated_machine(machine_parts parts) : parts_(std::move(parts)) {}

  caf::actor_system& system() override { return parts_.in->system; }
  std::function<caf::timestamp()> clock() override {
    return [in = parts_.in, under = parts_.who->under] {
      return in->now() + under->ahead;
    };
  }
  std::function<uint64_t()> chance() override { return parts_.in->chance_for(parts_.name); }
  threading threads() const override { return threading::none; }
  std::shared_ptr<gauge> waiting_requests() override { return nullptr; }
  // Nothing is lost here, and nobody waits for the time that goes by.
  std::chrono::milliseconds look() const override { return std::chrono::minutes{5}; }

  caf::expected<std::shared_ptr<ledger>> open_ledger(ledger::options how) override {
    auto opened = ledger::open(std::move(how));
    if (!opened)
      return opened.error();
    std::shared_ptr<ledger> watched =
        std::make_shared<watched_ledger>(std::move(*opened), parts_.who, parts_.accepted);
    parts_.opened(watched);
    return watched;
  }
  std::shared_ptr<streams> open_streams(const process_settings&) override { return parts_.carried; }
  caf::expected<std::unique_ptr<http_server>> listen(server_options how, api_actors who) override {
    auto started = local_server::start(parts_.in->system, std::move(how), std::move(who));
    if (!started)
      return started.error();
    parts_.through->join(
        parts_.host, parts_.who,
        [server = started->get()](http_request x, std::function<void(http_response)> done) {
          server->take(std::move(x), std::move(done));
        });
    return std::unique_ptr<http_server>{std::move(*started)};
  }
  http_client_actor start_http_client(caf::scheduled_actor* parent, http_client_options) override {
    return parent->spawn(simulated_http_client, parts_.through,
                         std::shared_ptr<const presence>{parts_.who});
  }
  medium_opener open_medium(const endpoint_settings& how, const http_client_actor&) override {
    if (how.medium == medium_kind::memory)
      return parts_.memory_medium(how);
    return opener_of(how, how.id, clock(), exchange());
  }

  void spawned(const std::string& name, const caf::strong_actor_ptr& actor) override {
    parts_.spawned(name, actor);
  }

  bool let_others_work(const std::function<bool()>& done) override {
    return parts_.in->go_on(done);
  }

private:
  /// Whoever waits for a peer lets the others work meanwhile.
  http_exchange exchange() {
    return [parts = parts_](const std::vector<http_request>& all) {
      auto missing = std::make_shared<size_t>(all.size());
      auto answers = std::make_shared<std::vector<caf::expected<http_response>>>(
          all.size(), caf::expected<http_response>{make_problem(errc::peer_lost)});
      for (size_t i = 0; i < all.size(); ++i)
        parts.through->carry(parts.who, all[i], [=](caf::expected<http_response> y) {
          (*answers)[i] = std::move(y);
          --*missing;
        });
      parts.in->go_on([=] { return *missing == 0 || !parts.who->alive; });
      return *answers;
    };
  }

  machine_parts parts_;
};

} // namespace

std::shared_ptr<machine> simulate_machine(machine_parts parts) {
  return std::make_shared<simulated_machine>(std::move(parts));
}

} // namespace igl::scenario
