#pragma once

#include "messages/api.hpp"
#include "messages/interfaces.hpp"
#include "messages/promise.hpp"
#include "scenarios/runner/simulation.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace igl::scenario {

/// What happens to what travels between two parties, in either direction.
struct weather {
  bool cut = false;   ///< nobody reaches anybody
  double lost = 0;    ///< share of the exchanges of which the request or the answer is lost
  double doubled = 0; ///< share of the requests that arrive twice
  double garbled = 0; ///< share of the answers of which the body is altered
  std::chrono::milliseconds delay{0}; ///< each way takes up to so long
};

/// What is wrong with the computer that a process runs on, whether it runs or not.
struct conditions {
  bool disk_full = false;
  std::chrono::nanoseconds ahead{0}; ///< of the true time, as its clock has it; below 0: behind
  double frailty = 0; ///< share of the moments in the life of its jobs at which it dies
};

/// A process on the network, from its start to its end.
struct presence {
  std::string party; ///< whose it is: "AU", "au-sg", "importer"
  std::string label; ///< which of them it is: "AU", "au-sg/AU", "importer"
  bool alive = true;
  std::function<void()> on_answer{}; ///< called before it hears an answer
  std::shared_ptr<const conditions> under = std::make_shared<conditions>();
};

/// The host of a URL, without the port.
std::string host_of(const std::string& url);

/// Carries HTTP requests between simulated processes, and what can go wrong with them.
class network {
public:
  using answered = std::function<void(caf::expected<http_response>)>;
  using listener = std::function<void(http_request, std::function<void(http_response)>)>;

  explicit network(simulation& in) : in_(in), chance_(in.chance_for("network")) {}

  /// Whoever asks for `http://host…` reaches the listener while `who` is alive.
  void join(const std::string& host, std::shared_ptr<const presence> who, listener by);
  void leave(const std::string& host) { places_.erase(host); }

  /// `done` is called once, by the time that the request carries; never if whoever asks is not
  /// alive by then.
  void carry(std::shared_ptr<const presence> from, http_request x, answered done);

  weather& between(const std::string& a, const std::string& b);
  void fair_weather() { weather_.clear(); }
  /// Something goes wrong with what this party says or hears.
  bool is_bad_for(const std::string& party) const;

  /// Requests that are under way.
  uint64_t under_way() const { return under_way_; }
  uint64_t carried() const { return carried_; }

private:
  struct place {
    std::shared_ptr<const presence> who;
    listener by;
  };

  double share() { return share_out_of(chance_()); }
  /// What happens between two of them: as was said of the one process rather than of all of a
  /// party.
  const weather* between(const presence& a, const presence& b) const;
  std::chrono::nanoseconds some_of(std::chrono::milliseconds at_most);
  void hand_over(const std::string& host, http_request x, answered done);

  simulation& in_;
  std::function<uint64_t()> chance_;
  std::map<std::string, place> places_;
  std::map<std::pair<std::string, std::string>, weather> weather_;
  uint64_t under_way_ = 0;
  uint64_t carried_ = 0;
};

/// What a simulated HTTP client can be asked, and what it tells itself.
using simulated_http_client_actor = http_client_actor::extend<
    // INTERNAL: the answer to the request with this number has come.
    caf::reacts_to<caf::tick_atom, uint64_t>>;

struct simulated_http_client_state {
  static inline const char* name = "simulated-http-client";
  using answers = std::map<uint64_t, caf::expected<http_response>>;

  std::map<uint64_t, std::shared_ptr<guarded_promise<http_response>>> waiting;
  std::shared_ptr<answers> come = std::make_shared<answers>(); ///< and not handed on yet
  uint64_t last_number = 0;
};

/// An HTTP client that sends through a simulated network.
simulated_http_client_actor::behavior_type simulated_http_client(
    simulated_http_client_actor::stateful_pointer<simulated_http_client_state> self,
    network* through, std::shared_ptr<const presence> who);

} // namespace igl::scenario
