#pragma once

#include "messages/message.hpp"

/// The times a message from abroad was confirmed, and what of them still stands. Several channels
/// may bring the same message, and one may bring it again; it rests on all of them, so it is
/// withdrawn only when the last one takes it back. A false alarm ends the arrival it is about, also
/// when the news of its confirmation comes later.
namespace igl::message_arrivals {

/// More are not remembered: a fork takes one, and nobody forks so often. When it is full those that
/// were taken back are forgotten first; one more that would stand beside so many adds nothing.
inline constexpr size_t remembered_at_most = 64;

/// The record after one more arrival; none: it is known, whether it stands or not, or the message
/// did not come over a channel at all. If the message was withdrawn it is where it came last, and
/// `received` again unless a business has decided.
caf::optional<message_record> with(const message_record& x, const message_arrival& arrival);

/// The record after a false alarm; none: no standing arrival is meant. If others stand the message
/// stays, on the newest of these; else it is withdrawn, and `rejected` unless a business has
/// decided.
caf::optional<message_record> without(const message_record& x, const message_arrival& arrival);

} // namespace igl::message_arrivals
