#include "channels/api_medium.hpp"

#include "channels/endpoint_rules.hpp"
#include "channels/numbered_log.hpp"
#include "channels/oauth2.hpp"
#include "channels/peer_protocol.hpp"
#include "channels/record_change.hpp"
#include "messages/errors.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

namespace igl {

namespace {

using entries_by_id = std::map<std::string, const medium_entry*>;

caf::expected<std::unique_ptr<shared_database>> open_below(const std::string& path,
                                                           const char* name) {
  std::error_code failed;
  std::filesystem::create_directory(path, failed);
  if (failed)
    return make_problem(errc::storage_failed, "cannot make " + path + ": " + failed.message());
  return open_shared_database(path + "/" + name);
}

/// One fault of several: a peer that does not answer is a reason to try all of it again, and what a
/// message is refused for comes out then.
void add_fault(caf::error& to, caf::error why) {
  if (why && (!to || (endpoint_rules::is_about_the_message(to) &&
                      !endpoint_rules::is_about_the_message(why))))
    to = std::move(why);
}

class api_medium : public medium {
public:
  api_medium(api_medium_settings how, std::unique_ptr<shared_database> incoming,
             std::unique_ptr<shared_database> delivered)
      : how_(std::move(how)), incoming_(std::move(incoming)), delivered_(std::move(delivered)) {}

  caf::error append(const std::vector<medium_entry>& entries) override {
    unanswered_.clear();
    std::vector<medium_entry> ours;
    std::map<std::string, std::vector<medium_entry>> theirs;
    entries_by_id seen;
    for (auto& x : entries) {
      auto is_new = first_time(x, seen);
      if (!is_new)
        return is_new.error();
      if (!*is_new)
        continue;
      auto& receiver = x.content.receiver;
      (record_change::among(how_.jurisdictions, receiver) ? ours : theirs[receiver]).push_back(x);
    }
    if (!ours.empty())
      if (auto why = incoming_->append(ours))
        return why;
    caf::error fault;
    for (auto& [receiver, for_it] : theirs)
      add_fault(fault, hand_over(receiver, for_it));
    return fault;
  }

  bool in_doubt(const std::string& id, const caf::error&) const override {
    return unanswered_.contains(id);
  }

  caf::expected<medium_page> read(const std::string& cursor, uint32_t limit) override {
    return incoming_->read(cursor, limit);
  }

  caf::expected<medium_presence> find(const std::string& id) override {
    auto sent = delivered_->find(id);
    return !sent || *sent == medium_presence::confirmed ? sent : incoming_->find(id);
  }

  std::string description() const override {
    return "what peers hand to POST /messages/incoming, in " + how_.path;
  }

private:
  /// False: it was handed over before, or is in the list twice. Fails with bad_request or conflict.
  caf::expected<bool> first_time(const medium_entry& x, entries_by_id& seen) {
    if (auto why = numbered_log::check_id(x.id))
      return why;
    auto there = delivered_->content_of(x.id);
    if (!there)
      return there.error();
    auto [at, is_new] = seen.emplace(x.id, &x);
    if (!is_new)
      *there = at->second->content;
    if (*there && !same_message(**there, x.content))
      return numbered_log::other_content(x.id);
    return !*there;
  }

  caf::error hand_over(const std::string& receiver, const std::vector<medium_entry>& entries) {
    auto to = std::find_if(how_.peers.begin(), how_.peers.end(), [&](auto& x) {
      return !x.url.empty() && record_change::among(x.jurisdictions, receiver);
    });
    if (to == how_.peers.end())
      return make_problem(errc::peer_unreachable,
                          "no peer with a url takes messages for " + receiver + ": see [[peers]]");
    auto deadline = how_.now() + to->timeout;
    caf::error fault;
    for (size_t i = 0; i < entries.size(); i += to->in_flight) {
      if (i > 0 && how_.now() >= deadline)
        return make_problem(errc::peer_busy, "peer " + to->id + " is slow");
      auto count = std::min<size_t>(to->in_flight, entries.size() - i);
      auto begin = entries.begin() + static_cast<std::ptrdiff_t>(i);
      add_fault(fault, hand_over_at_once(*to, {begin, begin + static_cast<std::ptrdiff_t>(count)}));
      if (fault && !endpoint_rules::is_about_the_message(fault))
        return fault;
    }
    return fault;
  }

  caf::error hand_over_at_once(const peer_settings& to, const std::vector<medium_entry>& entries) {
    auto token = token_for(to);
    if (!token)
      return token.error();
    std::vector<http_request> asked;
    for (auto& x : entries) {
      auto one = peer_protocol::hand_over(to, x);
      asked.push_back(token->empty() ? std::move(one) : oauth2::authorized(std::move(one), *token));
    }
    auto answers = how_.ask(asked);
    std::vector<medium_entry> taken;
    caf::error fault;
    for (size_t i = 0; i < answers.size(); ++i) {
      auto& answer = answers[i];
      if (answer && answer->status == 401)
        tokens_.erase(to.id);
      auto why = answer ? peer_protocol::outcome_of(asked[i], *answer)
                        : peer_protocol::outcome_of(asked[i], answer.error());
      if (!why)
        taken.push_back(entries[i]);
      else if (peer_protocol::may_have_taken(answer))
        unanswered_.insert(entries[i].id);
      add_fault(fault, std::move(why));
    }
    if (taken.empty())
      return fault;
    auto unnoted = delivered_->append(taken);
    if (unnoted)
      for (auto& x : taken)
        unanswered_.insert(x.id);
    add_fault(fault, std::move(unnoted));
    return fault;
  }

  /// What we show a peer; empty: nothing.
  caf::expected<std::string> token_for(const peer_settings& to) {
    switch (to.auth.kind) {
    case channel_auth::none:
      return std::string{};
    case channel_auth::token:
      return to.auth.token;
    case channel_auth::oauth2:
      break;
    }
    auto& known = tokens_[to.id];
    if (!known.value.empty() && how_.now() < known.ends)
      return known.value;
    auto asked = oauth2::token_request(to.auth, to.timeout);
    auto answer = std::move(how_.ask({asked}).front());
    auto token = answer ? oauth2::read_token(to.auth, *answer, how_.now())
                        : caf::expected<oauth2::access_token>{answer.error()};
    // Whatever became of that request, it says nothing about the message.
    if (!token)
      return make_problem(errc::peer_failed,
                          "no access token for peer " + to.id + ": " + sentence_of(token.error()));
    known = *token;
    return known.value;
  }

  api_medium_settings how_;
  std::unique_ptr<shared_database> incoming_;
  std::unique_ptr<shared_database> delivered_;
  std::map<std::string, oauth2::access_token> tokens_; ///< by the peer's id
  std::set<std::string> unanswered_; ///< of the last append, those that a peer may have
};

} // namespace

caf::expected<std::unique_ptr<shared_database>> open_incoming(const std::string& path) {
  return open_below(path, "incoming");
}

caf::expected<std::unique_ptr<medium>> open_api_medium(api_medium_settings how) {
  auto incoming = open_incoming(how.path);
  if (!incoming)
    return incoming.error();
  auto delivered = open_below(how.path, "delivered");
  if (!delivered)
    return delivered.error();
  return std::unique_ptr<medium>{
      std::make_unique<api_medium>(std::move(how), std::move(*incoming), std::move(*delivered))};
}

} // namespace igl
