#pragma once

#include "messages/orders.hpp"

/// Orders as JSON text; `parse_order` reads them again.
namespace igl {

std::string order_to_text(const process_message& x);
std::string order_to_text(const route_message& x);
std::string order_to_text(const check_delivery& x);
std::string order_to_text(const update_message& x);
std::string order_to_text(const reject_message& x);
std::string order_to_text(const retrieve_object& x);
std::string order_to_text(const message_changed& x);
std::string order_to_text(const deliver_callback& x);
std::string order_to_text(const channel_notified& x);
std::string order_to_text(const verify_intent& x);
std::string order_to_text(const write_to_medium& x);

} // namespace igl
