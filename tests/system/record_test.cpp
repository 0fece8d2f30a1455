#include "tests/system/world.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

using namespace igl;
using namespace igl::system_tests;

TEST_SUITE_BEGIN("recorded stories");

TEST_CASE(
    "what happened at a running node is recorded as a story, and happens again in a simulation") {
  world w;
  auto failed = w.start();
  REQUIRE_MESSAGE(!failed, sentence_of(failed));
  auto& au = w.network.node("AU").url;
  auto promised = post_messages(au, "r", 3, std::chrono::seconds{30});
  REQUIRE(promised.size() == 3);
  REQUIRE(eventually([&] { return all_have(au, promised, "accepted"); }));

  auto all = run_igl({"scenario", "record", "--from", au});
  CHECK_MESSAGE(all.status == 0, all.out);
  for (auto& reference : promised)
    CHECK(all.out.find("AU posts " + reference + " to SG") != std::string::npos);

  auto one = run_igl({"scenario", "record", "--from", au, "--message", "AU:" + *promised.begin()});
  REQUIRE_MESSAGE(one.status == 0, one.out);
  auto played = run_igl({"scenario", "run", w.folder.write("one.scenario", one.out)});
  CHECK_MESSAGE(played.status == 0, one.out, played.out);

  auto none = run_igl({"scenario", "record", "--from", au, "--message", "AU:nobody"});
  CHECK(none.status == 1);
  CHECK(none.out.find("does not know AU:nobody") != std::string::npos);
}

TEST_CASE("documents and what they refer to are in the story by their hashes, or beside it") {
  world w;
  auto failed = w.start();
  REQUIRE_MESSAGE(!failed, sentence_of(failed));
  auto &au = w.network.node("AU").url, &sg = w.network.node("SG").url;
  auto store = [&](const std::string& text) {
    auto stored =
        run_igl({"document", "put", w.folder.write("document", text), "--for", "SG", "--node", au});
    REQUIRE_MESSAGE(stored.status == 0, stored.out);
    return stored.out.substr(0, stored.out.find('\n'));
  };
  auto refers_to = [](const std::string& hash) {
    return R"({"links": [{"rel": "part", "link": ")" + hash + R"("}]})";
  };
  const auto photograph = store(std::string(size_t{3} << 20, 'p'));
  const auto list = store(refers_to(photograph)), certificate = store(refers_to(list));
  auto sent = run_igl({"message", "send", "--to", "SG", "--subject", "s", "--obj", certificate,
                       "--predicate", "UN.CEFACT.Trade.CertificateOfOrigin.created", "--ref", "17",
                       "--node", au});
  REQUIRE_MESSAGE(sent.status == 0, sent.out);
  auto fetched = [&] {
    return run_igl(
               {"document", "get", photograph, "--node", sg, "--output", w.folder.path("fetched")})
               .status == 0;
  };
  REQUIRE(eventually(fetched));
  REQUIRE(eventually([&] { return all_have(au, {"17"}, "accepted"); }));

  for (auto& url : {au, sg}) {
    auto brief = run_igl({"scenario", "record", "--from", url});
    REQUIRE_MESSAGE(brief.status == 0, brief.out);
    const auto before = "AU stores " + photograph + " for SG\n",
               between = "AU stores " + list + " for SG",
               after = "AU stores " + certificate + " for SG";
    CHECK_MESSAGE(brief.out.find(before + between + " links=" + photograph + '\n' + after +
                                 " links=" + list + '\n') != std::string::npos,
                  brief.out);
    auto played = run_igl({"scenario", "run", w.folder.write("brief.scenario", brief.out)});
    CHECK_MESSAGE(played.status == 0, brief.out, played.out);

    auto beside = w.folder.path(url == au ? "au" : "sg");
    auto whole = run_igl({"scenario", "record", "--from", url, "--documents", beside});
    REQUIRE_MESSAGE(whole.status == 0, whole.out);
    CHECK_MESSAGE(whole.out.find(before + between + '\n' + after + '\n') != std::string::npos,
                  whole.out);
    CHECK(std::filesystem::file_size(beside + "/" + photograph) == size_t{3} << 20);
    std::ofstream{beside + "/whole.scenario"} << whole.out;
    played = run_igl({"scenario", "run", beside + "/whole.scenario"});
    CHECK_MESSAGE(played.status == 0, whole.out, played.out);
  }

  auto nowhere = run_igl({"scenario", "record", "--from", au, "--documents", "/proc/none"});
  CHECK(nowhere.status == 1);
  CHECK_MESSAGE(nowhere.out.find("/proc/none cannot be written") != std::string::npos, nowhere.out);
}

TEST_SUITE_END();
