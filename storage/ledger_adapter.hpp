#pragma once

#include "messages/errors.hpp"
#include "storage/ledger.hpp"

#include <utility>

namespace igl {

/// A ledger that answers every question by `Self::look`, a template or overloads of it, so that a
/// new question is written down once for all who stand before a ledger or in place of one.
template <class Self>
class ledger_adapter : public ledger {
public:
  template <class Question>
  using answer_to = decltype(std::declval<const ledger&>().read(std::declval<const Question&>()));

  caf::expected<ledger_copied> back_up(const std::string& folder, copy_progress&) override {
    return make_problem(errc::unavailable,
                        "only a ledger on disk can be copied; " + folder + " was not made");
  }

  answer_to<find_message> read(const find_message& x) const final { return self().look(x); }
  answer_to<find_channel_record> read(const find_channel_record& x) const final {
    return self().look(x);
  }
  answer_to<channel_records_since> read(const channel_records_since& x) const final {
    return self().look(x);
  }
  answer_to<find_events> read(const find_events& x) const final { return self().look(x); }
  answer_to<find_object> read(const find_object& x) const final { return self().look(x); }
  answer_to<may_read> read(const may_read& x) const final { return self().look(x); }
  answer_to<read_piece> read(const read_piece& x) const final { return self().look(x); }
  answer_to<find_subscribers> read(const find_subscribers& x) const final { return self().look(x); }
  answer_to<find_subscription> read(const find_subscription& x) const final {
    return self().look(x);
  }
  answer_to<find_ending_subscriptions> read(const find_ending_subscriptions& x) const final {
    return self().look(x);
  }
  answer_to<find_subscriptions> read(const find_subscriptions& x) const final {
    return self().look(x);
  }
  answer_to<find_hub_event> read(const find_hub_event& x) const final { return self().look(x); }
  answer_to<find_hub_events> read(const find_hub_events& x) const final { return self().look(x); }
  answer_to<find_lane> read(const find_lane& x) const final { return self().look(x); }
  answer_to<find_latest_events> read(const find_latest_events& x) const final {
    return self().look(x);
  }
  answer_to<find_cursor> read(const find_cursor& x) const final { return self().look(x); }
  answer_to<due_jobs> read(const due_jobs& x) const final { return self().look(x); }
  answer_to<find_dead_letters> read(const find_dead_letters& x) const final {
    return self().look(x);
  }
  answer_to<find_dead_letter_groups> read(const find_dead_letter_groups& x) const final {
    return self().look(x);
  }
  answer_to<find_job> read(const find_job& x) const final { return self().look(x); }
  answer_to<ledger_figures_query> read(const ledger_figures_query& x) const final {
    return self().look(x);
  }

private:
  const Self& self() const { return static_cast<const Self&>(*this); }
};

} // namespace igl
