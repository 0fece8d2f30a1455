#pragma once

#include <string>

namespace igl {

/// An order as JSON text; `parse_order` reads it again. Defined for the orders of orders.hpp.
template <class Order>
std::string order_to_text(const Order& x);

} // namespace igl
