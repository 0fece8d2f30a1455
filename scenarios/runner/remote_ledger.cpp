#include "scenarios/runner/remote_ledger.hpp"

#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "messages/uri.hpp"
#include "storage/ledger_adapter.hpp"

#include <nlohmann/json.hpp>

namespace igl::scenario {

namespace {

class told_ledger final : public ledger_adapter<told_ledger> {
public:
  told_ledger(node_client& at, std::vector<std::string> nations)
      : at_(at), nations_(std::move(nations)) {}

  std::vector<caf::expected<settled>> commit(const std::vector<settlement>& batch) override {
    return {batch.size(), caf::expected<settled>{no()}};
  }
  void commit(const std::vector<settlement>& batch, ending done) override { done(commit(batch)); }
  caf::expected<upload_begun> begin() override { return no(); }
  caf::expected<piece_stored> store(const store_piece&) override { return no(); }
  std::vector<caf::expected<piece_stored>> store(const std::vector<store_piece>& all) override {
    return {all.size(), caf::expected<piece_stored>{no()}};
  }
  caf::error abandon(uint64_t) override { return no(); }
  caf::expected<settled> replay(const replay_dead_letter&) override { return no(); }
  caf::expected<settled> drop(const drop_dead_letter&) override { return no(); }

private:
  friend ledger_adapter;

  caf::expected<found_message> look(const find_message& x) const {
    auto answer = get("/message/" + to_string(x.about));
    if (!answer)
      return answer.error();
    found_message result;
    if (answer->status == 404)
      return result;
    auto json = nlohmann::json::parse(answer->body, nullptr, false);
    auto status = parse_message_status(json.is_object() ? json.value("status", "") : "");
    if (!status)
      return make_problem(errc::peer_failed, at_.where().url + " answers " + answer->body);
    message_record record;
    record.content.sender = x.about.sender;
    record.content.sender_ref = x.about.sender_ref;
    record.content.receiver = json.value("receiver", "");
    record.status = *status;
    record.channel_id = text_in(json, "channel_id");
    record.channel_txn_id = text_in(json, "channel_txn_id");
    result.record = std::move(record);
    return result;
  }
  caf::expected<found_events> look(const find_events& x) const {
    return list<found_events>("/operator/events?about=" + percent_encode(x.about) + "&after=" +
                                  std::to_string(x.after) + "&limit=" + std::to_string(x.limit),
                              "events", &found_events::events);
  }
  caf::expected<found_dead_letters> look(const find_dead_letters& x) const {
    return list<found_dead_letters>("/operator/dead-letters?after=" + std::to_string(x.after) +
                                        "&limit=" + std::to_string(x.limit),
                                    "dead_letters", &found_dead_letters::letters);
  }
  caf::expected<found_object> look(const find_object& x) const {
    found_object result;
    for (auto& nation : nations_) {
      auto answer = document(x.multihash, nation);
      if (!answer)
        return answer.error();
      if (answer->status != 200)
        continue;
      result.info = object_info{};
      result.info->size = answer->body.size();
      return result;
    }
    return result;
  }
  caf::expected<access> look(const may_read& x) const {
    auto answer = document(x.multihash, x.jurisdiction);
    if (!answer)
      return answer.error();
    return access{answer->status == 200};
  }
  /// Everything else.
  template <class Question>
  answer_to<Question> look(const Question&) const {
    return no();
  }

  static caf::error no() {
    return make_problem(errc::unavailable, "a running process does not tell that");
  }
  static std::string text_in(const nlohmann::json& x, const char* name) {
    auto found = x.find(name);
    return found != x.end() && found->is_string() ? found->get<std::string>() : std::string{};
  }

  caf::expected<http_response> get(const std::string& path) const {
    http_request x;
    x.method = "GET";
    x.url = at_.where().url + path;
    return at_.exchange(std::move(x));
  }
  caf::expected<http_response> document(const std::string& hash, const std::string& nation) const {
    return get("/" + hash + "?as_jurisdiction=" + nation);
  }

  template <class Found, class Items>
  caf::expected<Found> list(const std::string& path, const char* name, Items Found::*where) const {
    auto json = at_.operation("GET", path);
    if (!json)
      return json.error();
    Found result;
    try {
      result.*where = json->at(name).template get<Items>();
    } catch (const nlohmann::json::exception& why) {
      return make_problem(errc::peer_failed, path + " is not understood: " + why.what());
    }
    return result;
  }

  node_client& at_;
  std::vector<std::string> nations_;
};

} // namespace

std::shared_ptr<ledger> remote_ledger(node_client& at, std::vector<std::string> nations) {
  return std::make_shared<told_ledger>(at, std::move(nations));
}

} // namespace igl::scenario
