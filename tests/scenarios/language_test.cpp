#include "scenarios/runner/command.hpp"
#include "scenarios/runner/fuzz.hpp"
#include "scenarios/runner/junit.hpp"
#include "scenarios/runner/play.hpp"
#include "tests/scenarios/one_story.hpp"

#include <doctest/doctest.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace igl;
using namespace igl::scenario;

namespace {

const std::string two_nations = "nation AU\nnation SG\nchannel au-sg between=AU,SG\n"
                                "subscriber importer at SG\n----\nok\n\n";

/// The first fault of a story; empty: it has none.
std::string fault_in(const std::string& text) {
  spdlog::set_level(spdlog::level::off);
  auto parsed = parse_script("a.scenario", text);
  if (auto wrong = std::get_if<mistake>(&parsed))
    return to_string(*wrong);
  auto done = play(std::get<script>(parsed), {});
  return done.faults.empty() ? "" : done.faults.front();
}

/// The fault of a command behind the declarations, without the file and the line.
std::string fault_of(const std::string& command) {
  auto fault = fault_in(two_nations + command + "\n----\nok\n");
  const std::string place = "a.scenario:8:";
  return fault.rfind(place, 0) == 0 ? fault.substr(place.size()) : fault;
}

} // namespace

TEST_SUITE_BEGIN("scenario language");

TEST_CASE("a forgotten empty line is named, and costs no command") {
  CHECK(mistake_in("run\n----\nok\nAU posts 17 to SG\n----\nok\n") ==
        "a.scenario:5:1: ---- among the lines that must come out below line 2: an empty line is "
        "missing between them and the next command");
  const auto text = two_nations + "AU posts 17 to SG\n----\nAU   201  AU:17 pending\nwait 1d\n";
  one_story x{text};
  x.how.rewrite = true;
  CHECK(x.run() == 1);
  CHECK(x.err.str().find("a.scenario:11: a command among the lines that must come out; an empty "
                         "line is missing before it\n") != std::string::npos);
  CHECK(text_of(x.file) == text);
}

TEST_CASE("remarks among what must come out are not compared, and stay") {
  one_story x{two_nations +
              "AU posts 17 to SG\n----\n# taken\n  # at once\nsomething\n# the end\n"};
  x.how.rewrite = true;
  CHECK_MESSAGE(x.run() == 0, x.err.str());
  CHECK(text_of(x.file) == two_nations + "AU posts 17 to SG\n----\n# taken\n  # at once\n"
                                         "AU   201  AU:17 pending\n# the end\n");
  x.how.rewrite = false;
  CHECK_MESSAGE(x.run() == 0, x.err.str());
}

TEST_CASE("a story written under Windows is played, and stays one") {
  std::string text = "\xef\xbb\xbf# why\n" + two_nations + "AU posts 17 to SG\n----\nold\n";
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2)
    text.replace(at, 1, "\r\n");
  one_story x{text};
  x.how.rewrite = true;
  CHECK_MESSAGE(x.run() == 0, x.err.str());
  CHECK(text_of(x.file).find("----\r\nAU   201  AU:17 pending\r\n") != std::string::npos);
  x.how.rewrite = false;
  CHECK_MESSAGE(x.run() == 0, x.err.str());
}

TEST_CASE("--rewrite replaces the file or says that it cannot") {
  const auto text = two_nations + "AU posts 17 to SG\n----\nold\n";
  one_story x{text};
  x.how.rewrite = true;
  std::filesystem::create_directories(x.file + ".new");
  CHECK(x.run() == 2);
  CHECK(x.err.str().find(x.file + " cannot be written: ") != std::string::npos);
  CHECK(text_of(x.file) == text);
  x.how.seeds = "1..5";
  CHECK(x.run() == 2);
  CHECK(text_of(x.file) == text);
}

TEST_CASE("--rewrite leaves a story as it is that cannot be played to its end") {
  const auto text = two_nations + "AU posts 17 to SG\n----\nold\n\ncut AU from nobody\n----\n";
  one_story x{text};
  x.how.rewrite = true;
  CHECK(x.run() == 1);
  CHECK(text_of(x.file) == text);
}

TEST_CASE("a story of nothing is a mistake, and one of declarations is tried") {
  CHECK(mistake_in("") ==
        "a.scenario:1:1: a story needs a command, and there is none in this file");
  CHECK(mistake_in("# a\n\n") ==
        "a.scenario:1:1: a story needs a command, and there is none in this file");
  CHECK(fault_in("nation AU retry.outbox.atempts=3\n----\nok\n").rfind("a.scenario:1:11: ", 0) ==
        0);
  CHECK(fault_in("nation AU\nnation SG\nchannel x medium=chain between=AU,SG "
                 "endpoint.may_revoke=perhaps\n----\nok\n")
            .rfind("a.scenario:3:38: ", 0) == 0);
  CHECK(fault_in("nation AU\nnation SG\nchannel x medium=chian between=AU,SG\n----\nok\n") ==
        "a.scenario:3:11: medium is memory, shared-database, chain, stream or api, not \"chian\"; "
        "did you mean chain?");
  CHECK(fault_in("nation AU\nnation SG\nchannel x between=AU,SH\n----\nok\n")
            .rfind("a.scenario:3:11: there is no nation SH", 0) == 0);
  CHECK(fault_in("nation AU\nsubscriber s at AU topic=a..b\n----\nok\n")
            .rfind("a.scenario:2:20: ", 0) == 0);
}

TEST_CASE("what is no UTF-8 is a mistake with its place, and columns count characters") {
  CHECK(mistake_in("nation AU\n# ü \xff\n----\nok\n") ==
        "a.scenario:2:5: a byte that is no UTF-8; save the file as UTF-8");
  CHECK(mistake_in("nation AU\n----\nok \xc3\n").rfind("a.scenario:3:4: ", 0) == 0);
  CHECK(fault_of("AU posts 17 to SG subject=\"für Öl\" objekt=x").rfind("36: \"objekt\"", 0) == 0);
}

TEST_CASE("a fault of somebody who is not there is a mistake") {
  CHECK(fault_of("cut AU from au-sgg") ==
        "13: there is no nation, channel, endpoint or subscriber au-sgg; did you mean au-sg?");
  CHECK(fault_of("cut AU from tpyo") ==
        "13: there is no nation, channel, endpoint or subscriber tpyo");
  CHECK(fault_of("between XX and YY lost=1").rfind("9: there is no nation", 0) == 0);
  CHECK(fault_of("heal foo and bar").rfind("6: there is no nation", 0) == 0);
  CHECK(fault_of("between AU/SG and au-sg/AU lost=1")
            .rfind("9: expected a nation, a channel, an endpoint such as au-sg/AU", 0) == 0);
  CHECK(fault_of("importr is down") == "1: there is no subscriber importr; did you mean importer?");
  CHECK(fault_of("cut AU from importer") == "13: importer hears of SG only, not of AU");
  CHECK(fault_of("fork au-sg") == "6: channel au-sg is no chain, its medium is memory");
  CHECK(fault_of("fork nosuch") == "6: there is no channel nosuch");
}

TEST_CASE("what is said of one endpoint is not said of the others") {
  auto story = [](const std::string& whom) {
    return fault_in("nation AU\nnation SG\nchannel au-sg between=AU,SG\n----\nok\n\ncut AU from " +
                    whom +
                    "\nAU posts 17 to SG\nrun quietly\nshow status of AU:17 at SG\n----\n"
                    "AU   201  AU:17 pending\nSG   does not have AU:17\n");
  };
  CHECK(story("au-sg") == "");
  CHECK(story("au-sg/AU") == "");
  CHECK(story("au-sg/SG").find("something else came out") != std::string::npos);
}

TEST_CASE("a moment that never comes is a fault, and one that cannot come is refused") {
  CHECK(fault_of("kill SG after-commit of rejected\nrun quietly") ==
        " the moment never came: kill SG after-commit of rejected");
  CHECK(fault_of("kill SG after-commit of medium-writes")
            .rfind("25: SG takes no jobs of medium-writes; it does of inbox, outbox", 0) == 0);
  CHECK(fault_of("kill actor multichanel-router of AU") ==
        "12: AU has no actor multichanel-router; did you mean multichannel-router?");
  CHECK(fault_of("start AU") == "7: AU runs; nothing of it is down");
  CHECK(fault_of("stop AU\nkill AU").find("kill") == std::string::npos);
}

TEST_CASE("several moments are planned at once, beyond the death of a process") {
  CHECK(fault_in(two_nations + "kill AU after-commit of inbox\nkill AU after-commit of outbox\n"
                               "AU posts 17 to SG\nrun quietly\nstart AU\nrun quietly\nstart AU\n"
                               "wait 1m quietly\nshow status of AU:17 at AU\n----\n"
                               "AU   201  AU:17 pending\nAU   AU:17 accepted\n") == "");
}

TEST_CASE("a node can die between what it stored and its answer") {
  CHECK(fault_in(two_nations +
                 "kill AU after-commit of message-api\nAU posts 17 to SG\nstart AU\n"
                 "wait 1m quietly\nshow status of AU:17 at SG\n----\n"
                 "AU   ---  peer_lost: the connection to the peer ended before it answered: "
                 "node-au ended before it answered\nSG   AU:17 received\n") == "");
}

TEST_CASE("an operator pauses, resumes and drops who has subscribed at his node") {
  CHECK(fault_in(two_nations + "SG pauses importer\nAU posts 17 to SG\nrun quietly\n"
                               "show jobs at SG\nSG resumes importer\nrun quietly\n"
                               "show jobs at SG\nSG drops importer\nSG drops importer\n"
                               "----\nSG   200  pause importer\nAU   201  AU:17 pending\n"
                               "SG   delivery-outbox  importer is paused, and 2 wait for it\n"
                               "SG   200  resume importer\nSG   nothing is left to do\n"
                               "SG   200  drop importer\n"
                               "SG   404  {\"errors\":[{\"status\":\"Not Found\",\"code\":"
                               "\"generic-http-error\",\"title\":\"Not Found\",\"detail\":"
                               "\"http://importer/told has no subscription\",\"source\":[]}]}\n") ==
        "");
  CHECK(fault_of("SG pauses exporter") ==
        "11: there is no subscriber exporter; did you mean importer?");
}

TEST_CASE("a nation joins a channel once, and only a shared database can be scribbled on") {
  CHECK(fault_of("SG joins au-sg") == "1: SG is on channel au-sg already");
  CHECK(fault_of("SG joins au-cn") == "10: there is no channel au-cn; did you mean au-sg?");
  CHECK(fault_of("scribble on au-sg") ==
        "13: channel au-sg is no shared database, its medium is memory");
}

TEST_CASE("numbers have bounds") {
  for (std::string command :
       {"AU posts 1..4000000000 to SG", "AU posts 1..18446744073709551615 to SG",
        "AU posts 5..1 to SG", "importer answers 65736", "importer answers 99",
        "between AU and au-sg lost=nan", "between AU and au-sg lost=1.1", "wait 2562048h",
        "wait 3651d", "fork au-sg depth=0"})
    CHECK_MESSAGE(fault_of(command).find(": ") != std::string::npos, command);
  CHECK(fault_of("AU posts 18446744073709551615 to SG").find("something else came out") !=
        std::string::npos);
  CHECK(fault_of("wait 1") ==
        "6: expected a time with its unit, such as 30s, 1h or 7d, 3650d at most instead of \"1\"");
  CHECK(fault_of("between AU and au-sg lost=nan") ==
        "22: lost is a share from 0 to 1, such as 0.2, not \"nan\"");
}

TEST_CASE("whoever mistypes a command is told the one that it is like") {
  CHECK(fault_of("rnu") ==
        "1: no command begins with \"rnu\"; igl scenario commands lists them; did you mean run?");
  CHECK(fault_of("au posts 17 to SG") == "1: expected a nation, such as AU instead of \"au\"");
  CHECK(fault_of("AU posts 17 to SG subject=x subject=y") == "29: \"subject\" is given twice");
  CHECK(fault_of("importer is dwon") ==
        "13: expected down or up instead of \"dwon\"; did you mean down?");
}

TEST_CASE("a document is a file, a text, or one that was stored before") {
  CHECK(fault_of("AU stores tpyo.json for SG") ==
        "11: there is no file ./tpyo.json; say what is in it: text=\"…\"");
  CHECK(fault_of("AU stores a for SG links=tpyo.json") ==
        "20: no document tpyo.json was stored before");
}

TEST_CASE("nobody is called as the host of somebody else") {
  CHECK(fault_in("nation AU\nnation SG\nchannel node between=AU,SG\n----\nok\n") ==
        "a.scenario:3:1: node-au is the host of the node of AU already; choose another name");
  CHECK(fault_of("subscriber node-sg at SG") ==
        "1: node-sg is the host of the node of SG already; choose another name");
}

TEST_CASE("a signal ends a story, and says how far it came") {
  /// Sends a signal when it is written to.
  struct signalling : std::stringbuf {
    std::streamsize xsputn(const char* text, std::streamsize count) override {
      if (str().empty())
        std::raise(SIGTERM);
      return std::stringbuf::xsputn(text, count);
    }
  };
  one_story x{two_nations + "wait 3650d quietly\n----\nok\n"};
  x.how.verbose = true;
  signalling buffer;
  std::ostream out(&buffer);
  CHECK(scenario::run(x.how, out, x.err) == 128 + SIGTERM);
  CHECK(buffer.str().find("interrupted; " + x.file + " was not played to its end") !=
        std::string::npos);
}

TEST_CASE("a difference shows what is around it, and where that is") {
  std::vector<std::string> expected, came_out;
  for (int i = 1; i <= 9000; ++i)
    expected.push_back("line " + std::to_string(i));
  came_out = expected;
  came_out[4999] = "another";
  CHECK(difference(expected, came_out, 11) ==
        std::vector<std::string>{"@@ line 5007", "  line 4997", "  line 4998", "  line 4999",
                                 "- line 5000", "+ another", "  line 5001", "  line 5002",
                                 "  line 5003"});
  for (auto& line : came_out)
    line += '.';
  CHECK(difference(expected, came_out).size() == 401);
  CHECK(difference(expected, came_out)[1] == "+ line 1.");
}

TEST_CASE("a report names what was left out and what could not be read") {
  auto report =
      junit_report({{"x/a/b.scenario", 1, {}, "why not"}, {"x/c.scenario", 1, {"\xff"}}}, "x");
  CHECK(report.find("tests=\"2\" failures=\"1\" skipped=\"1\"") != std::string::npos);
  CHECK(report.find("name=\"a/b\"") != std::string::npos);
  CHECK(report.find("<skipped message=\"why not\"/>") != std::string::npos);
  CHECK(report.find("<failure message=\"?\">") != std::string::npos);
  temporary_folder empty;
  run_options how;
  how.path = empty.path();
  how.junit = empty.path() + "/report.xml";
  std::ostringstream out, err;
  CHECK(run(how, out, err) == 2);
  CHECK(text_of(how.junit).find("there is no *.scenario in ") != std::string::npos);
}

TEST_CASE("invented stories are shown until nobody reads them, and for as long as is said") {
  fuzz_options how;
  how.show = true;
  how.seeds = "1..18446744073709551615";
  std::ostringstream out, err;
  out.setstate(std::ios::badbit);
  CHECK(fuzz(how, out, err) == 0);
  std::ostringstream one;
  how.seeds = "18446744073709551615..18446744073709551615";
  CHECK(fuzz(how, one, err) == 0);
  CHECK(one.str().rfind("# Seed 18446744073709551615.\n", 0) == 0);
  how.time = "0s";
  CHECK(fuzz(how, out, err) == 2);
}

TEST_SUITE_END();
