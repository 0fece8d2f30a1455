#include "scenarios/runner/story.hpp"

#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "messages/multihash.hpp"
#include "scenarios/runner/document_text.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <set>
#include <sstream>

namespace igl::scenario {

namespace {

constexpr std::string_view boundary = "a-boundary-of-the-scenario";

http_request json_request(std::string method, std::string url, const nlohmann::json& body) {
  http_request x;
  x.method = std::move(method);
  x.url = std::move(url);
  x.headers = {{"Content-Type", "application/json"}};
  x.body = body.dump();
  return x;
}

/// What went wrong, in one phrase out of the body of an error.
std::string complaint_in(const http_response& x) {
  auto json = nlohmann::json::parse(x.body, nullptr, false);
  if (json.is_object() && json.contains("errors") && json["errors"].is_array() &&
      !json["errors"].empty()) {
    auto& first = json["errors"][0];
    return first.value("title", std::string{}) + ": " + first.value("detail", std::string{});
  }
  return x.body.substr(0, x.body.find('\n'));
}

std::string message_in(const http_response& x) {
  auto said = text_members(x.body);
  if (said.empty())
    return x.body;
  return said["sender"] + ":" + said["sender_ref"] + " " + said["status"];
}

std::string told_of(const caf::expected<http_response>& x,
                    const std::function<std::string(const http_response&)>& success) {
  if (!x)
    return "---  " + sentence_of(x.error());
  return std::to_string(x->status) + "  " +
         (x->status >= 200 && x->status < 300 ? success(*x) : complaint_in(*x));
}

} // namespace

void story::post(const call& x) {
  auto& nation = x.slots[0];
  auto range = parse_range(x.slots[1]);
  std::vector<std::string> references;
  if (range)
    for (uint64_t i = 0; i <= range->last - range->first; ++i)
      references.push_back(std::to_string(range->first + i));
  else
    references.push_back(x.slots[1]);
  auto given = [&](const char* name, const char* otherwise) {
    return x.has(name) ? x.option(name) : std::string{otherwise};
  };
  nlohmann::json body{
      {"sender", x.has("sender") ? x.option("sender") : nation},
      {"receiver", x.slots[2]},
      {"subject", given("subject", "AU.abn51824753556")},
      {"obj", world_.called().real(given("object", "https://example.org/document"))},
      {"predicate", given("predicate", "UN.CEFACT.Trade.CertificateOfOrigin.created")}};
  auto missing = std::make_shared<std::set<std::string>>(references.begin(), references.end());
  // Equal answers to many posts are said once: the first of them, and how many there were.
  auto answers = std::make_shared<std::map<std::string, std::pair<std::string, uint64_t>>>();
  const bool several = references.size() > 1;
  for (auto& reference : references) {
    body["sender_ref"] = reference;
    world_.ask_later(nation, json_request("POST", "/message", body),
                     [=, this](caf::expected<http_response> y) {
                       if (missing->erase(reference) == 0)
                         return;
                       if (y && y->status == 201)
                         invariants_.accepted({nation, reference});
                       auto line = told_of(y, message_in);
                       if (!several)
                         return say(told_by(nation, line));
                       auto name = nation + ":" + reference;
                       if (auto at = line.find(name); at != std::string::npos)
                         line.replace(at, name.size(), "{}");
                       ++answers->try_emplace(line, reference, 0).first->second.second;
                     });
  }
  world_.time().go_on([missing] { return missing->empty(); },
                      world_.time().now() + world::patience);
  for (auto& [line, counted] : *answers) {
    auto& [first, how_many] = counted;
    auto text = line;
    auto which =
        nation + ":" +
        (how_many == references.size() ? x.slots[1]
                                       : first + " and so on, " + std::to_string(how_many));
    if (auto at = text.find("{}"); at != std::string::npos)
      text.replace(at, 2, which);
    say(told_by(nation, text));
  }
  if (!missing->empty())
    say(told_by(nation, "---  no answer to " + std::to_string(missing->size())));
  // What is answered later is answered to nobody.
  missing->clear();
}

void story::add_business() {
  add("{NATION} stores {DOCUMENT} for {RECEIVER}", {"text", "links"},
      "stores a document: the file beside the story, or text=\"…\"; links=a.json,b.json refers to "
      "documents that were stored before, or to hashes of some that nobody stored",
      [this](const call& x) -> caf::error {
        auto& name = x.slots[1];
        for (auto& link : x.has("links") ? parts_of(x.option("links")) : std::vector<std::string>{})
          if (documents_.count(link) == 0 && !is_multihash(link))
            return blame(x.column_of("links"), "no document " + link + " was stored before");
        auto before = documents_.find(name);
        auto text = before == documents_.end() ? std::string{} : before->second;
        const auto known = is_multihash(name) ? stand_in_words(name) : std::string{};
        std::vector<std::string> linked;
        if (x.has("text") || x.has("links")) {
          std::vector<std::string> links;
          std::istringstream names_given(x.option("links"));
          for (std::string link; std::getline(names_given, link, ',');) {
            links.push_back(world_.called().real(link));
            if (documents_.count(link) != 0)
              linked.push_back(links.back());
          }
          text = document_text(x.has("text") ? x.option("text") : known, links);
        } else if (std::ifstream file{beside_ + "/" + name, std::ios::binary}) {
          text.assign(std::istreambuf_iterator<char>{file}, {});
        } else if (text.empty() && !known.empty()) {
          text = known;
        } else if (text.empty()) {
          return blame(x.slot_columns[1], "there is no file " + beside_ + "/" + name +
                                              "; say what is in it: text=\"…\"");
        }
        documents_[name] = text;
        world_.called().call(multihash_of(text), name);
        http_request wanted;
        wanted.method = "POST";
        wanted.url = "/jurisdictions/" + x.slots[2];
        wanted.headers = {
            {"Content-Type", "multipart/form-data; boundary=" + std::string{boundary}}};
        wanted.body = "--" + std::string{boundary} +
                      "\r\nContent-Disposition: form-data; name=\"document\"; filename=\"" + name +
                      "\"\r\n\r\n" + text + "\r\n--" + std::string{boundary} + "--\r\n";
        auto answer = answer_of(x.slots[0], std::move(wanted));
        if (answer && answer->status == 200)
          invariants_.stored(x.slots[0], multihash_of(text), x.slots[2], linked);
        else if (!answer || answer->status >= 500)
          invariants_.may_have_stored(x.slots[0], multihash_of(text), x.slots[2]);
        say(told_by(x.slots[0], told_of(answer, [&](const http_response&) {
                      return name + " stored for " + x.slots[2];
                    })));
        return caf::none;
      });
  add("{NATION} posts {NUMBERS} to {RECEIVER}", {"subject", "object", "predicate", "sender"},
      "posts a message; the number is its reference. 1..1000: that many at once",
      [this](const call& x) -> caf::error {
        post(x);
        return caf::none;
      });
  add("{NATION} patches {MESSAGE}", {"status"}, "a business decides: status=accepted or rejected",
      [this](const call& x) -> caf::error {
        auto answer = answer_of(x.slots[0], json_request("PATCH", "/message/" + x.slots[1],
                                                         {{"status", x.option("status")}}));
        say(told_by(x.slots[0], told_of(answer, message_in)));
        return caf::none;
      });
  add("{NATION} fetches {DOCUMENT}", {"as"}, "fetches a document; as=AU: another nation asks",
      [this](const call& x) -> caf::error {
        http_request wanted;
        wanted.method = "GET";
        wanted.url = "/" + world_.called().real(x.slots[1]) +
                     "?as_jurisdiction=" + (x.has("as") ? x.option("as") : x.slots[0]);
        auto answer = answer_of(x.slots[0], std::move(wanted));
        say(told_by(x.slots[0], told_of(answer, [&](const http_response& y) {
                      return x.slots[1] + ", " + std::to_string(y.body.size()) + " bytes" +
                             (documents_.count(x.slots[1]) != 0 &&
                                      y.body == documents_.at(x.slots[1])
                                  ? ""
                                  : ", NOT the same");
                    })));
        return caf::none;
      });
}

} // namespace igl::scenario
