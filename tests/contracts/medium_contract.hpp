#pragma once

#include "channels/medium.hpp"
#include "messages/errors.hpp"
#include "messages/uri.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <set>
#include <thread>

/// What every medium must pass (channels/medium.hpp).
///
///   TEST_CASE("a memory medium keeps the medium's promises") {
///     igl::medium_contract([] { … return igl::medium_place{opener}; });
///   }
namespace igl {

/// A new, empty shared place.
struct medium_place {
  /// Opens one more medium there.
  std::function<std::unique_ptr<medium>()> open;
  /// Makes all that was appended come true, on a medium where that takes its time.
  std::function<void()> settle = [] {
  };
  /// Puts something there that is no message, as anybody may who can write to the place; what
  /// `settle` does makes it come true. Empty: nobody can.
  std::function<void(const std::string& data)> plant{};
};

/// The same on a medium that takes back.
struct changing_place : medium_place {
  std::function<void()> observe;    ///< what was appended is observed, not confirmed
  std::function<void()> lose;       ///< the newest that is there goes, and may come back
  std::function<void()> bring_back; ///< what was lost comes back, before it is gone
  std::function<void()> wait;       ///< for so long that what is missing is gone
};

inline medium_entry entry_about(const std::string& id, const std::string& receiver = "SG") {
  return {id,
          {"AU", "ref-" + id, receiver, "AU.abn0000000000.XXXX-" + id,
           "QmQtYtUS7K1AdKjbuMsmPmPGDLaKL38M5HYwqxW9RKW49n", "UN.CEFACT.Trade.CoO.created"}};
}

inline std::vector<std::string> ids_in(const std::vector<medium_change>& changes) {
  std::vector<std::string> ids;
  for (auto& x : changes)
    ids.push_back(x.about.id);
  return ids;
}

inline std::vector<std::string> ids_in(const std::vector<medium_change>& changes,
                                       medium_news only) {
  std::vector<std::string> ids;
  for (auto& x : changes)
    if (x.what == only)
      ids.push_back(x.about.id);
  return ids;
}

/// One page; the cursor moves.
inline std::vector<medium_change> next_of(medium& from, std::string& cursor, uint32_t limit = 100) {
  auto page = from.read(cursor, limit);
  REQUIRE_MESSAGE(page, sentence_of(page.error()));
  cursor = page->cursor;
  return page->changes;
}

/// Reads all that is new, in steps.
inline std::vector<medium_change> rest_of(medium& from, std::string& cursor, uint32_t step = 7) {
  std::vector<medium_change> all;
  while (true) {
    auto before = cursor;
    auto page = next_of(from, cursor, step);
    if (page.empty() && cursor == before)
      return all;
    if (!from.takes_back())
      CHECK(page.size() <= step);
    all.insert(all.end(), page.begin(), page.end());
  }
}

inline std::vector<medium_change> all_of(medium& from, uint32_t step = 7) {
  std::string cursor;
  return rest_of(from, cursor, step);
}

inline std::vector<std::string> confirmed_in(medium& from) {
  return ids_in(all_of(from), medium_news::confirmed);
}

/// `fresh` makes a place that no other call of it shares.
inline void medium_contract(const std::function<medium_place()>& fresh) {
  using ids = std::vector<std::string>;
  auto place = fresh();
  auto ours = place.open();
  auto theirs = place.open();

  SUBCASE("is empty at first") {
    CHECK(all_of(*ours).empty());
    CHECK(!ours->append({}));
    CHECK(all_of(*ours).empty());
    CHECK(*ours->find("a") == medium_presence::absent);
  }

  SUBCASE("shows to others what was appended, in order and complete") {
    CHECK(!ours->append({entry_about("a"), entry_about("b")}));
    CHECK(!theirs->append({entry_about("c")}));
    place.settle();
    auto all = all_of(*ours);
    CHECK(ids_in(all, medium_news::confirmed) == ids{"a", "b", "c"});
    CHECK(ids_in(all_of(*theirs)) == ids_in(all));
    CHECK(ids_in(all, medium_news::gone).empty());
    for (auto& x : all) {
      CHECK(x.about.content == entry_about(x.about.id).content);
      CHECK(!x.where.empty());
    }
    CHECK(*theirs->find("b") == medium_presence::confirmed);
    CHECK(*theirs->find("d") == medium_presence::absent);
  }

  SUBCASE("goes on after a cursor, whoever asks, and tells everything once") {
    CHECK(!ours->append({entry_about("a"), entry_about("b"), entry_about("c")}));
    place.settle();
    std::string cursor;
    auto first = next_of(*ours, cursor, 2);
    REQUIRE(!first.empty());
    auto killed = cursor;
    auto rest = rest_of(*ours, cursor);
    auto end = cursor;
    auto reader_of_another_process = place.open();
    cursor = killed;
    CHECK(ids_in(rest_of(*reader_of_another_process, cursor)) == ids_in(rest));
    CHECK(cursor == end);
    first.insert(first.end(), rest.begin(), rest.end());
    CHECK(ids_in(first, medium_news::confirmed) == ids{"a", "b", "c"});
    CHECK(!theirs->append({entry_about("d")}));
    place.settle();
    CHECK(ids_in(rest_of(*ours, cursor), medium_news::confirmed) == ids{"d"});
    CHECK(rest_of(*ours, cursor).empty());
  }

  SUBCASE("is told once more from its start, to whoever was not there before") {
    CHECK(!ours->append({entry_about("a"), entry_about("b")}));
    place.settle();
    std::string cursor;
    rest_of(*ours, cursor);
    auto start = theirs->anew(cursor);
    REQUIRE(start);
    cursor = *start;
    CHECK(ids_in(rest_of(*theirs, cursor), medium_news::confirmed) == ids{"a", "b"});
    CHECK(rest_of(*theirs, cursor).empty());
    CHECK(theirs->anew(""));
  }

  SUBCASE("takes the same message again without a trace") {
    CHECK(!ours->append({entry_about("a"), entry_about("a")}));
    CHECK(!ours->append({entry_about("a"), entry_about("b")}));
    place.settle();
    CHECK(!theirs->append({entry_about("b")}));
    place.settle();
    CHECK(confirmed_in(*theirs) == ids{"a", "b"});
  }

  SUBCASE("refuses another message under an id that is there, and all that came with it") {
    CHECK(!ours->append({entry_about("a")}));
    auto other = entry_about("a", "NZ");
    auto why = theirs->append({entry_about("b"), other, entry_about("c")});
    CHECK(code_of(why) == errc::conflict);
    CHECK(sentence_of(why).find(" a ") != std::string::npos);
    place.settle();
    CHECK(confirmed_in(*ours) == ids{"a"});
    CHECK(*ours->find("b") == medium_presence::absent);
    CHECK(!theirs->append({entry_about("b")}));
    place.settle();
    CHECK(confirmed_in(*ours) == ids{"a", "b"});
  }

  SUBCASE("refuses an id that is empty or too long, and all that came with it") {
    for (auto& bad : {std::string{}, std::string(257, 'i')}) {
      CHECK(code_of(ours->append({entry_about("a"), entry_about(bad)})) == errc::bad_request);
      CHECK(*ours->find("a") == medium_presence::absent);
    }
    auto longest = entry_about("a");
    longest.id = std::string(256, 'i');
    CHECK(!ours->append({longest}));
    place.settle();
    CHECK(*ours->find(std::string(256, 'i')) == medium_presence::confirmed);
  }

  SUBCASE("tells what is no message apart, and holds up nothing for it") {
    if (place.plant) {
      CHECK(!ours->append({entry_about("a")}));
      auto planted = 0u;
      for (auto data :
           {"", "hello", "{", "[]", R"({"id": "b"})", R"({"id": 7, "message": {}})", "\xff\xfe{",
            R"({"id":"","message":{"obj":"","predicate":"",)"
            R"("receiver":"SG","sender":"","sender_ref":"","subject":""}})"}) {
        place.plant(data);
        ++planted;
      }
      CHECK(!ours->append({entry_about("b")}));
      place.settle();
      for (uint32_t step : {1, 3, 100}) {
        CAPTURE(step);
        std::string cursor;
        std::vector<std::string> confirmed;
        std::vector<unreadable_entry> unreadable;
        for (int pages = 0; pages < 100; ++pages) {
          auto page = theirs->read(cursor, step);
          REQUIRE_MESSAGE(page, sentence_of(page.error()));
          cursor = page->cursor;
          for (auto& id : ids_in(page->changes, medium_news::confirmed))
            confirmed.push_back(id);
          unreadable.insert(unreadable.end(), page->unreadable.begin(), page->unreadable.end());
        }
        CHECK(confirmed == ids{"a", "b"});
        REQUIRE(unreadable.size() == planted);
        CHECK(unreadable[1].said == "\"hello\"");
        for (auto& x : unreadable) {
          CHECK(!x.where.empty());
          CHECK(!x.reason.empty());
          CHECK(is_utf8(x.reason + x.said));
        }
      }
    }
  }

  SUBCASE("bears any text") {
    auto odd = entry_about("odd \" \\ é");
    odd.content.subject = "quote \" backslash \\ newline \n Ünïcödé 証明書";
    odd.content.sender_ref.clear();
    CHECK(!ours->append({odd}));
    place.settle();
    auto all = all_of(*theirs);
    REQUIRE(!all.empty());
    CHECK(all[0].about.id == odd.id);
    CHECK(all[0].about.content == odd.content);
  }

  SUBCASE("keeps one order while two append at once") {
    constexpr int each = 100;
    auto appender = [&](const char* who) {
      return std::thread{[who, &place] {
        auto own = place.open();
        for (int i = 0; i < each; ++i)
          if (own->append({entry_about(who + std::to_string(i))}))
            return;
      }};
    };
    auto first = appender("first-");
    auto second = appender("second-");
    std::string cursor;
    std::vector<std::string> seen;
    while (seen.size() < 2 * each) {
      place.settle();
      auto page = ours->read(cursor, 16);
      if (!page)
        FAIL(sentence_of(page.error()));
      cursor = page->cursor;
      for (auto& id : ids_in(page->changes, medium_news::confirmed))
        seen.push_back(id);
    }
    first.join();
    second.join();
    CHECK(confirmed_in(*theirs) == seen);
    CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == seen.size());
  }

  SUBCASE("is told from another medium") {
    CHECK(!ours->append({entry_about("a")}));
    place.settle();
    std::string cursor;
    rest_of(*ours, cursor);
    auto other_place = fresh();
    auto elsewhere = other_place.open();
    CHECK(!elsewhere->append({entry_about("x")}));
    other_place.settle();
    auto page = elsewhere->read(cursor, 100);
    REQUIRE(page);
    CHECK(page->from_start);
    CHECK(page->cursor != cursor);
    cursor = page->cursor;
    auto all = page->changes;
    auto rest = rest_of(*elsewhere, cursor);
    all.insert(all.end(), rest.begin(), rest.end());
    CHECK(ids_in(all, medium_news::confirmed) == ids{"x"});
    CHECK(!elsewhere->read(cursor, 100)->from_start);
    CHECK(!elsewhere->read("", 100)->from_start);
    CHECK(!ours->description().empty());
  }
}

/// What a medium must pass, besides, that does not take back.
inline void lasting_medium_contract(const std::function<medium_place()>& fresh) {
  auto place = fresh();
  auto here = place.open();
  CHECK(!here->takes_back());
  CHECK(!here->append({entry_about("a"), entry_about("b")}));
  place.settle();
  auto all = all_of(*here);
  CHECK(all.size() == 2);
  for (auto& x : all)
    CHECK(x.what == medium_news::confirmed);
}

/// What happens to a place that takes back, and to one reader of it, a letter for each step:
/// s(ettle), o(bserve), l(ose), b(ring back), w(ait); a digit: the reader reads a page of so many
/// changes; r: all there is; another letter: a message of this id is appended.
inline void check_walk(const changing_place& place, const std::string& steps) {
  CAPTURE(steps);
  auto here = place.open();
  std::string cursor;
  std::set<std::string> ids;
  std::map<std::string, bool> believed;
  auto hear = [&](const std::vector<medium_change>& changes) {
    for (auto& x : changes)
      if (x.what != medium_news::missing)
        believed[x.about.id] = x.what != medium_news::gone;
  };
  for (auto step : steps + "rwr") {
    if (step >= '1' && step <= '9')
      hear(next_of(*here, cursor, static_cast<uint32_t>(step - '0')));
    else if (step == 'r')
      hear(rest_of(*here, cursor));
    else if (step == 's')
      place.settle();
    else if (step == 'o')
      place.observe();
    else if (step == 'l')
      place.lose();
    else if (step == 'b')
      place.bring_back();
    else if (step == 'w')
      place.wait();
    else {
      ids.insert(std::string(1, step));
      CHECK(!here->append({entry_about(std::string(1, step))}));
    }
  }
  for (auto& id : ids) {
    CAPTURE(id);
    CHECK(believed[id] == (*here->find(id) != medium_presence::absent));
  }
}

/// What a medium must pass, besides, that takes back.
inline void changing_medium_contract(const std::function<changing_place()>& fresh) {
  using ids = std::vector<std::string>;
  // The place changes between two pages of one reader: what was lost returns where he has not been
  // yet, and goes again; what returned goes, and is brought back before he has seen all of that.
  for (auto steps : {"asrlrxoaow1l", "asrlrxoaow2l", "asrlrxoaow1ls", "asrlrbrwl1b",
                     "asrlrbrw1l1b1", "asrlwb1l", "asrlrbw1l1w1", "xoaosrlrbrwl1b1lw1"})
    check_walk(fresh(), steps);
  auto place = fresh();
  auto here = place.open();
  std::string cursor;
  auto next = [&](medium_news what) {
    return ids_in(rest_of(*here, cursor), what);
  };
  CHECK(here->takes_back());
  CHECK(!here->append({entry_about("a")}));
  CHECK(rest_of(*here, cursor).empty());
  CHECK(*here->find("a") == medium_presence::under_way);

  SUBCASE("says observed, then confirmed") {
    place.observe();
    CHECK(*here->find("a") == medium_presence::under_way);
    auto seen = rest_of(*here, cursor);
    CHECK(ids_in(seen, medium_news::observed) == ids{"a"});
    CHECK(seen.size() == 1);
    place.settle();
    CHECK(*here->find("a") == medium_presence::confirmed);
    seen = rest_of(*here, cursor);
    CHECK(ids_in(seen, medium_news::confirmed) == ids{"a"});
    CHECK(seen.size() == 1);
  }

  SUBCASE("says missing, and gone only when it has waited") {
    place.settle();
    rest_of(*here, cursor);
    place.lose();
    CHECK(*here->find("a") == medium_presence::absent);
    auto seen = rest_of(*here, cursor);
    CHECK(ids_in(seen, medium_news::missing) == ids{"a"});
    CHECK(seen.size() == 1);
    CHECK(rest_of(*here, cursor).empty());
    auto before = cursor;
    place.wait();
    CHECK(next(medium_news::gone) == ids{"a"});
    CHECK(rest_of(*here, cursor).empty());
    // Killed before it kept that.
    here = place.open();
    cursor = before;
    CHECK(next(medium_news::gone) == ids{"a"});
  }

  SUBCASE("does not call gone what came back in time") {
    place.settle();
    rest_of(*here, cursor);
    place.lose();
    CHECK(next(medium_news::missing) == ids{"a"});
    place.bring_back();
    CHECK(ids_in(rest_of(*here, cursor), medium_news::gone).empty());
    place.wait();
    CHECK(ids_in(rest_of(*here, cursor), medium_news::gone).empty());
  }

  SUBCASE("says gone also to whoever reads it anew") {
    place.settle();
    rest_of(*here, cursor);
    auto before = cursor;
    place.lose();
    CHECK(next(medium_news::missing) == ids{"a"});
    // He knew of it or not, and has heard that it is missing or not.
    for (auto known : {cursor, before}) {
      auto start = here->anew(known);
      REQUIRE(start);
      cursor = *start;
      CHECK(ids_in(rest_of(*here, cursor), medium_news::gone).empty());
    }
    place.wait();
    CHECK(next(medium_news::gone) == ids{"a"});
    CHECK(rest_of(*here, cursor).empty());
  }

  SUBCASE("takes what is gone once more") {
    place.settle();
    rest_of(*here, cursor);
    place.lose();
    rest_of(*here, cursor);
    place.wait();
    CHECK(next(medium_news::gone) == ids{"a"});
    CHECK(!here->append({entry_about("a")}));
    CHECK(*here->find("a") == medium_presence::under_way);
    place.settle();
    CHECK(next(medium_news::confirmed) == ids{"a"});
  }
}

} // namespace igl
