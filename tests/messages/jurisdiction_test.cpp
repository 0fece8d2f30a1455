#include "messages/jurisdiction.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>

using namespace igl;

TEST_SUITE("jurisdictions") {

  TEST_CASE("the committed table is that of ISO 3166-1") {
    std::ifstream file{"/usr/share/iso-codes/json/iso_3166-1.json"};
    REQUIRE_MESSAGE(file.is_open(),
                    "the Debian package iso-codes is missing; this test compares the "
                    "committed table with it: apt-get install iso-codes");
    std::vector<std::string> standard;
    auto table = nlohmann::json::parse(file);
    for (auto& entry : table.at("3166-1"))
      standard.push_back(entry.at("alpha_2"));
    std::sort(standard.begin(), standard.end());
    std::vector<std::string> ours(iso_3166_1().begin(), iso_3166_1().end());
    CHECK(ours == standard);
  }

  TEST_CASE("the table is sorted, for it is searched by halves") {
    auto& table = iso_3166_1();
    CHECK(std::is_sorted(table.begin(), table.end()));
    for (auto code : table)
      CHECK(jurisdictions{}.contains(code));
  }

  TEST_CASE("codes outside the standard exist where an operator added them") {
    jurisdictions plain;
    jurisdictions extended{{"EU", "XK"}};
    for (auto code : {"EU", "XK"}) {
      CHECK(!plain.contains(code));
      CHECK(extended.contains(code));
    }
    CHECK(extended.contains("AU"));
  }

  TEST_CASE("only two capital letters are a jurisdiction, even if added") {
    jurisdictions careless{{"eu", "EUR", "E1", ""}};
    for (auto code : {"eu", "EUR", "E1", "", "au", "A", "AU ", "A\xc3"}) {
      CAPTURE(code);
      CHECK(!careless.contains(code));
      CHECK(!has_form_of_jurisdiction(code));
    }
    CHECK(has_form_of_jurisdiction("ZZ"));
    CHECK(!careless.contains("ZZ"));
  }

} // TEST_SUITE
