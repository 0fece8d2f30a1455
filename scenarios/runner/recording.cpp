#include "scenarios/runner/recording.hpp"

#include "actors/commands/node_client.hpp"
#include "actors/object_spider.hpp"
#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "messages/multihash.hpp"
#include "messages/uri.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

namespace igl::scenario {

namespace {

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
  }
}

caf::expected<message> message_at(node_client& at, const std::string& about) {
  auto json = at.json("GET", at.where().url + "/message/" + percent_encode(about));
  if (!json)
    return json.error();
  message content;
  auto reference = parse_reference(about);
  content.sender = reference->sender;
  content.sender_ref = reference->sender_ref;
  content.receiver = json->value("receiver", "");
  content.subject = json->value("subject", "");
  content.obj = json->value("obj", "");
  content.predicate = json->value("predicate", "");
  return content;
}

/// The first bytes of a document, enough to see what it refers to; all of it in a file of the
/// folder, if there is one. Nothing if the node has none, or `reader` may not read it.
caf::expected<std::optional<std::string>> document_at(node_client& at, const std::string& hash,
                                                      const std::string& reader,
                                                      const std::string& folder) {
  auto file = folder + "/" + hash;
  http_request wanted;
  wanted.method = "GET";
  wanted.url = at.where().url + "/" + hash + "?as_jurisdiction=" + reader;
  wanted.timeout = std::chrono::minutes{10};
  wanted.max_body = searched_for_links;
  wanted.cut_body = folder.empty();
  if (!folder.empty()) {
    wanted.max_body = UINT64_MAX;
    wanted.save_to = file + ".part";
  }
  auto answer = at.exchange(std::move(wanted));
  if (!answer)
    return answer.error();
  if (answer->status != 200)
    return std::optional<std::string>{};
  if (folder.empty())
    return std::optional{answer->is_cut ? std::string{} : std::move(answer->body)};
  std::error_code why;
  std::filesystem::rename(file + ".part", file, why);
  if (why)
    return make_problem(errc::unavailable, file + " cannot be written: " + why.message());
  std::string text;
  if (std::filesystem::file_size(file) <= searched_for_links) {
    std::ifstream bytes{file, std::ios::binary};
    text.assign(std::istreambuf_iterator<char>{bytes}, {});
  }
  return std::optional{std::move(text)};
}

/// A document and what it refers to, and so on.
caf::error look_into(node_client& at, const std::string& document, const std::string& reader,
                     const std::string& folder, recording& x) {
  std::vector<std::string> next{document};
  while (!next.empty()) {
    auto hash = std::move(next.back());
    next.pop_back();
    if (x.links.count(hash) != 0)
      continue;
    auto text = document_at(at, hash, reader, folder);
    if (!text)
      return text.error();
    if (!*text)
      continue; // the story has its hash
    auto& links = x.links[hash] = links_in(**text);
    next.insert(next.end(), links.begin(), links.end());
  }
  return caf::none;
}

caf::error read_all(node_client& at, const std::string& about, const std::string& folder,
                    recording& x) {
  auto status = at.operation("GET", "/operator/status");
  if (!status)
    return status.error();
  x.nation = status->value("name", std::string{});
  auto events = all_events(at);
  if (!events)
    return events.error();
  x.events = std::move(*events);
  x.documents_are_beside = !folder.empty();
  if (!folder.empty())
    std::filesystem::create_directories(folder);
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
      if (auto why = look_into(at, *document, content->receiver, folder, x))
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
    return make_problem(errc::unavailable, at.where().url + " is not understood: " + why.what());
  }
  return x;
}

} // namespace igl::scenario
