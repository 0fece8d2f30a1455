#include "http/detail/outbound.hpp"

#include "http/detail/body_sink.hpp"
#include "http/detail/callable_host.hpp"
#include "http/detail/file_form.hpp"
#include "http/form.hpp"
#include "messages/errors.hpp"
#include "messages/text.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

namespace igl {

namespace {

/// How much of an unsuccessful answer is kept when its body was meant for a file.
constexpr size_t most_of_a_refusal = 64 * 1024;

using boost::asio::ip::tcp;

/// The answer that comes next over a line. cpprestsdk shows the socket that it has chosen on its
/// own threads, and does not say for which request; another one, when a kept connection turns out
/// to be closed and it begins anew over a new one.
struct expected_answer {
  std::mutex mutex;
  std::weak_ptr<followed_answer> next;
  std::shared_ptr<answer_watch> watch;
  bool is_ipv4;

  /// A new socket is opened here, or nobody could say later which one it was.
  void comes_over(tcp::socket& chosen) {
    std::lock_guard guard{mutex};
    auto answer = next.lock();
    if (!answer)
      return;
    if (!chosen.is_open())
      chosen.open(is_ipv4 ? tcp::v4() : tcp::v6());
    answer->comes_over(chosen.native_handle());
    watch->follow(answer);
  }
};

web::http::client::http_client_config
configuration(bool over_tls, const std::shared_ptr<expected_answer>& answer) {
  web::http::client::http_client_config how;
  how.set_nativehandle_options([=](web::http::client::native_handle handle) {
    if (over_tls)
      answer->comes_over(
          static_cast<boost::asio::ssl::stream<tcp::socket&>*>(handle)->next_layer());
    else
      answer->comes_over(*static_cast<tcp::socket*>(handle));
  });
  how.set_max_redirects(0);
  // Each exchange has its own deadline. This one is for a connection that nobody waits for any
  // more and that cannot be cancelled.
  how.set_timeout(std::chrono::minutes{15});
  how.set_chunksize(64 * 1024);
  return how;
}

/// One connection, or the next one in its place: a client for one exchange at a time.
class line {
public:
  line(const http_url& to, bool is_ipv4, std::shared_ptr<answer_watch> watch)
      : expected_(std::make_shared<expected_answer>()),
        over_(web::uri(to.origin()), configuration(to.scheme == "https", expected_)) {
    expected_->watch = std::move(watch);
    expected_->is_ipv4 = is_ipv4;
  }

  pplx::task<web::http::http_response> request(const web::http::http_request& x,
                                               const pplx::cancellation_token& until,
                                               const std::shared_ptr<followed_answer>& answer) {
    {
      std::lock_guard guard{expected_->mutex};
      expected_->next = answer;
    }
    return over_.request(x, until);
  }

private:
  std::shared_ptr<expected_answer> expected_;
  web::http::client::http_client over_;
};

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

/// What somebody wants to exchange.
struct errand {
  http_request asked;
  http_url where;
  std::string host; ///< the Host header, because connections are not named after it
  pplx::cancellation_token until;
  std::shared_ptr<answer_head> head;
  std::function<void(outbound_end)> ended;
  std::shared_ptr<answer_watch> watch;
};
using errand_ptr = std::shared_ptr<const errand>;

caf::error too_large_before_the_body(const errand& x) {
  return make_problem(errc::too_large, name_of(x.asked) +
                                           ": the head of the answer, or a chunk of its body, has "
                                           "more than " +
                                           std::to_string(x.watch->most()) + " bytes");
}

void exchange_over(line& over, const errand_ptr& x,
                   const std::function<void(outbound_end)>& ended) {
  const auto& asked = x->asked;
  try {
    auto sink = body_sink::make(asked.max_body, asked.save_to);
    if (auto why = sink->fault())
      return ended({why, false, {}});
    auto request = request_of(asked, x->where);
    request.headers()[web::http::header_names::host] = x->host;
    if (!asked.upload_file.empty()) {
      auto form = file_form::open(asked.upload_file);
      if (!form)
        return ended({form.error(), false, {}});
      request.set_body(form->body, form->length, form->content_type);
    }
    request.set_response_stream(sink->stream());
    auto answer = std::make_shared<followed_answer>([sink] { return sink->brought(); });
    over.request(request, x->until, answer)
        .then([=](pplx::task<web::http::http_response> answered) {
          web::http::http_response response;
          try {
            response = answered.get();
          } catch (const std::exception& failure) {
            return ended({answer->was_cut() ? too_large_before_the_body(*x)
                                            : error_before_answer(x->asked, failure),
                          false,
                          {}});
          }
          if (x->head)
            x->head->set(head_of(response));
          response.content_ready().then([=](pplx::task<web::http::http_response> whole) {
            try {
              whole.get();
              ended(completed(x->asked, response, *sink));
            } catch (const std::exception& failure) {
              if (x->asked.cut_body) {
                auto end = completed(x->asked, response, *sink);
                end.answer.is_cut = true;
                return ended(std::move(end));
              }
              auto why = sink->fault();
              if (!why)
                why = answer->was_cut() ? too_large_before_the_body(*x)
                                        : make_problem(errc::bad_answer,
                                                       name_of(x->asked) + ": " + failure.what());
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

class connections_by_address : public std::enable_shared_from_this<connections_by_address> {
public:
  connections_by_address(http_url where, std::shared_ptr<const callable_addresses> only)
      : where_(std::move(where)), only_(std::move(only)) {}

  void start(const errand_ptr& x) {
    if (auto known = known_addresses(); !known.empty())
      return connect(known, x, 1);
    find_callable(where_, only_, [self = shared_from_this(), x](auto found) {
      if (found)
        self->remember(*found);
      else if (auto known = self->known_in_spite_of(found.error()); !known.empty())
        found = std::move(known);
      if (found)
        self->connect(*found, x, 1);
      else
        x->ended({nothing_sent(found.error()), false, {}});
    });
  }

private:
  /// A name that moves among more addresses than this has its connections made anew.
  static constexpr size_t most_addresses = 8;

  std::vector<ip_address> known_addresses() {
    std::lock_guard guard{mutex_};
    return known_.now(found_host::clock::now());
  }

  std::vector<ip_address> known_in_spite_of(const caf::error& why) {
    std::lock_guard guard{mutex_};
    return known_.in_spite_of(why, found_host::clock::now());
  }

  void remember(const std::vector<ip_address>& found) {
    std::lock_guard guard{mutex_};
    known_.found(found, found_host::clock::now());
  }

  /// Where nobody takes connections nothing was sent: another address may be tried.
  void connect(const std::vector<ip_address>& found, const errand_ptr& x, size_t attempt) {
    const auto address = chosen_among(found);
    std::shared_ptr<line> over;
    try {
      over = take_line(address, x->watch);
    } catch (const std::exception& failure) {
      return x->ended(
          {make_problem(errc::bad_request, name_of(x->asked) + ": " + failure.what()), false, {}});
    }
    exchange_over(*over, x, [=, self = shared_from_this()](outbound_end end) {
      bool nobody_there = code_of(end.why) == errc::peer_unreachable;
      if (nobody_there)
        self->pass_over();
      else
        self->give_back(address, over);
      if (nobody_there && attempt < found.size())
        self->connect(found, x, attempt + 1);
      else
        x->ended(std::move(end));
    });
  }

  ip_address chosen_among(const std::vector<ip_address>& found) {
    std::lock_guard guard{mutex_};
    return found[turn_ % found.size()];
  }

  std::shared_ptr<line> take_line(const ip_address& to,
                                  const std::shared_ptr<answer_watch>& watch) {
    std::lock_guard guard{mutex_};
    auto& free = free_lines_[to_string(to)];
    if (!free.empty()) {
      auto over = std::move(free.back());
      free.pop_back();
      return over;
    }
    auto at = where_;
    // cpprestsdk cannot connect to an IPv6 address, but to a name that has nothing else.
    if (to.is_ipv4())
      at.host = to_string(to);
    return std::make_shared<line>(at, to.is_ipv4(), watch);
  }

  void give_back(const ip_address& to, std::shared_ptr<line> over) {
    std::lock_guard guard{mutex_};
    if (free_lines_.size() > most_addresses)
      free_lines_.clear();
    free_lines_[to_string(to)].push_back(std::move(over));
  }

  /// The next one goes to another address, if there is one.
  void pass_over() {
    std::lock_guard guard{mutex_};
    ++turn_;
  }

  const http_url where_;
  const std::shared_ptr<const callable_addresses> only_;
  std::mutex mutex_;
  std::map<std::string, std::vector<std::shared_ptr<line>>> free_lines_; // by address
  found_host known_;
  size_t turn_ = 0;
};

origin_client::origin_client(const http_url& where, std::shared_ptr<const callable_addresses> only,
                             std::shared_ptr<answer_watch> watch)
    : connections_(std::make_shared<connections_by_address>(where, std::move(only))),
      watch_(std::move(watch)) {}

void origin_client::start(const http_request& asked, const http_url& where,
                          const pplx::cancellation_token& until, std::shared_ptr<answer_head> head,
                          std::function<void(outbound_end)> ended) const {
  connections_->start(std::make_shared<const errand>(
      errand{asked, where, host_header(where), until, std::move(head), std::move(ended), watch_}));
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
