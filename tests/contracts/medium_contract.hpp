#pragma once

#include "channels/medium.hpp"
#include "messages/errors.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <set>
#include <thread>

/// What every medium must pass (channels/medium.hpp).
///
///   TEST_CASE("a memory medium keeps the medium's promises") {
///     igl::medium_contract([] { … return a place; });
///   }
namespace igl {

/// A new, empty shared place: each call of it opens one more medium there.
using medium_place = std::function<std::unique_ptr<medium>()>;

inline channel_message entry_about(const std::string& id, const std::string& receiver = "SG") {
  channel_message x;
  x.id = id;
  x.content = {"AU",
               "ref-" + id,
               receiver,
               "AU.abn0000000000.XXXX-" + id,
               "QmQtYtUS7K1AdKjbuMsmPmPGDLaKL38M5HYwqxW9RKW49n",
               "UN.CEFACT.Trade.CoO.created"};
  return x;
}

inline std::vector<std::string> ids_in(const std::vector<medium_entry>& entries) {
  std::vector<std::string> ids;
  for (auto& x : entries)
    ids.push_back(x.said.id);
  return ids;
}

/// Reads all of a medium in steps.
inline std::vector<medium_entry> all_of(medium& from, uint32_t step = 7) {
  std::vector<medium_entry> all;
  while (true) {
    auto page = from.read(all.empty() ? 0 : all.back().place, step);
    REQUIRE_MESSAGE(page, sentence_of(page.error()));
    if (page->empty())
      return all;
    CHECK(page->size() <= step);
    all.insert(all.end(), page->begin(), page->end());
  }
}

/// `fresh` makes a place that no other call of it shares.
inline void medium_contract(const std::function<medium_place()>& fresh) {
  using ids = std::vector<std::string>;
  auto place = fresh();
  auto ours = place();
  auto theirs = place();

  SUBCASE("is empty at first") {
    CHECK(*ours->newest() == 0);
    CHECK(ours->read(0, 10)->empty());
    CHECK(!ours->append({}));
    CHECK(*ours->newest() == 0);
  }

  SUBCASE("shows to others what was appended, in order and complete") {
    CHECK(!ours->append({entry_about("a"), entry_about("b")}));
    CHECK(*theirs->newest() == 2);
    CHECK(!theirs->append({entry_about("c")}));
    CHECK(*ours->newest() == 3);
    auto read = *ours->read(0, 10);
    CHECK(ids_in(read) == ids{"a", "b", "c"});
    CHECK(ids_in(*theirs->read(0, 10)) == ids_in(read));
    CHECK(read.front().place == 1);
    CHECK(read.back().place == *ours->newest());
    CHECK(read[1].said.content == entry_about("b").content);
    for (auto& x : read)
      CHECK((x.said.status == channel_status::confirmed ||
             x.said.status == channel_status::observed));
  }

  SUBCASE("reads on after a place, as much as was asked for") {
    CHECK(!ours->append({entry_about("a"), entry_about("b"), entry_about("c")}));
    auto first = *ours->read(0, 2);
    CHECK(ids_in(first) == ids{"a", "b"});
    CHECK(ids_in(*ours->read(first.back().place, 2)) == ids{"c"});
    CHECK(ours->read(3, 2)->empty());
    CHECK(ours->read(1000, 2)->empty());
  }

  SUBCASE("takes the same message again without a trace") {
    CHECK(!ours->append({entry_about("a"), entry_about("a")}));
    CHECK(!ours->append({entry_about("a"), entry_about("b")}));
    CHECK(!theirs->append({entry_about("b")}));
    CHECK(*ours->newest() == 2);
    CHECK(ids_in(all_of(*theirs)) == ids{"a", "b"});
  }

  SUBCASE("refuses another message under an id that is there, and all that came with it") {
    CHECK(!ours->append({entry_about("a")}));
    auto other = entry_about("a", "NZ");
    auto why = theirs->append({entry_about("b"), other, entry_about("c")});
    CHECK(code_of(why) == errc::conflict);
    CHECK(sentence_of(why).find(" a ") != std::string::npos);
    CHECK(ids_in(all_of(*ours)) == ids{"a"});
    CHECK(*ours->newest() == 1);
    CHECK(!theirs->append({entry_about("b")}));
    CHECK(ids_in(all_of(*ours)) == ids{"a", "b"});
  }

  SUBCASE("bears any text") {
    auto odd = entry_about("odd");
    odd.content.subject = "quote \" backslash \\ newline \n Ünïcödé 証明書";
    odd.content.sender_ref.clear();
    CHECK(!ours->append({odd}));
    auto read = *theirs->read(0, 1);
    CHECK(read.at(0).said.content == odd.content);
  }

  SUBCASE("keeps one order while two append at once") {
    constexpr int each = 100;
    auto appender = [&](const char* who) {
      return std::thread{[who, &place] {
        auto own = place();
        for (int i = 0; i < each; ++i)
          if (own->append({entry_about(who + std::to_string(i))}))
            return;
      }};
    };
    auto first = appender("first-");
    auto second = appender("second-");
    std::vector<medium_entry> seen;
    while (seen.size() < 2 * each) {
      auto page = ours->read(seen.empty() ? 0 : seen.back().place, 16);
      if (!page)
        FAIL(sentence_of(page.error()));
      for (auto& x : *page) {
        CHECK(x.place == seen.size() + 1);
        seen.push_back(x);
      }
    }
    first.join();
    second.join();
    CHECK(ids_in(all_of(*theirs)) == ids_in(seen));
    auto once = ids_in(seen);
    CHECK(std::set<std::string>(once.begin(), once.end()).size() == once.size());
  }

  SUBCASE("is told from another medium") {
    auto elsewhere = fresh()();
    CHECK(ours->identity() == theirs->identity());
    CHECK(ours->identity() != elsewhere->identity());
    CHECK(!ours->identity().empty());
    CHECK(ours->identity().find(':') == std::string::npos);
    CHECK(!ours->description().empty());
  }
}

} // namespace igl
