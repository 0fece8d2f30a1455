#include "actors/commands/service.hpp"
#include "actors/machine.hpp"
#include "http/server.hpp"

#include <iostream>
#include <stdexcept>

// A node on a computer whose streams throw: what an operator sees when a part that the node cannot
// do without dies again and again.
namespace {

using namespace igl;

class broken_streams final : public streams {
public:
  void publish(stream, const std::string&, std::string, published) override { fail(); }
  std::unique_ptr<consumer> consume(stream, uint32_t, arrived) override {
    struct idle final : consumer {
      void acknowledge(const std::string&) override {}
      void keep_alive(const std::string&) override {}
      void pause() override {}
    };
    return std::make_unique<idle>();
  }
  void level(stream, std::function<void(caf::expected<stream_level>)>) override { fail(); }
  void mend(stream) override { fail(); }
  bool connected() const override { return true; }
  std::string description() const override { return "broken"; }

private:
  [[noreturn]] static void fail() { throw std::runtime_error("the streams are broken"); }
};

/// This computer, but for its streams.
class broken_machine final : public machine {
public:
  caf::actor_system& system() override { return sound_->system(); }
  std::function<caf::timestamp()> clock() override { return sound_->clock(); }
  std::function<uint64_t()> chance() override { return sound_->chance(); }
  threading threads() const override { return sound_->threads(); }
  std::shared_ptr<gauge> waiting_requests() override { return sound_->waiting_requests(); }
  std::chrono::milliseconds look() const override { return sound_->look(); }
  caf::expected<std::shared_ptr<ledger>> open_ledger(ledger::options how) override {
    return sound_->open_ledger(std::move(how));
  }
  std::shared_ptr<streams> open_streams(const process_settings&) override {
    return std::make_shared<broken_streams>();
  }
  caf::expected<std::unique_ptr<http_server>> listen(server_options how, api_actors who) override {
    return sound_->listen(std::move(how), std::move(who));
  }
  http_client_actor start_http_client(caf::scheduled_actor* parent,
                                      http_client_options how) override {
    return sound_->start_http_client(parent, std::move(how));
  }
  medium_opener open_medium(const endpoint_settings& how, const http_client_actor& http) override {
    return sound_->open_medium(how, http);
  }
  void spawned(const std::string& name, const caf::strong_actor_ptr& actor) override {
    sound_->spawned(name, actor);
  }
  bool let_others_work(const std::function<bool()>& done) override {
    return sound_->let_others_work(done);
  }

private:
  std::shared_ptr<machine> sound_ = this_machine();
};

} // namespace

int main(int argc, char** argv) {
  stop_signal stop; // before any thread
  start_http_threads(2);
  if (argc != 2)
    return 2;
  return commands::run_node_on(std::make_shared<broken_machine>(), argv[1], stop, std::cerr);
}
