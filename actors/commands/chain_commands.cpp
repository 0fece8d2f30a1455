#include "actors/commands/chain_commands.hpp"

#include "channels/chain.hpp"
#include "messages/errors.hpp"
#include "messages/json.hpp"

#include <nlohmann/json.hpp>

#include <iomanip>
#include <ostream>

namespace igl::commands {

namespace {

using nlohmann::json;

int fail(const terminal& term, const caf::error& why) {
  term.err << "igl chain: " << sentence_of(why) << '\n';
  return 1;
}

json to_json(const chain_status& x) {
  auto newest = json::array();
  for (auto& line : x.newest)
    newest.push_back({{"block", line.number},
                      {"height", line.header.height},
                      {"parent", line.header.parent},
                      {"messages", line.transactions},
                      {"made", to_rfc3339(line.header.made)}});
  return {{"identity", x.identity},
          {"height", x.height},
          {"tip", x.tip},
          {"blocks", x.blocks},
          {"waiting", x.waiting},
          {"newest", std::move(newest)},
          {"transactions", x.transactions}};
}

void print_table(const printer& out, const chain_status& x) {
  if (x.newest.empty())
    return;
  out << '\n'
      << std::setw(10) << "block" << std::setw(10) << "height" << std::setw(10) << "parent"
      << std::setw(10) << "messages"
      << "  made\n";
  for (auto& line : x.newest)
    out << std::setw(10) << line.number << std::setw(10) << line.header.height << std::setw(10)
        << line.header.parent << std::setw(10) << line.transactions << "  "
        << to_rfc3339(line.header.made) << '\n';
}

int print_status(const terminal& term, const chain& on, uint64_t newest) {
  auto x = on.status(newest);
  if (!x)
    return fail(term, x.error());
  if (term.json) {
    term.out.raw() << json_text(to_json(*x), 2) << '\n';
    return 0;
  }
  term.out << "height " << x->height << ", tip block " << x->tip << ", " << x->waiting
           << " waiting; " << x->blocks << " blocks were made, of " << x->transactions
           << " messages\n";
  print_table(term.out, *x);
  return 0;
}

/// Does something to the chain, then says what it looks like.
template <class Act>
int change(const terminal& term, const chain_options& how, Act act) {
  auto on = chain::open_existing(how.folder);
  if (!on)
    return fail(term, on.error());
  if (auto why = act(**on))
    return fail(term, why);
  return print_status(term, **on, 0);
}

caf::expected<rewritten> parse_rewritten(const std::string& name) {
  if (name == "waiting")
    return rewritten::waiting;
  if (name == "mined-again")
    return rewritten::mined_again;
  if (name == "dropped")
    return rewritten::dropped;
  return make_problem(errc::bad_request,
                      "--transactions is " + name + ", expected waiting, mined-again or dropped");
}

} // namespace

int chain_show(const terminal& term, const chain_options& how) {
  auto on = chain::open_existing(how.folder);
  if (!on)
    return fail(term, on.error());
  return print_status(term, **on, how.newest);
}

int chain_find(const terminal& term, const chain_options& how) {
  auto on = chain::open_existing(how.folder);
  if (!on)
    return fail(term, on.error());
  auto x = (*on)->find(how.id);
  if (!x)
    return fail(term, x.error());
  static constexpr const char* kinds[] = {"unknown", "waiting", "on the chain", "left behind"};
  if (term.json) {
    term.out.raw() << json_text({{"id", how.id},
                                 {"state", kinds[x->kind]},
                                 {"block", x->block},
                                 {"confirmations", x->confirmations}},
                                2)
                   << '\n';
  } else {
    term.out << how.id << ": " << kinds[x->kind];
    if (x->kind == chain_place::on_chain)
      term.out << ", in block " << x->block << ", " << x->confirmations << " confirmations";
    if (x->kind == chain_place::left_behind)
      term.out << " in block " << x->block;
    term.out << '\n';
  }
  return x->kind == chain_place::unknown ? 1 : 0;
}

int chain_mine(const terminal& term, const chain_options& how) {
  return change(term, how, [&](chain& on) { return on.mine(how.blocks, caf::make_timestamp()); });
}

int chain_fork(const terminal& term, const chain_options& how) {
  auto what = parse_rewritten(how.transactions);
  if (!what)
    return fail(term, what.error());
  return change(term, how, [&](chain& on) {
    return on.fork(how.depth, how.blocks, *what, caf::make_timestamp());
  });
}

int chain_switch(const terminal& term, const chain_options& how) {
  return change(term, how, [&](chain& on) { return on.switch_to(how.number); });
}

} // namespace igl::commands
