#include "channels/incoming_api.hpp"

#include "messages/probes.hpp"

#include "channels/endpoint_rules.hpp"
#include "channels/incoming_rules.hpp"

#include <caf/all.hpp>

#include <spdlog/spdlog.h>

#include <utility>

namespace igl {

namespace {

using shell = incoming_api_actor::stateful_pointer<incoming_api_state>;
using batch = std::vector<incoming_write>;

caf::error open_if_needed(shell self, const incoming_opener& open) {
  if (self->state.into)
    return caf::none;
  auto opened = open();
  if (!opened)
    return opened.error();
  self->state.into = std::move(*opened);
  return caf::none;
}

caf::expected<std::string> free_id_of(shared_database& into, const incoming_message& x) {
  auto id = incoming_rules::id_of(x);
  while (true) {
    auto there = into.content_of(id);
    if (!there)
      return there.error();
    if (!*there || (*there)->sender == x.content.sender)
      return id;
    id = incoming_rules::id_after(id, x.content.sender);
  }
}

/// Appends all of it or nothing.
caf::expected<std::vector<medium_entry>> append(shell self, const incoming_opener& open,
                                                const batch& all) {
  if (auto why = open_if_needed(self, open))
    return why;
  auto& into = *self->state.into;
  std::vector<medium_entry> entries;
  for (auto& x : all) {
    auto id = free_id_of(into, x.what);
    if (!id)
      return id.error();
    entries.push_back({*id, x.what.content});
  }
  if (auto why = into.append(entries))
    return why;
  return entries;
}

void write(shell self, const incoming_opener& open, const batch& all) {
  auto written = append(self, open, all);
  if (written) {
    for (size_t i = 0; i < all.size(); ++i)
      all[i].answer->deliver(channel_receipt{(*written)[i].id});
    return;
  }
  auto& why = written.error();
  if (endpoint_rules::is_about_the_message(why) && all.size() > 1) {
    for (auto& x : all)
      write(self, open, {x});
    return;
  }
  if (!endpoint_rules::is_about_the_message(why)) {
    spdlog::error("incoming-api cannot keep {} messages, their senders will come again: {}",
                  all.size(), sentence_of(why));
    self->state.into.reset();
  }
  for (auto& x : all)
    x.answer->deliver(why);
}

/// The id of a message that was taken before: its sender did not hear so, and what is wanted here
/// may have been changed since. It is delivered all the same.
caf::optional<std::string> taken_before(shell self, const incoming_opener& open,
                                        const incoming_message& x) {
  if (open_if_needed(self, open))
    return caf::none;
  auto id = free_id_of(*self->state.into, x);
  if (!id)
    return caf::none;
  auto there = self->state.into->content_of(*id);
  if (!there || !*there || !same_message(**there, x.content))
    return caf::none;
  return *id;
}

} // namespace

incoming_api_actor::behavior_type
incoming_api(incoming_api_actor::stateful_pointer<incoming_api_state> self, endpoint_settings how,
             incoming_opener open) {
  answer_probes(self);
  return {
      [=](incoming_message& x) -> caf::result<channel_receipt> {
        if (auto why = incoming_rules::refusal_of(how, x)) {
          if (!incoming_rules::refusal_of_address(how, x))
            if (auto id = taken_before(self, open, x))
              return channel_receipt{*id};
          spdlog::info("incoming-api refuses a message from {} to {}: {}", x.content.sender,
                       x.content.receiver, sentence_of(why));
          return why;
        }
        auto& st = self->state;
        auto answer = promise_of<channel_receipt>(self);
        st.waiting.push_back({std::move(x), answer});
        // Goes behind everything that is in the mailbox already, so that all of it is gathered.
        if (!std::exchange(st.flushing, true))
          self->send(self, caf::tick_atom::value);
        return answer->unguarded();
      },
      [=](caf::tick_atom) {
        self->state.flushing = false;
        write(self, open, std::exchange(self->state.waiting, {}));
      },
  };
}

} // namespace igl
