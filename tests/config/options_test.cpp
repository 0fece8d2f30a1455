#include "config/options.hpp"
#include "tests/config/support.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace igl;
using namespace igl::config;

namespace {

// Another value that the rule allows, as it would stand in the environment.
std::string another(const option_row& row, const value& now) {
  auto& rule = row.rule;
  auto different = [&](const std::vector<std::string>& candidates) {
    for (auto& text : candidates) {
      std::vector<fault> faults;
      auto x = value_of(entry_of(text, rule), rule, {}, faults);
      if (x && *x != now)
        return text;
    }
    FAIL("no other value for " << row.path());
    return std::string{};
  };
  if (!rule.choices.empty())
    return different(rule.choices);
  switch (rule.kind) {
  case value_kind::flag:
    return different({"true", "false"});
  case value_kind::number:
  case value_kind::size:
    return different({std::to_string(rule.least), std::to_string(rule.most)});
  case value_kind::fraction:
    return "0.75";
  case value_kind::duration:
    return different({std::to_string(rule.least) + "ms", std::to_string(rule.most) + "ms"});
  default:
    return different(
        {"sg", "NZ", "https://other.example.org", "nats://other:4222", "/other", "127.0.0.1:9"});
  }
}

template <class Settings>
void check_rows(file_kind kind) {
  auto settings = [&] {
    if constexpr (std::is_same_v<Settings, node_settings>)
      return default_node();
    else
      return default_endpoint();
  };
  auto before = settings();
  std::set<std::string> paths;
  std::set<std::string> variables;
  auto rows = bind(options<Settings>(), before);
  for (size_t i = 0; i < rows.size(); ++i) {
    auto& row = *rows[i].row;
    CAPTURE(row.path());
    CHECK(paths.insert(row.path()).second);
    CHECK(variables.insert(environment_name(row.path())).second);
    CHECK_FALSE(row.meaning.empty());
    CHECK(row.meaning.back() == '.');
    auto changed = another(row, load_from(rows[i].where));
    auto env = environment{{environment_name(row.path()), changed}};
    Settings after;
    if constexpr (std::is_same_v<Settings, node_settings>)
      after = parse_node("", "f", env).settings;
    else
      after = parse_endpoint("", "f", env).settings;
    auto same_rows = bind(options<Settings>(), after);
    for (size_t j = 0; j < rows.size(); ++j) {
      CAPTURE(rows[j].row->path());
      CHECK((load_from(rows[j].where) != load_from(same_rows[j].where)) == (i == j));
    }
  }
  CHECK(kind != file_kind::unknown);
}

} // namespace

TEST_SUITE_BEGIN("options");

TEST_CASE("every option of a node changes its own member and no other") {
  check_rows<node_settings>(file_kind::node);
}

TEST_CASE("every option of an endpoint changes its own member and no other") {
  check_rows<endpoint_settings>(file_kind::endpoint);
}

TEST_CASE("every default is allowed by its own rule") {
  auto check = [](auto& rows) {
    for (auto& row : rows) {
      if (!row.fallback || row.fallback->empty())
        continue;
      CAPTURE(row.path());
      CHECK(default_of(row).has_value());
    }
  };
  check(options<node_settings>());
  check(options<endpoint_settings>());
  check(options<channel_settings>());
}

TEST_CASE("settings begin with the defaults of the table, but for the retry schedules") {
  auto check = [](auto begun, const std::set<std::string>& others) {
    using settings = decltype(begun);
    for (auto& x : bind(options<settings>(), begun)) {
      auto fallback = default_of(*x.row);
      if (!fallback || x.row->section.starts_with("retry.") || others.contains(x.row->path()))
        continue;
      CAPTURE(x.row->path());
      CHECK((load_from(x.where) == *fallback));
    }
  };
  check(node_settings{}, {"data_dir"});
  check(endpoint_settings{}, {"data_dir", "streams.kind", "hub.callbacks_per_url"});
  check(channel_settings{}, {});
}

TEST_CASE("the name in the environment is the path in capitals") {
  CHECK(environment_name("streams.url") == "IGL_STREAMS_URL");
  CHECK(environment_name("retry.channel-pending.first") == "IGL_RETRY_CHANNEL_PENDING_FIRST");
  CHECK(environment_name("auth.kind", "IGL_CHANNELS_SG_") == "IGL_CHANNELS_SG_AUTH_KIND");
}

TEST_CASE("a secret is hidden whole, and in a URL its user") {
  CHECK((without_secret(std::string{"t0ken"}, secrecy::all) == value{std::string{"***"}}));
  CHECK((without_secret(std::string{}, secrecy::all) == value{std::string{}}));
  CHECK((without_secret(std::string{"text"}, secrecy::open) == value{std::string{"text"}}));
  CHECK(
      (without_secret(std::string{"nats://a:b@c:4222,nats://d,tls://e@f"}, secrecy::user_in_url) ==
       value{std::string{"nats://***@c:4222,nats://d,tls://***@f"}}));
}

TEST_SUITE_END();
