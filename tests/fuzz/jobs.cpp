#include "actors/job_bundle.hpp"
#include "messages/json.hpp"
#include "messages/order_text.hpp"
#include "messages/orders.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <nlohmann/json.hpp>

namespace {

using namespace igl;

template <class Order>
void order(std::string_view body) {
  auto x = parse_order<Order>(body);
  // The quick reader leaves what begins with a blank to the complete one.
  auto slow = parse_order<Order>(" " + std::string{body});
  fuzz::must(bool(x) == bool(slow), "the quick reader and the complete one agree");
  if (!x)
    return fuzz::must_speak(x.error());
  auto text = order_to_text(*x);
  fuzz::must(order_to_text(*slow) == text, "the quick reader finds what the complete one does");
  auto again = parse_order<Order>(text);
  fuzz::must(again && order_to_text(*again) == text, "an order that is written out reads the same");
}

template <class... Orders>
void orders(std::string_view body) {
  (order<Orders>(body), ...);
}

void delivery(std::string_view payload) {
  auto x = decode_delivery(payload);
  if (!x)
    fuzz::must_speak(x.error());
  if (!parse_json(payload))
    return;
  auto slow = decode_delivery(" " + std::string{payload});
  fuzz::must(bool(x) == bool(slow), "the quick reader and the complete one agree");
  if (x)
    fuzz::must(x->ticket.id == slow->ticket.id && x->ticket.attempt == slow->ticket.attempt &&
                   x->ticket.generation == slow->ticket.generation && x->about == slow->about &&
                   *parse_json(x->body) == *parse_json(slow->body),
               "the quick reader finds what the complete one does");
}

void bundle(std::string_view payload) {
  auto all = deliveries_in(payload);
  fuzz::must(!all.empty(), "a message of a stream has a delivery");
  if (auto tree = parse_json(payload); tree && tree->is_array() && !tree->empty()) {
    fuzz::must(all.size() == tree->size(), "a bundle has as many deliveries as it has elements");
    for (size_t i = 0; i < all.size(); ++i)
      fuzz::must(*parse_json(all[i]) == (*tree)[i], "each of them as it was");
  }
  for (auto& x : all)
    delivery(x);
}

} // namespace

// What comes out of a stream: bundles of deliveries, and the orders in them.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto text = fuzz::text_of(data, size);
  bundle(text);
  orders<process_message, route_message, check_delivery, update_message, reject_message,
         retrieve_object, message_changed, deliver_callback, channel_notified, verify_intent,
         write_to_medium>(text);
  return 0;
}
