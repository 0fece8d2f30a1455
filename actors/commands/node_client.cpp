#include "actors/commands/node_client.hpp"

#include "http/client.hpp"
#include "messages/json.hpp"
#include "messages/type_ids.hpp"

#include <caf/all.hpp>
#include <nlohmann/json.hpp>

#include <climits>

#include <pwd.h>
#include <unistd.h>

namespace igl {

namespace {

struct client_config : caf::actor_system_config {
  client_config() {
    add_to(*this);
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", 1);
  }
};

/// user@host, as this computer knows them.
std::string who_operates() {
  char host[HOST_NAME_MAX + 1] = "";
  gethostname(host, sizeof host - 1);
  std::string name;
  if (const auto* user = getpwuid(geteuid()))
    name = user->pw_name;
  else
    name = "uid " + std::to_string(geteuid());
  name += std::string{"@"} + host;
  // A header is one line.
  std::erase_if(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return name;
}

/// The text of a JSON value for a person: strings without quotation marks.
std::string plain(const nlohmann::json& x) {
  if (x.is_string())
    return x.get<std::string>();
  if (x.is_array()) {
    std::string all;
    for (const auto& part : x)
      all += (all.empty() ? "" : "; ") + plain(part);
    return all;
  }
  return x.dump();
}

} // namespace

struct node_client::system {
  client_config config;
  caf::actor_system actors{config};
  http_client_actor http = actors.spawn(http_client, http_client_options{});
  caf::scoped_actor self{actors};
};

node_client::node_client(node_address where) : where_(std::move(where)), system_(new system) {
  if (where_.operator_url.empty())
    where_.operator_url = where_.url;
}

node_client::~node_client() {
  system_->self->send_exit(system_->http, caf::exit_reason::user_shutdown);
}

caf::expected<http_response> node_client::exchange(http_request what) {
  caf::expected<http_response> result{make_problem(errc::broken_promise)};
  auto patience = what.timeout + std::chrono::seconds{5};
  system_->self->request(system_->http, patience, std::move(what))
      .receive([&](http_response& answer) { result = std::move(answer); },
               [&](caf::error& why) { result = std::move(why); });
  return result;
}

caf::expected<nlohmann::json> node_client::json(std::string method, std::string url,
                                                std::string body) {
  http_request request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.max_body = uint64_t{64} << 20;
  if (!body.empty())
    request.headers.push_back({"Content-Type", "application/json"});
  request.body = std::move(body);
  auto asked = request;
  auto answer = exchange(std::move(request));
  if (!answer)
    return answer.error();
  if (answer->status / 100 != 2)
    return error_in(asked, *answer);
  auto parsed = parse_json(answer->body);
  if (!parsed)
    return make_problem(errc::bad_answer, asked.method + " " + asked.url + " did not answer JSON");
  return std::move(*parsed);
}

caf::expected<nlohmann::json> node_client::operation(std::string method, const std::string& path,
                                                     std::string body) {
  http_request request;
  request.method = std::move(method);
  request.url = where_.operator_url + path;
  request.max_body = uint64_t{64} << 20;
  if (!body.empty())
    request.headers.push_back({"Content-Type", "application/json"});
  request.body = std::move(body);
  if (!where_.operator_token.empty())
    request.headers.push_back({"Authorization", "Bearer " + where_.operator_token});
  request.headers.push_back({"X-Operator", who_operates()});
  auto asked = request;
  auto answer = exchange(std::move(request));
  if (!answer)
    return answer.error();
  auto parsed = parse_json(answer->body);
  // With the same body as a success, /readyz says what is not ready with a 503, and a reload why
  // nothing was changed with a 409.
  auto says_why = (path == "/readyz" && answer->status == 503) ||
                  (answer->status == 409 && parsed && parsed->contains("result"));
  if (answer->status / 100 != 2 && !says_why)
    return error_in(asked, *answer);
  if (!parsed)
    return make_problem(errc::bad_answer, asked.method + " " + asked.url + " did not answer JSON");
  return std::move(*parsed);
}

caf::error error_in(const http_request& asked, const http_response& answered) {
  auto said = std::to_string(answered.status);
  if (auto body = parse_json(answered.body); body && body->is_object()) {
    if (auto errors = body->find("errors");
        errors != body->end() && errors->is_array() && !errors->empty()) {
      const auto& first = (*errors)[0];
      for (auto field : {"title", "detail", "source"})
        if (auto part = first.find(field); part != first.end())
          if (auto text = plain(*part); !text.empty())
            said += (std::string(field) == "title" ? " " : ": ") + text;
    }
  }
  return make_problem(answered.status == 404 ? errc::not_found : code_of(error_of(asked, answered)),
                      asked.method + " " + asked.url + " answered " + said);
}

} // namespace igl
