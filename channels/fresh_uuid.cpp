#include "channels/fresh_uuid.hpp"

#include "messages/multihash.hpp"

#include <random>

namespace igl {

std::string fresh_uuid() {
  std::random_device chance;
  std::string bytes;
  for (int i = 0; i < 16; ++i)
    bytes.push_back(static_cast<char>(chance()));
  return uuid_from(bytes);
}

} // namespace igl
