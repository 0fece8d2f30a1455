#include "http/detail/outbound.hpp"

#include "http/detail/body_sink.hpp"
#include "http/detail/callable_host.hpp"
#include "http/detail/file_form.hpp"
#include "http/form.hpp"
#include "messages/errors.hpp"
#include "messages/text.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <system_error>

namespace igl {

namespace {

/// How much of an unsuccessful answer is kept when its body was meant for a file.
constexpr size_t most_of_a_refusal = 64 * 1024;

web::http::client::http_client_config configuration() {
  web::http::client::http_client_config how;
  how.set_max_redirects(0);
  // Each exchange has its own deadline. This one is for a connection that nobody waits for any
  // more and that cannot be cancelled.
  how.set_timeout(std::chrono::minutes{15});
  how.set_chunksize(64 * 1024);
  return how;
}

bool is_header_text(std::string_view x) {
  return std::none_of(x.begin(), x.end(), [](unsigned char c) { return c < 0x20 && c != '\t'; });
}

web::http::http_request request_of(const http_request& asked, const http_url& where) {
  web::http::http_request request(asked.method);
  request.set_request_uri(web::uri(where.path));
  request.headers().add(web::http::header_names::user_agent, "igl/" IGL_VERSION);
  std::string content_type = "application/octet-stream";
  for (auto& [name, value] : asked.headers) {
    if (!is_header_text(name) || !is_header_text(value))
      throw std::invalid_argument("a header with a control character: " + name);
    if (equal_ignoring_case(name, "content-type"))
      content_type = value;
    else
      request.headers()[name] = value;
  }
  if (!asked.body.empty())
    request.set_body(asked.body, content_type);
  return request;
}

std::string name_of(const http_request& asked) {
  return asked.method + " " + asked.url;
}

/// What cpprestsdk says when there was no connection yet, and our words for it. Its error codes do
/// not tell that from a connection that was lost; whatever it says besides, the other side may have
/// read the request.
struct connect_failure {
  std::string_view said;
  std::string_view words;
};
constexpr connect_failure connect_failures[]{
    {"Error resolving address", "there is no such name"},
    {"Failed to connect to any resolved endpoint", "nobody takes connections there"},
    {"Error in SSL handshake", "the TLS handshake failed"},
};

/// What cpprestsdk says before an answer began, in our words.
caf::error error_before_answer(const http_request& asked, const std::exception& failure) {
  auto known = dynamic_cast<const web::http::http_exception*>(&failure);
  if (known == nullptr || !known->error_code())
    return make_problem(errc::bad_answer, name_of(asked) + ": " + failure.what());
  if (known->error_code() == std::errc::timed_out)
    return make_problem(errc::peer_timeout, name_of(asked));
  for (auto& [said, words] : connect_failures)
    if (std::string_view{failure.what()}.starts_with(said))
      return make_problem(errc::peer_unreachable, name_of(asked) + ": " + std::string{words});
  return make_problem(errc::peer_lost, name_of(asked));
}

http_response head_of(const web::http::http_response& response) {
  http_response head;
  head.status = response.status_code();
  for (auto& [name, value] : response.headers())
    head.headers.push_back({name, value});
  return head;
}

outbound_end completed(const http_request& asked, const web::http::http_response& response,
                       body_sink& sink) {
  outbound_end end;
  end.answer_began = true;
  end.answer = head_of(response);
  bool is_success = end.answer.status / 100 == 2;
  end.answer.body =
      asked.save_to.empty() || is_success ? sink.release() : sink.withdraw(most_of_a_refusal);
  return end;
}

/// One exchange over the connections of `over`; `host` is the Host header when they are not named
/// after it.
void exchange_over(web::http::client::http_client& over, const http_request& asked,
                   const http_url& where, const std::string& host,
                   const pplx::cancellation_token& until, const std::shared_ptr<answer_head>& head,
                   const std::function<void(outbound_end)>& ended) {
  try {
    auto sink = body_sink::make(asked.max_body, asked.save_to);
    if (auto why = sink->fault())
      return ended({why, false, {}});
    auto request = request_of(asked, where);
    if (!host.empty())
      request.headers()[web::http::header_names::host] = host;
    if (!asked.upload_file.empty()) {
      auto form = file_form::open(asked.upload_file);
      if (!form)
        return ended({form.error(), false, {}});
      request.set_body(form->body, form->length, form->content_type);
    }
    request.set_response_stream(sink->stream());
    over.request(request, until).then([=](pplx::task<web::http::http_response> answered) {
      web::http::http_response response;
      try {
        response = answered.get();
      } catch (const std::exception& failure) {
        return ended({error_before_answer(asked, failure), false, {}});
      }
      if (head)
        head->set(head_of(response));
      response.content_ready().then([=](pplx::task<web::http::http_response> whole) {
        try {
          whole.get();
          ended(completed(asked, response, *sink));
        } catch (const std::exception& failure) {
          if (asked.cut_body) {
            auto end = completed(asked, response, *sink);
            end.answer.is_cut = true;
            return ended(std::move(end));
          }
          auto why = sink->fault();
          if (!why)
            why = make_problem(errc::bad_answer, name_of(asked) + ": " + failure.what());
          ended({why, true, {}});
        }
      });
    });
  } catch (const std::exception& failure) {
    ended({make_problem(errc::bad_request, name_of(asked) + ": " + failure.what()), false, {}});
  }
}

/// cpprestsdk compares the certificate with this header, port and all: over TLS it has none.
std::string host_header(const http_url& where) {
  bool is_default = where.port == (where.scheme == "https" ? 443 : 80);
  return is_default || where.scheme == "https" ? where.host
                                               : where.host + ":" + std::to_string(where.port);
}

} // namespace

/// The connections to an origin that somebody outside has named, by address: a name is looked up
/// here, so that what is connected to is what was looked at, whatever the name says a moment later.
class checked_connections : public std::enable_shared_from_this<checked_connections> {
public:
  checked_connections(http_url where, std::shared_ptr<const callable_addresses> only)
      : where_(std::move(where)), only_(std::move(only)) {}

  void start(const http_request& asked, const http_url& where,
             const pplx::cancellation_token& until, std::shared_ptr<answer_head> head,
             std::function<void(outbound_end)> ended) {
    auto go = [self = shared_from_this(), asked, where, until, head = std::move(head),
               ended = std::move(ended)](const caf::expected<std::vector<ip_address>>& found) {
      if (!found)
        return ended({found.error(), false, {}});
      self->connect(*found, asked, where, until, head, ended);
    };
    if (auto known = known_addresses(); !known.empty())
      return go(std::move(known));
    find_callable(where_, *only_, [self = shared_from_this(), go](auto found) {
      if (found)
        self->remember(*found);
      go(found);
    });
  }

private:
  using clock = std::chrono::steady_clock;
  /// Saves a resolver's work; what is in use was looked at all the same.
  static constexpr std::chrono::seconds look_again_after{5};
  /// A name that moves among more addresses than this has its connections made anew.
  static constexpr size_t most_addresses = 8;

  std::vector<ip_address> known_addresses() {
    std::lock_guard guard{mutex_};
    return clock::now() < look_again_ ? known_ : std::vector<ip_address>{};
  }

  void remember(const std::vector<ip_address>& found) {
    std::lock_guard guard{mutex_};
    known_ = found;
    look_again_ = clock::now() + look_again_after;
  }

  void connect(const std::vector<ip_address>& found, const http_request& asked,
               const http_url& where, const pplx::cancellation_token& until,
               const std::shared_ptr<answer_head>& head,
               const std::function<void(outbound_end)>& ended) {
    std::shared_ptr<web::http::client::http_client> over;
    try {
      over = client_at(found);
    } catch (const std::exception& failure) {
      return ended(
          {make_problem(errc::bad_request, name_of(asked) + ": " + failure.what()), false, {}});
    }
    exchange_over(*over, asked, where, host_header(where_), until, head,
                  [self = shared_from_this(), over, ended](outbound_end end) {
                    if (code_of(end.why) == errc::peer_unreachable)
                      self->pass_over();
                    ended(std::move(end));
                  });
  }

  std::shared_ptr<web::http::client::http_client> client_at(const std::vector<ip_address>& found) {
    std::lock_guard guard{mutex_};
    auto at = where_;
    at.host = to_string(found[turn_ % found.size()]);
    if (clients_.size() >= most_addresses && clients_.count(at.host) == 0)
      clients_.clear();
    auto& client = clients_[at.host];
    if (!client)
      client =
          std::make_shared<web::http::client::http_client>(web::uri(at.origin()), configuration());
    return client;
  }

  /// Nobody takes connections there: the next one goes to another address, if there is one.
  void pass_over() {
    std::lock_guard guard{mutex_};
    ++turn_;
  }

  const http_url where_;
  const std::shared_ptr<const callable_addresses> only_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<web::http::client::http_client>> clients_; // by address
  std::vector<ip_address> known_;
  clock::time_point look_again_{};
  size_t turn_ = 0;
};

origin_client::origin_client(const http_url& where,
                             std::shared_ptr<const callable_addresses> only) {
  if (only)
    checked_ = std::make_shared<checked_connections>(where, std::move(only));
  else
    anywhere_ =
        std::make_shared<web::http::client::http_client>(web::uri(where.origin()), configuration());
}

void origin_client::start(const http_request& asked, const http_url& where,
                          const pplx::cancellation_token& until, std::shared_ptr<answer_head> head,
                          std::function<void(outbound_end)> ended) const {
  if (checked_)
    checked_->start(asked, where, until, std::move(head), std::move(ended));
  else
    exchange_over(*anywhere_, asked, where, {}, until, head, ended);
}

bool is_repeatable(const http_request& asked) {
  if (!asked.upload_file.empty())
    return true;
  for (auto method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
    if (asked.method == method)
      return true;
  return std::any_of(asked.headers.begin(), asked.headers.end(), [](const http_header& x) {
    return equal_ignoring_case(x.name, "Idempotency-Key");
  });
}

} // namespace igl
