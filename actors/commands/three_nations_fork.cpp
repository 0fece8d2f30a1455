#include "actors/commands/chain_commands.hpp"
#include "actors/commands/three_nations_demo.hpp"
#include "channels/chain.hpp"
#include "messages/errors.hpp"

#include <nlohmann/json.hpp>

#include <ostream>

namespace igl::three_nations_demo {

namespace {

const parcel undecided{"AU", "SG", "fork"};
const parcel decided{"AU", "CN", "fork"};
constexpr auto certificate = "{\"iD\": \"COO-2020-FORK\"}\n"; // only `undecided` speaks of it

/// What the business was told when the status of a message changed.
std::string status_topic(const parcel& x) {
  return "message." + x.sender_ref() + ".status";
}

std::string accept(cast& all, const parcel& x) {
  auto url = all.network().node(x.receiver).url + "/message/" + x.reference();
  auto answer = all.stage.at(x.receiver).json("PATCH", url, R"({"status": "accepted"})");
  if (!answer)
    return sentence_of(answer.error());
  all.stage.out() << x.receiver << ": the business accepted " << x.reference() << std::endl;
  return {};
}

/// Leaves the block of a message behind for a longer branch without it. A block may be made between
/// the look and the fork, so it looks until the message has gone; nothing older goes with it.
std::string fork_under(cast& all, const parcel& x) {
  auto& out = all.stage.out();
  auto id = all.stage.field_of(x.sender, x.reference(), "channel_txn_id");
  commands::chain_options how;
  how.folder = all.network().medium_path(channel_a);
  how.transactions = "dropped";
  for (;;) {
    auto on = chain::open_existing(how.folder);
    if (!on)
      return sentence_of(on.error());
    auto place = (*on)->find(id);
    if (!place)
      return sentence_of(place.error());
    if (place->kind != chain_place::on_chain)
      return {};
    on->reset(); // the command opens the chain itself
    how.depth = place->confirmations;
    how.blocks = how.depth + 1;
    out << "igl chain fork " << how.folder << " --depth " << how.depth << " --blocks " << how.blocks
        << " --transactions " << how.transactions << "\n  ";
    if (commands::chain_fork({out, out}, how) != 0)
      return "the chain could not be forked";
  }
}

/// At SG the message is withdrawn, and what only it gave access to is closed; at CN the business
/// had decided. Both are told.
std::string what_is_not_withdrawn(cast& all) {
  auto& stage = all.stage;
  if (stage.status_of("SG", undecided.reference()) != "rejected")
    return undecided.reference() + " is not withdrawn at SG";
  if (stage.reads("SG", all.forked_certificate, certificate))
    return "SG reads the certificate of a message that was withdrawn";
  if (stage.calls("SG", status_topic(undecided)) < 1)
    return "the subscriber at SG was not told that " + undecided.reference() + " was withdrawn";
  if (stage.status_of("CN", decided.reference()) != "accepted")
    return decided.reference() + " is not accepted at CN any more";
  // The first call was about the business's own decision.
  if (stage.calls("CN", status_topic(decided)) < 2)
    return "the subscriber at CN was not told that " + decided.reference() + " was withdrawn";
  return {};
}

std::string what_is_not_there_again(cast& all) {
  // Accepted, pending again, accepted again.
  for (const auto& x : {undecided, decided})
    if (all.stage.calls("AU", status_topic(x)) < 3)
      return "the subscriber at AU was not told that " + x.reference() + " was sent again";
  // Over the channel that did not take it back, where there is another one.
  if (auto missing = all.delivered(undecided, channel_b); !missing.empty())
    return missing;
  if (auto missing = all.delivered(decided, channel_a, "accepted"); !missing.empty())
    return missing;
  if (!all.stage.reads("SG", all.forked_certificate, certificate))
    return "SG does not read the certificate of a message that came again";
  return {};
}

} // namespace

scene confirmed_before_the_fork(const cast_ptr& all) {
  scene s{"Two messages are confirmed on channel a"};
  s.act = [=] {
    if (auto wrong = all->stage.store("AU", {"SG"}, "certificate-fork.json", certificate,
                                      all->forked_certificate);
        !wrong.empty())
      return wrong;
    if (auto wrong = all->send(undecided, certificate_predicate, all->forked_certificate);
        !wrong.empty())
      return wrong;
    return all->send(decided);
  };
  s.wants = [=]() -> std::string {
    for (const auto& x : {undecided, decided})
      if (auto missing = all->delivered(x, channel_a); !missing.empty())
        return missing;
    return all->stage.reads("SG", all->forked_certificate, certificate)
               ? ""
               : "SG does not have the certificate";
  };
  return s;
}

scene forked(const cast_ptr& all) {
  scene s{"CN decides; then the chain forks under both messages"};
  s.act = [=] {
    if (auto wrong = accept(*all, decided); !wrong.empty())
      return wrong;
    // So that the withdrawal can be looked at before the messages come again.
    if (auto wrong = all->stop(all->network().endpoint(channel_a, "AU")); !wrong.empty())
      return wrong;
    for (const auto& x : {undecided, decided})
      if (auto wrong = fork_under(*all, x); !wrong.empty())
        return wrong;
    all->stage.out() << std::endl;
    return std::string{};
  };
  s.wants = [=] {
    return what_is_not_withdrawn(*all);
  };
  s.tells = [] {
    return "SG withdrew " + undecided.reference() +
           " and closed its certificate; its business was told.\nCN keeps " + decided.reference() +
           ", which its business had accepted; it was told all the same.\n";
  };
  return s;
}

scene sent_again(const cast_ptr& all) {
  scene s{"AU hears that both were revoked, and sends them again"};
  s.act = [=] {
    return all->start(all->network().endpoint(channel_a, "AU"));
  };
  s.wants = [=] {
    return what_is_not_there_again(*all);
  };
  s.tells = [] {
    return "AU had " + undecided.reference() + " and " + decided.reference() +
           " as pending again, and has them as accepted; SG received its message over channel b.\n";
  };
  return s;
}

} // namespace igl::three_nations_demo
