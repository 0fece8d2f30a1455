#include "scenarios/runner/record.hpp"

#include "actors/commands/node_client.hpp"
#include "messages/errors.hpp"
#include "messages/multihash.hpp"
#include "messages/text.hpp"
#include "scenarios/runner/document_text.hpp"
#include "scenarios/runner/names.hpp"
#include "scenarios/runner/telling.hpp"

#include <algorithm>
#include <optional>
#include <ostream>
#include <set>
#include <tuple>

namespace igl::scenario {

namespace {

/// No line's end can be said in a story: what stands behind it would be another command.
std::string in_one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20; }, ' ');
  return text;
}

/// A word of a story; in quotation marks where it has to be.
std::string word_of(std::string text) {
  text = in_one_line(std::move(text));
  if (text.find_first_of(" \"") == std::string::npos && !text.empty())
    return text;
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

/// What went wrong outside, and what an operator did about it: nothing of that happens again by
/// itself.
bool is_misfortune(event_kind x) {
  switch (x) {
  case event_kind::attempt_failed:
  case event_kind::channel_passed_over:
  case event_kind::job_died:
  case event_kind::dead_letter_replayed:
  case event_kind::dead_letter_dropped:
    return true;
  default:
    return false;
  }
}

/// The channel, and what it calls the message: `over channel au-sg as 4711`.
std::optional<std::pair<std::string, std::string>> carried_over(const std::string& detail) {
  constexpr std::string_view before = "channel ", between = " as ";
  auto name = detail.find(before);
  auto as = name == std::string::npos ? name : detail.find(between, name += before.size());
  if (as == std::string::npos)
    return std::nullopt;
  auto channel = detail.substr(name, as - name);
  auto id = as + between.size();
  if (channel.empty() ||
      channel.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos)
    return std::nullopt;
  return std::pair{std::move(channel), detail.substr(id, detail.find_first_of(" \t\r\n", id) - id)};
}

/// Writes a story from events.
class writer {
public:
  writer(const recording& x, const std::string& about) : x_(x), about_(about) {}

  std::string story() {
    for (auto& event : x_.events)
      look(event);
    if (nations_.size() < 2)
      nations_.insert(x_.nation == "AU" ? "SG" : "AU");
    std::string text = "# Recorded at the node of " + x_.nation +
                       (about_.empty() ? "" : ", what concerns " + in_one_line(about_)) +
                       ". The media of its channels are not known there: say medium=… of each.\n";
    if (!x_.has_all_documents)
      text += "# Not all documents are in it: there are more than " +
              std::to_string(most_documents) + ", or such that are more than " +
              std::to_string(deepest_link) + " links away.\n";
    text += '\n';
    std::string all;
    for (auto& nation : nations_) {
      text += "nation " + nation + '\n';
      all += (all.empty() ? "" : ",") + nation;
    }
    if (channels_.empty())
      channels_.emplace_back("channel");
    for (auto& channel : channels_)
      text += "channel " + channel + " between=" + all + '\n';
    text += "----\nok\n\n";
    for (auto& event : x_.events)
      tell(event);
    return text + body_ + "run quietly\n" + questions() + "----\n" + said_ + answers();
  }

private:
  bool concerns(const std::string& about) const { return about_.empty() || about == about_; }

  /// Who there is.
  void look(const event& x) {
    if (!parse_reference(x.about) || !concerns(x.about))
      return;
    if (x.what == event_kind::message_routed || x.what == event_kind::message_received)
      if (auto over = carried_over(x.detail)) {
        auto& [channel, id] = *over;
        if (std::find(channels_.begin(), channels_.end(), channel) == channels_.end())
          channels_.push_back(channel);
        called_.call(id, channel + ":" + std::to_string(++carried_[channel]));
      }
    auto message = x_.messages.find(x.about);
    if (message == x_.messages.end())
      return;
    nations_.insert(message->second.sender);
    nations_.insert(message->second.receiver);
  }

  void pause(caf::timestamp at) {
    if (last_ != caf::timestamp{} && at - last_ >= std::chrono::seconds{1})
      body_ +=
          "wait " +
          std::to_string(std::chrono::duration_cast<std::chrono::seconds>(at - last_).count()) +
          "s quietly\n";
    last_ = at;
  }
  void command(caf::timestamp at, const std::string& line) {
    pause(at);
    body_ += line + '\n';
  }

  /// What somebody did; what else went wrong is a remark.
  void tell(const event& x) {
    if (x.what == event_kind::subscribed && x.detail.rfind("http", 0) == 0)
      return subscribe(x);
    if (auto who = subscribers_.find({x.detail, x.about});
        x.what == event_kind::unsubscribed && who != subscribers_.end() &&
        std::exchange(who->second.is_subscribed, false))
      return command(x.at, who->second.name + " unsubscribes");
    if (!parse_reference(x.about) || !concerns(x.about))
      return;
    auto message = x_.messages.find(x.about);
    if ((x.what == event_kind::message_posted || x.what == event_kind::message_received) &&
        message != x_.messages.end() && posted_.insert(x.about).second)
      return post(x.at, message->second);
    static constexpr std::string_view decision = ": a business said so";
    auto said = x.detail.rfind(decision);
    if (x.what == event_kind::status_changed && said != std::string::npos) {
      auto status = x.detail.substr(0, said);
      status = status.substr(status.rfind(' ') + 1);
      said_ += told_by(x_.nation, "200  " + x.about + " " + status) + '\n';
      return command(x.at, x_.nation + " patches " + word_of(x.about) + " status=" + status);
    }
    if (is_misfortune(x.what)) {
      pause(x.at);
      body_ += "# " + in_one_line(x.about + ": " + in_the_story(sentence_of(x))) + '\n';
    }
  }

  void subscribe(const event& x) {
    auto [who, fresh] = subscribers_.try_emplace({x.detail, x.about});
    if (fresh)
      who->second.name = "s" + std::to_string(subscribers_.size());
    // A renewal is nothing new.
    if (std::exchange(who->second.is_subscribed, true))
      return;
    command(x.at, fresh ? "subscriber " + who->second.name + " at " + x_.nation +
                              " topic=" + word_of(x.about)
                        : who->second.name + " subscribes");
  }

  /// Callbacks and what channels call messages, by the names that they get in the story.
  std::string in_the_story(std::string line) const {
    for (auto& [subscription, who] : subscribers_) {
      auto& callback = subscription.first;
      if (auto at = line.find(callback); at != std::string::npos)
        line.replace(at, callback.size(), "http://" + who.name + "/told");
    }
    return called_.in_the_story(line);
  }

  void post(caf::timestamp at, const message& x) {
    auto object = x.obj;
    if (auto document = document_of(x.obj)) {
      store(at, *document, x, 0);
      // Only the multihash stands for another one in the story.
      if (is_stand_in(*document))
        object = *document;
    }
    command(at, x.sender + " posts " + word_of(x.sender_ref) + " to " + x.receiver +
                    " subject=" + word_of(x.subject) + " object=" + word_of(object) +
                    " predicate=" + word_of(x.predicate));
    said_ += told_by(x.sender, "201  " + to_string(x.ref()) + " pending") + '\n';
  }

  /// The sender stores a document for the receiver of its message, and before it what that refers
  /// to. At the receiver's node it may not have arrived: a misfortune, which is a remark. At
  /// another node the receiver may not read it, and so it is in the story.
  void store(caf::timestamp at, const std::string& document, const message& about, uint32_t depth) {
    const auto is_read = x_.has(document, about.receiver);
    if (depth > deepest_link || (!is_read && x_.nation != about.receiver) ||
        !stored_.insert({about.sender, document, about.receiver}).second)
      return;
    if (!is_read) {
      pause(at);
      body_ += "# " + x_.nation + " did not have " + document + "; in this story it gets it\n";
    }
    std::string named;
    if (auto known = x_.links.find(document); known != x_.links.end())
      for (auto& link : known->second) {
        store(at, link, about, depth + 1);
        named += (named.empty() ? " links=" : ",") + link;
      }
    command(at, about.sender + " stores " + document + " for " + about.receiver +
                    (is_stand_in(document) ? named : ""));
    said_ += told_by(about.sender, "200  " + document + " stored for " + about.receiver) + '\n';
  }

  /// The story has a text of its own instead.
  bool is_stand_in(const std::string& document) const {
    return !x_.documents_are_beside || x_.links.count(document) == 0;
  }

  std::string questions() {
    std::string text;
    for (auto& about : posted_)
      text += "show events " + word_of(about) + " at " + x_.nation + '\n';
    return text;
  }
  std::string answers() {
    std::string text;
    for (auto& about : posted_)
      for (auto& event : x_.events)
        if (event.about == about && !is_misfortune(event.what))
          text += in_the_story(told_by(x_.nation, sentence_of(as_in_the_story(event)))) + '\n';
    return text;
  }
  /// What stands in for a document has a length of its own.
  event as_in_the_story(event x) const {
    auto hash = x.detail.substr(0, x.detail.find(", "));
    auto unit = x.detail.find(" bytes");
    if (x.what != event_kind::document_stored || unit == std::string::npos || !is_multihash(hash) ||
        !is_stand_in(hash))
      return x;
    auto known = x_.links.find(hash);
    auto text = document_text(stand_in_words(hash),
                              known == x_.links.end() ? std::vector<std::string>{} : known->second);
    x.detail = hash + ", " + std::to_string(text.size()) + x.detail.substr(unit);
    return x;
  }

  const recording& x_;
  const std::string& about_;
  std::string body_;
  std::string said_; ///< what the commands of the body are answered
  caf::timestamp last_{};
  names called_;
  std::set<std::string> nations_;
  std::vector<std::string> channels_;
  std::map<std::string, uint64_t> carried_;
  struct subscriber {
    std::string name;
    bool is_subscribed = false;
  };
  std::map<std::pair<std::string, std::string>, subscriber> subscribers_; ///< callback, topic
  std::set<std::tuple<std::string, std::string, std::string>> stored_;    ///< by, what, for
  std::set<std::string> posted_;
};

} // namespace

std::string recorded_story(const recording& x, const std::string& about) {
  return writer{x, about}.story();
}

int record(const record_options& how, std::ostream& out, std::ostream& err) {
  node_client at{{how.from, {}, how.token}};
  auto x = read_recording(at, how.message, how.documents);
  if (!x) {
    err << "igl scenario record: " << sentence_of(x.error()) << '\n';
    return 1;
  }
  if (!how.message.empty() && x->messages.count(how.message) == 0) {
    err << "igl scenario record: " << how.from << " does not know " << how.message << '\n';
    return 1;
  }
  out << recorded_story(*x, how.message);
  return 0;
}

} // namespace igl::scenario
