#include "actors/commands/demo.hpp"

#include "actors/commands/demo_network.hpp"
#include "actors/commands/demo_stories.hpp"
#include "config/nearest.hpp"

#include <filesystem>
#include <iomanip>
#include <ostream>

#include <unistd.h>

namespace igl::commands {

namespace {

/// A network that can be shown, and its story.
struct demo_kind {
  const char* name;
  network_options (*network)();
  demo_story (*story)(demo_stage&);
};

network_options two_nations() {
  return {};
}

constexpr demo_kind kinds[] = {{"two-nations", two_nations, certificate_story},
                               {"three-nations", three_nations, three_nations_story}};

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

/// "AU, SG and CN".
std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return text;
}

std::string introduction(const demo_network& network) {
  const auto& how = network.options();
  if (how.channels.size() == 1)
    return "Starting a node and a channel endpoint for " + listed(how.nations) + " in " +
           how.folder;
  std::string text = "Starting nodes for " + listed(how.nations) + " in " + how.folder;
  for (const auto& channel : how.channels)
    text += ",\nand for channel " + channel.id + ", " + channel.name + ", endpoints for " +
            listed(network.nations_on(channel));
  return text;
}

void print_what_to_try(const demo_network& network, const std::vector<std::string>& to_try,
                       std::ostream& out) {
  out << "\nThe network is running; configurations and logs are in " << network.options().folder
      << ". Try:\n\n";
  for (const auto& arguments : to_try)
    out << "  " << network.options().program << ' ' << arguments << '\n';
  out << "\nCtrl-C ends it." << std::endl;
}

/// Until a signal comes. Returns the name of a process that ended by itself, which is said.
std::string stay(demo_network& network, stop_signal& stop, std::ostream& err) {
  std::string wrong;
  while (!stop.wait(std::chrono::milliseconds{500}))
    for (auto& [name, member] : network.members())
      if (!member.process.running() && wrong.empty())
        err << (wrong = name + " has ended; its log is " + member.log_file) << std::endl;
  return wrong;
}

std::string tell(const demo_kind& what, const demo_options& how, demo_network& network,
                 stop_signal& stop, std::ostream& out, std::ostream& err) {
  demo_stage stage{network, stop, out};
  auto story = what.story(stage);
  if (auto wrong = stage.play(story.scenes); !wrong.empty() || how.once)
    return wrong;
  print_what_to_try(network, story.to_try(), out);
  auto wrong = stay(network, stop, err);
  out << "\nStopping." << std::endl;
  return wrong;
}

const demo_kind* find_kind(const std::string& name, std::ostream& err) {
  std::vector<std::string> names;
  for (const auto& x : kinds) {
    if (name == x.name)
      return &x;
    names.emplace_back(x.name);
  }
  auto meant = config::nearest(name, names);
  err << "igl demo: there is no network '" << name << "'; "
      << (meant.empty() ? "" : "did you mean '" + meant + "'? ") << "there are " << listed(names)
      << '\n';
  return nullptr;
}

} // namespace

int demo(const demo_options& how, stop_signal& stop, std::ostream& out, std::ostream& err) {
  const auto* kind = find_kind(how.network, err);
  if (kind == nullptr)
    return 2;
  run_folder folder{how.folder};
  if (folder.path().empty()) {
    err << "igl demo: cannot make a temporary folder; --folder names one\n";
    return 1;
  }
  auto options = kind->network();
  options.folder = folder.path();
  demo_network network{options};
  out << introduction(network) << std::endl;
  if (auto failed = network.start_all()) {
    err << "igl demo: " << problem_of(failed).detail << '\n';
    return 1;
  }
  for (auto& [name, member] : network.members())
    out << "  " << std::left << std::setw(14) << name << std::right << member.url << "  (process "
        << member.process.pid() << ")\n";
  out << std::endl;
  auto wrong = tell(*kind, how, network, stop, out, err);
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
