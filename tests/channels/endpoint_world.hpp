#pragma once

#include "channels/medium.hpp"
#include "messages/errors.hpp"
#include "storage/ledger.hpp"
#include "tests/channels/examples.hpp"
#include "tests/support/actor_world.hpp"
#include "tests/support/temporary_folder.hpp"

#include <deque>

namespace igl {

/// An actor world with a real ledger on disk, whose answers a test can spoil.
class endpoint_world : public actor_world {
public:
  endpoint_world() {
    ledger::options how;
    how.path = folder.path("ledger");
    how.owner = "au-endpoint";
    how.map_bytes = size_t{1} << 24;
    how.now = now();
    auto opened = ledger::open(how);
    REQUIRE_MESSAGE(opened, sentence_of(opened.error()));
    store = std::move(*opened);
    with = {keep(system.spawn(writing, this)), keep(system.spawn(reading, this)), now(), random()};
  }

  /// What the ledger's next settlements answer instead of being applied; none: apply it.
  std::deque<caf::error> spoiled;
  /// Settlements that were asked for.
  int settlements = 0;

  settlement posting(const std::string& id, const std::string& sender_ref = "17") {
    settlement s;
    channel_record record;
    record.said = {id, examples::certificate(sender_ref), channel_status::received};
    s.channel_records.push_back({record, 0});
    s.events.push_back({0, {}, event_kind::channel_message_posted, id, "posted"});
    s.opens.push_back(make_job(write_to_medium{record.said}));
    return s;
  }

  settled apply(const settlement& s) {
    auto result = store->commit({s}).at(0);
    REQUIRE_MESSAGE(result, sentence_of(result.error()));
    return *result;
  }

  caf::optional<channel_record> record_of(channel_half half, const std::string& id) {
    return store->read(find_channel_record{half, id})->record;
  }
  channel_status status_of(channel_half half, const std::string& id) {
    auto record = record_of(half, id);
    REQUIRE(record);
    return record->said.status;
  }
  std::vector<std::string> details_about(const std::string& id) {
    std::vector<std::string> all;
    auto found = store->read(find_events{id, 0, 100});
    for (auto& x : found->events)
      all.push_back(x.detail);
    return all;
  }
  /// The open jobs on a stream.
  std::vector<open_job> jobs_on(stream which) {
    due_jobs all;
    all.on = which;
    all.at = now()() + std::chrono::hours{1};
    return store->read(all)->jobs;
  }
  /// What subscribers were to be told, whether there are any or not.
  std::vector<notice> notices() {
    std::vector<notice> all;
    for (auto& news : told)
      all.insert(all.end(), news.notices.begin(), news.notices.end());
    return all;
  }
  job_ticket ticket_of(const open_job& job) {
    return {job.order.id, job.generation, job.attempts + 1};
  }

  std::vector<message_changed> told;
  temporary_folder folder;
  std::shared_ptr<ledger> store;
  surroundings with;

private:
  template <class Answer>
  static caf::result<Answer> result_of(caf::expected<Answer> x) {
    if (x)
      return std::move(*x);
    return std::move(x.error());
  }

  static ledger_actor::behavior_type writing(ledger_actor::pointer, endpoint_world* world) {
    return {
        [=](const settlement& x) -> caf::result<settled> {
          ++world->settlements;
          if (!world->spoiled.empty()) {
            auto why = world->spoiled.front();
            world->spoiled.pop_front();
            if (why)
              return why;
          }
          auto done = world->store->commit({x}).at(0);
          if (done)
            world->told.insert(world->told.end(), x.tells.begin(), x.tells.end());
          return result_of(std::move(done));
        },
        [=](const begin_upload&) { return result_of(world->store->begin()); },
        [=](const store_piece& x) { return result_of(world->store->store(x)); },
        [=](const abandon_upload& x) -> caf::result<settled> {
          if (auto why = world->store->abandon(x.upload))
            return why;
          return settled{};
        },
        [=](const replay_dead_letter& x) { return result_of(world->store->replay(x)); },
        [=](const drop_dead_letter& x) { return result_of(world->store->drop(x)); },
    };
  }

  static ledger_reader_actor::behavior_type reading(ledger_reader_actor::pointer,
                                                    endpoint_world* world) {
    auto read = [=](const auto& x) {
      return result_of(world->store->read(x));
    };
    return {
        [=](const find_message& x) { return read(x); },
        [=](const find_channel_record& x) { return read(x); },
        [=](const channel_records_since& x) { return read(x); },
        [=](const find_events& x) { return read(x); },
        [=](const find_object& x) { return read(x); },
        [=](const may_read& x) { return read(x); },
        [=](const read_piece& x) { return read(x); },
        [=](const find_subscribers& x) { return read(x); },
        [=](const find_subscription& x) { return read(x); },
        [=](const find_ending_subscriptions& x) { return read(x); },
        [=](const find_subscriptions& x) { return read(x); },
        [=](const find_hub_event& x) { return read(x); },
        [=](const find_hub_events& x) { return read(x); },
        [=](const find_lane& x) { return read(x); },
        [=](const find_latest_events& x) { return read(x); },
        [=](const find_cursor& x) { return read(x); },
        [=](const due_jobs& x) { return read(x); },
        [=](const find_dead_letters& x) { return read(x); },
        [=](const find_dead_letter_groups& x) { return read(x); },
        [=](const find_job& x) { return read(x); },
        [=](const ledger_figures_query& x) { return read(x); },
    };
  }
};

/// A medium over another one that fails when a test says so, and counts what it is asked.
struct moody_medium : medium {
  struct mood {
    std::deque<caf::error> appends; ///< what the next appends answer; none: append
    caf::error reads;
    caf::error opens;
    caf::error finds;
    int opened = 0;
    /// Told with the next page that has something.
    std::vector<unreadable_entry> unreadable;
    std::vector<size_t> batches; ///< how many entries each append had
  };

  moody_medium(std::unique_ptr<medium> inner, std::shared_ptr<mood> now)
      : inner_(std::move(inner)), mood_(std::move(now)) {}

  static medium_opener over(medium_opener inner, std::shared_ptr<mood> now) {
    return [=]() -> caf::expected<std::unique_ptr<medium>> {
      ++now->opened;
      if (now->opens)
        return now->opens;
      auto opened = inner();
      if (!opened)
        return opened.error();
      return std::unique_ptr<medium>{std::make_unique<moody_medium>(std::move(*opened), now)};
    };
  }

  caf::error append(const std::vector<medium_entry>& entries) override {
    mood_->batches.push_back(entries.size());
    if (!mood_->appends.empty()) {
      auto why = mood_->appends.front();
      mood_->appends.pop_front();
      if (why)
        return why;
    }
    return inner_->append(entries);
  }
  caf::expected<medium_page> read(const std::string& cursor, uint32_t limit) override {
    if (mood_->reads)
      return mood_->reads;
    auto page = inner_->read(cursor, limit);
    if (page && page->cursor != cursor)
      page->unreadable.swap(mood_->unreadable);
    return page;
  }
  caf::expected<std::string> anew(const std::string& cursor) override {
    return inner_->anew(cursor);
  }
  bool takes_back() const override { return inner_->takes_back(); }
  caf::expected<medium_presence> find(const std::string& id) override {
    if (mood_->finds)
      return mood_->finds;
    return inner_->find(id);
  }
  std::string description() const override { return inner_->description(); }

private:
  std::unique_ptr<medium> inner_;
  std::shared_ptr<mood> mood_;
};

} // namespace igl
