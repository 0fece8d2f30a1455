#include "messages/type_ids.hpp"

#include "filled.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/message.hpp>
#include <doctest/doctest.h>

using namespace igl;

namespace {

struct configuration : caf::actor_system_config {
  configuration() { add_to(*this); }
};

std::vector<char> bytes_of(caf::actor_system& system, const caf::message& x) {
  std::vector<char> bytes;
  caf::binary_serializer sink{system, bytes};
  auto copy = x;
  auto failure = sink(copy);
  REQUIRE_MESSAGE(!failure, system.render(failure));
  return bytes;
}

/// Sends a value through a serializer as actors on two hosts would: inside a message.
template <class T>
void check_round_trip(caf::actor_system& system, const T& x) {
  auto sent = bytes_of(system, caf::make_message(x));
  caf::message received;
  caf::binary_deserializer source{system, sent};
  auto failure = source(received);
  REQUIRE_MESSAGE(!failure, system.render(failure));
  REQUIRE(received.match_elements<T>());
  CHECK(bytes_of(system, received) == sent);
}

template <caf::type_id_t Id>
void check_type(caf::actor_system& system) {
  using type = typename caf::type_by_id<Id>::type;
  std::string name = caf::type_name_by_id<Id>::value;
  CAPTURE(name);
  auto x = test::filled<type>();
  // A filled value must differ from an empty one, or the comparison would prove nothing.
  CHECK(bytes_of(system, caf::make_message(x)) != bytes_of(system, caf::make_message(type{})));
  check_round_trip(system, x);
  check_round_trip(system, type{});
  if constexpr (std::is_class_v<type>) {
    test::field_counter counter;
    CHECK_MESSAGE(inspect(counter, x) == test::fields_of<type>(),
                  "the inspection of " << name << " forgets a field");
  }
}

template <caf::type_id_t... Offsets>
void check_all(caf::actor_system& system, std::integer_sequence<caf::type_id_t, Offsets...>) {
  (check_type<static_cast<caf::type_id_t>(caf::id_block::igl::begin + Offsets)>(system), ...);
}

} // namespace

TEST_SUITE("type ids") {

  TEST_CASE("every type goes through a serializer with every field") {
    configuration config;
    caf::actor_system system{config};
    constexpr auto count = caf::id_block::igl::end - caf::id_block::igl::begin;
    CHECK(count > 100);
    check_all(system, std::make_integer_sequence<caf::type_id_t, count>{});
  }

  TEST_CASE("an error goes through a serializer with code, detail and source") {
    configuration config;
    caf::actor_system system{config};
    std::vector<char> bytes;
    caf::binary_serializer sink{system, bytes};
    auto sent = make_problem(errc::conflict, "the status is final", "[1]");
    REQUIRE(!sink(sent));
    caf::error received;
    caf::binary_deserializer source{system, bytes};
    REQUIRE(!source(received));
    auto x = problem_of(received);
    CHECK(x.code == errc::conflict);
    CHECK(x.detail == "the status is final");
    CHECK(x.source == "[1]");
  }

} // TEST_SUITE
