#include "actors/foundation.hpp"

#include "actors/backup.hpp"
#include "actors/call_book.hpp"
#include "actors/callback_deliverer.hpp"
#include "actors/callbacks_spreader.hpp"
#include "actors/intent_verifier.hpp"
#include "actors/job_publisher.hpp"
#include "actors/lease_watch.hpp"
#include "actors/ledger_reader.hpp"
#include "actors/ledger_writer.hpp"
#include "actors/reconciler.hpp"
#include "actors/subscriber_desk.hpp"
#include "actors/subscriptions_api.hpp"
#include "actors/topic_fetcher.hpp"
#include "storage/jetstream.hpp"
#include "storage/memory_streams.hpp"

#include <caf/all.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <future>
#include <thread>
#include <utility>

namespace igl {

namespace {

/// Whether the ledger has ended within that time: a disk that hangs keeps it.
bool closed(std::shared_ptr<ledger> last, std::chrono::milliseconds patience) {
  std::promise<void> ended;
  auto future = ended.get_future();
  std::thread([last = std::move(last), ended = std::move(ended)]() mutable {
    last.reset();
    ended.set_value();
  }).detach();
  return future.wait_for(patience) == std::future_status::ready;
}

} // namespace

foundation::foundation(std::shared_ptr<const process_settings> settings, std::string kind,
                       std::string name, std::vector<stream> used, std::shared_ptr<machine> on)
    : settings_(std::move(settings)), machine_(std::move(on)), system_(machine_->system()),
      waiting_requests_(machine_->waiting_requests()), around_{reference<ledger_actor>(),
                                                               reference<ledger_reader_actor>(),
                                                               machine_->clock(),
                                                               machine_->chance()},
      http_(reference<http_client_actor>()), subscriptions_(reference<subscriptions_api_actor>()),
      desk_(reference<subscriber_desk_actor>()), kind_(std::move(kind)), name_(std::move(name)),
      used_(std::move(used)), publisher_(reference<job_publisher_actor>()),
      reconciler_(reference<reconciler_actor>()), operation_(reference<operator_api_actor>()),
      root_(reference<supervisor_actor>()) {
  for (auto id : used_)
    sources_[id] = reference<job_source_actor>();
}

foundation::~foundation() {
  stop();
  if (!stopped_cleanly_) {
    // An actor that does not end would keep ~actor_system waiting for ever.
    spdlog::critical("{} {} did not stop within its time; it ends now, the ledger is safe", kind_,
                     name_);
    std::_Exit(1);
  }
}

caf::error foundation::open() {
  auto opened =
      machine_->open_ledger({settings_->data_dir + "/ledger", name_, size_t{1} << 30, around_.now,
                             settings_->keep_events, /* overlapping: */ false});
  if (!opened)
    return opened.error();
  ledger_ = std::move(*opened);
  streams_ = machine_->open_streams(*settings_);
  if (streams_)
    return {};
  if (settings_->streams_kind == "in-process") {
    streams_ = make_memory_streams({settings_->ack_wait, around_.now});
    return {};
  }
  jetstream_options how;
  how.owner = name_;
  how.only = used_;
  how.ack_wait = settings_->ack_wait;
  how.on_ready = [reconciler = reconciler_] {
    caf::anon_send(reconciler, caf::tick_atom::value);
  };
  if (settings_->streams_url.empty()) {
    nats_server_options options;
    options.folder = settings_->data_dir + "/nats";
    options.program = settings_->nats_server;
    auto started = nats_server::start(options);
    if (!started)
      return started.error();
    nats_ = std::move(*started);
    how.sole_user = true;
    how.on_hopeless = [server = nats_] {
      server->start_anew();
    };
    how.url = [server = nats_] {
      return server->url();
    };
    how.remark = [server = nats_] {
      return server->description();
    };
  } else {
    how.url = [url = settings_->streams_url] {
      return url;
    };
  }
  streams_ = open_jetstream(std::move(how));
  return {};
}

caf::expected<std::string> foundation::scratch_folder(const std::string& name) const {
  auto path = settings_->data_dir + "/" + name;
  std::error_code failed;
  std::filesystem::remove_all(path, failed);
  std::filesystem::create_directories(path, failed);
  if (failed)
    return make_problem(errc::storage_failed,
                        "cannot make the folder " + path + ": " + failed.message());
  return path;
}

caf::error foundation::listen(api_actors who, const jurisdictions& known,
                              const std::string& own_jurisdiction, bool accept_foreign_sender,
                              server_options how) {
  auto spool = scratch_folder("uploads");
  if (!spool)
    return spool.error();
  who.operation = operation_;
  who.desk = desk_;
  how.service = kind_;
  how.listeners = settings_->listeners;
  how.known = known;
  how.own_jurisdiction = own_jurisdiction;
  how.accept_foreign_sender = accept_foreign_sender;
  how.spool_dir = *spool;
  how.operator_token = settings_->operator_token;
  how.message_bytes = settings_->message_bytes;
  how.document_bytes = settings_->document_bytes;
  how.connections = settings_->connections;
  how.connections_per_address = settings_->connections_per_address;
  how.requests_in_flight = settings_->requests_in_flight;
  how.header_bytes = settings_->header_bytes;
  how.chunk_bytes = settings_->chunk_bytes;
  how.upload_memory = settings_->upload_memory;
  how.idle_connection = settings_->idle_connection;
  how.waiting = waiting_requests_;
  how.look = machine_->look();
  auto started = machine_->listen(std::move(how), std::move(who));
  if (!started)
    return started.error();
  listeners_ = std::move(*started);
  return {};
}

void foundation::announce_starts(std::vector<child_spec>& children) const {
  for (auto& x : children)
    x.start = [on = machine_.get(), name = x.name, start = std::move(x.start)](auto* parent) {
      auto actor = start(parent);
      on->spawned(name, actor);
      return actor;
    };
}

supervisor_options foundation::options_of(std::string name, of_use how) const {
  supervisor_options options;
  options.name = std::move(name);
  options.now = around_.now;
  options.chance = around_.random;
  if (how == of_use::one_by_one)
    options.max_restarts = never_gives_up;
  return options;
}

child_spec foundation::group(std::string name, of_use how, std::vector<child_spec> children) {
  announce_starts(children);
  return subtree(system_, options_of(std::move(name), how), std::move(children));
}

child_spec foundation::group(std::string name, of_use how,
                             std::function<std::vector<child_spec>()> list) {
  auto announced = [this, list = std::move(list)] {
    auto children = list();
    announce_starts(children);
    return children;
  };
  return subtree(system_, options_of(std::move(name), how), std::move(announced),
                 settings_->shutdown_timeout);
}

child_spec foundation::reloads(configuration_source again, current_settings settings,
                               const std::vector<stream>& streams_of_part,
                               const std::string& part) {
  reloader_ = reference<reloader_actor>();
  reloadable_node what{std::move(again), std::move(settings), {}, root_, part};
  for (auto id : streams_of_part)
    what.sources.push_back(sources_.at(id));
  auto around = around_;
  auto threads = machine_->threads();
  // A file may be on a slow disk.
  return child("reloader", reloader_, [=](caf::scheduled_actor* parent) {
    return spawn_blocking(threads, parent, reloader, around, what);
  });
}

job_source_options foundation::source_options(stream from, const retry_settings& retry) const {
  job_source_options options;
  options.from = from;
  options.credit = settings_->jobs_in_flight;
  options.retry = retry;
  options.keep_alive = settings_->ack_wait / 3;
  return options;
}

http_client_options foundation::ways_out() const {
  http_client_options how;
  how.header_bytes = settings_->header_bytes;
  how.chunk_bytes = settings_->chunk_bytes;
  return how;
}

child_spec foundation::hub(const std::string& hub_url) {
  auto around = around_;
  auto settings = settings_;
  // What strangers name is called by a client of its own, which does not call everything.
  auto http = reference<http_client_actor>();
  auto calls = ways_out();
  calls.only = std::make_shared<const callable_addresses>(settings_->allowed_callbacks);
  auto known = std::make_shared<call_book>(*settings_);
  auto watch = reference<lease_watch_actor>();
  auto spreader = reference<callbacks_spreader_actor>();
  auto deliverer = reference<callback_deliverer_actor>();
  auto verifier = reference<intent_verifier_actor>();
  auto fetcher = reference<intent_verifier_actor>();
  return group(
      "hub", of_use::one_by_one,
      {child("callback-client", http,
             [on = machine_.get(), calls](caf::scheduled_actor* parent) {
               return on->start_http_client(parent, calls);
             }),
       child("lease-watch", watch,
             [=](caf::scheduled_actor* parent) {
               return parent->spawn(lease_watch, around, settings);
             }),
       child("subscriptions-api", subscriptions_,
             [=](caf::scheduled_actor* parent) {
               return parent->spawn(subscriptions_api, around, settings);
             }),
       child("callbacks-spreader", spreader,
             [=](caf::scheduled_actor* parent) {
               return parent->spawn(callbacks_spreader, around, settings);
             }),
       child("callback-deliverer", deliverer,
             [=](caf::scheduled_actor* parent) {
               return parent->spawn(callback_deliverer, around, settings, http, known, hub_url);
             }),
       child("intent-verifier", verifier,
             [=](caf::scheduled_actor* parent) {
               return parent->spawn(intent_verifier, around, settings, http, known);
             }),
       child("topic-fetcher", fetcher,
             [=](caf::scheduled_actor* parent) {
               return parent->spawn(topic_fetcher, around, settings, http, known);
             }),
       child("subscriber-desk", desk_,
             [=](caf::scheduled_actor* parent) {
               return parent->spawn(subscriber_desk, around, settings, http);
             }),
       source<message_changed>(stream::notifications, settings_->retry_internal, spreader),
       source<deliver_callback>(stream::delivery_outbox, settings_->retry_callback, deliverer),
       source<verify_intent>(
           stream::subscription_requests, settings_->retry_verification,
           [=](const verify_intent& x) { return x.mode == "publish" ? fetcher : verifier; },
           ending_of<verify_intent>(intent_given_up))});
}

void foundation::supervise(std::vector<child_spec> parts,
                           replaceable<std::vector<channel_view>> channels) {
  auto around = around_;
  auto on_disk = ledger_;
  auto carried_by = streams_;
  auto publisher = publisher_;
  auto waiting = waiting_requests_;
  auto interval = settings_->reconcile_interval;
  auto threads = machine_->threads();
  job_publisher_options publishing;
  publishing.look = machine_->look();
  auto backing_up = reference<backup_actor>();
  operator_view view{kind_,
                     name_,
                     used_,
                     streams_,
                     std::move(channels),
                     root_,
                     [this] { return listeners_ && listeners_->listening(); },
                     backing_up,
                     reloader_,
                     settings_->data_dir};
  std::vector<child_spec> children;
  children.push_back(group(
      "ledger", of_use::only_together,
      {child("ledger-writer", around_.ledger,
             [=](caf::scheduled_actor* parent) -> ledger_actor {
               return spawn_blocking(threads, parent, ledger_writer, on_disk, publisher, waiting);
             }),
       child("ledger-reader", around_.reader,
             [=](caf::scheduled_actor* parent) { return parent->spawn(ledger_reader, on_disk); }),
       child("backup", backing_up, [=](caf::scheduled_actor* parent) {
         return parent->spawn(backup, around, on_disk, threads);
       })}));
  children.push_back(group(
      "streams", of_use::only_together,
      {child("job-publisher", publisher_,
             [=](caf::scheduled_actor* parent) {
               return parent->spawn(job_publisher, around, carried_by, publishing);
             }),
       child("reconciler", reconciler_, [=](caf::scheduled_actor* parent) -> reconciler_actor {
         return parent->spawn(reconciler, around, carried_by, publisher, interval);
       })}));
  // A job may kill the client, too: of what a peer answers to it.
  children.push_back(
      group("outside", of_use::one_by_one,
            {child("http-client", http_,
                   [on = machine_.get(), how = ways_out()](caf::scheduled_actor* parent) {
                     return on->start_http_client(parent, how);
                   })}));
  for (auto& part : parts)
    children.push_back(std::move(part));
  children.push_back(
      child("operator-api", operation_, [=](caf::scheduled_actor* parent) -> operator_api_actor {
        return parent->spawn(operator_api, around, view);
      }));
  announce_starts(children);
  supervisor_options options;
  options.name = kind_ + " " + name_;
  options.now = around_.now;
  // A group whose child always dies gives up within a second, and later every six: so half a
  // minute of it ends the process, and what happens once an hour does not.
  options.max_restarts = 10;
  options.within = std::chrono::minutes{10};
  options.chance = around_.random;
  options.on_give_up = [this](const caf::error& why) {
    std::lock_guard guard{mutex_};
    gave_up_ = sentence_of(why);
  };
  running_ = system_.spawn(supervisor, std::move(options), std::move(children));
  bind(root_, running_);
}

bool foundation::stop() {
  if (std::exchange(stopped_, true))
    return stopped_cleanly_;
  auto patience = settings_->shutdown_timeout;
  if (listeners_)
    listeners_->stop(patience);
  if (running_) {
    // What is with a worker is finished; what is in a stream stays there for the next start.
    auto meanwhile = [this](const std::function<bool()>& done) {
      return machine_->let_others_work(done);
    };
    // All at once: together they have as long as one. Each of a place of its own, so that what
    // comes there is the answer.
    std::deque<caf::scoped_actor> places;
    auto ask = [&](const job_source_actor& source) {
      return places.emplace_back(system_)->request(source, patience, drain{});
    };
    std::map<stream, decltype(ask({}))> asked;
    for (const auto& [of, source] : sources_)
      asked.emplace(of, ask(source));
    const bool come = meanwhile([&] {
      return std::none_of(places.begin(), places.end(),
                          [](auto& place) { return place->mailbox().empty(); });
    });
    for (auto& [of, answer] : asked)
      if (come)
        answer.receive([](drained&) {},
                       [of = of](caf::error& why) {
                         spdlog::warn("the job source of {} did not drain: {}", to_string(of),
                                      sentence_of(why));
                       });
    unbind(root_);
    stopped_cleanly_ =
        igl::stop(system_, running_, patience, caf::exit_reason::user_shutdown, meanwhile);
  } else {
    stopped_cleanly_ = true;
  }
  release();
  return stopped_cleanly_;
}

void foundation::abandon() {
  if (std::exchange(stopped_, true))
    return;
  if (listeners_)
    listeners_->stop(std::chrono::milliseconds{0});
  unbind(root_);
  auto meanwhile = [this](const std::function<bool()>& done) {
    machine_->let_others_work(done);
  };
  stopped_cleanly_ = !running_ || igl::stop(system_, running_, settings_->shutdown_timeout,
                                            caf::exit_reason::kill, meanwhile);
  release();
}

void foundation::release() {
  listeners_.reset();
  streams_.reset();
  nats_.reset();
  stopped_cleanly_ = closed(std::move(ledger_), settings_->shutdown_timeout) && stopped_cleanly_;
}

std::string foundation::gave_up() const {
  std::lock_guard guard{mutex_};
  return gave_up_;
}

std::string foundation::listening_at() const {
  std::string text;
  for (auto which : {api::message, api::document, api::subscriptions, api::message_reception,
                     api::channel, api::operation})
    if (auto url = listeners_->base_url(which); !url.empty())
      text += (text.empty() ? "" : ", ") + to_string(which) + " at " + url;
  return text;
}

std::string foundation::figures() const {
  auto figures = ledger_->read(ledger_figures_query{});
  if (!figures)
    return "the ledger does not answer: " + sentence_of(figures.error());
  return std::to_string(figures->messages) + " messages, " + std::to_string(figures->objects) +
         " documents, " + std::to_string(figures->open_jobs) + " open jobs, " +
         std::to_string(figures->dead_letters) + " dead letters, streams " +
         (streams_->connected() ? "connected" : "AWAY");
}

} // namespace igl
