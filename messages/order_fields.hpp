#pragma once

#include "messages/orders.hpp"

#include <concepts>

/// Which members the JSON of an order has, in which order: said once, for writing and for reading.
/// A visitor is called with each name and field; what is a class itself becomes an object.
/// Orders lie in ledgers for days: a field that is added later is an optional one, so that what an
/// older version wrote is still read.
namespace igl::order_fields {

template <class T, class Order>
concept of = std::same_as<std::remove_const_t<T>, Order>;

template <class Visitor>
void visit(Visitor& v, of<reference> auto& x) {
  v("sender", x.sender);
  v("sender_ref", x.sender_ref);
}

template <class Visitor>
void visit(Visitor& v, of<message> auto& x) {
  v("sender", x.sender);
  v("sender_ref", x.sender_ref);
  v("receiver", x.receiver);
  v("subject", x.subject);
  v("obj", x.obj);
  v("predicate", x.predicate);
}

template <class Visitor>
void visit(Visitor& v, of<message_patch> auto& x) {
  v("status", x.status);
  v("channel_id", x.channel_id);
  v("channel_txn_id", x.channel_txn_id);
}

template <class Visitor>
void visit(Visitor& v, of<channel_message> auto& x) {
  v("id", x.id);
  v("content", x.content);
  v("status", x.status);
}

template <class Visitor>
void visit(Visitor& v, of<notice> auto& x) {
  v("topic", x.topic);
  v("body", x.body);
  v("media_type", x.media_type);
  v("number", x.number);
}

template <class Visitor>
void visit(Visitor& v, of<spread_place> auto& x) {
  v("notice", x.notice);
  v("topic", x.topic);
  v("callback", x.callback);
}

template <class Visitor>
void visit(Visitor& v, of<process_message> auto& x) {
  v("content", x.content);
  v("channel_id", x.channel_id);
  v("channel_txn_id", x.channel_txn_id);
  v("said", x.said);
}

template <class Visitor>
void visit(Visitor& v, of<route_doubt> auto& x) {
  v("channels", x.channels);
  v("times", x.times);
}

template <class Visitor>
void visit(Visitor& v, of<route_message> auto& x) {
  v("content", x.content);
  v("round", x.round);
  v("tried", x.tried);
  v("reasons", x.reasons);
  v("doubt", x.doubt);
  v("taken_back_by", x.taken_back_by);
}

template <class Visitor>
void visit(Visitor& v, of<check_delivery> auto& x) {
  v("content", x.content);
  v("round", x.round);
  v("tried", x.tried);
  v("channel_id", x.channel_id);
  v("channel_txn_id", x.channel_txn_id);
  v("last", x.last);
  v("doubt", x.doubt);
  v("confirmed", x.confirmed);
  v("taken_back_by", x.taken_back_by);
}

template <class Visitor>
void visit(Visitor& v, of<update_message> auto& x) {
  v("about", x.about);
  v("patch", x.patch);
  v("reason", x.reason);
  v("next_round", x.next_round);
}

template <class Visitor>
void visit(Visitor& v, of<reject_message> auto& x) {
  v("about", x.about);
  v("reason", x.reason);
}

template <class Visitor>
void visit(Visitor& v, of<retrieve_object> auto& x) {
  v("about", x.about);
  v("multihash", x.multihash);
  v("from", x.from);
  v("grant_to", x.grant_to);
  v("depth", x.depth);
}

template <class Visitor>
void visit(Visitor& v, of<message_changed> auto& x) {
  v("about", x.about);
  v("cause", x.cause);
  v("notices", x.notices);
  v("from", x.from);
}

template <class Visitor>
void visit(Visitor& v, of<deliver_callback> auto& x) {
  v("about", x.about);
  v("cause", x.cause);
  v("callback", x.callback);
  v("topic", x.topic);
  v("body", x.body);
  v("event", x.event);
}

template <class Visitor>
void visit(Visitor& v, of<channel_notified> auto& x) {
  v("channel_id", x.channel_id);
  v("message_id", x.message_id);
  v("unreadable", x.unreadable);
  v("half", x.half);
}

template <class Visitor>
void visit(Visitor& v, of<verify_intent> auto& x) {
  v("mode", x.mode);
  v("topic", x.topic);
  v("topic_as_asked", x.topic_as_asked);
  v("callback", x.callback);
  v("secret", x.secret);
  v("lease", x.lease);
  v("request_id", x.request_id);
}

template <class Visitor>
void visit(Visitor& v, of<write_to_medium> auto& x) {
  v("said", x.said);
  v("sent", x.sent);
  v("absent", x.absent);
  v("doubt", x.doubt);
}

} // namespace igl::order_fields
