#pragma once

#include "actors/job_source.hpp"
#include "actors/machine.hpp"
#include "actors/operator_api.hpp"
#include "actors/reloader.hpp"
#include "actors/service.hpp"
#include "actors/supervisor.hpp"
#include "http/server.hpp"
#include "storage/ledger.hpp"
#include "storage/nats_server.hpp"

#include <caf/all.hpp>

#include <map>
#include <mutex>

namespace igl {

/// What a node and an endpoint have in common: the ledger, the streams, the hub, the operator API,
/// and how they start and stop. Part of the composition root.
class foundation : public service {
public:
  foundation(std::shared_ptr<const process_settings> settings, std::string kind, std::string name,
             std::vector<stream> used, std::shared_ptr<machine> on);
  ~foundation() override;

  bool stop() override;
  void abandon() override;
  std::string gave_up() const override;
  std::string listening_at() const override;
  std::string figures() const override;

protected:
  /// Ledger, nats-server, streams.
  caf::error open();
  /// Opens the listeners; requests wait for `supervise`. `who` lacks only the operator API, and
  /// `how` what is the same for a node and an endpoint.
  caf::error listen(api_actors who, const jurisdictions& known, const std::string& own_jurisdiction,
                    bool accept_foreign_sender, server_options how = {});
  /// Starts the whole tree: the given parts and the common ones.
  void supervise(std::vector<child_spec> parts, replaceable<std::vector<channel_view>> channels);

  /// A supervised reference for an actor to come.
  template <class Handle>
  Handle reference() {
    return make_supervised_ref<Handle>(system_);
  }

  /// What follows from an actor that dies again and again.
  enum class of_use : uint8_t {
    only_together, ///< its group is of no use without it, and gives up, in the end the process
    one_by_one,    ///< the others go on, however often one dies: a job may be poisoned
  };
  supervisor_options options_of(std::string name, of_use how) const;
  /// A group of actors that are restarted one by one.
  child_spec group(std::string name, of_use how, std::vector<child_spec> children);
  /// The same with children that are listed anew at each start.
  child_spec group(std::string name, of_use how, std::function<std::vector<child_spec>()> list);
  /// What reads the configuration again; those who drain are the sources of these streams, and the
  /// part that follows it is this group below the root.
  child_spec reloads(configuration_source again, current_settings settings,
                     const std::vector<stream>& streams_of_part, const std::string& part);

  /// The source that feeds a worker from a stream; `pick` chooses the worker.
  /// `end`: how a job ends whose attempts are used up; none: as the stream catalogue says.
  template <class Order>
  child_spec source(stream from, const retry_settings& retry,
                    std::function<worker_actor<Order>(const Order&)> pick, job_ending end = {}) {
    auto ref = sources_.at(from);
    auto options = source_options(from, retry);
    options.on_exhausted = std::move(end);
    auto around = around_;
    auto carried_by = streams_;
    return child(std::string(entry_of(from).name) + "-source", ref,
                 [=](caf::scheduled_actor* parent) {
                   return parent->spawn(job_source<Order>, around, carried_by, options, pick);
                 });
  }
  template <class Order>
  child_spec source(stream from, const retry_settings& retry, worker_actor<Order> worker,
                    job_ending end = {}) {
    return source<Order>(
        from, retry, [worker](const Order&) { return worker; }, std::move(end));
  }

  job_source_options source_options(stream from, const retry_settings& retry) const;
  /// Spreader, deliverer and verifier with their sources; the subscriptions API is the hub's front
  /// door.
  /// How others are called.
  http_client_options ways_out() const;
  child_spec hub(const std::string& hub_url);
  /// A folder below data_dir, emptied: what an earlier process left there half done.
  caf::expected<std::string> scratch_folder(const std::string& name) const;

  std::shared_ptr<const process_settings> settings_;
  std::shared_ptr<machine> machine_;
  caf::actor_system& system_;
  std::shared_ptr<ledger> ledger_;
  std::shared_ptr<nats_server> nats_;
  std::shared_ptr<streams> streams_;
  std::unique_ptr<http_server> listeners_;
  std::shared_ptr<gauge> waiting_requests_;
  surroundings around_;
  http_client_actor http_;
  subscriptions_api_actor subscriptions_;
  subscriber_desk_actor desk_;
  reloader_actor reloader_; ///< empty: there is none

private:
  void announce_starts(std::vector<child_spec>& children) const;
  void release();

  std::string kind_;
  std::string name_;
  std::vector<stream> used_;
  job_publisher_actor publisher_;
  reconciler_actor reconciler_;
  operator_api_actor operation_;
  supervisor_actor root_;    ///< a reference: the operator API asks the root above it
  supervisor_actor running_; ///< the root itself, to be stopped
  std::map<stream, job_source_actor> sources_; ///< one for each stream that is used
  mutable std::mutex mutex_;
  std::string gave_up_;
  bool stopped_ = false;
  bool stopped_cleanly_ = false;
};

} // namespace igl
