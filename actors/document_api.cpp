#include "actors/document_api.hpp"

#include "messages/probes.hpp"

#include "actors/document_store.hpp"
#include "actors/settling.hpp"

#include <nlohmann/json.hpp>

namespace igl {

namespace {

using api_pointer = document_api_actor::stateful_pointer<document_api_state>;

/// What was written is of no use any more; should this fail too, the next start forgets it.
void abandon(api_pointer self, const surroundings& around, uint64_t upload) {
  if (upload == 0)
    return;
  self->request(around.ledger, timeouts::settle, abandon_upload{upload})
      .then([](const settled&) {}, [](caf::error&) {});
}

} // namespace

settlement decide(const store_document& asked, const object_info& stored) {
  settlement result;
  if (stored.upload != 0) {
    result.objects.push_back({stored.multihash, stored.upload, stored.size});
    result.events.push_back({0,
                             {},
                             event_kind::document_stored,
                             stored.multihash,
                             std::to_string(stored.size) + " bytes"});
  }
  result.grants.push_back({stored.multihash, asked.jurisdiction, "document-api"});
  result.events.push_back(
      {0, {}, event_kind::access_granted, stored.multihash, "to " + asked.jurisdiction});
  return result;
}

caf::expected<object_info> decide(const open_document& asked, const found_object& stored,
                                  const access& reader) {
  if (stored.info && reader.granted)
    return *stored.info;
  nlohmann::json source = {{{"uri", asked.multihash}, {"jurisdiction", asked.jurisdiction}}};
  return make_problem(errc::document_not_found,
                      asked.jurisdiction + " can read no document " + asked.multihash,
                      source.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

document_api_actor::behavior_type document_api(api_pointer self, surroundings around,
                                               std::shared_ptr<const node_settings>) {
  answer_probes(self);
  return {
      [=](const store_document& asked) {
        auto answer = promise_of<document_stored>(self);
        auto store = self->spawn<caf::linked>(document_store, around, std::string{});
        self->request(store, timeouts::work, asked)
            .then(
                [=](const object_info& stored) {
                  settle(self, around, decide(asked, stored), [=](caf::expected<settled> result) {
                    if (result) {
                      answer->deliver(document_stored{stored.multihash});
                      return;
                    }
                    abandon(self, around, stored.upload);
                    answer->deliver(std::move(result.error()));
                  });
                },
                [=](caf::error& why) { answer->deliver(std::move(why)); });
        return answer->unguarded();
      },
      [=](const open_document& asked) {
        auto answer = promise_of<object_info>(self);
        auto fail = [=](caf::error& why) {
          answer->deliver(std::move(why));
        };
        self->request(around.reader, timeouts::read, find_object{asked.multihash})
            .then(
                [=](const found_object& stored) {
                  self->request(around.reader, timeouts::read,
                                may_read{asked.multihash, asked.jurisdiction})
                      .then(
                          [=](const access& reader) {
                            answer->deliver(decide(asked, stored, reader));
                          },
                          fail);
                },
                fail);
        return answer->unguarded();
      },
      [=](const read_piece& asked) -> caf::delegated<document_piece> {
        return self->delegate(around.reader, asked);
      },
  };
}

} // namespace igl
