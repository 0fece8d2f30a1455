#include "config/difference.hpp"

#include "config/config.hpp"
#include "config/options.hpp"

#include <doctest/doctest.h>

using namespace igl;
using strings = std::vector<std::string>;

namespace {

const std::string head = R"(
jurisdiction = "AU"
[operator]
token = "t0ken"
[[listeners]]
address = "127.0.0.1:1"
apis = ["message"]
[document_apis]
SG = "http://sg"
)";
const std::string one = R"(
[[channels]]
id = "one"
url = "http://one"
auth = { kind = "token", token = "secr3t" }
)";
const std::string two = "[[channels]]\nid = \"two\"\nurl = \"http://two\"\n";

node_settings read(const std::string& text, const environment& env = {}) {
  auto x = parse_node(text, "f", env);
  REQUIRE_MESSAGE(x.good(), to_string(x.mistakes.at(0)));
  return x.settings;
}

std::string with(std::string text, const std::string& what, const std::string& instead) {
  auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), instead);
}

} // namespace

TEST_SUITE_BEGIN("difference");

TEST_CASE("a change is told by the name of what changed, and whether a reload takes it") {
  struct row {
    std::string claim;
    std::string after;
    strings reloads, restarts;
  };
  const auto both = head + one + two;
  const std::vector<row> table{
      {"nothing", both, {}, {}},
      {"a line that says the default", "log.level = \"info\"\n" + both, {}, {}},
      {"a channel more", both + with(two, "\"two\"", "\"three\""), {"channel three is new"}, {}},
      {"a channel less", head + two, {"channel one is gone"}, {}},
      {"another url", with(both, "http://one", "http://else"), {"channel one: url"}, {}},
      {"another secret, which is not told",
       with(both, "secr3t", "s3cret"),
       {"channel one: auth.token"},
       {}},
      {"filters and times of a channel",
       both + "filters.subject.deny = [\"x\"]\npoll_interval = \"1s\"\nrevocable_for = \"0s\"\n",
       {"channel two: filters.subject.deny, poll_interval, revocable_for"},
       {}},
      {"another order", head + two + one, {"the order of the channels"}, {}},
      {"one in the place of another",
       head + with(one, "\"one\"", "\"first\"") + two,
       {"channel one is gone", "channel first is new"},
       {}},
      {"document APIs",
       with(both, "SG = \"http://sg\"", "NZ = \"http://nz\""),
       {"document_apis.SG", "document_apis.NZ"},
       {}},
      {"schedules of routing", "retry.outbox.first = \"1s\"\n" + both, {"retry.outbox.first"}, {}},
      {"schedules of the hub",
       "retry.callback.first = \"2s\"\n" + both,
       {},
       {"retry.callback.first"}},
      {"the spider, the log and who calls",
       "spider.link_depth = 1\nlog.level = \"warn\"\nreception_url = \"http://me\"\n" + both,
       {"reception_url", "log.level", "spider.link_depth"},
       {}},
      {"an address", with(both, "127.0.0.1:1", "127.0.0.1:2"), {}, {"listeners[0].address"}},
      {"what a listener serves",
       with(both, "[\"message\"]", "[\"message\", \"document\"]"),
       {},
       {"listeners[0].apis"}},
      {"a listener more",
       both + "[[listeners]]\naddress = \"127.0.0.1:2\"\napis = [\"document\"]\n",
       {},
       {"the number of listeners"}},
      {"all kinds at once",
       "data_dir = \"x\"\n" + with(head, "t0ken", "other") + one,
       {"channel two is gone"},
       {"data_dir", "operator.token"}}};
  for (auto& x : table) {
    CAPTURE(x.claim);
    auto found = difference_between(read(both), read(x.after));
    CHECK(found.reloads == x.reloads);
    CHECK(found.restarts == x.restarts);
    CHECK(found.none() == (x.reloads.empty() && x.restarts.empty()));
  }
}

TEST_CASE("what the environment says is compared, too") {
  auto found = difference_between(
      read(head + one),
      read(head + one, {{"IGL_CHANNELS_ONE_URL", "http://e"}, {"IGL_DATA_DIR", "elsewhere"}}));
  CHECK(found.reloads == strings{"channel one: url"});
  CHECK(found.restarts == strings{"data_dir"});
}

TEST_CASE("every option of a channel can be reloaded; of the others those of its routing") {
  for (auto& row : config::options<channel_settings>())
    CHECK_MESSAGE(row.when == config::takes_effect::at_reload, row.path());
  for (auto& row : config::options<node_settings>()) {
    CAPTURE(row.path());
    auto reloads = row.when == config::takes_effect::at_reload;
    for (auto at_start : {"data_dir", "operator.", "streams.", "limits.", "timeouts.", "hub.",
                          "retry.internal.", "retry.callback.", "retry.verification."})
      if (row.path().starts_with(at_start))
        CHECK_FALSE(reloads);
    for (auto routing : {"spider.", "retry.outbox.", "retry.channel-pending.", "retry.revoked.",
                         "retry.object-retrieval.", "retry.channel-notifications."})
      if (row.path().starts_with(routing))
        CHECK(reloads);
  }
  for (auto& row : config::options<endpoint_settings>())
    CHECK_MESSAGE(row.when == config::takes_effect::at_start, row.path());
}

TEST_SUITE_END();
