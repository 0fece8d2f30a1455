#include "messages/message.hpp"

#include "messages/json.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <nlohmann/json.hpp>

namespace {

using namespace igl;

const jurisdictions known{{"EU", "XK"}};

/// The same body with a member that nobody knows: the quick reader leaves it to the complete one.
std::string spelt_unusually(std::string_view body) {
  auto end = body.rfind('}');
  return std::string{body.substr(0, end)} + ",\"~\":0" + std::string{body.substr(end)};
}

void post(std::string_view body) {
  auto x = parse_posted_message(body, known);
  if (!x) {
    fuzz::must_speak(x.error());
  } else {
    auto with = x->sender_ref.empty() ? sender_ref_field::left_out : sender_ref_field::included;
    auto again = parse_posted_message(message_to_channel(*x, with), known);
    fuzz::must(again && *again == *x, "a message that is written out reads the same");
  }
  auto tree = parse_json(body);
  if (!tree || !tree->is_object() || tree->empty())
    return;
  auto slow = parse_posted_message(spelt_unusually(body), known);
  fuzz::must_agree(x, slow);
  if (slow)
    fuzz::must(*slow == *x, "the quick reader and the complete one find the same message");
}

void patch(std::string_view body) {
  auto x = parse_message_patch(body);
  if (!x)
    return fuzz::must_speak(x.error());
  for (auto sender : {"AU", "SG"}) {
    message_record stored;
    stored.content = {sender, "17", "SG", "subject", "a.b.c", "a.b.c"};
    stored.status =
        sender == std::string{"AU"} ? message_status::pending : message_status::received;
    auto changed = apply(*x, stored);
    if (!changed)
      fuzz::must_speak(changed.error());
  }
}

bool same(const channel_message& a, const channel_message& b) {
  return a.content == b.content && a.id == b.id && a.status == b.status;
}

/// What the quick reader takes, the complete one reads the same.
void usual_answers(std::string_view body, const nlohmann::json* tree) {
  if (auto one = usual_channel_message(body)) {
    auto complete = tree ? channel_message_from_wire(*tree) : make_problem(errc::bad_answer);
    fuzz::must(complete && same(*one, *complete), "a usual answer reads the same");
  }
  auto all = usual_channel_messages(body);
  if (!all)
    return;
  fuzz::must(tree && tree->is_array() && tree->size() == all->size(), "a usual list is a list");
  for (size_t i = 0; i < all->size(); ++i) {
    auto complete = channel_message_from_wire((*tree)[i]);
    fuzz::must(complete && same((*all)[i], *complete), "a message of a usual list reads the same");
  }
}

void channel_answer(std::string_view body) {
  auto tree = parse_json(body);
  usual_answers(body, tree ? &*tree : nullptr);
  if (!tree)
    return;
  auto x = channel_message_from_wire(*tree);
  if (!x)
    return fuzz::must_speak(x.error());
  auto again = parse_json(channel_message_to_wire(*x, sender_ref_field::included));
  fuzz::must(bool(again), "what is written to the wire is JSON");
  auto back = channel_message_from_wire(*again);
  fuzz::must(back && same(*back, *x), "what a channel says is written out and reads the same");
}

} // namespace

// The bodies of POST and PATCH /message, and a message as a channel speaks of it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto body = fuzz::text_of(data, size);
  post(body);
  patch(body);
  channel_answer(body);
  return 0;
}
