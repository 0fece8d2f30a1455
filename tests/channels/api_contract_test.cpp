#include "channels/api_medium.hpp"
#include "channels/incoming_api.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "tests/channels/planted_entry.hpp"
#include "tests/contracts/medium_contract.hpp"
#include "tests/support/temporary_folder.hpp"

#include <caf/all.hpp>
#include <spdlog/spdlog.h>

using namespace igl;

namespace {

/// Sides of channels, each with its folder and a real POST /messages/incoming before it, and media
/// that reach them over HTTP.
class sides {
  struct config : caf::actor_system_config {
    config() { add_to(*this); }
  };
  struct side {
    incoming_api_actor door;
    std::unique_ptr<http_server> server;
    api_medium_settings how;
  };

public:
  sides() {
    spdlog::set_level(spdlog::level::off);
    start_http_threads(2);
    client_ = system_.spawn(http_client, http_client_options{});
  }
  ~sides() {
    for (auto& x : all_) {
      x->server = nullptr;
      caf::anon_send_exit(x->door, caf::exit_reason::user_shutdown);
    }
    caf::anon_send_exit(client_, caf::exit_reason::user_shutdown);
  }

  std::function<medium_place()> places() {
    return [this] {
      auto& x = add();
      medium_place place;
      place.open = [&x] {
        auto opened = open_api_medium(x.how);
        REQUIRE_MESSAGE(opened, sentence_of(opened.error()));
        return std::move(*opened);
      };
      place.plant = [&x](const std::string& data) {
        plant_entry(x.how.path + "/incoming", data);
      };
      return place;
    };
  }

private:
  /// The side of AU, SG and NZ, of which AU speaks to the others as a peer does.
  side& add() {
    auto& x = *all_.emplace_back(std::make_unique<side>());
    x.how.path = folder_.path("side-" + std::to_string(all_.size()));
    peer_settings peer;
    peer.id = "channel-au";
    peer.jurisdictions = {"AU"};
    endpoint_settings settings;
    settings.jurisdictions = {"SG", "NZ"};
    settings.peers = {peer};
    auto path = x.how.path;
    x.door =
        system_.spawn<caf::detached>(incoming_api, settings, [=] { return open_incoming(path); });
    server_options door;
    door.listeners = {{"127.0.0.1:0", {api::channel}}};
    door.message_bytes = 64 * 1024;
    door.connections = 64;
    door.requests_in_flight = 64;
    door.idle_connection = std::chrono::seconds{60};
    api_actors behind;
    behind.incoming = x.door;
    auto started = http_server::start(system_, door, behind);
    REQUIRE_MESSAGE(started, sentence_of(started.error()));
    x.server = std::move(*started);
    peer.id = "channel-others";
    peer.jurisdictions = {"SG", "NZ"};
    peer.url = x.server->base_url(api::channel);
    peer.in_flight = 1;
    x.how.peers = {peer};
    x.how.ask = blocking_exchange(system_, client_);
    x.how.now = caf::make_timestamp;
    return x;
  }

  temporary_folder folder_;
  config config_;
  caf::actor_system system_{config_};
  http_client_actor client_;
  std::vector<std::unique_ptr<side>> all_;
};

} // namespace

TEST_SUITE_BEGIN("api medium over HTTP");

TEST_CASE_FIXTURE(sides, "keeps the promises of a medium") {
  medium_contract(places());
}

TEST_CASE_FIXTURE(sides, "keeps the promises of a medium that does not take back") {
  lasting_medium_contract(places());
}

TEST_SUITE_END();
