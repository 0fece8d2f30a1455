#pragma once

#include "config/settings.hpp"
#include "messages/multihash.hpp"
#include "messages/topic.hpp"
#include "tests/support/actor_world.hpp"

#include <caf/all.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

/// The neighbours of workers and APIs, for tests: they remember what they were asked and answer
/// what the test says.
namespace igl::fakes {

// -- the ledger -----------------------------------------------------------------------------------

/// What the fake ledger holds and was told. Applies what later questions depend on.
struct book {
  std::vector<settlement> settlements;
  std::deque<caf::error> refusals; ///< what the next settlements fail with
  std::function<void()> meanwhile; ///< called once, before the next settlement is looked at
  std::map<reference, message_record> messages;
  std::map<std::string, object_info> objects;
  std::set<std::pair<std::string, std::string>> readers; ///< multihash, jurisdiction
  std::vector<subscription> subscriptions;
  std::map<uint64_t, hub_event> hub_events;
  std::map<std::string, std::string> cursors;
  std::map<uint64_t, std::vector<std::string>> uploads;
  std::vector<uint64_t> abandoned;
  uint64_t version = 100;

  void put(message_record x) {
    x.version = ++version;
    messages[x.content.ref()] = x;
  }

  caf::result<settled> apply(const settlement& x) {
    if (meanwhile)
      std::exchange(meanwhile, nullptr)();
    if (!refusals.empty()) {
      auto why = refusals.front();
      refusals.pop_front();
      return why;
    }
    for (auto& change : x.messages) {
      auto stored = messages.find(change.record.content.ref());
      if ((stored == messages.end() ? 0 : stored->second.version) != change.expects)
        return make_problem(errc::stale);
    }
    settlements.push_back(x);
    auto first = ++version;
    for (auto& change : x.messages) {
      messages[change.record.content.ref()] = change.record;
      messages[change.record.content.ref()].version = first;
    }
    for (auto& object : x.objects)
      objects[object.multihash] = {object.multihash, object.upload, object.size};
    for (auto& grant : x.grants)
      readers.emplace(grant.multihash, grant.jurisdiction);
    for (auto& cursor : x.cursors)
      cursors[cursor.name] = cursor.value;
    return settled{first};
  }

  /// Everything that was opened, as the orders of one kind.
  template <class Order>
  std::vector<Order> opened(stream on) const {
    std::vector<Order> result;
    for (auto& x : settlements)
      for (auto& job : x.opens)
        if (job.on == on)
          result.push_back(std::move(*parse_order<Order>(job.body)));
    return result;
  }
};

inline ledger_actor::behavior_type ledger(ledger_actor::pointer, std::shared_ptr<book> into) {
  return {
      [=](const settlement& x) { return into->apply(x); },
      [=](const begin_upload&) -> caf::result<upload_begun> {
        into->uploads[7 + into->uploads.size()];
        return upload_begun{into->uploads.rbegin()->first};
      },
      [=](const store_piece& x) -> caf::result<piece_stored> {
        if (!into->refusals.empty()) {
          auto why = into->refusals.front();
          into->refusals.pop_front();
          return why;
        }
        into->uploads[x.upload].push_back(x.bytes);
        return piece_stored{x.piece};
      },
      [=](const abandon_upload& x) {
        into->uploads.erase(x.upload);
        into->abandoned.push_back(x.upload);
        return settled{};
      },
      [](const replay_dead_letter&) { return settled{}; },
      [](const drop_dead_letter&) { return settled{}; },
  };
}

inline ledger_reader_actor::behavior_type reader(ledger_reader_actor::pointer,
                                                 std::shared_ptr<book> from) {
  return {
      [=](const find_message& x) {
        auto found = from->messages.find(x.about);
        return found == from->messages.end() ? found_message{} : found_message{found->second};
      },
      [](const find_channel_record&) { return found_channel_record{}; },
      [](const channel_records_since&) { return channel_records{}; },
      [](const find_events&) { return found_events{}; },
      [=](const find_object& x) {
        auto found = from->objects.find(x.multihash);
        return found == from->objects.end() ? found_object{} : found_object{found->second};
      },
      [=](const may_read& x) {
        return access{from->readers.count({x.multihash, x.jurisdiction}) > 0};
      },
      [=](const read_piece& x) { return document_piece{from->uploads[x.upload].at(x.piece)}; },
      [=](const find_subscribers& x) {
        found_subscribers result;
        for (auto& topic : topics_matching(x.topic))
          for (auto& s : from->subscriptions)
            if (s.topic == topic && s.ends > x.at)
              result.subscriptions.push_back(s);
        return result;
      },
      [=](const find_subscription& x) {
        for (auto& s : from->subscriptions)
          if (s.topic == x.topic && s.callback == x.callback)
            return found_subscription{s};
        return found_subscription{};
      },
      [=](const find_ending_subscriptions& x) {
        found_ending_subscriptions result;
        for (auto& s : from->subscriptions)
          if (s.ends > x.after && s.ends <= x.until)
            result.subscriptions.push_back(s);
        return result;
      },
      [=](const find_subscriptions& x) {
        found_subscriptions result;
        for (auto& s : from->subscriptions)
          if (x.callback.empty() || s.callback == x.callback)
            result.subscriptions.push_back(s);
        return result;
      },
      [=](const find_hub_event& x) {
        auto found = from->hub_events.find(x.number);
        return found == from->hub_events.end() ? found_hub_event{} : found_hub_event{found->second};
      },
      [](const find_hub_events&) { return found_hub_events{}; },
      [](const find_lane&) { return found_lane{}; },
      [](const find_latest_events&) { return found_events{}; },
      [=](const find_cursor& x) { return found_cursor{from->cursors[x.name]}; },
      [](const due_jobs&) { return found_due_jobs{}; },
      [](const find_dead_letters&) { return found_dead_letters{}; },
      [](const find_dead_letter_groups&) { return found_dead_letter_groups{}; },
      [](const find_job&) { return found_job{}; },
      [](const ledger_figures_query&) { return ledger_figures{}; },
  };
}

// -- the outside ----------------------------------------------------------------------------------

/// A neighbour's answers, one for each question, in order; then it is silent for ever.
template <class Question, class Answer>
struct script {
  std::vector<Question> asked;
  std::deque<caf::expected<Answer>> answers;

  template <class Self>
  caf::typed_response_promise<Answer> answer(Self self, const Question& x) {
    asked.push_back(x);
    auto promise = self->template make_response_promise<caf::typed_response_promise<Answer>>();
    if (answers.empty())
      return promise;
    auto next = std::move(answers.front());
    answers.pop_front();
    if (next)
      promise.deliver(std::move(*next));
    else
      promise.deliver(std::move(next.error()));
    return promise;
  }
};

struct channel_book {
  script<post_to_channel, channel_receipt> posts;
  script<find_channel_message, channel_message> finds;
  script<find_channel_updates, channel_page> updates;
  script<subscription_request, subscription_accepted> subscriptions;
};

inline channel_actor::behavior_type channel(channel_actor::pointer self,
                                            std::shared_ptr<channel_book> with) {
  return {
      [=](const post_to_channel& x) { return with->posts.answer(self, x); },
      [=](const find_channel_message& x) { return with->finds.answer(self, x); },
      [=](const find_channel_updates& x) { return with->updates.answer(self, x); },
      [=](const subscription_request& x) { return with->subscriptions.answer(self, x); },
  };
}

using web = script<http_request, http_response>;

inline http_client_actor::behavior_type http(http_client_actor::pointer self,
                                             std::shared_ptr<web> with) {
  return {[=](const http_request& x) {
    return with->answer(self, x);
  }};
}

// -- a node's surroundings ------------------------------------------------------------------------

/// An actor world with a ledger in it.
class office : public actor_world {
public:
  std::shared_ptr<book> ledger_book = std::make_shared<book>();
  surroundings around{keep(system.spawn(ledger, ledger_book)),
                      keep(system.spawn(reader, ledger_book)), now(), random()};

  channel_actor channel_with(std::shared_ptr<channel_book> with) {
    return keep(system.spawn(channel, std::move(with)));
  }
  http_client_actor http_with(std::shared_ptr<web> with) {
    return keep(system.spawn(http, std::move(with)));
  }
};

// -- example data ---------------------------------------------------------------------------------

inline const std::string certificate = multihash_of("a certificate of origin");

inline message au_to_sg(std::string ref = "17") {
  return {"AU",    std::move(ref), "SG",
          "SUB-1", certificate,    "UN.CEFACT.Trade.CertificateOfOrigin.created"};
}
inline message sg_to_au(std::string ref = "42") {
  auto x = au_to_sg(std::move(ref));
  std::swap(x.sender, x.receiver);
  return x;
}

/// Its confirmations are final.
inline channel_settings channel_named(std::string id) {
  channel_settings x;
  x.revocable_for = {};
  x.id = std::move(id);
  return x;
}

/// The node of Australia.
inline node_settings australia() {
  node_settings x;
  x.jurisdiction = "AU";
  x.channels = {channel_named("a"), channel_named("b")};
  x.document_apis["SG"] = "http://documents.sg:5103/";
  return x;
}
inline std::shared_ptr<const node_settings> shared(node_settings x) {
  return std::make_shared<const node_settings>(std::move(x));
}

inline const job_ticket ticket{"job", 3, 1};

/// All kinds of events of a settlement, in order.
inline std::vector<event_kind> kinds_of(const settlement& x) {
  std::vector<event_kind> result;
  for (auto& e : x.events)
    result.push_back(e.what);
  return result;
}
/// The streams of all jobs it opens, in order.
inline std::vector<stream> streams_of(const settlement& x) {
  std::vector<stream> result;
  for (auto& job : x.opens)
    result.push_back(job.on);
  return result;
}
/// The order a job carries.
template <class Order>
Order order_in(const job_order& job) {
  auto read = parse_order<Order>(job.body);
  REQUIRE(read);
  return *read;
}

} // namespace igl::fakes
