#include "tests/support/ledger_world.hpp"

#include <thread>

using namespace igl;
using namespace std::chrono_literals;

namespace {

settlement opening(uint32_t number) {
  settlement x;
  x.opens.push_back(make_job(process_message{example_message(number), {}, {}}));
  return x;
}

/// A settlement of a job that was never opened.
settlement refused() {
  settlement x;
  x.job = job_outcome{{"nobody/knows", 1, 1}, job_end::done, {}, {}};
  return x;
}

struct writer_world : ledger_world {
  /// Puts all into the mailbox before the writer runs; the codes of the answers.
  std::vector<errc> settle_all(const std::vector<settlement>& all) {
    using response = decltype(self->request(around.ledger, std::chrono::seconds{1}, settlement{}));
    std::vector<response> responses;
    for (const auto& x : all)
      responses.push_back(self->request(around.ledger, std::chrono::seconds{1}, x));
    run();
    std::vector<errc> codes;
    for (auto& x : responses) {
      REQUIRE(!self->mailbox().empty());
      x.receive([&](const settled&) { codes.push_back(errc::none); },
                [&](const caf::error& err) { codes.push_back(code_of(err)); });
    }
    return codes;
  }
};

} // namespace

TEST_SUITE_BEGIN("ledger actors");

TEST_CASE_FIXTURE(writer_world, "what waits together is committed together") {
  auto codes = settle_all({opening(1), opening(2), opening(3)});
  CHECK(codes == std::vector<errc>(3, errc::none));
  CHECK(on_disk->batches == std::vector<size_t>{3});
  CHECK(due().size() == 3);
}

TEST_CASE_FIXTURE(writer_world, "a transaction has a bound") {
  std::vector<settlement> all;
  for (uint32_t i = 0; i < 1200; ++i)
    all.push_back(opening(i));
  CHECK(settle_all(all) == std::vector<errc>(1200, errc::none));
  CHECK(on_disk->batches == std::vector<size_t>{512, 512, 176});
  CHECK(figures().open_jobs == 1200);
}

TEST_CASE_FIXTURE(writer_world, "while many requests wait, jobs are settled now and then") {
  std::vector<settlement> opened, closed;
  for (uint32_t i = 0; i < 100; ++i)
    opened.push_back(opening(i));
  settle_all(opened);
  for (const auto& job : due()) {
    closed.push_back({});
    closed.back().job =
        job_outcome{{job.order.id, job.generation, job.attempts + 1}, job_end::done, {}, {}};
  }
  on_disk->batches.clear();
  waiting->change(1000);
  while (waiting->average() < 100)
    std::this_thread::yield();

  for (const auto& x : closed)
    self->send(caf::actor_cast<caf::actor>(around.ledger), x);
  for (uint32_t i = 1000; i < 1010; ++i)
    self->send(caf::actor_cast<caf::actor>(around.ledger), opening(i));
  run();
  CHECK(on_disk->batches == std::vector<size_t>{10});
  pass(500ms, 10ms);
  CHECK(on_disk->batches == std::vector<size_t>{10, 32});
  pass(500ms, 10ms);
  CHECK(on_disk->batches == std::vector<size_t>{10, 32, 32});

  waiting->change(-1000);
  while (waiting->average() >= 1)
    std::this_thread::yield();
  pass(500ms, 10ms);
  CHECK(on_disk->batches == std::vector<size_t>{10, 32, 32, 36});
  CHECK(due().size() == 10);
}

TEST_CASE_FIXTURE(writer_world, "one that is refused does not disturb its neighbours") {
  auto codes = settle_all({opening(1), refused(), opening(2)});
  CHECK(codes == std::vector<errc>{errc::none, errc::job_not_open, errc::none});
  CHECK(on_disk->batches == std::vector<size_t>{3});
  CHECK(due().size() == 2);
}

TEST_CASE_FIXTURE(writer_world, "a disk in trouble fails all that waited, and later ones succeed") {
  on_disk->fails_with = make_problem(errc::storage_full);
  CHECK(settle_all({opening(1), opening(2)}) == std::vector<errc>(2, errc::storage_full));
  CHECK(nudges == 0);
  on_disk->fails_with = {};
  CHECK(settle_all({opening(1)}) == std::vector<errc>{errc::none});
}

TEST_CASE_FIXTURE(writer_world, "each hears of its own transaction, while others are under way") {
  on_disk->holds = true;
  std::vector<std::pair<int, errc>> answers;
  auto ask = [&](int number, settlement what) {
    auto response = self->request(around.ledger, std::chrono::seconds{1}, std::move(what));
    run();
    return [&answers, number, response = std::move(response)]() mutable {
      response.receive([&](const settled&) { answers.emplace_back(number, errc::none); },
                       [&](const caf::error& why) { answers.emplace_back(number, code_of(why)); });
    };
  };
  auto first = ask(1, opening(1));
  auto second = ask(2, refused());
  auto third = ask(3, opening(3));
  CHECK(on_disk->batches == std::vector<size_t>{1, 1, 1});
  CHECK(self->mailbox().empty());
  on_disk->under_way.at(0)();
  run();
  first();
  CHECK(self->mailbox().empty());
  on_disk->under_way.at(1)();
  on_disk->under_way.at(2)();
  run();
  second();
  third();
  CHECK(answers == std::vector<std::pair<int, errc>>{
                       {1, errc::none}, {2, errc::job_not_open}, {3, errc::none}});
}

TEST_CASE_FIXTURE(writer_world, "the publisher is told once per transaction that opens jobs") {
  settle_all({opening(1), opening(2), opening(3)});
  CHECK(nudges == 1);
  settle_all({settlement{}, refused()});
  CHECK(nudges == 1);
  // Closing a job makes the one due that was opened under its id meanwhile.
  auto job = due().at(0);
  settle_all({opening(1)});
  CHECK(nudges == 1);
  settlement closing;
  closing.job = job_outcome{{job.order.id, job.generation, 1}, job_end::done, {}, {}};
  settle_all({closing});
  CHECK(nudges == 2);
  job = due().back();
  closing.job = job_outcome{{job.order.id, job.generation, 1}, job_end::done, {}, {}};
  settle_all({closing});
  CHECK(nudges == 2);
}

TEST_CASE_FIXTURE(writer_world, "pieces of documents are written together and read again") {
  auto begun = ask(around.ledger, begin_upload{}).answer<upload_begun>();
  REQUIRE(begun);
  const std::string full(document_piece_size, 'x');
  using response = decltype(self->request(around.ledger, std::chrono::seconds{1}, store_piece{}));
  std::vector<response> responses;
  for (uint32_t i = 0; i < 5; ++i)
    responses.push_back(self->request(around.ledger, std::chrono::seconds{1},
                                      store_piece{begun->upload, i, i < 4 ? full : "the end"}));
  run();
  for (uint32_t i = 0; i < 5; ++i)
    responses[i].receive([&](const piece_stored& x) { CHECK(x.piece == i); },
                         [&](const caf::error& err) { FAIL(sentence_of(err)); });
  CHECK(on_disk->stores == std::vector<size_t>{5});

  settlement naming;
  naming.objects.push_back({"QmExample", begun->upload, 4 * full.size() + 7});
  write(naming);
  auto piece = ask(around.reader, read_piece{begun->upload, 4}).answer<document_piece>();
  REQUIRE(piece);
  CHECK(piece->bytes == "the end");
}

TEST_CASE_FIXTURE(writer_world, "an abandoned upload takes no more pieces") {
  auto begun = ask(around.ledger, begin_upload{}).answer<upload_begun>();
  REQUIRE(begun);
  CHECK(ask(around.ledger, abandon_upload{begun->upload}).answer<settled>());
  auto stored = ask(around.ledger, store_piece{begun->upload, 0, "x"}).answer<piece_stored>();
  REQUIRE_FALSE(stored);
  CHECK(code_of(stored.error()) == errc::stale);
}

TEST_CASE_FIXTURE(writer_world, "a dead letter is replayed or dropped once") {
  write(opening(1));
  write(opening(2));
  for (const auto& job : due()) {
    settlement dying;
    dying.job = job_outcome{{job.order.id, job.generation, 1}, job_end::dead, {}, "no use"};
    write(dying);
  }
  auto letters = dead_letters();
  REQUIRE(letters.size() == 2);
  const auto told = nudges;
  CHECK(ask(around.ledger, replay_dead_letter{letters[0].number, "op"}).answer<settled>());
  CHECK(nudges == told + 1);
  CHECK(due().size() == 1);
  CHECK(ask(around.ledger, drop_dead_letter{letters[1].number, "op"}).answer<settled>());
  CHECK(dead_letters().empty());
  CHECK_FALSE(ask(around.ledger, replay_dead_letter{letters[0].number, "op"}).answer<settled>());
  CHECK_FALSE(ask(around.ledger, drop_dead_letter{letters[1].number, "op"}).answer<settled>());
  CHECK(nudges == told + 1);
}

TEST_CASE_FIXTURE(writer_world, "the reader answers what is on disk, and says when it cannot") {
  settlement what;
  what.cursors.push_back({"au-sg", "17"});
  write(what);
  auto found = ask(around.reader, find_cursor{"au-sg"}).answer<found_cursor>();
  REQUIRE(found);
  CHECK(found->value == "17");
  on_disk->cannot_read = make_problem(errc::storage_failed);
  found = ask(around.reader, find_cursor{"au-sg"}).answer<found_cursor>();
  REQUIRE_FALSE(found);
  CHECK(code_of(found.error()) == errc::storage_failed);
}

TEST_SUITE_END();
