#include "actors/commands/three_nations_demo.hpp"

#include "actors/commands/client_commands.hpp"
#include "messages/errors.hpp"
#include "messages/text.hpp"

#include <algorithm>
#include <ostream>
#include <sstream>

namespace igl::three_nations_demo {

namespace {

constexpr auto invoice_predicate = "UN.CEFACT.Trade.Invoice.created";

} // namespace

std::string parcel::sender_ref() const {
  return about + "-" + lower_case(receiver);
}

std::string cast::prepare() {
  for (const auto& nation : network().options().nations)
    if (auto wrong = stage.subscribe(nation, "message.*"); !wrong.empty())
      return wrong;
  for (const auto& nation : network().options().nations) {
    auto others = network().options().nations;
    others.erase(std::find(others.begin(), others.end(), nation));
    if (auto wrong = stage.store(nation, others, "certificate-" + lower_case(nation) + ".json",
                                 "{\"iD\": \"COO-2020-" + nation + "\"}\n", certificates[nation]);
        !wrong.empty())
      return wrong;
  }
  return {};
}

std::string cast::send(const parcel& x, const char* predicate, const std::string& obj) {
  std::ostringstream said, failed;
  if (commands::message_send(stage.at(x.sender), {said, failed},
                             {x.sender, x.receiver, x.sender + ".abn.51824753556", obj, predicate,
                              x.sender_ref()}) != 0)
    return failed.str();
  sent.push_back(x);
  stage.out() << x.sender << ": sent " << said.str() << std::flush;
  return {};
}
std::string cast::send(const parcel& x) {
  return send(x, x.about == "invoice" ? invoice_predicate : certificate_predicate,
              certificates[x.sender]);
}

std::string cast::stop(demo_network::member& x) {
  stage.out() << "stopped " << x.name << std::endl;
  return network().stop(x) ? "" : x.name + " did not end cleanly; its log is " + x.log_file;
}
std::string cast::start(demo_network::member& x) {
  if (auto failed = network().start(x))
    return problem_of(failed).detail;
  stage.out() << "started " << x.name << std::endl;
  return {};
}

std::string cast::delivered(const parcel& x, const std::string& channel, const std::string& there) {
  auto ref = x.reference();
  if (stage.status_of(x.sender, ref) != "accepted")
    return ref + " is not accepted at " + x.sender;
  if (stage.status_of(x.receiver, ref) != there)
    return ref + " is not " + there + " at " + x.receiver;
  for (const auto& nation : {x.sender, x.receiver}) {
    if (auto over = stage.field_of(nation, ref, "channel_id"); over != channel)
      return nation + " has " + ref + " on channel '" + over + "' instead of " + channel;
    if (stage.calls(nation, '"' + ref + '"') == 0)
      return "the subscriber at " + nation + " was not told of " + ref;
  }
  return {};
}

std::string cast::all_once() {
  for (const auto& nation : network().options().nations) {
    auto figures = stage.figures(nation);
    if (!figures)
      return sentence_of(figures.error());
    auto lake = std::count_if(sent.begin(), sent.end(), [&](const parcel& x) {
      return x.sender == nation || x.receiver == nation;
    });
    if (figures->messages != static_cast<uint64_t>(lake))
      return nation + " has " + std::to_string(figures->messages) + " messages instead of " +
             std::to_string(lake);
    if (figures->dead_letters != 0)
      return nation + " has dead letters";
  }
  return {};
}

std::string cast::table() {
  std::ostringstream text;
  for (const auto& x : sent)
    text << "  " << x.reference() << std::string(22 - x.reference().size(), ' ') << x.sender << " "
         << stage.status_of(x.sender, x.reference()) << ", " << x.receiver << " "
         << stage.status_of(x.receiver, x.reference()) << ", over "
         << stage.field_of(x.receiver, x.reference(), "channel_id") << '\n';
  text << sent.size()
       << " messages were sent; each is in the lake of its sender and of its "
          "receiver once.\n";
  return text.str();
}

} // namespace igl::three_nations_demo
