#include "full_ledger.hpp"

#include <spdlog/spdlog.h>

#include <csignal>
#include <random>
#include <sys/wait.h>

using namespace igl;
using namespace igl::test;

namespace {

struct damaged_ledger : full_ledger {
  /// Flips a bit of everything that holds this text while nobody has it open.
  void damage(const std::string& text, size_t behind = 0) {
    it.reset();
    REQUIRE(flip_in(file(), text, behind));
    it = value_of(ledger::open(options()));
  }
};

/// What everybody is told, whole; an error of the ledger is none.
bool tells_the_truth(ledger& it, const full_ledger& truth, const std::vector<message_record>& all) {
  for (const auto& x : all)
    if (auto found = it.read(find_message{x.content.ref()}); found && found->record != x)
      return false;
  auto object = it.read(find_object{truth.multihash});
  if (object && (!object->info || object->info->size != truth.document.size()))
    return false;
  for (uint32_t i = 0; i * document_piece_size < truth.document.size(); ++i)
    if (auto piece = it.read(read_piece{truth.upload, i});
        piece &&
        piece->bytes != truth.document.substr(i * document_piece_size, document_piece_size))
      return false;
  return true;
}

} // namespace

TEST_SUITE("ledger damage") {
  TEST_CASE_FIXTURE(damaged_ledger, "a message with a flipped bit is an error that names it") {
    value_of(settle(putting(record_of("the-last-one"), 0)));
    damage("the-last-one\2SG", 12);
    auto x = it->read(find_message{{"AU", "the-last-one"}});
    REQUIRE(test::code_of(x) == errc::storage_damaged);
    auto sentence = sentence_of(x.error());
    CHECK(sentence.find("messages") != std::string::npos);
    CHECK(sentence.find("AU:the-last-one") != std::string::npos);
    CHECK(read(find_message{{"AU", "1"}}).record);
    it->read(find_message{{"AU", "the-last-one"}});
    CHECK(figures().damaged == 1);
    CHECK(figures().damage.find("AU:the-last-one") != std::string::npos);
  }

  TEST_CASE_FIXTURE(damaged_ledger, "a message whose key is damaged is not said to be unknown") {
    value_of(settle(putting(record_of("zzz-last"), 0)));
    it.reset();
    auto env = raw();
    auto in = env->named("messages");
    auto key = std::string("\0\x0b", 2) + "AU:zzz-last";
    CHECK_FALSE(env->read([&](const lmdb::read_transaction& txn) -> caf::error {
      CHECK(txn.find(in, key));
      return {};
    }));
    env.reset();
    REQUIRE(flip_in(file(), key, key.size() - 1));
    it = value_of(ledger::open(options()));
    CHECK(test::code_of(it->read(find_message{{"AU", "zzz-last"}})) == errc::storage_damaged);
    CHECK_FALSE(read(find_message{{"AU", "00"}}).record);
  }

  TEST_CASE_FIXTURE(damaged_ledger, "what is there under a damaged key is not written anew") {
    value_of(settle(putting(record_of("zzz-last"), 0)));
    settlement more;
    more.grants.push_back({"zzz-document", "SG", "AU:zzz-grant"});
    more.opens.push_back(order("zzz-job"));
    channel_record_change change;
    change.record.half = channel_half::posting;
    change.record.said.id = "zzz-told";
    change.record.said.content = record_of("1").content;
    auto told = [&](uint64_t expects) {
      settlement x;
      x.channel_records.push_back(change);
      x.channel_records[0].expects = expects;
      x.events.push_back(event_of(event_kind::channel_message_posted, "zzz-told"));
      return x;
    };
    value_of(settle(more));
    value_of(settle(told(0)));
    auto taken = ticket_of(due().back());
    REQUIRE(taken.id == "zzz-job");
    // Whatever form a key has: the last bytes of it are those of the name, before its value.
    it.reset();
    std::vector<std::pair<std::string, std::string>> keys;
    auto env = raw();
    CHECK_FALSE(env->read([&](const lmdb::read_transaction& txn) -> caf::error {
      for (const char* name : {"messages", "access", "jobs", "channel_records"}) {
        auto at = txn.walk(env->named(name));
        for (bool any = at.first(); any; any = at.next())
          if (at.key().find("zzz-") != std::string::npos)
            keys.emplace_back(name, std::string(at.key()) + std::string(at.stored()));
      }
      return {};
    }));
    env.reset();
    REQUIRE(keys.size() == 4);
    for (const auto& [name, entry] : keys)
      REQUIRE(flip_in(file(), entry, entry.find("zzz-") + 5));
    it = value_of(ledger::open(options()));
    const auto events_before = figures().events;
    const auto jobs_before = figures().open_jobs;
    auto otherwise = record_of("zzz-last");
    otherwise.content.subject = "another one";
    for (const auto& x : {putting(record_of("zzz-last"), 0), putting(otherwise, 0), told(0), more,
                          ending(taken, job_end::done)})
      CHECK(test::code_of(settle(x)) == errc::storage_damaged);
    settlement opened;
    opened.opens = more.opens;
    CHECK(test::code_of(settle(opened)) == errc::storage_damaged);
    settlement granted;
    granted.grants = more.grants;
    CHECK(test::code_of(settle(granted)) == errc::storage_damaged);
    CHECK(figures().events == events_before);
    CHECK(figures().open_jobs == jobs_before);
    // Those who need none of it go on.
    CHECK(settle(putting(record_of("another"), 0)));
  }

  TEST_CASE_FIXTURE(damaged_ledger, "a dead letter under a damaged key is not said to be gone") {
    auto stored = read(find_dead_letters{}).letters.at(0);
    it.reset();
    std::string entry;
    auto env = raw();
    CHECK_FALSE(env->read([&](const lmdb::read_transaction& txn) -> caf::error {
      auto at = txn.walk(env->named("dead_letters"));
      REQUIRE(at.first());
      entry = std::string(at.key()) + std::string(at.stored());
      return {};
    }));
    env.reset();
    REQUIRE(flip_in(file(), entry, 7));
    it = value_of(ledger::open(options()));
    CHECK(test::code_of(it->replay({stored.number, "x"})) == errc::storage_damaged);
    CHECK(test::code_of(it->drop({stored.number, "x"})) == errc::storage_damaged);
    CHECK(test::code_of(it->drop({1000, "x"})) != errc::none);
  }

  TEST_CASE_FIXTURE(damaged_ledger, "a document with a flipped bit is an error, piece by piece") {
    damage(document.substr(300000, 64), 10);
    CHECK(value_of(it->read(read_piece{upload, 0})).bytes ==
          document.substr(0, document_piece_size));
    CHECK(test::code_of(it->read(read_piece{upload, 1})) == errc::storage_damaged);
  }

  TEST_CASE_FIXTURE(damaged_ledger, "what is damaged fails only those who need it") {
    value_of(settle(putting(record_of("the-last-one"), 0)));
    damage("the-last-one\2SG", 12);
    auto results =
        it->commit({putting(record_of("before"), 0), putting(record_of("the-last-one"), 1),
                    putting(record_of("behind"), 0)});
    CHECK(results[0]);
    CHECK(test::code_of(results[1]) == errc::storage_damaged);
    CHECK(results[2]);
    CHECK(read(find_message{{"AU", "before"}}).record);
    CHECK(read(find_message{{"AU", "behind"}}).record);
  }

  TEST_CASE_FIXTURE(damaged_ledger, "a damaged job is not handed out, those behind it are") {
    auto all = due();
    auto x = order("the-odd-job");
    x.body = "an odd body";
    settlement opened;
    opened.opens.push_back(x);
    opened.opens.push_back(order("behind"));
    value_of(settle(opened));
    REQUIRE(due().size() == all.size() + 2);
    damage("an odd body", 3);
    auto now = due();
    CHECK(now.size() == all.size() + 1);
    CHECK(now.back().order.id == "behind");
    CHECK(figures().damaged == 1);
  }

  TEST_CASE_FIXTURE(full_ledger, "the hub tells what is new though its oldest event is damaged") {
    settlement told;
    told.tells.push_back({"AU:17", "cause", {{"a.odd", R"({"an":"odd event"})"}}});
    value_of(settle(told));
    it.reset();
    REQUIRE(flip_in(file(), R"({"an":"odd event"})", 3));
    it = value_of(ledger::open(options()));
    clock.advance(std::chrono::hours{24 * 30});
    for (int i = 0; i < 20; ++i) {
      settlement again;
      again.subscriptions.push_back(
          {subscription_act::put, {"a", "a", "http://x", "secret", clock.now() + 1h}});
      again.tells.push_back({"AU:18", "cause", {{"a.b", "{}"}}});
      REQUIRE(settle(again));
    }
  }

  TEST_CASE_FIXTURE(full_ledger, "a file that was cut is refused, and how to get it back is said") {
    it.reset();
    const auto whole = bytes_in(file());
    for (size_t bytes = whole.size() - 100; bytes > 8192;
         bytes -= std::min<size_t>(bytes, 20'000)) {
      write_bytes(file(), whole.substr(0, bytes));
      auto cut = ledger::open(options());
      REQUIRE(test::code_of(cut) == errc::storage_damaged);
      CHECK(sentence_of(cut.error()).find("igl ledger restore") != std::string::npos);
      CHECK(bytes_in(file()).size() == bytes);
    }
    write_bytes(file(), whole);
    CHECK(ledger::open(options()));
  }

  // The seeds are fixed; whatever is hit, nobody is told anything else than what was written.
  TEST_CASE_FIXTURE(full_ledger, "no flipped bit anywhere in the file is ever told as the truth") {
    std::vector<message_record> all;
    for (int i = 0; i < messages; ++i)
      all.push_back(*read(find_message{{"AU", std::to_string(i)}}).record);
    it.reset();
    const auto whole = bytes_in(file());
    const auto begin = whole.find(document.substr(0, 200));
    REQUIRE(begin != std::string::npos);
    std::mt19937 random{20260101};
    size_t answered = 0;
    for (int round = 0; round < 150; ++round) {
      auto bytes = whole;
      // Behind the two pages by which LMDB finds its newest transaction, and every other time not
      // in the document, which is most of the file.
      size_t place = 0;
      do
        place = 8192 + random() % (bytes.size() - 8192);
      while (round % 2 == 0 && place - begin < document.size());
      bytes[place] ^= static_cast<char>(1 << random() % 8);
      write_bytes(file(), bytes);
      auto child = fork();
      if (child == 0) {
        for (auto signal : {SIGSEGV, SIGBUS, SIGABRT})
          std::signal(signal, SIG_DFL);
        spdlog::set_level(spdlog::level::off);
        auto damaged = ledger::open(options());
        _exit(!damaged || tells_the_truth(**damaged, *this, all) ? 0 : 1);
      }
      int status = 0;
      waitpid(child, &status, 0);
      answered += WIFEXITED(status) ? 1 : 0;
      CHECK_MESSAGE(!(WIFEXITED(status) && WEXITSTATUS(status) == 1),
                    "a lie after byte " << place << " was changed");
    }
    CHECK(answered > 100);
    write_bytes(file(), whole);
  }
}
