#include "actors/commands/three_nations_demo.hpp"

#include <ostream>

namespace igl {

namespace three_nations_demo {

namespace {

const parcel cut_to_sg{"AU", "SG", "cut"};
const parcel cut_to_au{"SG", "AU", "cut"};
const parcel cut_to_cn{"AU", "CN", "cut"};

std::vector<demo_network::member*> endpoints_of(demo_network& network, const std::string& channel) {
  std::vector<demo_network::member*> result;
  for (const auto& nation : network.nations_on(network.channel(channel)))
    result.push_back(&network.endpoint(channel, nation));
  return result;
}

} // namespace

scene journey(const cast_ptr& all, const parcel& x, const std::string& channel) {
  scene s{x.sender + " to " + x.receiver + " over channel " + channel + ", " +
          all->network().channel(channel).name};
  s.act = [=] {
    return all->send(x);
  };
  s.wants = [=] {
    return all->delivered(x, channel);
  };
  return s;
}

scene channel_cut(const cast_ptr& all) {
  scene s{"Channel a is cut: what can go over channel b does, what cannot waits"};
  s.act = [=] {
    for (auto* x : endpoints_of(all->network(), channel_a))
      if (auto wrong = all->stop(*x); !wrong.empty())
        return wrong;
    for (const auto& x : {cut_to_sg, cut_to_au, cut_to_cn})
      if (auto wrong = all->send(x); !wrong.empty())
        return wrong;
    return std::string{};
  };
  s.wants = [=]() -> std::string {
    for (const auto& x : {cut_to_sg, cut_to_au})
      if (auto missing = all->delivered(x, channel_b); !missing.empty())
        return missing;
    auto waiting = cut_to_cn.reference();
    if (all->stage.count(all->network().node("AU"), event_kind::attempt_failed)[waiting] == 0)
      return "AU has not tried to send " + waiting;
    return all->stage.status_of("AU", waiting) == "pending" ? "" : waiting + " is not pending";
  };
  s.tells = [] {
    return "AU and SG have each other's message over channel b; " + cut_to_cn.reference() +
           " is pending, for CN is on channel a only.\n";
  };
  return s;
}

scene channel_mended(const cast_ptr& all) {
  scene s{"Channel a is back: what waited arrives"};
  s.act = [=] {
    for (auto* x : endpoints_of(all->network(), channel_a))
      if (auto wrong = all->start(*x); !wrong.empty())
        return wrong;
    return std::string{};
  };
  s.wants = [=] {
    return all->delivered(cut_to_cn, channel_a);
  };
  return s;
}

} // namespace three_nations_demo

demo_story three_nations_story(demo_stage& stage) {
  using namespace three_nations_demo;
  auto all = std::make_shared<cast>(cast{stage});
  demo_story result;
  auto& scenes = result.scenes;
  scenes.emplace_back().act = [=] {
    return all->prepare();
  };
  for (const auto& channel : stage.network().options().channels)
    for (const auto& from : stage.network().nations_on(channel))
      for (const auto& to : stage.network().nations_on(channel))
        if (from != to) {
          auto about = channel.id == channel_a ? "certificate" : "invoice";
          scenes.push_back(journey(all, {from, to, about}, channel.id));
        }
  scenes.push_back(channel_cut(all));
  scenes.push_back(channel_mended(all));
  scenes.push_back(confirmed_before_the_fork(all));
  scenes.push_back(forked(all));
  scenes.push_back(sent_again(all));
  scene end;
  end.wants = [=] {
    return all->all_once();
  };
  end.tells = [=] {
    return all->table();
  };
  scenes.push_back(std::move(end));
  result.to_try = [=] {
    auto au = " --node " + all->network().node("AU").url;
    auto sg = " --node " + all->network().node("SG").url;
    auto chain = all->network().medium_path(channel_a);
    return std::vector<std::string>{
        "trace AU:fork-sg" + au,
        "trace AU:fork-sg" + sg,
        "message send --to CN --subject AU.abn.51824753556 --obj " + all->certificates["AU"] +
            " --predicate " + certificate_predicate + au,
        "chain status " + chain,
        "chain fork " + chain + " --depth 3 --blocks 4 --transactions dropped",
        "status" + au};
  };
  return result;
}

} // namespace igl
