#include "actors/commands/client_commands.hpp"
#include "actors/commands/demo_documents.hpp"
#include "actors/commands/demo_stories.hpp"

#include <ostream>
#include <sstream>

namespace igl {

namespace {

constexpr auto predicate = "UN.CEFACT.Trade.CertificateOfOrigin.created";
constexpr auto sender_ref = "certificate-17";
constexpr auto reference_text = "AU:certificate-17";

/// What the scenes of the story share.
struct certificate {
  demo_stage& stage;
  std::string pdf = certificate_pdf();
  std::string json{}, pdf_hash{}, json_hash{};

  std::string store_and_send() {
    if (auto wrong = stage.store("AU", {"SG"}, "certificate.pdf", pdf, pdf_hash); !wrong.empty())
      return wrong;
    json = certificate_json(pdf_hash);
    if (auto wrong = stage.store("AU", {"SG"}, "certificate.json", json, json_hash); !wrong.empty())
      return wrong;
    std::ostringstream said, failed;
    if (commands::message_send(
            stage.at("AU"), {said, failed},
            {"AU", "SG", "AU.abn.51824753556", json_hash, predicate, sender_ref}) != 0)
      return failed.str();
    stage.out() << "AU: sent " << said.str();
    return {};
  }

  std::string what_is_missing() {
    if (stage.status_of("AU", reference_text) != "accepted")
      return "the message is not accepted at AU";
    if (stage.status_of("SG", reference_text) != "received")
      return "the message is not received at SG";
    if (!stage.reads("SG", json_hash, json))
      return "SG does not have the certificate";
    if (!stage.reads("SG", pdf_hash, pdf))
      return "SG does not have the PDF";
    for (auto nation : {"AU", "SG"})
      if (stage.calls(nation, sender_ref) == 0)
        return "the subscriber at " + std::string{nation} + " was not called back";
    return {};
  }
};

} // namespace

demo_story certificate_story(demo_stage& stage) {
  auto x = std::make_shared<certificate>(certificate{stage});
  demo_story result;
  scene subscribed;
  subscribed.act = [x] {
    for (auto nation : {"AU", "SG"})
      if (auto wrong = x->stage.subscribe(nation, "UN.CEFACT.*"); !wrong.empty())
        return wrong;
    return std::string{};
  };
  scene sent;
  sent.act = [x] {
    auto wrong = x->store_and_send();
    if (wrong.empty())
      x->stage.out() << "\nEach hop, as the event logs of the four processes have it:\n"
                     << std::endl;
    return wrong;
  };
  sent.wants = [x] {
    return x->what_is_missing();
  };
  sent.tells = [x] {
    return "AU holds the message as accepted, SG as received.\nSG has the certificate " +
           x->json_hash + " and the PDF " + x->pdf_hash +
           ", byte for byte.\nA subscriber at AU and one at SG were called back.\n";
  };
  result.scenes = {subscribed, sent};
  result.to_try = [x] {
    std::string reference = reference_text;
    auto au = " --node " + x->stage.network().node("AU").url;
    auto sg = " --node " + x->stage.network().node("SG").url;
    return std::vector<std::string>{"trace " + reference + au, "message show " + reference + sg,
                                    "document get " + x->json_hash + " --as SG" + sg,
                                    "message send --to SG --subject AU.abn.51824753556 --obj " +
                                        x->json_hash + " --predicate " + predicate + au,
                                    "status" + au};
  };
  return result;
}

} // namespace igl
