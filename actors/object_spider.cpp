#include "actors/object_spider.hpp"

#include "actors/chance.hpp"
#include "actors/document_store.hpp"
#include "actors/settling.hpp"
#include "messages/json.hpp"
#include "messages/probes.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <set>

namespace igl {

namespace {

using nlohmann::json;
using spider_pointer = object_spider_actor::stateful_pointer<object_spider_state>;

/// A file that is gone with the last that needs it.
struct spool_file {
  std::string path;
  explicit spool_file(std::string where) : path(std::move(where)) {}
  spool_file(const spool_file&) = delete;
  spool_file& operator=(const spool_file&) = delete;
  ~spool_file() { std::remove(path.c_str()); }
};

/// One document on its way.
struct retrieval {
  spider_pointer self;
  surroundings around;
  std::shared_ptr<const node_settings> settings;
  job_ticket ticket;
  retrieve_object order;
  std::shared_ptr<guarded_promise<settled>> answer;
  std::shared_ptr<spool_file> spool;
};
using retrieval_ptr = std::shared_ptr<const retrieval>;

void conclude(const retrieval_ptr& x, const object_info& stored, const std::string& text) {
  auto todo = decide(x->ticket, x->order, stored, links_in(text), *x->settings);
  settle(x->self, x->around, std::move(todo), [=](caf::expected<settled> result) {
    if (!result && stored.upload != 0)
      x->self->request(x->around.ledger, timeouts::settle, abandon_upload{stored.upload})
          .then([](const settled&) {}, [](caf::error&) {});
    x->answer->deliver(std::move(result));
  });
}

/// The document is in the lake: it may have links all the same.
void read_stored(const retrieval_ptr& x, const object_info& stored, const std::string& so_far) {
  if (stored.size > searched_for_links || so_far.size() >= stored.size) {
    conclude(x, {stored.multihash, 0, stored.size}, so_far);
    return;
  }
  auto piece = static_cast<uint32_t>(so_far.size() / document_piece_size);
  x->self->request(x->around.reader, timeouts::read, read_piece{stored.upload, piece})
      .then(
          [=](const document_piece& more) {
            if (more.bytes.empty())
              x->answer->deliver(make_problem(errc::storage_failed,
                                              stored.multihash + " is shorter than it should be"));
            else
              read_stored(x, stored, so_far + more.bytes);
          },
          [=](caf::error& why) { x->answer->deliver(std::move(why)); });
}

std::string text_in(const spool_file& spool, uint64_t size) {
  if (size > searched_for_links)
    return {};
  std::ifstream file{spool.path, std::ios::binary};
  std::string text(static_cast<size_t>(size), '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return text;
}

void store_retrieved(const retrieval_ptr& x) {
  auto store = x->self->spawn<caf::linked>(document_store, x->around, x->order.multihash);
  x->self->request(store, timeouts::work, store_document{x->spool->path, x->order.grant_to})
      .then(
          [=](const object_info& stored) { conclude(x, stored, text_in(*x->spool, stored.size)); },
          [=](caf::error& why) { x->answer->deliver(std::move(why)); });
}

void fetch(const retrieval_ptr& x, const http_request& question, const http_client_actor& http) {
  auto& gate = x->self->state.gate;
  auto peer = x->order.from;
  x->self->request(http, timeouts::outside, question)
      .then(
          [=, &gate](const http_response& said) {
            gate.leave(peer, peer_mood::answering);
            if (auto why = refusal_in(question, said))
              x->answer->deliver(std::move(why));
            else
              store_retrieved(x);
          },
          [=, &gate](caf::error& failure) {
            auto why = as_peer_error(std::move(failure));
            gate.leave(peer, mood_after(why));
            x->answer->deliver(std::move(why));
          });
}

/// The document is not here: its turn at the jurisdiction that has it.
void retrieve(const retrieval_ptr& x, const http_client_actor& http) {
  auto question = request_for(x->order, *x->settings, x->spool->path);
  if (!question) {
    settle(x->self, x->around, no_document_api(x->ticket, x->order), answer_with(x->answer));
    return;
  }
  x->self->state.gate.admit(
      x->order.from,
      {[=, asked = *question] { fetch(x, asked, http); },
       [=] {
         x->answer->deliver(make_problem(errc::peer_busy, "the document API of " + x->order.from));
       }});
}

void follow(settlement& result, const retrieve_object& order, const std::vector<std::string>& links,
            const node_settings& settings) {
  if (links.empty())
    return;
  auto about = to_string(order.about);
  auto bound = [&](const std::string& why) {
    result.events.push_back({0, {}, event_kind::document_unavailable, about, why});
  };
  if (order.depth >= settings.link_depth) {
    bound(std::to_string(links.size()) + " links of " + order.multihash +
          " are not followed, because link_depth is " + std::to_string(settings.link_depth));
    return;
  }
  auto followed = std::min<size_t>(links.size(), settings.links_per_document);
  for (size_t i = 0; i < followed; ++i) {
    result.opens.push_back(make_job(
        retrieve_object{order.about, links[i], order.from, order.grant_to, order.depth + 1}));
    result.events.push_back(
        {0,
         {},
         event_kind::document_requested,
         about,
         "from " + order.from + ": " + links[i] + ", linked from " + order.multihash});
  }
  if (followed < links.size())
    bound(std::to_string(links.size() - followed) + " links of " + order.multihash +
          " are not followed, because links_per_document is " +
          std::to_string(settings.links_per_document));
}

} // namespace

caf::optional<http_request> request_for(const retrieve_object& order, const node_settings& settings,
                                        std::string save_to) {
  auto base = settings.document_apis.find(order.from);
  if (base == settings.document_apis.end())
    return caf::none;
  std::string url = base->second;
  while (!url.empty() && url.back() == '/')
    url.pop_back();
  http_request result;
  result.method = "GET";
  result.url = url + "/" + order.multihash + "?as_jurisdiction=" + settings.jurisdiction;
  result.headers = {{"Authorization", "JWTBODY {\"sub\": \"documents-api\", \"party\": \"spider\", "
                                      "\"jurisdiction\": \"" +
                                          settings.jurisdiction + "\"}"}};
  result.timeout = settings.retrieval_timeout;
  result.max_body = settings.retrieved_document_bytes;
  result.save_to = std::move(save_to);
  return result;
}

caf::error refusal_in(const http_request& asked, const http_response& answer) {
  if (answer.status == 200)
    return caf::none;
  if (answer.status == 404 || answer.status == 403)
    return make_problem(errc::peer_failed, asked.url + " answered " +
                                               std::to_string(answer.status) +
                                               ": the document is not there, or not for us, yet");
  if (answer.status >= 200 && answer.status < 400)
    return make_problem(errc::bad_answer, asked.url + " answered " + std::to_string(answer.status));
  return error_of(asked, answer);
}

std::vector<std::string> links_in(std::string_view document) {
  std::vector<std::string> result;
  auto first = document.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || document[first] != '{')
    return result;
  auto parsed = parse_json(document);
  if (!parsed || !parsed->is_object())
    return result;
  auto links = parsed->find("links");
  if (links == parsed->end() || !links->is_array())
    return result;
  std::set<std::string> seen;
  for (auto& x : *links) {
    auto link = x.is_object() ? x.find("link") : x.end();
    if (!x.is_object() || link == x.end() || !link->is_string())
      continue;
    auto hash = document_of(link->get_ref<const std::string&>());
    if (hash && seen.insert(*hash).second)
      result.push_back(*hash);
  }
  return result;
}

settlement decide(const job_ticket& ticket, const retrieve_object& order, const object_info& stored,
                  const std::vector<std::string>& links, const node_settings& settings) {
  auto about = to_string(order.about);
  settlement result;
  result.job = closed(ticket);
  if (stored.upload != 0) {
    result.objects.push_back({stored.multihash, stored.upload, stored.size});
    result.events.push_back(
        {0,
         {},
         event_kind::document_stored,
         about,
         stored.multihash + ", " + std::to_string(stored.size) + " bytes from " + order.from});
  }
  result.grants.push_back({order.multihash, order.grant_to, about});
  result.events.push_back(
      {0, {}, event_kind::access_granted, about, "to " + order.grant_to + ": " + order.multihash});
  auto others = links;
  others.erase(std::remove(others.begin(), others.end(), order.multihash), others.end());
  follow(result, order, others, settings);
  return result;
}

settlement no_document_api(const job_ticket& ticket, const retrieve_object& order) {
  settlement result;
  result.job = closed(ticket);
  result.events.push_back(
      {0,
       {},
       event_kind::document_unavailable,
       to_string(order.about),
       "no document API is configured for " + order.from + ": " + order.multihash});
  return result;
}

object_spider_actor::behavior_type object_spider(spider_pointer self, surroundings around,
                                                 std::shared_ptr<const node_settings> settings,
                                                 http_client_actor http, std::string spool_dir) {
  auto at_once = settings->retrievals_per_jurisdiction;
  self->state.gate = peer_gate{at_once, at_once, around.now};
  answer_probes(self);
  return {
      [=](const job_ticket& ticket, const retrieve_object& order) {
        auto answer = promise_of<settled>(self);
        auto spool = std::make_shared<spool_file>(spool_dir + "/" + fresh_uuid(around));
        auto x = std::make_shared<const retrieval>(
            retrieval{self, around, settings, ticket, order, answer, spool});
        self->request(around.reader, timeouts::read, find_object{order.multihash})
            .then(
                [=](const found_object& found) {
                  if (found.info)
                    read_stored(x, *found.info, {});
                  else
                    retrieve(x, http);
                },
                [=](caf::error& why) { answer->deliver(std::move(why)); });
        return answer->unguarded();
      },
  };
}

} // namespace igl
