#include "actors/commands/chain_commands.hpp"
#include "actors/commands/client_commands.hpp"
#include "actors/commands/dead_letter_commands.hpp"
#include "actors/commands/demo.hpp"
#include "actors/commands/ledger_commands.hpp"
#include "actors/commands/service.hpp"
#include "channels/chain.hpp"
#include "config/commands.hpp"
#include "config/nearest.hpp"
#include "http/server.hpp"
#include "scenarios/runner/command.hpp"
#include "scenarios/runner/fuzz.hpp"
#include "scenarios/runner/record.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <limits>

#include <sched.h>
#include <unistd.h>

namespace {

/// The variables of the environment that configure.
igl::environment own_environment() {
  igl::environment result;
  for (auto** variable = environ; *variable; ++variable) {
    std::string text{*variable};
    if (auto equals = text.find('='); equals != std::string::npos && text.rfind("IGL_", 0) == 0)
      result[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return result;
}

void require_one(CLI::App* app) {
  app->require_subcommand(1);
}

/// The mistake in one line with what to do, and exit status 2; help and version go to standard
/// output with 0.
int explain(const CLI::App& app, const CLI::ParseError& mistake, int argc, char** argv) {
  if (mistake.get_exit_code() == 0)
    return app.exit(mistake);
  // CLI11 only says that a subcommand is required when one is mistyped: look for the word that it
  // did not know.
  auto name = std::string{"igl"};
  const auto* command = &app;
  for (int i = 1; i < argc; ++i) {
    auto known =
        command->get_subcommands([&](const CLI::App* x) { return x->get_name() == argv[i]; });
    if (known.empty()) {
      if (argv[i][0] != '-' &&
          !command->get_subcommands([](const CLI::App*) { return true; }).empty()) {
        std::vector<std::string> known_names;
        for (const auto* x : command->get_subcommands([](const CLI::App*) { return true; }))
          known_names.push_back(x->get_name());
        auto meant = igl::config::nearest(argv[i], known_names);
        std::cerr << name << ": there is no command '" << argv[i] << "'"
                  << (meant.empty() ? "; " : "; did you mean '" + meant + "'? ") << name
                  << " --help lists them\n";
        return 2;
      }
      break;
    }
    command = known.front();
    name += " " + command->get_name();
  }
  std::string what = mistake.what();
  std::replace(what.begin(), what.end(), '\n', ' ');
  std::cerr << name << ": " << what << "; " << name << " --help tells more\n";
  return 2;
}

/// Only a clear yes is one.
bool ask_person(const std::string& question) {
  std::cerr << question << std::flush;
  std::string answer;
  return std::getline(std::cin, answer) && (answer == "yes" || answer == "y");
}

/// A thread that is woken waits for its turn instead of interrupting another: under load more
/// gathers for each waking, and a processor that has nothing to do takes it up as fast as ever.
/// Threads and processes that are started later inherit it; where it is not allowed, nothing is
/// different but the speed. Whoever started this process with another policy meant that one.
void wake_in_turn() {
  const sched_param none{};
  if (sched_getscheduler(0) == SCHED_OTHER)
    sched_setscheduler(0, SCHED_BATCH, &none);
}

} // namespace

int main(int argc, char** argv) {
  wake_in_turn();
  igl::stop_signal stop; // before any thread
  igl::start_http_threads(2);

  CLI::App app{"igl, an Inter-Government Ledger node"};
  app.set_version_flag("--version", IGL_VERSION);
  require_one(&app);

  std::string config_file;
  auto* node = app.add_subcommand("node", "run a node");
  node->add_option("--config", config_file, "the node's configuration file")->required();
  auto* endpoint = app.add_subcommand("endpoint", "run a channel endpoint");
  endpoint->add_option("--config", config_file, "the endpoint's configuration file")->required();

  igl::commands::demo_options demo_how;
  auto* demo = app.add_subcommand("demo", "let governments exchange messages on this machine");
  demo->add_flag("--once", demo_how.once, "end with the story; exit status 0 only if it came true");
  demo->add_option("--network", demo_how.network,
                   "two-nations: AU and SG exchange a certificate of origin; three-nations: AU, SG "
                   "and CN on two channels, of which one fails and forks")
      ->capture_default_str();
  demo->add_option("--folder", demo_how.folder,
                   "keep everything here (default: a temporary folder)");

  igl::node_address address;
  auto json = false;
  auto speaks_to_node = [&](CLI::App* command) {
    command->add_option("--node", address.url, "base URL of the node")
        ->envname("IGL_NODE")
        ->capture_default_str();
    command
        ->add_option("--operator", address.operator_url,
                     "base URL of its operator API (default: --node)")
        ->envname("IGL_OPERATOR");
    command->add_option("--token", address.operator_token, "bearer token of the operator API")
        ->envname("IGL_OPERATOR_TOKEN");
    command->add_flag("--json", json, "print for machines");
    return command;
  };

  auto* document = app.add_subcommand("document", "store and fetch documents");
  require_one(document);
  std::string file, jurisdiction, multihash, output;
  auto* put = speaks_to_node(document->add_subcommand("put", "store a file; prints its multihash"));
  put->add_option("FILE", file, "the document")->required();
  put->add_option("--for", jurisdiction, "the jurisdiction that may read it")->required();
  auto* get = speaks_to_node(document->add_subcommand("get", "fetch a document"));
  get->add_option("HASH", multihash, "its multihash")->required();
  get->add_option("--as", jurisdiction, "the jurisdiction that asks (default: the node's)");
  get->add_option("--output,-o", output, "write it here (default: standard output)");

  auto* message = app.add_subcommand("message", "send and show messages");
  require_one(message);
  igl::commands::message_options what;
  auto* send =
      speaks_to_node(message->add_subcommand("send", "send a message to another government"));
  send->add_option("--from", what.sender, "sending jurisdiction (default: the node's)");
  send->add_option("--to", what.receiver, "receiving jurisdiction")->required();
  send->add_option("--subject", what.subject, "what it is about, e.g. AU.abn.51824753556")
      ->required();
  send->add_option("--obj", what.obj, "a URI, usually a document's multihash")->required();
  send->add_option("--predicate", what.predicate,
                   "e.g. UN.CEFACT.Trade.CertificateOfOrigin.created")
      ->required();
  send->add_option("--ref", what.sender_ref, "your reference (default: the node chooses one)");
  std::string reference;
  auto* show = speaks_to_node(message->add_subcommand("show", "show a message"));
  show->add_option("REFERENCE", reference, "e.g. AU:17")->required();

  auto* trace = speaks_to_node(app.add_subcommand("trace", "every event of a message, in order"));
  trace->add_option("REFERENCE", reference, "e.g. AU:17")->required();
  auto* status = speaks_to_node(app.add_subcommand("status", "how a node or an endpoint does"));
  auto only_tree = false;
  status->add_flag("--tree", only_tree, "every actor, and what it is doing now");

  igl::commands::dead_letter_options dead;
  auto* letters = speaks_to_node(app.add_subcommand(
      "dead-letters", "jobs whose attempts are used up; alone: counted by cause"));
  auto* list = speaks_to_node(letters->add_subcommand("list", "list them with their reasons"));
  auto* inspect = speaks_to_node(letters->add_subcommand(
      "show", "one with its order, its history, and what will never happen without it"));
  inspect->add_option("NUMBER", dead.number, "as the list has it")->required();
  auto* replay = speaks_to_node(letters->add_subcommand(
      "replay", "make one an open job again; or many, of each group one first"));
  replay->add_option("NUMBER", dead.number, "as the list has it");
  replay->add_option("--group", dead.group, "all of this cause, as dead-letters has it");
  replay->add_flag("--all", dead.all, "all groups, one after the other");
  replay->add_option("--rate", dead.rate, "so many per second at most")
      ->check(CLI::Range(0.01, 1000.0))
      ->capture_default_str();
  auto* drop = speaks_to_node(letters->add_subcommand(
      "drop", "forget one, or a group; says what will never happen then, and asks"));
  drop->add_option("NUMBER", dead.number, "as the list has it");
  drop->add_option("--group", dead.group, "all of this cause, as dead-letters has it");
  drop->add_flag("--yes", dead.yes, "do not ask");

  std::string callback;
  auto* hub = app.add_subcommand("subscriptions", "who is told what, and how that goes");
  require_one(hub);
  auto* all_of_hub = speaks_to_node(hub->add_subcommand("list", "list all subscriptions"));
  auto of_callback = [&](const char* name, const char* description) {
    auto* command = speaks_to_node(hub->add_subcommand(name, description));
    command->add_option("CALLBACK", callback, "the subscriber's URL")->required();
    return command;
  };
  auto* one_of_hub = of_callback("show", "its leases, what waits for it, its last deliveries");
  const std::vector<CLI::App*> hub_acts{
      of_callback("pause", "deliver nothing to it until it is resumed; everything waits"),
      of_callback("resume", "deliver what waits, and go on"),
      of_callback("drop", "end its subscriptions"),
      of_callback("test", "ask it whether it means them; changes nothing")};

  igl::commands::chain_options chain_how;
  auto* chain =
      app.add_subcommand("chain", "look at the chain of a channel; make blocks and forks");
  require_one(chain);
  auto on_chain = [&](const char* name, const char* description) {
    auto* command = chain->add_subcommand(name, description);
    command->add_option("FOLDER", chain_how.folder, "medium.path of its endpoints")->required();
    command->add_flag("--json", json, "print for machines");
    return command;
  };
  auto* chain_status = on_chain("status", "its height, what waits, its newest blocks");
  chain_status->add_option("--newest", chain_how.newest, "show so many blocks")
      ->capture_default_str();
  auto* chain_find = on_chain("find", "where a message is");
  chain_find->add_option("ID", chain_how.id, "the channel's id of the message")->required();
  auto so_many = CLI::Range(uint64_t{0}, igl::chain::most_blocks);
  auto deep = CLI::Range(uint64_t{0}, std::numeric_limits<uint64_t>::max() / 2);
  auto existing = CLI::Range(uint64_t{1}, std::numeric_limits<uint64_t>::max() / 2);
  auto* chain_mine = on_chain("mine", "make blocks of the messages that wait");
  chain_mine->add_option("--blocks", chain_how.blocks, "so many")
      ->check(so_many)
      ->capture_default_str();
  auto* chain_fork = on_chain("fork", "leave the newest blocks behind for others");
  chain_fork->add_option("--depth", chain_how.depth, "leave so many behind")
      ->check(deep)
      ->capture_default_str();
  chain_fork->add_option("--blocks", chain_how.blocks, "make so many in their place")
      ->check(so_many)
      ->capture_default_str();
  chain_fork
      ->add_option("--transactions", chain_how.transactions,
                   "what becomes of their messages: waiting, mined-again or dropped")
      ->capture_default_str();
  auto* chain_switch =
      on_chain("switch", "let another block, as of a branch left behind, be the tip");
  chain_switch->add_option("BLOCK", chain_how.number, "its number")->check(existing)->required();

  igl::commands::ledger_options ledger_how;
  auto* ledger = app.add_subcommand("ledger", "check, back up and restore what a node knows");
  require_one(ledger);
  auto of_config = [&](CLI::App* command, const char* description) {
    return command->add_option("--config", ledger_how.config_file, description);
  };
  auto* ledger_check =
      ledger->add_subcommand("check", "look at everything in a ledger that nobody has open");
  ledger_check->add_option("DIR", ledger_how.folder, "a ledger, a data folder or a backup");
  of_config(ledger_check, "the configuration of the node or endpoint whose ledger it is");
  ledger_check->add_flag("--json", json, "print for machines");
  auto* ledger_backup = speaks_to_node(ledger->add_subcommand(
      "backup", "copy the ledger of a running node into a new folder on its host"));
  ledger_backup->add_option("DIR", ledger_how.folder, "the folder; it must not be there")
      ->required();
  of_config(ledger_backup, "the configuration of a node or endpoint that is not running");
  auto* ledger_restore = ledger->add_subcommand(
      "restore", "let a backup be the ledger of a node or endpoint that is not running");
  ledger_restore->add_option("DIR", ledger_how.folder, "the backup")->required();
  of_config(ledger_restore, "the configuration of the node or endpoint")->required();
  ledger_restore->add_flag("--replace", ledger_how.replace,
                           "move a ledger that is there aside; nothing is deleted");

  igl::scenario::run_options story;
  auto* scenario = app.add_subcommand("scenario", "play stories of what governments exchange");
  require_one(scenario);
  auto* play = scenario->add_subcommand("run", "play stories; says what did not come true");
  play->add_option("PATH", story.path, "a story, or a folder of them")->required();
  play->add_flag("--rewrite", story.rewrite, "write what came out into the story");
  play->add_flag("--live", story.live, "with real processes on this computer");
  play->add_option("--seed", story.seed, "where all chance comes from")->capture_default_str();
  play->add_option("--seeds", story.seeds,
                   "a range, such as 1..1000; ends at the first that fails");
  play->add_flag("-v", story.verbose, "print every line as it comes out");
  play->add_option("--junit", story.junit, "write a report for machines to this file");
  igl::scenario::fuzz_options invent;
  auto* fuzz = scenario->add_subcommand(
      "fuzz", "invent stories and play them; stops at the first in which something is not true");
  fuzz->add_option("--seeds", invent.seeds, "a range, such as 1..1000; from a fresh one on");
  fuzz->add_option("--for", invent.time, "ends after so long, such as 60s or 8h");
  fuzz->add_option("--keep", invent.keep, "folder for the story that failed");
  fuzz->add_flag("--show", invent.show, "print the stories instead of playing them");
  fuzz->add_flag("-v", invent.verbose, "print a line for each story");
  igl::scenario::record_options incident;
  auto* record = scenario->add_subcommand(
      "record", "print a story of what happened at a running node, to play it again");
  record->add_option("--from", incident.from, "URL of the node")->required();
  record->add_option("--message", incident.message, "this one only, such as AU:17");
  record->add_option("--documents", incident.documents,
                     "folder to fetch the documents into; without it the story has their hashes");
  record->add_option("--token", incident.token, "operator.token of the node")
      ->envname("IGL_OPERATOR_TOKEN");
  auto* vocabulary = scenario->add_subcommand("commands", "list what a story can say");

  auto* config = app.add_subcommand("config", "check and show configuration files");
  require_one(config);
  auto* check = config->add_subcommand("check", "report every mistake as file:line:column");
  check->add_option("FILE", config_file, "a node's or an endpoint's")->required();
  auto changed = false;
  auto* options = config->add_subcommand("show", "print every option with its value and meaning");
  options->add_option("FILE", config_file, "a node's or an endpoint's")->required();
  options->add_flag("--changed", changed, "only what differs from the defaults");
  options->add_flag("--json", json, "print for machines");
  auto* reload = speaks_to_node(config->add_subcommand(
      "reload", "let a running node read its file again: channels and routing, no restart"));

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& mistake) {
    return explain(app, mistake, argc, argv);
  }

  igl::commands::terminal term{std::cout, std::cerr, json};
  if (*node)
    return igl::commands::run_node(config_file, own_environment(), stop, std::cerr);
  if (*endpoint)
    return igl::commands::run_endpoint(config_file, own_environment(), stop, std::cerr);
  if (*demo)
    return igl::commands::demo(demo_how, stop, std::cout, std::cerr);
  stop.ends_the_process();
  if (*check)
    return igl::check_command(config_file, own_environment(), std::cout, std::cerr);
  if (*options)
    return igl::show_command(config_file, own_environment(), changed, json, std::cout, std::cerr);

  if (*chain_status)
    return igl::commands::chain_show(term, chain_how);
  if (*chain_find)
    return igl::commands::chain_find(term, chain_how);
  if (*chain_mine)
    return igl::commands::chain_mine(term, chain_how);
  if (*chain_fork)
    return igl::commands::chain_fork(term, chain_how);
  if (*chain_switch)
    return igl::commands::chain_switch(term, chain_how);

  if (*play)
    return igl::scenario::run(story, std::cout, std::cerr);
  if (*fuzz)
    return igl::scenario::fuzz(invent, std::cout, std::cerr);
  if (*record)
    return igl::scenario::record(incident, std::cout, std::cerr);
  if (*vocabulary)
    return igl::scenario::list_commands(std::cout);

  if (*ledger_check)
    return igl::commands::ledger_check(term, ledger_how, own_environment());
  if (*ledger_restore)
    return igl::commands::ledger_restore(term, ledger_how, own_environment());

  igl::node_client client{address};
  if (*ledger_backup)
    return igl::commands::ledger_backup(client, term, ledger_how, own_environment());
  if (*put)
    return igl::commands::document_put(client, term, file, jurisdiction);
  if (*get)
    return igl::commands::document_get(client, term, multihash, jurisdiction, output);
  if (*send)
    return igl::commands::message_send(client, term, what);
  if (*show)
    return igl::commands::message_show(client, term, reference);
  if (*trace)
    return igl::commands::trace(client, term, reference);
  if (isatty(STDIN_FILENO))
    dead.ask = ask_person;
  if (*list)
    return igl::commands::dead_letter_list(client, term);
  if (*inspect)
    return igl::commands::dead_letter_show(client, term, dead.number);
  if (*replay)
    return igl::commands::dead_letter_replay(client, term, dead);
  if (*drop)
    return igl::commands::dead_letter_drop(client, term, dead);
  if (*letters)
    return igl::commands::dead_letter_groups(client, term);
  if (*status)
    return only_tree ? igl::commands::tree(client, term) : igl::commands::status(client, term);
  if (*reload)
    return igl::commands::config_reload(client, term);
  if (*all_of_hub)
    return igl::commands::subscriptions(client, term, {});
  if (*one_of_hub)
    return igl::commands::subscriptions(client, term, callback);
  for (auto* act : hub_acts)
    if (*act)
      return igl::commands::act_on_subscriber(client, term, act->get_name(), callback);
  return 2;
}
