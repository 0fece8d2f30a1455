#include "actors/commands/demo.hpp"

#include "actors/commands/client_commands.hpp"
#include "actors/commands/demo_documents.hpp"
#include "actors/commands/demo_network.hpp"
#include "http/callback_listener.hpp"
#include "messages/json.hpp"
#include "messages/multihash.hpp"
#include "messages/topic.hpp"
#include "messages/uri.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <mutex>
#include <ostream>
#include <sstream>

#include <unistd.h>

namespace igl::commands {

namespace {

constexpr auto predicate = "UN.CEFACT.Trade.CertificateOfOrigin.created";
constexpr auto sender_ref = "certificate-17";
constexpr auto reference_text = "AU:certificate-17";
constexpr std::chrono::seconds patience{60};

/// The folder of a run; removed at the end unless it was the user's.
class run_folder {
public:
  explicit run_folder(std::string given) : path_(std::move(given)), ours_(path_.empty()) {
    if (ours_) {
      auto pattern = (std::filesystem::temp_directory_path() / "igl-demo-XXXXXX").string();
      path_ = mkdtemp(pattern.data()) ? pattern : std::string{};
    } else {
      std::filesystem::create_directories(path_);
    }
  }
  ~run_folder() {
    std::error_code ignored;
    if (ours_ && !path_.empty())
      std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

private:
  std::string path_;
  bool ours_;
};

/// Prints what the event logs of all members say, in order of time, each event once.
class hop_printer {
public:
  hop_printer(demo_network& network, std::ostream& out) : network_(network), out_(out) {}

  void print_new() {
    struct hop {
      event what;
      std::string where;
    };
    std::vector<hop> hops;
    for (auto& [name, member] : network_.members()) {
      node_client client({member.url, {}, {}});
      auto page = client.operation("GET", "/operator/events?after=" + std::to_string(seen_[name]));
      if (!page)
        continue;
      for (const auto& entry : page->at("events")) {
        auto x = entry.get<event>();
        seen_[name] = x.number;
        hops.push_back({x, name});
      }
    }
    std::stable_sort(hops.begin(), hops.end(),
                     [](const hop& a, const hop& b) { return a.what.at < b.what.at; });
    for (const auto& x : hops) {
      if (start_.time_since_epoch().count() == 0)
        start_ = x.what.at;
      auto ms = std::chrono::duration<double, std::milli>(x.what.at - start_).count();
      out_ << "  " << std::fixed << std::setprecision(1) << std::setw(8) << ms << " ms  "
           << std::left << std::setw(12) << x.where << std::right << sentence_of(x.what)
           << std::endl;
    }
  }

  /// Events before this are not printed, times count from here.
  void begin() {
    std::ostringstream nowhere;
    hop_printer silent{network_, nowhere};
    silent.print_new();
    seen_ = silent.seen_;
    start_ = {};
  }

private:
  demo_network& network_;
  std::ostream& out_;
  std::map<std::string, uint64_t> seen_;
  caf::timestamp start_;
};

/// One nation's side of the story.
struct side {
  std::string nation;
  node_client client;
  std::unique_ptr<callback_listener> subscriber;
  std::atomic<bool> told{false};
};

class story {
public:
  story(demo_network& network, stop_signal& stop, std::ostream& out)
      : network_(network), stop_(stop), out_(out), hops_(network, out),
        australia_{"AU", node_client({network.node("AU").url, {}, {}}), {}, {}},
        singapore_{"SG", node_client({network.node("SG").url, {}, {}}), {}, {}} {}

  /// The whole story; the sentence that says what went wrong, or nothing.
  std::string tell() {
    for (auto* x : {&australia_, &singapore_})
      if (auto wrong = subscribe(*x); !wrong.empty())
        return wrong;
    hops_.begin();
    if (auto wrong = store_and_send(); !wrong.empty())
      return wrong;
    out_ << "\nEach hop, as the event logs of the four processes have it:\n\n";
    auto until = std::chrono::steady_clock::now() + patience;
    for (;;) {
      hops_.print_new();
      auto missing = what_is_missing();
      if (missing.empty())
        break;
      if (stop_.wait(std::chrono::milliseconds{50}))
        return "stopped before the end";
      if (std::chrono::steady_clock::now() > until)
        return "after " + std::to_string(patience.count()) + " seconds still missing: " + missing;
    }
    hops_.print_new();
    out_ << "\nAU holds the message as accepted, SG as received.\n"
         << "SG has the certificate " << certificate_hash_ << " and the PDF " << pdf_hash_
         << ", byte for byte.\n"
         << "A subscriber at AU and one at SG were called back.\n";
    return {};
  }

  const std::string& certificate_hash() const { return certificate_hash_; }

private:
  node_client& at(const std::string& nation) {
    return nation == "AU" ? australia_.client : singapore_.client;
  }

  std::string subscribe(side& x) {
    auto told = [&x](const received_callback& call) {
      if (call.body.find(sender_ref) != std::string::npos)
        x.told = true;
      return 200;
    };
    auto listener = callback_listener::start(free_port(), told);
    if (!listener)
      return sentence_of(listener.error());
    x.subscriber = std::move(*listener);
    http_request request;
    request.method = "POST";
    request.url = network_.node(x.nation).url + "/subscriptions";
    request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
    request.body = "hub.mode=subscribe&hub.topic=UN.CEFACT.*&hub.callback=" +
                   percent_encode(x.subscriber->url() + "/");
    auto asked = request;
    auto answer = at(x.nation).exchange(std::move(request));
    if (!answer)
      return sentence_of(answer.error());
    if (answer->status != 202)
      return sentence_of(error_in(asked, *answer));
    // The hub asks the subscriber before the subscription counts; the ledger says when it does.
    auto until = std::chrono::steady_clock::now() + patience;
    for (;;) {
      auto status = at(x.nation).operation("GET", "/operator/status");
      if (status && status->get<node_status>().ledger.subscriptions > 0)
        break;
      if (stop_.wait(std::chrono::milliseconds{20}) || std::chrono::steady_clock::now() > until)
        return "the subscription at " + x.nation + " was not confirmed";
    }
    out_ << x.nation
         << ": an importer's and exporter's system subscribed to UN.CEFACT.*, confirmed by its "
            "intent\n";
    return {};
  }

  std::string store(const std::string& name, const std::string& bytes, std::string& multihash) {
    auto file = network_.options().folder + "/" + name;
    std::ofstream(file, std::ios::binary) << bytes;
    std::ostringstream said, failed;
    if (document_put(at("AU"), {said, failed}, file, "SG") != 0)
      return failed.str();
    multihash = said.str().substr(0, said.str().find('\n'));
    out_ << "AU: stored " << name << " for SG: " << multihash << " (" << bytes.size()
         << " bytes)\n";
    return {};
  }

  std::string store_and_send() {
    pdf_ = certificate_pdf();
    if (auto wrong = store("certificate.pdf", pdf_, pdf_hash_); !wrong.empty())
      return wrong;
    certificate_ = certificate_json(pdf_hash_);
    if (auto wrong = store("certificate.json", certificate_, certificate_hash_); !wrong.empty())
      return wrong;
    std::ostringstream said, failed;
    if (message_send(
            at("AU"), {said, failed},
            {"AU", "SG", "AU.abn.51824753556", certificate_hash_, predicate, sender_ref}) != 0)
      return failed.str();
    out_ << "AU: sent " << said.str();
    return {};
  }

  std::string status_at(const std::string& nation) {
    auto answer = at(nation).json("GET", network_.node(nation).url + "/message/" + reference_text);
    return answer ? answer->value("status", "") : "";
  }

  bool has(const std::string& multihash, const std::string& bytes) {
    http_request request;
    request.method = "GET";
    request.url = network_.node("SG").url + "/documents/" + multihash + "?as_jurisdiction=SG";
    auto answer = at("SG").exchange(std::move(request));
    return answer && answer->status == 200 && answer->body == bytes;
  }

  std::string what_is_missing() {
    if (status_at("AU") != "accepted")
      return "the message is not accepted at AU";
    if (status_at("SG") != "received")
      return "the message is not received at SG";
    if (!has(certificate_hash_, certificate_))
      return "SG does not have the certificate";
    if (!has(pdf_hash_, pdf_))
      return "SG does not have the PDF";
    for (auto* x : {&australia_, &singapore_})
      if (!x->told)
        return "the subscriber at " + x->nation + " was not called back";
    return {};
  }

  demo_network& network_;
  stop_signal& stop_;
  std::ostream& out_;
  hop_printer hops_;
  side australia_;
  side singapore_;
  std::string pdf_, pdf_hash_, certificate_, certificate_hash_;
};

void print_what_to_try(demo_network& network, const std::string& certificate_hash,
                       std::ostream& out) {
  auto igl = network.options().program;
  auto au = " --node " + network.node("AU").url;
  auto sg = " --node " + network.node("SG").url;
  out << "\nThe network is running; configurations and logs are in " << network.options().folder
      << ". Try:\n\n"
      << "  " << igl << " trace " << reference_text << au << '\n'
      << "  " << igl << " message show " << reference_text << sg << '\n'
      << "  " << igl << " document get " << certificate_hash << " --as SG" << sg << '\n'
      << "  " << igl << " message send --to SG --subject AU.abn.51824753556 --obj "
      << certificate_hash << " --predicate " << predicate << au << '\n'
      << "  " << igl << " status" << au << '\n'
      << "\nCtrl-C ends it." << std::endl;
}

} // namespace

int demo(const demo_options& how, stop_signal& stop, std::ostream& out, std::ostream& err) {
  run_folder folder{how.folder};
  if (folder.path().empty()) {
    err << "igl demo: cannot make a temporary folder; --folder names one\n";
    return 1;
  }
  network_options options;
  options.folder = folder.path();
  demo_network network{options};
  out << "Starting a node and a channel endpoint for AU and for SG in " << folder.path()
      << std::endl;
  if (auto failed = network.start_all()) {
    err << "igl demo: " << problem_of(failed).detail << '\n';
    return 1;
  }
  for (auto& [name, member] : network.members())
    out << "  " << std::left << std::setw(14) << name << std::right << member.url << "  (process "
        << member.process.pid() << ")\n";
  out << std::endl;
  std::string wrong;
  {
    story told{network, stop, out};
    wrong = told.tell();
    if (wrong.empty() && !how.once) {
      print_what_to_try(network, told.certificate_hash(), out);
      while (!stop.wait(std::chrono::milliseconds{500}))
        for (auto& [name, member] : network.members())
          if (!member.process.running() && wrong.empty())
            err << (wrong = name + " has ended; its log is " + member.log_file) << std::endl;
      out << "\nStopping." << std::endl;
    }
  }
  auto clean = network.stop_all();
  if (!wrong.empty()) {
    err << "igl demo: " << wrong << '\n';
    return 1;
  }
  if (!clean) {
    err << "igl demo: a process did not end cleanly; run with --folder to keep the logs\n";
    return 1;
  }
  out << "Done." << std::endl;
  return 0;
}

} // namespace igl::commands
