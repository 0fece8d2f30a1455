#include "messages/errors.hpp"
#include "storage/jetstream_answers.hpp"
#include "storage/jetstream_order.hpp"

#include <doctest/doctest.h>

#include <map>
#include <utility>
#include <vector>

TEST_SUITE_BEGIN("jetstream order");

namespace igl {
namespace {

using jetstream_api::answer;
using jetstream_api::damage;
using jetstream_api::names;

answer refusal(int code) {
  answer x;
  x.error_code = code;
  x.error = "refused";
  return x;
}

/// A server that answers what the test says, and remembers the questions.
struct scripted_server {
  std::map<std::string, std::vector<answer>> answers; ///< by subject, used up in order
  std::vector<std::pair<std::string, std::string>> asked;

  ask_jetstream asking() {
    return [this](const std::string& subject, const std::string& body) {
      asked.emplace_back(subject, body);
      auto& left = answers[subject];
      if (left.empty())
        return answer{};
      auto x = left.front();
      left.erase(left.begin());
      return x;
    };
  }
  int count(const std::string& subject) const {
    auto n = 0;
    for (auto& x : asked)
      n += x.first == subject ? 1 : 0;
    return n;
  }
};

const names channel_pending{"AU", stream::channel_pending};
const wanted_stream wanted{channel_pending, "stream config", "consumer config"};

answer state(uint64_t messages, uint64_t first, uint64_t last, uint64_t delivered, uint64_t floor) {
  answer x;
  x.of_stream.created = "2026-01-01T00:00:00Z";
  x.of_stream.messages = messages;
  x.of_stream.first = first;
  x.of_stream.last = last;
  x.of_consumer.delivered = delivered;
  x.of_consumer.floor = floor;
  return x;
}

TEST_CASE("names come from the owner and the specification's queues") {
  CHECK(channel_pending.stream == "AU-channel-pending");
  CHECK(channel_pending.subject == "igl.AU.channel-pending");
  CHECK(channel_pending.consumer == "channel-poller");
  CHECK(channel_pending.pull() == "$JS.API.CONSUMER.MSG.NEXT.AU-channel-pending.channel-poller");
}

TEST_CASE("a stream in order is only looked at") {
  scripted_server server;
  server.answers[channel_pending.consumer_info()] = {state(0, 0, 0, 7, 5)};
  server.answers[channel_pending.stream_info()] = {state(3, 6, 9, 0, 0)};
  auto x = mend_stream(wanted, server.asking());
  REQUIRE(x);
  CHECK(!x->was_gone);
  CHECK(server.asked.size() == 2);
  // Only in this order a consumer that is ahead is a damaged one.
  CHECK(server.asked[0].first == channel_pending.consumer_info());
}

TEST_CASE("jobs below the acknowledge floor are purged up to it, and no further") {
  scripted_server server;
  server.answers[channel_pending.consumer_info()] = {state(0, 0, 0, 40, 30)};
  server.answers[channel_pending.stream_info()] = {state(25, 11, 50, 0, 0)};
  REQUIRE(mend_stream(wanted, server.asking()));
  REQUIRE(server.asked.size() == 3);
  CHECK(server.asked[2].first == "$JS.API.STREAM.PURGE.AU-channel-pending");
  CHECK(server.asked[2].second == "{\"seq\":31}");
}

TEST_CASE("a consumer beyond the end of its stream is made anew") {
  for (auto consumer : {state(0, 0, 0, 60, 60), state(0, 0, 0, 60, 10)}) {
    scripted_server server;
    server.answers[channel_pending.consumer_info()] = {consumer};
    server.answers[channel_pending.stream_info()] = {state(1, 50, 50, 0, 0)};
    REQUIRE(mend_stream(wanted, server.asking()));
    CHECK(server.count(channel_pending.delete_consumer()) == 1);
    CHECK(server.count(channel_pending.create_consumer()) == 1);
    CHECK(server.count(channel_pending.purge()) == 0); // it would take jobs that nobody has done
  }
}

TEST_CASE("a stream that is gone is made anew, and said to have been gone") {
  scripted_server server;
  server.answers[channel_pending.consumer_info()] = {refusal(jetstream_api::stream_not_found)};
  server.answers[channel_pending.stream_info()] = {refusal(jetstream_api::stream_not_found),
                                                   state(0, 0, 0, 0, 0)};
  auto x = mend_stream(wanted, server.asking());
  REQUIRE(x);
  CHECK(x->was_gone);
  CHECK(server.count(channel_pending.create_stream()) == 1);
  CHECK(server.count(channel_pending.create_consumer()) == 1);
}

TEST_CASE("a consumer that is gone is made anew; its stream was there") {
  scripted_server server;
  server.answers[channel_pending.consumer_info()] = {refusal(jetstream_api::consumer_not_found)};
  server.answers[channel_pending.stream_info()] = {state(1, 1, 1, 0, 0), state(1, 1, 1, 0, 0)};
  auto x = mend_stream(wanted, server.asking());
  REQUIRE(x);
  CHECK(!x->was_gone);
  CHECK(server.count(channel_pending.create_consumer()) == 1);
}

TEST_CASE("a server that does not answer changes nothing") {
  scripted_server server;
  server.answers[channel_pending.consumer_info()] = {refusal(jetstream_api::no_answer)};
  server.answers[channel_pending.stream_info()] = {refusal(jetstream_api::no_answer)};
  auto x = mend_stream(wanted, server.asking());
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::unavailable);
  CHECK(server.asked.size() == 2);
}

TEST_CASE("a stream that was configured otherwise is changed") {
  scripted_server server;
  server.answers[channel_pending.create_stream()] = {
      refusal(jetstream_api::stream_exists_differently)};
  REQUIRE(set_up_stream(wanted, handed_out::stays, server.asking()));
  CHECK(server.count(channel_pending.update_stream()) == 1);
}

TEST_CASE("a consumer that cannot be changed is replaced") {
  scripted_server server;
  server.answers[channel_pending.create_consumer()] = {refusal(10012), answer{}};
  REQUIRE(set_up_stream(wanted, handed_out::stays, server.asking()));
  CHECK(server.count(channel_pending.delete_consumer()) == 1);
  CHECK(server.count(channel_pending.create_consumer()) == 2);
}

answer with_in_flight(uint64_t jobs) {
  auto x = state(0, 0, 0, 40, 30);
  x.of_consumer.in_flight = jobs;
  return x;
}

TEST_CASE("jobs that are out come again by a new consumer, if whoever had them is dead") {
  struct {
    uint64_t in_flight;
    handed_out what;
    int expected;
  } const rows[] = {
      {3, handed_out::comes_again, 1}, {3, handed_out::stays, 0}, {0, handed_out::comes_again, 0}};
  for (auto& row : rows) {
    scripted_server server;
    server.answers[channel_pending.create_consumer()] = {with_in_flight(row.in_flight)};
    server.answers[channel_pending.stream_info()] = {state(20, 31, 50, 0, 0)};
    REQUIRE(set_up_stream(wanted, row.what, server.asking()));
    CHECK(server.count(channel_pending.delete_consumer()) == row.expected);
    CHECK(server.count(channel_pending.create_consumer()) == 1 + row.expected);
  }
}

TEST_CASE("settled jobs that a crash has left are purged before jobs come again") {
  scripted_server server;
  server.answers[channel_pending.create_consumer()] = {with_in_flight(3)};
  server.answers[channel_pending.stream_info()] = {state(40, 11, 50, 0, 0)};
  REQUIRE(set_up_stream(wanted, handed_out::comes_again, server.asking()));
  REQUIRE(server.asked.size() >= 3);
  auto last = server.asked.end();
  CHECK((last - 3)->first == channel_pending.purge());
  CHECK((last - 2)->first == channel_pending.delete_consumer());
  CHECK((last - 1)->first == channel_pending.create_consumer());
}

TEST_CASE("a consumer that cannot be made anew is an error") {
  scripted_server server;
  server.answers[channel_pending.create_consumer()] = {with_in_flight(3),
                                                       refusal(jetstream_api::no_answer)};
  server.answers[channel_pending.stream_info()] = {state(20, 31, 50, 0, 0)};
  auto x = set_up_stream(wanted, handed_out::comes_again, server.asking());
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::unavailable);
}

TEST_CASE("the level of a stream that is gone is nothing; without an answer there is none") {
  auto gone =
      level_of(refusal(jetstream_api::stream_not_found), refusal(jetstream_api::stream_not_found));
  REQUIRE(gone);
  CHECK(gone->messages == 0);
  CHECK(!level_of(refusal(jetstream_api::no_answer), state(1, 1, 1, 0, 0)));
  CHECK(!level_of(state(0, 0, 0, 0, 0), refusal(jetstream_api::no_answer)));
  auto lone = level_of(refusal(jetstream_api::consumer_not_found), state(4, 1, 4, 0, 0));
  REQUIRE(lone);
  CHECK(lone->waiting == 4);
}

TEST_CASE("answers are read: states, errors, and what is not JSON") {
  auto stream = jetstream_api::read_answer(
      R"({"config":{"name":"AU-inbox"},"created":"2026-11-21T08:15:30.5Z","state":{"messages":3,)"
      R"("bytes":300,"first_seq":2,"first_ts":"2026-11-21T08:16:00Z","last_seq":4}})");
  CHECK(stream.error_code == 0);
  CHECK(stream.of_stream.messages == 3);
  CHECK(stream.of_stream.first == 2);
  CHECK(stream.of_stream.last == 4);
  CHECK(stream.of_stream.created == "2026-11-21T08:15:30.5Z");
  CHECK(stream.of_stream.oldest > caf::timestamp{});
  auto consumer = jetstream_api::read_answer(
      R"({"delivered":{"consumer_seq":9,"stream_seq":8},"ack_floor":{"consumer_seq":6,)"
      R"("stream_seq":5},"num_ack_pending":3,"num_pending":70})");
  CHECK(consumer.of_consumer.delivered == 8);
  CHECK(consumer.of_consumer.floor == 5);
  CHECK(consumer.of_consumer.in_flight == 3);
  CHECK(consumer.of_consumer.waiting == 70);
  auto error = jetstream_api::read_answer(
      R"({"error":{"code":404,"err_code":10059,"description":"stream not found"}})");
  CHECK(error.error_code == jetstream_api::stream_not_found);
  CHECK(error.error == "stream not found");
  CHECK(jetstream_api::read_answer("gibberish").error_code == jetstream_api::not_understood);
  CHECK(jetstream_api::read_answer(R"({"created":5})").error_code == jetstream_api::not_understood);
}

TEST_CASE("a number in an answer that counts nothing is none") {
  for (std::string strange : {"-1", "1e300", "1.5", "\"7\"", "null", "99999999999999999999"}) {
    auto state = jetstream_api::read_answer(R"({"num_pending":)" + strange +
                                            R"(,"state":{"messages":)" + strange + "}}");
    CHECK_MESSAGE(state.of_consumer.waiting == 0, strange);
    CHECK_MESSAGE(state.of_stream.messages == 0, strange);
    auto error = jetstream_api::read_answer(R"({"error":{"err_code":)" + strange + "}}");
    CHECK_MESSAGE(error.error_code == jetstream_api::not_understood, strange);
  }
  auto deep = std::string(100'000, '[') + std::string(100'000, ']');
  CHECK(jetstream_api::read_answer(deep).error_code == jetstream_api::not_understood);
}

TEST_CASE("only the confirmation of a publication counts as one") {
  CHECK(jetstream_api::is_stored(R"({"stream":"AU-inbox","seq":17})"));
  CHECK(jetstream_api::is_stored(R"({"stream":"AU-inbox","seq":17,"duplicate":true})"));
  CHECK(!jetstream_api::is_stored(R"({"error":{"code":503},"stream":"AU-inbox","seq":0})"));
  CHECK(!jetstream_api::is_stored(R"({"stream":"AU-inbox","error":{"code":503},"seq":0})"));
  CHECK(!jetstream_api::is_stored(""));
}

TEST_CASE("an acknowledgement tells its job's number, with and without a domain") {
  CHECK(jetstream_api::sequence_of("$JS.ACK.AU-inbox.worker.1.4711.12.1700000000.5") == 4711);
  CHECK(jetstream_api::sequence_of("$JS.ACK.d.hash.AU-inbox.worker.1.4711.12.1700000000.5") ==
        4711);
  CHECK(jetstream_api::sequence_of("$JS.ACK.x") == 0);
  CHECK(jetstream_api::sequence_of("") == 0);
}

TEST_CASE("everybody who waits for an answer hears once: the answer, or that none comes") {
  jetstream_answers answers;
  std::vector<std::string> heard;
  auto hears = [&](const nats_message* x) {
    heard.push_back(x ? std::string{x->data} : std::string{"nothing"});
  };
  auto start = jetstream_answers::clock::time_point{std::chrono::seconds{1000}};
  auto first = answers.expect(start + std::chrono::seconds{1}, hears);
  auto second = answers.expect(start + std::chrono::seconds{2}, hears);
  answers.expect(start + std::chrono::seconds{3}, hears);
  nats_message x;
  x.data = "stored";
  answers.arrived(second, x);
  answers.arrived(second, x); // once more, as a server may
  CHECK(heard == std::vector<std::string>{"stored"});
  answers.give_up_overdue(start + std::chrono::seconds{2});
  CHECK(heard == std::vector<std::string>{"stored", "nothing"});
  answers.arrived(first, x); // too late
  CHECK(answers.size() == 1);
  answers.give_up_all();
  CHECK(heard.size() == 3);
  CHECK(answers.size() == 0);
}

} // namespace
} // namespace igl

TEST_SUITE_END();
