#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace igl {

/// What one message of a stream carries: a delivery (`encode_delivery`) as it is, or a JSON array
/// of several that became due together. A stream costs its server, and both its clients, about the
/// same for a message of sixteen jobs as for one of one.
std::string bundle_of(const std::vector<std::string>& deliveries);

/// The deliveries in a message, in order; what is no array is one delivery, whatever it says.
std::vector<std::string> deliveries_in(std::string_view payload);

} // namespace igl
