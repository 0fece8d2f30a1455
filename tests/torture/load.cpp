#include "tests/torture/load.hpp"

#include "messages/errors.hpp"
#include "messages/json.hpp"

#include <nlohmann/json.hpp>

#include <stdexcept>

namespace igl::torture {

namespace {

constexpr auto certificate = "UN.CEFACT.Trade.CertificateOfOrigin.created";
constexpr auto invoice = "UN.CEFACT.Trade.Invoice.created"; // channel a does not carry it
constexpr auto boundary = "a-boundary-of-the-torture-7d3f1c";

/// A client gives a post less time than a paused node may take: then it posts again.
constexpr std::chrono::seconds patience{8};
constexpr std::chrono::milliseconds before_retry{200};

http_request post_of(const std::string& url, const message& x) {
  http_request request;
  request.method = "POST";
  request.url = url + "/message";
  request.headers.push_back({"Content-Type", "application/json"});
  request.body = nlohmann::json(x).dump();
  request.timeout = patience;
  return request;
}

http_request upload_of(const std::string& url, const std::string& reader,
                       const std::string& document) {
  http_request request;
  request.method = "POST";
  request.url = url + "/jurisdictions/" + reader;
  request.headers.push_back(
      {"Content-Type", std::string("multipart/form-data; boundary=") + boundary});
  request.body = std::string("--") + boundary +
                 "\r\nContent-Disposition: form-data; name=\"document\"; filename=\"x\"\r\n"
                 "Content-Type: application/octet-stream\r\n\r\n" +
                 document + "\r\n--" + boundary + "--\r\n";
  request.timeout = patience;
  return request;
}

} // namespace

struct load::client {
  explicit client(const std::string& where) : url(where), http({where, {}, {}}) {}
  std::string url;
  node_client http;
};

std::vector<lane> load::lanes(const demo_network& network) {
  std::vector<lane> result;
  for (const auto& channel : network.options().channels)
    for (const auto& from : network.nations_on(channel))
      for (const auto& to : network.nations_on(channel))
        if (from != to)
          result.push_back({from, to, channel.id, channel.id == "a" ? certificate : invoice});
  return result;
}

load::load(demo_network& network, options how) : network_(network), how_(std::move(how)) {
  promises_.open(how_.promises_file, std::ios::app);
  auto all = lanes(network);
  at_work_ = all.size();
  for (const auto& over : all)
    threads_.emplace_back([this, over] {
      post_all(over);
      --at_work_;
    });
}

load::~load() {
  abandon();
  for (auto& thread : threads_)
    thread.join();
}

void load::finish() {
  std::lock_guard guard{mutex_};
  finishing_ = true;
  wake_.notify_all();
}

void load::abandon() {
  std::lock_guard guard{mutex_};
  finishing_ = abandoned_ = true;
  wake_.notify_all();
}

tally load::seen() const {
  std::lock_guard guard{mutex_};
  return seen_;
}

void load::pause(std::chrono::milliseconds x) {
  std::unique_lock guard{mutex_};
  wake_.wait_for(guard, x, [this] { return abandoned_; });
}

void load::count_retry(const std::string& why) {
  std::lock_guard guard{mutex_};
  ++seen_.retries[why];
}

void load::post_all(const lane& over) {
  client c{network_.node(over.sender).url};
  auto share = static_cast<double>(lanes(network_).size()) / how_.messages_per_second;
  auto interval =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(share));
  auto next = std::chrono::steady_clock::now();
  for (uint64_t number = 0;; ++number) {
    {
      // What a standstill took from the pace is not caught up with.
      next = std::max(next + interval, std::chrono::steady_clock::now());
      std::unique_lock guard{mutex_};
      wake_.wait_until(guard, next, [this] { return finishing_; });
      if (finishing_)
        return;
    }
    auto x = parcel_of(how_.seed, over, number);
    for (const auto& document : x.documents)
      if (!store(c, x, document))
        return;
    if (!post(c, x))
      return;
    std::lock_guard guard{mutex_};
    promises_ << nlohmann::json{{"sender", over.sender},   {"receiver", over.receiver},
                                {"channel", over.channel}, {"predicate", over.predicate},
                                {"number", number},        {"content", x.content}}
                     .dump()
              << std::endl;
    ++seen_.messages;
  }
}

bool load::store(client& c, const parcel& x, const std::string& document) {
  if (!send(c, upload_of(c.url, x.content.receiver, document)))
    return false;
  std::lock_guard guard{mutex_};
  ++seen_.documents;
  return true;
}

bool load::post(client& c, const parcel& x) {
  return send(c, post_of(c.url, x.content));
}

bool load::send(client& c, const http_request& what) {
  for (;;) {
    auto answer = c.http.exchange(what);
    if (answer && answer->status / 100 == 2)
      return true;
    if (!answer)
      count_retry(to_string(code_of(answer.error())));
    else if (answer->status == 503 && !answer->header("Retry-After").empty())
      count_retry("503");
    else {
      // Counted as a fault, and tried again all the same: the run goes on and shows what follows.
      std::lock_guard guard{mutex_};
      ++seen_.faults[what.method + " " + what.url.substr(what.url.find('/', 7)) + " answered " +
                     std::to_string(answer->status) + " " + answer->body.substr(0, 300)];
    }
    pause(before_retry);
    std::lock_guard guard{mutex_};
    if (abandoned_)
      return false;
  }
}

std::vector<promise> read_promises(const std::string& file) {
  std::vector<promise> result;
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    auto x = parse_json(line);
    if (!x)
      throw std::runtime_error("a line of " + file + " is no promise: " + line);
    promise p;
    p.over = {x->at("sender"), x->at("receiver"), x->at("channel"), x->at("predicate")};
    p.number = x->at("number");
    p.content = x->at("content").get<message>();
    result.push_back(std::move(p));
  }
  return result;
}

} // namespace igl::torture
