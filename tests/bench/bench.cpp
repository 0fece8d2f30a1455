#include "actors/commands/demo_network.hpp"
#include "messages/json.hpp"
#include "tests/bench/chain_rate.hpp"
#include "tests/bench/fan_out.hpp"
#include "tests/bench/limits.hpp"
#include "tests/bench/load.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <random>
#include <sstream>
#include <thread>

#include <unistd.h>

using namespace igl;
using namespace igl::bench;

namespace {

using steady = std::chrono::steady_clock;
constexpr int rounds = 3;
constexpr double mega = 1e6;

double seconds_since(steady::time_point start) {
  return std::chrono::duration<double>(steady::now() - start).count();
}

template <class T>
T median(std::vector<T> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

std::string fixed(double x, int digits) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(digits) << x;
  return text.str();
}

[[noreturn]] void give_up(const std::string& why) {
  std::cerr << "igl_bench: " << why << '\n';
  std::exit(1);
}

void say(const std::string& what) {
  std::cerr << "-- " << what << std::endl;
}

struct row {
  std::string what, figure, against, ratio, wanted;
};

std::string body(const std::string& obj, const std::string& reference = {}) {
  return R"({"sender":"AU","receiver":"SG","subject":"AU.abn.51824753556","obj":")" + obj +
         R"(","predicate":"UN.CEFACT.Trade.CertificateOfOrigin.created")" +
         (reference.empty() ? "" : R"(,"sender_ref":")" + reference + "\"") + "}";
}

ledger_figures figures(const std::string& url) {
  node_client client({url, {}, {}});
  auto status = client.operation("GET", "/operator/status");
  if (!status)
    give_up(sentence_of(status.error()));
  return status->get<node_status>().ledger;
}

/// Waits until nothing is left to do at a process.
void settle(const std::string& url) {
  while (figures(url).open_jobs > 0)
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
}

class measurements {
public:
  explicit measurements(std::string folder, std::string program)
      : folder_(std::move(folder)), network_(options(folder_, std::move(program))) {}

  /// All of them, or the one named.
  void run(const std::string& only) {
    if (auto failed = network_.start_all())
      give_up(problem_of(failed).detail);
    idle_memory_ = memory_of(node("AU").process.pid(), "VmRSS");
    idle_anonymous_ = memory_of(node("AU").process.pid(), "RssAnon");
    store_certificate();
    const std::vector<std::pair<std::string, void (measurements::*)()>> all{
        {"latency", &measurements::latency},
        {"documents", &measurements::documents},
        {"posts", &measurements::durable_posts},
        {"endpoint-posts", &measurements::endpoint_posts},
        {"journey", &measurements::journey},
        {"hundred-thousand", &measurements::hundred_thousand},
        {"chain", &measurements::chain},
        {"hub", &measurements::hub},
        {"hub-waiting", &measurements::hub_waiting},
        {"hub-matching", &measurements::hub_matching}};
    for (const auto& [name, measure] : all)
      if (only.empty() || only == name)
        (this->*measure)();
    if (!network_.stop_all())
      give_up("a process did not end cleanly");
    print();
  }

private:
  static network_options options(const std::string& folder, std::string program) {
    network_options how;
    how.folder = folder;
    how.program = std::move(program);
    return how;
  }

  demo_network::member& node(const std::string& nation) { return network_.node(nation); }

  /// The document that every message of the load is about; SG fetches it once.
  void store_certificate() {
    auto file = folder_ + "/certificate.json";
    std::ofstream(file) << "{\"iD\": \"COO-17\"}\n";
    node_client client({node("AU").url, {}, {}});
    http_request put;
    put.method = "POST";
    put.url = node("AU").url + "/jurisdictions/SG";
    put.upload_file = file;
    auto stored = client.exchange(std::move(put));
    if (!stored || stored->status != 200)
      give_up("the certificate was not stored");
    certificate_ = parse_json(stored->body)->at("multihash").get<std::string>();
  }

  void latency() {
    say("latency of one message");
    node_client au({node("AU").url, {}, {}});
    node_client sg({node("SG").url, {}, {}});
    std::vector<double> milliseconds;
    for (int i = 0; i < 300; ++i) {
      auto reference = "latency-" + std::to_string(i);
      auto start = steady::now();
      if (auto posted = au.json("POST", node("AU").url + "/message", body(certificate_, reference));
          !posted)
        give_up(sentence_of(posted.error()));
      while (!sg.json("GET", node("SG").url + "/message/AU:" + reference))
        if (seconds_since(start) > 10)
          give_up("a message did not arrive within 10 s");
      milliseconds.push_back(seconds_since(start) * 1000);
    }
    std::sort(milliseconds.begin(), milliseconds.end());
    table_.push_back({"latency of one message, AU POST → `received` at SG, idle system",
                      "p50 " + fixed(milliseconds[milliseconds.size() / 2], 1) + " ms, p99 " +
                          fixed(milliseconds[milliseconds.size() * 99 / 100], 1) + " ms",
                      "–", "–", "p50 ≤ 20 ms"});
  }

  void documents() {
    say("a document of 100 MB");
    auto file = folder_ + "/large";
    {
      std::ofstream out(file, std::ios::binary);
      std::mt19937_64 random{17};
      std::vector<uint64_t> block(1 << 17);
      for (int i = 0; i < 100; ++i) {
        for (auto& x : block)
          x = random();
        out.write(reinterpret_cast<const char*>(block.data()),
                  static_cast<std::streamsize>(block.size() * 8));
      }
    }
    auto size = static_cast<double>(std::filesystem::file_size(file));
    auto pid = node("AU").process.pid();
    node_client client({node("AU").url, {}, {}});
    std::vector<double> up, down, limit;
    uint64_t grown = 0;
    for (int i = 0; i < rounds; ++i) {
      // Another first byte: another document.
      std::fstream(file, std::ios::in | std::ios::out | std::ios::binary)
          << static_cast<char>('a' + i);
      limit.push_back(sha256sum_seconds(file));
      auto before = memory_of(pid, "VmRSS");
      reset_peak(pid);
      http_request put;
      put.method = "POST";
      put.url = node("AU").url + "/jurisdictions/SG";
      put.upload_file = file;
      put.timeout = std::chrono::minutes{2};
      auto start = steady::now();
      auto stored = client.exchange(std::move(put));
      up.push_back(seconds_since(start));
      if (!stored || stored->status != 200)
        give_up("the document was not stored: " +
                (stored ? stored->body : sentence_of(stored.error())));
      auto hash = parse_json(stored->body)->at("multihash").get<std::string>();
      http_request fetch;
      fetch.method = "GET";
      fetch.url = node("AU").url + "/documents/" + hash + "?as_jurisdiction=SG";
      fetch.save_to = file + ".back";
      fetch.max_body = UINT64_MAX;
      fetch.timeout = std::chrono::minutes{2};
      start = steady::now();
      auto fetched = client.exchange(std::move(fetch));
      down.push_back(seconds_since(start));
      if (!fetched || fetched->status != 200 ||
          std::system(("cmp -s " + file + " " + file + ".back").c_str()) != 0)
        give_up("the document did not come back as it was");
      auto peak = memory_of(pid, "VmHWM");
      grown = std::max(grown, peak > before ? peak - before : 0);
    }
    auto against = size / median(limit) / mega;
    table_.push_back({"100 MB document up", fixed(size / median(up) / mega, 0) + " MB/s",
                      "sha256sum " + fixed(against, 0) + " MB/s",
                      fixed(median(limit) / median(up), 2), "report"});
    table_.push_back({"100 MB document down", fixed(size / median(down) / mega, 0) + " MB/s",
                      "sha256sum " + fixed(against, 0) + " MB/s",
                      fixed(median(limit) / median(down), 2), "report"});
    table_.push_back({"the node's memory grows meanwhile by",
                      fixed(static_cast<double>(grown) / mega, 0) + " MB", "–", "–", "< 64 MB"});
  }

  /// Posts to `url` in turn with two bare listeners – one as cpprestsdk starts it, one on as many
  /// threads as a node's – and a row about each. After each round `settled` waits until the work
  /// that follows is done.
  void posts_row(const std::string& what, const std::string& url, const std::string& wanted,
                 const std::function<void()>& settled) {
    const auto echo_of = [&](const std::string& kind) {
      auto port = std::to_string(free_port());
      auto process = child_process::start({own_program(), kind, port}, folder_ + "/echo.log");
      if (!process)
        give_up(sentence_of(process.error()));
      await_answer("http://127.0.0.1:" + port + "/");
      return std::pair{"http://127.0.0.1:" + port + "/message", std::move(*process)};
    };
    const auto rate_of = [&](const std::string& at) {
      auto done = post_repeatedly(at, body(certificate_), std::chrono::seconds{5}, folder_);
      if (done.bad > 0)
        give_up(std::to_string(done.bad) + " posts did not get a 201");
      return done.rate();
    };
    auto [bare, bare_process] = echo_of("--echo");
    auto [tuned, tuned_process] = echo_of("--echo-on-two");
    std::vector<double> posts, echoes, tuned_echoes, ratios, tuned_ratios;
    for (int i = 0; i < rounds; ++i) {
      echoes.push_back(rate_of(bare));
      tuned_echoes.push_back(rate_of(tuned));
      posts.push_back(rate_of(url));
      ratios.push_back(posts.back() / echoes.back());
      tuned_ratios.push_back(posts.back() / tuned_echoes.back());
      say("  bare " + fixed(echoes.back(), 0) + "/s, on two threads " +
          fixed(tuned_echoes.back(), 0) + "/s, " + url + " " + fixed(posts.back(), 0) + "/s");
      settled();
    }
    table_.push_back({what, fixed(median(posts), 0) + "/s",
                      "bare listener " + fixed(median(echoes), 0) + "/s", fixed(median(ratios), 2),
                      wanted});
    table_.push_back({"the same", fixed(median(posts), 0) + "/s",
                      "one on two threads " + fixed(median(tuned_echoes), 0) + "/s",
                      fixed(median(tuned_ratios), 2), "report"});
  }

  /// Waits for somebody to answer there with 2xx.
  static void await_answer(const std::string& url) {
    node_client probe({url, {}, {}});
    http_request hello;
    hello.method = "GET";
    hello.url = url;
    auto start = steady::now();
    while (true) {
      auto answer = probe.exchange(hello);
      if (answer && answer->status / 100 == 2)
        return;
      if (seconds_since(start) > 30)
        give_up(url + " does not answer");
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
  }

  void durable_posts() {
    say("durable posts, in turn with a bare listener");
    posts_row("POST /message, durable 201s, 32 connections, the whole network behind it",
              node("AU").url + "/message", "0.5", [this] { settle_all(); });
  }

  void endpoint_posts() {
    for (std::string medium : {"shared-database", "memory"}) {
      say("durable posts to an endpoint, medium " + medium);
      auto here = folder_ + "/endpoint-" + medium;
      auto address = "127.0.0.1:" + std::to_string(free_port());
      std::ofstream(here + ".toml")
          << "endpoint = \"bench\"\njurisdictions = [\"AU\"]\nparticipants = [\"AU\", \"SG\"]\n"
          << "data_dir = \"" << here << "\"\nmedium.kind = \"" << medium << "\"\n"
          << (medium == "memory" ? "" : "medium.path = \"" + here + "-medium\"\n")
          << "[[listeners]]\naddress = \"" << address << "\"\napis = [\"channel\", \"operator\"]\n";
      auto process = child_process::start(
          {network_.options().program, "endpoint", "--config", here + ".toml"}, here + ".log");
      if (!process)
        give_up(sentence_of(process.error()));
      auto url = "http://" + address;
      await_answer(url + "/readyz");
      posts_row("POST /messages of an endpoint, durable 201s, 32 connections, medium " + medium,
                url + "/messages", "0.4", [&] { settle(url); });
      if (process->stop(std::chrono::seconds{20}) != 0)
        give_up("the endpoint did not end cleanly");
    }
  }

  void settle_all() {
    for (auto& [name, member] : network_.members())
      settle(member.url);
    for (auto& [name, member] : network_.members())
      settle(member.url);
  }

  void journey() {
    say("messages from AU's API to SG's lake");
    std::vector<double> rates, limits, ratios;
    for (int i = 0; i < rounds; ++i) {
      auto before = figures(node("SG").url).messages;
      auto start = steady::now();
      auto posted = post_repeatedly(node("AU").url + "/message", body(certificate_),
                                    std::chrono::seconds{2}, folder_);
      while (figures(node("SG").url).messages < before + posted.good)
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
      auto seconds = seconds_since(start);
      auto arrived = figures(node("SG").url).messages - before;
      rates.push_back(static_cast<double>(arrived) / seconds);
      settle_all();
      limits.push_back(jetstream_publish_rate(folder_ + "/bare-nats-" + std::to_string(i),
                                              body(certificate_), 100000));
      ratios.push_back(rates.back() / limits.back());
      say("  " + std::to_string(arrived) + " messages at " + fixed(rates.back(), 0) + "/s");
    }
    table_.push_back({"AU POST → SG's lake, through both nodes and both endpoints",
                      fixed(median(rates), 0) + "/s",
                      "JetStream async publish " + fixed(median(limits), 0) + "/s",
                      fixed(median(ratios), 3), "1,000/s"});
  }

  void hundred_thousand() {
    say("100,000 messages in the ledger");
    while (figures(node("AU").url).messages < 100000) {
      post_repeatedly(node("AU").url + "/message", body(certificate_), std::chrono::seconds{2},
                      folder_);
      settle_all();
    }
    auto pid = node("AU").process.pid();
    auto messages = figures(node("AU").url).messages;
    table_.push_back(
        {"resident memory of the node after " + std::to_string(messages) + " messages",
         fixed(static_cast<double>(memory_of(pid, "VmRSS")) / mega, 0) + " MB (anonymous " +
             fixed(static_cast<double>(memory_of(pid, "RssAnon")) / mega, 0) + " MB)",
         "idle node " + fixed(static_cast<double>(idle_memory_) / mega, 0) + " MB (anonymous " +
             fixed(static_cast<double>(idle_anonymous_) / mega, 0) + " MB)",
         fixed(static_cast<double>(memory_of(pid, "VmRSS")) / static_cast<double>(idle_memory_), 2),
         "report"});
    std::vector<double> starts;
    for (int i = 0; i < rounds; ++i) {
      auto& au = node("AU");
      if (au.process.stop(std::chrono::seconds{20}) != 0)
        give_up("the node did not end cleanly");
      auto start = steady::now();
      if (auto failed = network_.start(au))
        give_up(problem_of(failed).detail);
      starts.push_back(seconds_since(start));
    }
    table_.push_back({"start to ready with " + std::to_string(messages) + " messages in the ledger",
                      fixed(median(starts), 2) + " s", "–", "–", "≤ 1 s"});
  }

  void chain() {
    say("following 1,000 blocks of 100 messages");
    constexpr size_t blocks = 1000;
    auto first = chain_follow_seconds(folder_ + "/short-chain", blocks, 0);
    say("the same with a million messages behind them");
    auto later = chain_follow_seconds(folder_ + "/long-chain", blocks, 1000000);
    table_.push_back({"following 1,000 blocks of 100 messages on a chain", fixed(first, 2) + " s",
                      "–", "–", "≤ 2 s"});
    table_.push_back({"the same with 1,000,000 messages behind them", fixed(later, 2) + " s",
                      "without them " + fixed(first, 2) + " s", fixed(later / first, 2),
                      "no more"});
  }

  void hub() {
    say("one event to 1,000 subscribers at one listener");
    auto port = std::to_string(free_port());
    auto echo = child_process::start({own_program(), "--echo", port}, folder_ + "/echo.log");
    if (!echo)
      give_up(sentence_of(echo.error()));
    hub_options how{folder_ + "/hub", network_.options().program, "http://127.0.0.1:" + port};
    await_answer(how.listener + "/");
    std::vector<double> ours, bare, ratios;
    for (int i = 0; i < rounds; ++i) {
      how.folder = folder_ + "/hub-" + std::to_string(i);
      auto told = fan_out(how);
      ours.push_back(told.told_per_second);
      bare.push_back(client_rate(how.listener, told.body, how.subscribers * how.events, 64));
      ratios.push_back(ours.back() / bare.back());
      say("  " + fixed(ours.back(), 0) + "/s, bare client " + fixed(bare.back(), 0) + "/s");
    }
    table_.push_back({"an event to 1,000 subscribers at one listener, five times",
                      fixed(median(ours), 0) + "/s",
                      "bare cpprestsdk client " + fixed(median(bare), 0) + "/s",
                      fixed(median(ratios), 2), "0.5"});
  }

  void hub_waiting() {
    say("100,000 deliveries that wait");
    auto nobody = "http://127.0.0.1:" + std::to_string(free_port());
    hub_options how{folder_ + "/hub-waiting", network_.options().program, nobody, 1000, 101};
    auto cost = waiting_deliveries(how).bytes_per_wait;
    table_.push_back({"memory for each of 100,000 deliveries that wait", fixed(cost, 0) + " bytes",
                      "–", "–", "≤ 1 KB"});
  }

  void hub_matching() {
    std::vector<double> times;
    for (size_t count : {1000, 10000, 100000}) {
      say("an event among " + std::to_string(count) + " subscriptions");
      times.push_back(matching_microseconds(folder_ + "/m" + std::to_string(count), count));
      table_.push_back({"an event that 10 of " + std::to_string(count) + " subscriptions want",
                        fixed(times.back(), 0) + " µs", "1,000: " + fixed(times[0], 0) + " µs",
                        fixed(times.back() / times[0], 2), "no more"});
    }
  }

  void print() const {
    std::cout << "| what | figure | against | ratio | at least |\n|---|---|---|---|---|\n";
    for (const auto& x : table_)
      std::cout << "| " << x.what << " | " << x.figure << " | " << x.against << " | " << x.ratio
                << " | " << x.wanted << " |\n";
  }

  std::string folder_;
  demo_network network_;
  std::string certificate_;
  uint64_t idle_memory_ = 0;
  uint64_t idle_anonymous_ = 0;
  std::vector<row> table_;
};

} // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 2 && (arguments[0] == "--echo" || arguments[0] == "--echo-on-two"))
    return serve_echo(arguments[1], arguments[0] == "--echo-on-two");
  auto one = arguments.size() == 4 && arguments[2] == "--only";
  if (!(arguments.size() == 2 || one) || arguments[0] != "--igl")
    give_up("usage: igl_bench --igl <the program> "
            "[--only latency|documents|posts|endpoint-posts|journey|hundred-thousand|chain|hub|"
            "hub-waiting|hub-matching]");
  auto pattern = (std::filesystem::temp_directory_path() / "igl-bench-XXXXXX").string();
  if (!mkdtemp(pattern.data()))
    give_up("cannot make a temporary folder");
  {
    measurements all{pattern, arguments[1]};
    all.run(one ? arguments[3] : std::string{});
  }
  std::filesystem::remove_all(pattern);
}
