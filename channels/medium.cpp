#include "channels/medium.hpp"

#include "messages/errors.hpp"

namespace igl {

bool medium::in_doubt(const std::string&, const caf::error& why) const {
  switch (code_of(why)) {
  case errc::storage_failed: // a commit whose sync failed
  case errc::peer_timeout:
  case errc::peer_lost:
  case errc::bad_answer:
  case errc::unavailable: // the connection broke before an acknowledgement
    return true;
  default:
    return false;
  }
}

caf::expected<std::string> medium::anew(const std::string&) {
  return std::string{};
}

} // namespace igl
