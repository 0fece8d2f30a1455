#include "actors/commands/client_commands.hpp"

#include "messages/json.hpp"
#include "messages/jurisdiction.hpp"
#include "messages/multihash.hpp"
#include "messages/uri.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <ostream>

namespace igl::commands {

int fail(const terminal& term, const std::string& command, const caf::error& why) {
  auto what = problem_of(why);
  // Of these the detail is only what was asked.
  bool is_silent = what.code == errc::peer_timeout || what.code == errc::peer_lost;
  term.err << "igl " << command << ": "
           << (what.detail.empty() || is_silent ? sentence_of(why) : what.detail);
  if (what.code == errc::peer_unreachable)
    term.err << "; is the node running? --node gives its address";
  term.err << '\n';
  return 1;
}

int refuse(const terminal& term, const std::string& command, const std::string& sentence) {
  term.err << "igl " << command << ": " << sentence << '\n';
  return 2;
}

caf::error for_each_event(node_client& node, const std::string& about,
                          const std::function<void(const event&, const nlohmann::json&)>& use) {
  for (uint64_t after = 0;;) {
    auto page = node.operation("GET", "/operator/events?about=" + percent_encode(about) +
                                          "&after=" + std::to_string(after) + "&limit=1000");
    if (!page)
      return page.error();
    const auto& events = page->at("events");
    for (const auto& entry : events) {
      auto x = entry.get<event>();
      after = x.number;
      use(x, entry);
    }
    if (events.size() < 1000)
      return caf::none;
  }
}

namespace {

/// The jurisdiction of the node that answers; commands use it when none was given.
caf::expected<std::string> own_jurisdiction(node_client& node) {
  auto status = node.operation("GET", "/operator/status");
  if (!status)
    return status.error();
  return status->value("name", std::string{});
}

/// A file that is gone when the program ends, however it ends: it has no name.
class nameless_file {
public:
  explicit nameless_file(std::string in) {
    in += "/igl-XXXXXX";
    descriptor_ = ::mkstemp(in.data());
    if (descriptor_ >= 0)
      ::unlink(in.c_str());
  }
  nameless_file(const nameless_file&) = delete;
  nameless_file& operator=(const nameless_file&) = delete;
  ~nameless_file() {
    if (descriptor_ >= 0)
      ::close(descriptor_);
  }

  bool is_there() const { return descriptor_ >= 0; }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

private:
  int descriptor_ = -1;
};

} // namespace

int document_put(node_client& node, const terminal& term, const std::string& file,
                 const std::string& jurisdiction) {
  const auto command = "document put";
  std::error_code failed;
  if (!std::filesystem::is_regular_file(file, failed))
    return refuse(term, command, "there is no file " + file);
  if (!has_form_of_jurisdiction(jurisdiction))
    return refuse(term, command, "--for takes a jurisdiction of two capital letters, such as SG");
  http_request request;
  request.method = "POST";
  request.url = node.where().url + "/jurisdictions/" + jurisdiction;
  request.upload_file = file;
  request.timeout = std::chrono::hours{1};
  auto asked = request;
  auto answer = node.exchange(std::move(request));
  if (!answer)
    return fail(term, command, answer.error());
  if (answer->status / 100 != 2)
    return fail(term, command, error_in(asked, *answer));
  auto body = parse_json(answer->body);
  if (!body || !body->contains("multihash"))
    return fail(term, command,
                make_problem(errc::bad_answer, "the node did not answer a multihash"));
  if (term.json)
    term.out << *body << '\n';
  else
    term.out << (*body)["multihash"].get<std::string>() << '\n';
  return 0;
}

int document_get(node_client& node, const terminal& term, const std::string& multihash,
                 std::string jurisdiction, const std::string& output) {
  const auto command = "document get";
  if (!is_multihash(multihash))
    return refuse(term, command, "'" + multihash + "' is not a base58 multihash (Qm…)");
  if (jurisdiction.empty()) {
    auto own = own_jurisdiction(node);
    if (!own)
      return refuse(
          term, command,
          "say as whom with --as SG (the node's operator API did not tell its jurisdiction)");
    jurisdiction = *own;
  }
  http_request request;
  request.method = "GET";
  request.url = node.where().url + "/documents/" + multihash + "?as_jurisdiction=" + jurisdiction;
  request.max_body = UINT64_MAX;
  request.timeout = std::chrono::hours{1};
  // Always by way of a file: the document may be larger than the memory.
  std::optional<nameless_file> unseen;
  if (output.empty()) {
    const auto folder = std::filesystem::temp_directory_path().string();
    if (!unseen.emplace(folder).is_there())
      return refuse(term, command, "cannot write to " + folder + ": " + std::strerror(errno));
  }
  const auto spool = unseen ? unseen->path() : output + ".part";
  request.save_to = spool;
  auto asked = request;
  auto answer = node.exchange(std::move(request));
  std::error_code ignored;
  if (!answer || answer->status / 100 != 2) {
    if (answer && answer->body.empty()) {
      std::ifstream said(spool, std::ios::binary);
      answer->body.assign(std::istreambuf_iterator<char>(said), {});
    }
    if (!unseen)
      std::filesystem::remove(spool, ignored);
    return fail(term, command, answer ? error_in(asked, *answer) : answer.error());
  }
  if (output.empty()) {
    std::ifstream document(spool, std::ios::binary);
    if (document.peek() != std::ifstream::traits_type::eof())
      term.out.raw() << document.rdbuf();
    term.out.flush();
    return term.out.raw() ? 0 : 1;
  }
  std::filesystem::rename(spool, output, ignored);
  if (ignored)
    return refuse(term, command, "cannot write " + output + ": " + ignored.message());
  if (!term.json)
    term.err << std::filesystem::file_size(output) << " bytes in " << output << '\n';
  return 0;
}

int message_send(node_client& node, const terminal& term, message_options what) {
  const auto command = "message send";
  if (what.sender.empty()) {
    auto own = own_jurisdiction(node);
    if (!own)
      return refuse(
          term, command,
          "say who sends with --from AU (the node's operator API did not tell its jurisdiction)");
    what.sender = *own;
  }
  nlohmann::json body{{"sender", what.sender},
                      {"receiver", what.receiver},
                      {"subject", what.subject},
                      {"obj", what.obj},
                      {"predicate", what.predicate}};
  if (!what.sender_ref.empty())
    body["sender_ref"] = what.sender_ref;
  std::string text;
  try {
    text = body.dump();
  } catch (const nlohmann::json::exception&) {
    return refuse(term, command, "a field is not valid UTF-8");
  }
  auto answer = node.json("POST", node.where().url + "/message", text);
  if (!answer)
    return fail(term, command, answer.error());
  if (term.json)
    term.out << *answer << '\n';
  else
    term.out << answer->value("sender", "") << ':' << answer->value("sender_ref", "") << "  "
             << answer->value("status", "") << '\n';
  return 0;
}

int message_show(node_client& node, const terminal& term, const std::string& reference) {
  const auto command = "message show";
  if (!parse_reference(reference))
    return refuse(term, command, "'" + reference + "' is not a reference such as AU:17");
  auto answer = node.json("GET", node.where().url + "/message/" + percent_encode(reference));
  if (!answer)
    return fail(term, command, answer.error());
  if (term.json) {
    term.out << *answer << '\n';
    return 0;
  }
  for (auto field : {"sender", "receiver", "subject", "obj", "predicate", "sender_ref", "status",
                     "channel_id", "channel_txn_id"})
    if (auto value = answer->find(field); value != answer->end() && value->is_string())
      term.out << field << std::string(16 - std::string(field).size(), ' ')
               << value->get<std::string>() << '\n';
  return 0;
}

int trace(node_client& node, const terminal& term, const std::string& about) {
  const auto command = "trace";
  size_t seen = 0;
  auto failed = for_each_event(node, about, [&](const event& x, const nlohmann::json& entry) {
    ++seen;
    if (term.json)
      term.out << entry << '\n';
    else
      term.out << to_rfc3339(x.at) << "  " << sentence_of(x) << '\n';
  });
  if (failed)
    return fail(term, command, failed);
  if (seen == 0)
    return refuse(term, command,
                  "the ledger of " + node.where().operator_url + " knows no event about " + about);
  return 0;
}

} // namespace igl::commands
