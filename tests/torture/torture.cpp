#include "actors/commands/stop_signal.hpp"
#include "messages/errors.hpp"
#include "tests/torture/balance.hpp"
#include "tests/torture/disks.hpp"
#include "tests/torture/load.hpp"
#include "tests/torture/monkey.hpp"
#include "tests/torture/ordeal.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <random>
#include <sstream>

using namespace igl;
using namespace igl::torture;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

constexpr auto between_lines = 5s;
constexpr auto tick = 50ms;
/// How long everything may take to be well again when nothing is done to it any more.
constexpr auto recovery = 300s;
/// So many faults are told; of the others there is the number.
constexpr size_t most_faults = 40;
/// More than an hour's load needs; no memory is spent before it is used.
constexpr uint64_t disk_bytes = uint64_t{4} << 30;

/// The nation whose endpoints have a nats-server, too; those of the others keep to the default.
constexpr auto with_streams_on_disk = "SG";

constexpr int done = 0, not_right = 1, interrupted = 130;

struct arguments {
  std::string program;
  double minutes = 5;
  uint64_t seed = 0;
  double rate = 30;
  std::string only; ///< deeds that say this; empty: all
  bool only_plan = false;
  bool keep = false;
};

/// The integration network with production's settings but for pauses: what waits for a process that
/// is away comes soon after it is back, so that a run can end.
network_options network_of(const arguments& how, const std::string& folder) {
  auto x = three_nations();
  x.folder = folder;
  x.program = how.program;
  x.channels[0].medium =
      "kind = \"chain\"\nblock_interval = \"200ms\"\nconfirmations = 2\nsend_again = \"5s\"\n";
  x.channels[0].node_side =
      "revocable_for = \"10s\"\nfilters.predicate.deny = [\"UN.CEFACT.Trade.Invoice.*\"]\n";
  x.node_settings += "[retry.object-retrieval]\nlongest = \"2s\"\nattempts = 1000\n"
                     "[retry.channel-notifications]\nlongest = \"2s\"\n";
  x.endpoint_settings = "[retry.callback]\nlongest = \"2s\"\nattempts = 1000\n";
  return x;
}

victims all_of(const demo_network& network) {
  victims x;
  x.nations = network.options().nations;
  for (const auto& nation : x.nations)
    x.nodes.push_back("node " + nation);
  x.with_nats = x.nodes;
  for (const auto& channel : network.options().channels)
    for (const auto& nation : network.nations_on(channel)) {
      x.endpoints.push_back("endpoint " + channel.id + "-" + nation);
      if (nation == with_streams_on_disk)
        x.with_nats.push_back(x.endpoints.back());
    }
  return x;
}

std::vector<deed> plan_of(const arguments& how, const demo_network& network) {
  auto all = plan(how.seed, std::chrono::milliseconds{static_cast<int64_t>(how.minutes * 60e3)},
                  all_of(network));
  std::erase_if(all, [&](auto& x) { return to_string(x).find(how.only) == std::string::npos; });
  return all;
}

uint64_t sum_of(const std::map<std::string, uint64_t>& counts) {
  uint64_t sum = 0;
  for (const auto& [what, count] : counts)
    sum += count;
  return sum;
}

/// One run, from the first process to the last.
class run {
public:
  run(const arguments& how, stop_signal& stop, disks& where, std::string folder)
      : how_(how), stop_(stop), disks_(where), folder_(std::move(folder)),
        network_(network_of(how, folder_)), ordeal_(network_, where),
        plan_(plan_of(how, network_)) {}

  int operator()() {
    std::ofstream file(folder_ + "/plan");
    for (const auto& x : plan_)
      file << to_string(x) << '\n';
    file.close();
    for (const auto& [name, member] : network_.members())
      if (member.kind == "endpoint" && nation_in(name) == with_streams_on_disk)
        std::ofstream(member.config_file, std::ios::app) << "[streams]\nkind = \"jetstream\"\n";
    if (auto failed = disks_.prepare(network_))
      return fail("the disks cannot be made: " + sentence_of(failed));
    std::cout << "seed " << how_.seed << ", " << how_.minutes << " minutes, " << plan_.size()
              << " deeds, " << how_.rate << " messages/s, disks: " << disks_.kind() << "\nfolder "
              << folder_ << std::endl;
    if (auto failed = network_.start_all())
      return fail("the network does not start: " + problem_of(failed).detail);
    begun_ = clock_type::now();
    load businesses(network_, {how_.seed, how_.rate, promises_file()});
    load_ = &businesses;
    auto went_on = torture() && settle();
    load_ = nullptr;
    businesses.abandon();
    if (!went_on && stop_.wait(0ms)) {
      std::cout << "stopped before the end\n";
      print_acts();
      network_.stop_all();
      ordeal_.end_servers();
      return interrupted;
    }
    auto result = balance_of(network_, read_promises(promises_file()), how_.seed);
    auto clean = network_.stop_all();
    ordeal_.end_servers();
    return report(result, businesses.seen(), went_on, clean);
  }

private:
  std::string promises_file() const { return folder_ + "/promises"; }

  int fail(const std::string& why) {
    std::cerr << "igl_torture: " << why << '\n';
    return not_right;
  }

  /// False: interrupted.
  bool torture() {
    auto next = plan_.begin();
    auto end = begun_ + std::chrono::milliseconds{static_cast<int64_t>(how_.minutes * 60e3)};
    while (clock_type::now() < end) {
      if (stop_.wait(tick))
        return false;
      for (auto now = clock_type::now(); next != plan_.end() && begun_ + next->at <= now; ++next) {
        std::cout << to_string(*next) << std::endl;
        ordeal_.inflict(*next);
      }
      ordeal_.attend();
      progress({});
    }
    ordeal_.relieve();
    return true;
  }

  /// Everything is up: the businesses get their last answers, and what is under way arrives. False:
  /// interrupted, or it took too long.
  bool settle() {
    std::cout << "the monkey is gone; waiting for the last answers, and until everything is at rest"
              << std::endl;
    load_->finish();
    auto until = clock_type::now() + recovery;
    auto still = [&](const std::string& missing) {
      ordeal_.attend();
      progress(missing);
      return !stop_.wait(tick) && clock_type::now() < until;
    };
    while (!load_->finished())
      if (!still("answers to the businesses"))
        return false;
    auto lakes = lakes_of(read_promises(promises_file()));
    // What one hands over to another is nowhere for a moment: so it is looked at twice.
    for (auto quiet = 0; quiet < 2;) {
      unrest_ = unrest_of(network_, lakes);
      quiet = unrest_.empty() ? quiet + 1 : 0;
      if (!still(unrest_))
        return false;
    }
    settled_after_ = clock_type::now() - (until - recovery);
    return true;
  }

  void progress(const std::string& missing) {
    auto now = clock_type::now();
    if (now < next_line_)
      return;
    next_line_ = now + between_lines;
    auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - begun_).count();
    auto x = load_->seen();
    std::cout << "  " << seconds / 60 << ':' << std::setw(2) << std::setfill('0') << seconds % 60
              << std::setfill(' ') << "  " << x.messages << " messages and " << x.documents
              << " documents promised, " << sum_of(x.retries) << " retries";
    if (auto who = ordeal_.who_suffers(); !who.empty())
      std::cout << "; suffering: " << who;
    if (!missing.empty())
      std::cout << "; waiting for: " << missing.substr(0, 400);
    std::cout << std::endl;
  }

  void print_acts() const {
    std::cout << "\n  what was done            times   seconds in all\n";
    for (auto what : every_act) {
      auto found = ordeal_.done().find(what);
      auto x = found == ordeal_.done().end() ? suffering{} : found->second;
      std::cout << "  " << std::left << std::setw(22) << to_string(what) << std::right
                << std::setw(8) << x.times << std::setw(17) << std::fixed << std::setprecision(1)
                << static_cast<double>(x.lasted.count()) / 1e3 << '\n';
    }
    std::cout << std::defaultfloat << std::setprecision(6)
              << "  not possible at its time: " << ordeal_.missed() << "\n";
    for (const auto& [what, times] : ordeal_.remarks())
      std::cout << "  " << times << " times: " << what << '\n';
  }

  int report(const balance& found, const tally& seen, bool settled, bool clean) {
    print_acts();
    std::cout << "\n  messages promised (201)  " << seen.messages << "\n  documents promised (2xx) "
              << seen.documents << "\n  retries                  " << sum_of(seen.retries) << '\n';
    for (const auto& [why, count] : seen.retries)
      std::cout << "    " << std::left << std::setw(22) << why << std::right << ' ' << count
                << '\n';
    auto faults = ordeal_.faults();
    for (const auto& [what, count] : seen.faults)
      faults.push_back(std::to_string(count) + " times: " + what);
    if (!settled)
      faults.push_back("not at rest after " + std::to_string(recovery.count()) +
                       " s: " + (unrest_.empty() ? "businesses without an answer" : unrest_));
    if (!clean)
      faults.push_back("a process did not end with exit status 0 at the end");
    faults.insert(faults.end(), found.faults.begin(), found.faults.end());
    std::cout << "\n  balance: " << found.messages << " messages, " << found.documents
              << " documents at their receivers, " << found.dead_letters.size() << " dead letters, "
              << faults.size() << " faults";
    if (settled)
      std::cout << "; at rest after "
                << std::chrono::duration_cast<std::chrono::seconds>(settled_after_).count() << " s";
    std::cout << '\n';
    for (const auto& x : found.dead_letters)
      std::cout << "    dead letter of " << x << '\n';
    for (size_t i = 0; i < std::min(faults.size(), most_faults); ++i)
      std::cout << "    " << faults[i] << '\n';
    if (faults.size() > most_faults)
      std::cout << "    and " << faults.size() - most_faults << " more\n";
    std::cout << "  again: ./dev torture --minutes " << how_.minutes << " --seed " << how_.seed
              << " --rate " << how_.rate << (how_.only.empty() ? "" : " --only '" + how_.only + "'")
              << '\n';
    std::cout << (faults.empty() ? "  Everything that was promised is true, once.\n"
                                 : "  NOT RIGHT\n")
              << std::flush;
    return faults.empty() ? done : not_right;
  }

  const arguments& how_;
  stop_signal& stop_;
  disks& disks_;
  std::string folder_;
  demo_network network_;
  ordeal ordeal_;
  std::vector<deed> plan_;
  load* load_ = nullptr;
  clock_type::time_point begun_, next_line_;
  clock_type::duration settled_after_{0};
  std::string unrest_;
};

/// The folder of a run that was right is removed; that of another one is kept, with what was on its
/// disks.
int run_in_a_folder(const arguments& how, stop_signal& stop, disks& where) {
  auto pattern = (std::filesystem::temp_directory_path() / "igl-torture-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    std::cerr << "igl_torture: no folder can be made: " << pattern << '\n';
    return not_right;
  }
  auto status = not_right;
  {
    run all(how, stop, where, pattern);
    status = all();
  }
  if (status == not_right || how.keep) {
    where.keep();
    std::cout << "  kept: " << pattern << std::endl;
  } else {
    where.remove();
    std::error_code ignored;
    std::filesystem::remove_all(pattern, ignored);
  }
  return status;
}

} // namespace

int main(int argc, char** argv) {
  stop_signal stop; // first: threads inherit the blocked signals
  arguments how;
  CLI::App app{"Three nations under load, while a seeded monkey does what it can to them."};
  app.add_option("--igl", how.program, "the program to torture")->required();
  app.add_option("--minutes", how.minutes, "how long")->check(CLI::Range(0.1, 1440.0));
  auto* seed = app.add_option("--seed", how.seed, "where all chance comes from; a fresh one");
  app.add_option("--rate", how.rate, "messages per second, over all directions")
      ->check(CLI::Range(0.1, 1000.0));
  app.add_option("--only", how.only, "of the plan only deeds that say this, such as \"fill disk\"");
  app.add_flag("--plan", how.only_plan, "print what would be done, and end");
  app.add_flag("--keep", how.keep, "keep the folder of a run that was right, too");
  CLI11_PARSE(app, argc, argv);
  if (seed->empty())
    how.seed = std::random_device{}() % 1'000'000;
  if (how.only_plan) {
    demo_network network(network_of(how, "/nowhere"));
    for (const auto& x : plan_of(how, network))
      std::cout << to_string(x) << '\n';
    return done;
  }
  disks where(disk_bytes);
  return run_in_a_folder(how, stop, where);
}
