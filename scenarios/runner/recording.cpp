#include "scenarios/runner/recording.hpp"

#include "actors/commands/node_client.hpp"
#include "actors/object_spider.hpp"
#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "messages/jurisdiction.hpp"
#include "messages/multihash.hpp"
#include "messages/uri.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <optional>

namespace igl::scenario {

namespace {

caf::error not_understood(const node_client& at, const std::string& what) {
  return make_problem(errc::bad_answer, at.where().url + " is not understood: " + what);
}

caf::expected<std::vector<event>> all_events(node_client& at) {
  constexpr uint32_t page = 5000;
  std::vector<event> all;
  for (;;) {
    auto after = all.empty() ? 0 : all.back().number;
    auto json = at.operation("GET", "/operator/events?after=" + std::to_string(after) +
                                        "&limit=" + std::to_string(page));
    if (!json)
      return json.error();
    auto found = json->at("events").get<std::vector<event>>();
    all.insert(all.end(), found.begin(), found.end());
    if (found.size() < page)
      return all;
    if (all.back().number <= after)
      return not_understood(at, "behind event " + std::to_string(after) + " comes event " +
                                    std::to_string(all.back().number));
  }
}

caf::expected<message> message_at(node_client& at, const std::string& about) {
  auto json = at.json("GET", at.where().url + "/message/" + percent_encode(about));
  if (!json)
    return json.error();
  auto reference = parse_reference(about);
  if (!reference || !is_plain_text(about))
    return not_understood(at, "an event of the message '" + about + "'");
  message content;
  content.sender = reference->sender;
  content.sender_ref = reference->sender_ref;
  content.receiver = json->value("receiver", "");
  content.subject = json->value("subject", "");
  content.obj = json->value("obj", "");
  content.predicate = json->value("predicate", "");
  for (auto& nation : {content.sender, content.receiver})
    if (!has_form_of_jurisdiction(nation))
      return not_understood(at, "the nation '" + nation + "' of " + about);
  return content;
}

/// The bytes of a file, and the multihash that they have.
std::pair<std::string, std::string> content_of(const std::string& file) {
  multihasher hasher;
  std::string text, piece(size_t{1} << 20, '\0');
  std::ifstream bytes{file, std::ios::binary};
  while (bytes.read(piece.data(), static_cast<std::streamsize>(piece.size())) ||
         bytes.gcount() > 0) {
    std::string_view read{piece.data(), static_cast<size_t>(bytes.gcount())};
    hasher.update(read);
    if (text.size() <= searched_for_links)
      text += read;
  }
  return {std::move(text), hasher.finish()};
}

/// What a document says, no more of it than is searched for links, and empty if it is longer. In
/// the folder, if there is one, lies all of it. Nothing if `reader` can read none.
caf::expected<std::optional<std::string>> document_at(node_client& at, const std::string& hash,
                                                      const std::string& reader,
                                                      const std::string& folder) {
  const auto file = folder + "/" + hash, part = file + ".part";
  http_request wanted;
  wanted.method = "GET";
  wanted.url = at.where().url + "/" + hash + "?as_jurisdiction=" + reader;
  wanted.timeout = std::chrono::minutes{10};
  if (folder.empty()) {
    wanted.max_body = searched_for_links;
    wanted.cut_body = true;
  } else {
    wanted.max_body = UINT64_MAX;
    wanted.save_to = part;
  }
  const auto asked = wanted;
  auto answer = at.exchange(std::move(wanted));
  if (!answer)
    return answer.error();
  std::error_code why;
  if (answer->status != 200) {
    std::filesystem::remove(part, why);
    if (answer->status == 403 || answer->status == 404)
      return std::optional<std::string>{};
    return answer->status / 100 == 2
               ? not_understood(at, "status " + std::to_string(answer->status))
               : error_in(asked, *answer);
  }
  if (answer->is_cut && answer->body.size() < searched_for_links)
    return make_problem(errc::peer_lost, asked.url + " broke off");
  if (answer->is_cut)
    return std::optional{std::string{}};
  auto [text, real] =
      folder.empty() ? std::pair{answer->body, multihash_of(answer->body)} : content_of(part);
  if (real == hash && !folder.empty())
    std::filesystem::rename(part, file, why);
  if (real == hash && !why)
    return std::optional{text.size() > searched_for_links ? std::string{} : std::move(text)};
  std::error_code ignored;
  std::filesystem::remove(part, ignored);
  return real == hash
             ? make_problem(errc::unavailable, file + " cannot be written: " + why.message())
             : not_understood(at, "as " + hash + " it has the document " + real);
}

/// Reads a message's document as its receiver, and what that refers to, and so on.
class document_walk {
public:
  document_walk(node_client& at, const std::string& folder, recording& x)
      : at_(at), folder_(folder), x_(x) {}

  caf::error look_into(const std::string& document, const std::string& reader) {
    std::deque<std::pair<std::string, uint32_t>> next{{document, 0}};
    for (; !next.empty(); next.pop_front()) {
      auto& [hash, depth] = next.front();
      if (asked_.count({hash, reader}) != 0)
        continue;
      if (depth > deepest_link || asked_.size() == most_documents) {
        x_.has_all_documents = false;
        return caf::none;
      }
      asked_.insert({hash, reader});
      auto text = document_at(at_, hash, reader, folder_);
      if (!text)
        return text.error();
      if (!*text)
        continue;
      x_.read.insert({hash, reader});
      auto& links = x_.links[hash] = links_in(**text);
      for (auto& link : links)
        next.emplace_back(link, depth + 1);
    }
    return caf::none;
  }

private:
  node_client& at_;
  const std::string& folder_;
  recording& x_;
  std::set<std::pair<std::string, std::string>> asked_;
};

caf::error read_all(node_client& at, const std::string& about, const std::string& folder,
                    recording& x) {
  auto status = at.operation("GET", "/operator/status");
  if (!status)
    return status.error();
  x.nation = status->value("name", std::string{});
  if (!has_form_of_jurisdiction(x.nation))
    return not_understood(at, "it is the node of no nation but '" + x.nation + "'");
  auto events = all_events(at);
  if (!events)
    return events.error();
  x.events = std::move(*events);
  x.documents_are_beside = !folder.empty();
  if (!folder.empty())
    std::filesystem::create_directories(folder);
  document_walk documents{at, folder, x};
  for (auto& event : x.events) {
    if (event.what != event_kind::message_posted && event.what != event_kind::message_received)
      continue;
    if ((!about.empty() && about != event.about) || x.messages.count(event.about) != 0)
      continue;
    auto content = message_at(at, event.about);
    if (!content)
      return content.error();
    // Its receiver may read it at both sides.
    if (auto document = document_of(content->obj))
      if (auto why = documents.look_into(*document, content->receiver))
        return why;
    x.messages.emplace(event.about, std::move(*content));
  }
  return caf::none;
}

} // namespace

caf::expected<recording> read_recording(node_client& at, const std::string& about,
                                        const std::string& folder) {
  recording x;
  try {
    if (auto why = read_all(at, about, folder, x))
      return why;
  } catch (const std::filesystem::filesystem_error& why) {
    return make_problem(errc::unavailable, folder + " cannot be written: " + why.code().message());
  } catch (const std::exception& why) {
    return not_understood(at, why.what());
  }
  return x;
}

} // namespace igl::scenario
