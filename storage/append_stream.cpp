#include "storage/append_stream.hpp"

#include "messages/errors.hpp"
#include "messages/multibase.hpp"
#include "messages/text.hpp"
#include "storage/jetstream_api.hpp"
#include "storage/nats_link.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>

namespace igl {

namespace {

using nlohmann::json;

// JetStream's own error codes.
constexpr int no_message_found = 10037;
constexpr int key_is_there = 10077; ///< "maximum messages per subject exceeded"

/// How many questions are on their way at once.
constexpr size_t at_once = 256;

struct question {
  std::string subject;
  std::string body;
};

/// What a stream has to be so that nothing in it can change.
json config_of(const append_stream_options& how, const std::string& subjects) {
  return {{"name", how.name},          {"subjects", {subjects}}, {"retention", "limits"},
          {"storage", "file"},         {"discard", "new"},       {"discard_new_per_subject", true},
          {"max_msgs_per_subject", 1}, {"max_consumers", -1},    {"max_msgs", -1},
          {"max_bytes", -1},           {"max_age", 0},           {"max_msg_size", -1},
          {"deny_delete", true},       {"deny_purge", true},     {"num_replicas", how.replicas}};
}

int error_in(const json& answer) {
  auto error = answer.find("error");
  return error == answer.end() ? 0 : error->value("err_code", jetstream_api::not_understood);
}

class grown_stream final : public append_stream {
public:
  explicit grown_stream(append_stream_options how)
      : how_(std::move(how)), prefix_("igl.medium." + how_.name + "."),
        inbox_(nats_link::fresh_inbox()) {}

  caf::error open() {
    auto link = nats_link::open(how_.url, how_.user, how_.timeout, [this](std::string why) {
      std::lock_guard guard{lock_};
      broken_ = why.empty() ? "closed" : std::move(why);
      arrived_.notify_all();
    });
    if (!link)
      return link.error();
    link_ = std::move(*link);
    auto answers = link_->subscribe(inbox_ + ".*", [this](const nats_message& x) { hear(x); });
    if (!answers)
      return answers.error();
    answers_ = std::move(*answers);
    return make();
  }

  ~grown_stream() override {
    answers_.reset();
    link_.reset();
  }

  caf::expected<extent> look() override {
    auto info = ask({"$JS.API.STREAM.INFO." + how_.name, {}});
    if (!info)
      return info.error();
    if (auto code = error_in(*info))
      return refused(*info, code);
    return understood<extent>([&] {
      return extent{info->at("created").get<std::string>(),
                    info->at("state").at("last_seq").get<uint64_t>()};
    });
  }

  caf::expected<std::vector<entry>> read(uint64_t after, uint64_t last, uint32_t limit) override {
    std::vector<entry> found;
    while (after < last && found.size() < limit) {
      auto count = std::min<uint64_t>(last - after, limit - found.size());
      std::vector<question> asked;
      for (uint64_t i = 1; i <= count; ++i)
        asked.push_back({get(), json{{"seq", after + i}}.dump()});
      auto answers = entries_of(asked);
      if (!answers)
        return answers.error();
      // A place without entry hides none.
      for (auto& x : *answers)
        if (x)
          found.push_back(std::move(*x));
      after += count;
    }
    return found;
  }

  caf::expected<std::vector<caf::optional<entry>>>
  find(const std::vector<std::string>& keys) override {
    std::vector<question> asked;
    for (auto& key : keys)
      asked.push_back({get(), json{{"last_by_subj", prefix_ + key}}.dump()});
    return entries_of(asked);
  }

  caf::expected<std::vector<std::string>> append(const std::vector<entry>& entries) override {
    std::vector<question> asked;
    for (auto& x : entries) {
      if (x.data.size() > link_->largest_payload())
        return make_problem(errc::too_large,
                            "an entry of " + std::to_string(x.data.size()) +
                                " bytes is more than the server of stream " + how_.name +
                                " takes: " + std::to_string(link_->largest_payload()));
      asked.push_back({prefix_ + x.key, x.data});
    }
    auto answers = ask(asked);
    if (!answers)
      return answers.error();
    std::vector<std::string> kept;
    for (size_t i = 0; i < answers->size(); ++i) {
      auto code = error_in((*answers)[i]);
      if (code == key_is_there)
        kept.push_back(entries[i].key);
      else if (code != 0)
        return refused((*answers)[i], code);
    }
    return kept;
  }

  std::string description() const override { return how_.name + " at " + link_->address(); }

private:
  std::string get() const { return "$JS.API.STREAM.MSG.GET." + how_.name; }

  caf::error refused(const json& answer, int code) const {
    auto why = answer.at("error").value("description", std::string{"no description"});
    return make_problem(errc::unavailable, "stream " + how_.name + ": the server answered " +
                                               std::to_string(code) + ", " + why);
  }

  template <class T, class Read>
  caf::expected<T> understood(Read read_one) const {
    try {
      return read_one();
    } catch (const json::exception& why) {
      return make_problem(errc::bad_answer,
                          "stream " + how_.name +
                              ": the server's answer is not understood: " + why.what());
    }
  }

  /// Creates the stream or checks the one that is there.
  caf::error make() {
    auto wanted = config_of(how_, prefix_ + "*");
    auto info = ask({"$JS.API.STREAM.INFO." + how_.name, {}});
    if (info && error_in(*info) == jetstream_api::stream_not_found)
      info = ask({"$JS.API.STREAM.CREATE." + how_.name, wanted.dump()});
    if (!info)
      return info.error();
    if (auto code = error_in(*info))
      return refused(*info, code);
    auto config = info->find("config");
    if (config == info->end() || !config->is_object())
      return make_problem(errc::bad_answer, "stream " + how_.name + " has no configuration");
    // A cluster's operator may choose another number of replicas.
    wanted.erase("num_replicas");
    for (auto& [name, value] : wanted.items()) {
      auto there = config->find(name);
      if (there == config->end() || *there != value)
        return make_problem(errc::storage_format,
                            "stream " + how_.name + " has " + name + " = " +
                                (there == config->end() ? "nothing" : there->dump()) +
                                ", expected " + value.dump() +
                                ": it is no stream that only grows; name another one");
    }
    return caf::none;
  }

  caf::expected<caf::optional<entry>> read_entry(const json& answer) const {
    auto code = error_in(answer);
    if (code == no_message_found)
      return caf::optional<entry>{};
    if (code != 0)
      return refused(answer, code);
    return understood<caf::optional<entry>>([&] {
      auto& x = answer.at("message");
      entry found;
      found.place = x.at("seq").get<uint64_t>();
      found.key = x.at("subject").get<std::string>();
      found.key.erase(0, std::min(found.key.size(), prefix_.size()));
      found.data = base64_decode(x.value("data", std::string{})).value_or("");
      return caf::optional<entry>{std::move(found)};
    });
  }

  caf::expected<std::vector<caf::optional<entry>>> entries_of(const std::vector<question>& asked) {
    auto answers = ask(asked);
    if (!answers)
      return answers.error();
    std::vector<caf::optional<entry>> all;
    for (auto& x : *answers) {
      auto one = read_entry(x);
      if (!one)
        return one.error();
      all.push_back(std::move(*one));
    }
    return all;
  }

  caf::expected<json> ask(const question& x) {
    auto answers = ask(std::vector<question>{x});
    if (!answers)
      return answers.error();
    return std::move(answers->front());
  }

  /// The answers in the order of the questions.
  caf::expected<std::vector<json>> ask(const std::vector<question>& asked) {
    std::vector<json> all;
    for (size_t from = 0; from < asked.size(); from += at_once) {
      auto count = std::min(at_once, asked.size() - from);
      if (auto why = ask_some(asked.data() + from, count, all))
        return why;
    }
    return all;
  }

  caf::error ask_some(const question* asked, size_t count, std::vector<json>& all) {
    uint64_t first = 0;
    {
      std::lock_guard guard{lock_};
      answered_.clear();
      first = first_ += at_once;
    }
    for (size_t i = 0; i < count; ++i)
      if (auto why = link_->publish(haste::at_once, asked[i].subject,
                                    inbox_ + "." + std::to_string(first + i), asked[i].body))
        return why;
    std::unique_lock guard{lock_};
    arrived_.wait_for(guard, how_.timeout,
                      [&] { return answered_.size() == count || !broken_.empty(); });
    if (answered_.size() != count)
      return make_problem(errc::unavailable,
                          "stream " + how_.name + ": " +
                              (broken_.empty() ? "the server did not answer in time" : broken_));
    for (auto& [number, text] : answered_) {
      all.push_back(json::parse(text, nullptr, false));
      if (!all.back().is_object())
        return make_problem(errc::unavailable, "stream " + how_.name + ": nobody at " +
                                                   link_->address() + " serves it");
    }
    return caf::none;
  }

  void hear(const nats_message& x) {
    auto number = parse_number(x.subject.substr(inbox_.size() + 1));
    std::lock_guard guard{lock_};
    // It may be an answer to an earlier question, which was given up.
    if (!number || *number < first_)
      return;
    answered_.emplace(*number, std::string{x.data});
    arrived_.notify_all();
  }

  append_stream_options how_;
  std::string prefix_;
  std::string inbox_;
  std::shared_ptr<nats_link> link_;
  std::unique_ptr<nats_link::subscription> answers_;
  std::mutex lock_;
  std::condition_variable arrived_;
  std::map<uint64_t, std::string> answered_;
  uint64_t first_ = 0;
  std::string broken_;
};

} // namespace

caf::expected<std::shared_ptr<append_stream>> append_stream::open(append_stream_options how) {
  auto x = std::make_shared<grown_stream>(std::move(how));
  if (auto why = x->open())
    return why;
  return std::shared_ptr<append_stream>{std::move(x)};
}

} // namespace igl
