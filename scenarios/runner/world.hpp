#pragma once

#include "actors/service.hpp"
#include "channels/memory_medium.hpp"
#include "config/config.hpp"
#include "scenarios/runner/crash.hpp"
#include "scenarios/runner/names.hpp"
#include "scenarios/runner/network.hpp"
#include "scenarios/runner/simulation.hpp"
#include "storage/ledger.hpp"
#include "storage/streams.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace igl::scenario {

/// Options of a configuration file, in the order of the script: `retry.callback.attempts`, `3`.
using settings = std::vector<std::pair<std::string, std::string>>;

/// A node or an endpoint: what it is started with, and what remains of it when it is down.
struct process {
  enum class kind : uint8_t { node, endpoint };

  kind is = kind::node;
  std::string label;   ///< "AU", "au-sg/AU"
  std::string party;   ///< "AU", "au-sg"
  std::string nation;  ///< "AU"
  std::string channel; ///< of an endpoint: "au-sg"
  std::string host;
  std::string config; ///< TOML
  std::shared_ptr<streams> carried;
  std::shared_ptr<conditions> under = std::make_shared<conditions>();
  std::shared_ptr<presence> who;
  // Of the running incarnation.
  std::weak_ptr<ledger> book;
  std::shared_ptr<crash_plan> plan;
  std::map<std::string, caf::weak_actor_ptr> actors; ///< by their names in the supervision tree
  std::unique_ptr<service> running;
};

struct channel_plan {
  std::string name;
  std::string medium;
  std::vector<std::string> between;
  settings how;
  std::shared_ptr<memory_log> log; ///< of a memory medium
};

/// Who listens at a node for what happens to messages.
struct subscriber {
  struct told {
    caf::timestamp at;
    std::string topic;     ///< as it was subscribed to
    std::string predicate; ///< what happened
    std::string about;     ///< to which message
    std::string body;
    caf::optional<uint64_t> number{}; ///< of the hub's event; none: not said
  };

  std::string name;
  std::string at; ///< nation
  std::string topic;
  std::string lease; ///< seconds; empty: not said
  uint16_t answers = 200;
  std::shared_ptr<presence> who;
  std::vector<told> heard;
};

/// A settlement that one of the processes accepted.
struct hop {
  const process& at;
  const settlement& what;
  const settled& result;
};

/// Everything that a story is about, in one process and one thread: nations with their nodes,
/// channels with an endpoint for each of their sides, subscribers, and the network between them.
/// What decides is the production code, over a simulated machine.
class world {
public:
  /// `folder`: an empty one, for the ledgers.
  world(uint64_t seed, std::string folder);
  virtual ~world();

  // -- who there is; fails with a sentence for whoever wrote the story --------------------------

  /// Of these two also an option can be wrong: `wrong_option` says which.
  caf::error add_nation(const std::string& name, settings how);
  caf::error add_channel(channel_plan x);
  /// The option that the last failure of a declaration was about; empty: none.
  const std::string& wrong_option() const { return wrong_option_; }
  caf::error add_subscriber(subscriber x);
  /// A nation comes to a channel that is there: it gets an endpoint, and everybody on the channel is
  /// started again with the new configuration.
  caf::error join(const std::string& nation, const std::string& channel);
  /// Starts all that is not started yet. Done by whatever needs it.
  caf::error begin();

  bool has_nation(const std::string& name) const { return nations_.count(name) != 0; }
  const std::vector<std::string>& nations() const { return nation_order_; }
  /// Everything that was named is started and at rest.
  bool begun() const { return begun_; }

  // -- what happens ------------------------------------------------------------------------------

  /// How long a business waits for an answer.
  static constexpr std::chrono::minutes patience{2};
  /// Asks a nation's node, as a business there would, and lets the world go on until it answers.
  caf::expected<http_response> ask(const std::string& nation, http_request x);
  /// The same without waiting.
  virtual void ask_later(const std::string& nation, http_request x, network::answered done);

  /// Until there is nothing left to do but what waits for later, and no longer than `at_most`.
  virtual void rest(caf::timespan at_most = std::chrono::minutes{10});
  virtual void pass(caf::timespan time);

  caf::error start(process& x);
  void stop(process& x);
  /// As if the power had failed, before anything else happens.
  void kill(process& x);
  /// Kills it at a moment in the life of the next job of a stream, or of the next message that a
  /// business posts (none). That is planned beyond its death. True in the result: it has happened.
  using happened = std::shared_ptr<const bool>;
  happened kill_at(process& x, crash_point when, caf::optional<stream> where);
  /// It dies at a share of all moments of its jobs and starts again a second later; 0: no more.
  void weaken(process& x, double share);
  /// As if its nats-server had lost its folder. It is down.
  virtual void lose_streams(process& x);
  /// A new subscription, or the end of one.
  caf::error subscribe(subscriber& x, bool ends = false);
  /// Everything that goes wrong ends: who is down starts, who is away comes back. Then time goes by
  /// until nobody has anything to do, at most a day.
  caf::error recover();
  /// There is a job that is not done, now or later.
  bool is_work_left();
  /// How an actor ends.
  enum class death : uint8_t { kill, exit_message, exception };
  /// Ends one actor; its supervisor starts it again. Fails with not_found.
  caf::error kill_actor(process& x, const std::string& name, death how = death::kill);
  /// The actor exists.
  happened kill_actor_at(process& x, const std::string& name, crash_point when, stream where,
                         death how = death::kill);

  // -- what can be looked at ---------------------------------------------------------------------

  /// A line with the names of the story in it.
  virtual std::string in_the_story(const std::string& line) const;
  /// Real processes instead of simulated ones.
  virtual bool is_live() const { return false; }
  virtual caf::timestamp now() const { return time_.now(); }
  /// Somebody is at a subscriber's, or nobody.
  virtual void set_listening(subscriber& x, bool listens) { x.who->alive = listens; }
  virtual void set_answer(subscriber& x, uint16_t status) { x.answers = status; }

  simulation& time() { return time_; }
  network& wires() { return wires_; }
  /// Somebody comes back who was away, or something stops to go wrong: for so long not everybody
  /// has heard of everything.
  void disturbed(caf::timespan so_long = std::chrono::minutes{2});
  /// Something goes wrong with a nation or with what it stands on, or did a short while ago.
  bool is_troubled(const std::string& nation) const;
  /// From now on the process's clock is so far ahead of the true time; below 0: behind it.
  void set_clock(process& x, caf::timespan ahead);
  /// Some clock was wrong at some time of the story: what waits for a time may have waited too
  /// shortly.
  bool had_wrong_clock() const { return had_wrong_clock_; }
  names& called() { return called_; }
  std::vector<std::unique_ptr<process>>& processes() { return processes_; }
  std::map<std::string, subscriber>& subscribers() { return subscribers_; }
  const std::map<std::string, channel_plan>& channels() const { return channels_; }
  /// The folder of a channel's medium.
  std::string medium_path(const std::string& channel) const {
    // No nation and no endpoint is called so.
    return path_of(channel + ".medium");
  }
  virtual std::string callback_of(const subscriber& x) const {
    return "http://" + x.name + "/told";
  }
  process* node_of(const std::string& nation);
  process* endpoint_of(const std::string& channel, const std::string& nation);

  /// Called with every settlement that was accepted, and with everything that a subscriber was
  /// told.
  std::function<void(const hop&)> on_hop;
  std::function<void(const subscriber&, const subscriber::told&)> on_told;
  /// Called with each message that a process has its streams forget.
  std::function<void(const process&, const std::string&)> on_forgotten;

protected:
  std::string path_of(const std::string& name) const { return folder_ + "/" + name; }
  virtual caf::expected<std::unique_ptr<service>> started(process& x);
  /// Where a host listens, and how it is reached.
  virtual std::string address_of(const std::string& host) const { return host + ":80"; }
  virtual std::string url_of(const std::string& host) const { return "http://" + host; }
  /// Settings that every process has.
  virtual std::string own_settings() const;
  /// Where the medium of a channel is, if the world knows better than the story.
  virtual settings medium_settings(const channel_plan&) const { return {}; }
  virtual void listen(subscriber& x);
  /// A message was posted to a channel: it gets its name.
  void posted_to(const std::string& channel, const std::string& id);

private:
  /// Nobody else has this host.
  caf::error claim(const std::string& host, const std::string& whose);
  caf::error check_nation(const std::string& name);
  caf::error check_channel(const channel_plan& x);
  template <class Settings>
  caf::error checked(const loaded<Settings>& x, const std::string& config);
  happened plan(process& x, crash_point when, caf::optional<stream> where,
                std::function<void()> what);
  std::string node_config(const std::string& nation) const;
  std::string endpoint_config(const channel_plan& channel, const std::string& nation) const;
  process& add_process(process x);
  process& add_endpoint(const channel_plan& of, const std::string& nation);
  std::shared_ptr<streams> new_streams();
  void end_and_revive();
  void condemn(process& x);
  bool is_busy();
  bool has_jobs(caf::timestamp until);

  simulation time_;
  std::string folder_;
  network wires_{time_};
  names called_;
  std::map<std::string, settings> nations_;
  std::vector<std::string> nation_order_;
  std::map<std::string, channel_plan> channels_;
  std::vector<std::string> channel_order_;
  std::map<std::string, subscriber> subscribers_;
  std::vector<std::unique_ptr<process>> processes_;
  std::map<std::string, std::string> hosts_; ///< host → whose it is
  std::string wrong_option_;
  std::shared_ptr<presence> businesses_ = std::make_shared<presence>();
  std::map<std::string, uint64_t> channel_messages_; ///< channel → how many were posted
  bool starting_ = false;
  bool disturbed_ = false; ///< somebody was away, and is told of nothing that happened meanwhile
  bool begun_ = false;
  bool had_wrong_clock_ = false;
  caf::timestamp last_change_;
  caf::timestamp troubled_until_;   ///< by what went wrong and does not any more
  std::vector<process*> condemned_; ///< to be killed between two steps
  std::vector<process*> revived_;   ///< to be started between two steps
  uint64_t waiting_for_life_ = 0;   ///< processes that are down for a second
  std::function<uint64_t()> frailty_ = time_.chance_for("frailty");
};

/// What a subscriber is told by a callback.
subscriber::told told_in(const http_request& x, caf::timestamp at);

} // namespace igl::scenario
