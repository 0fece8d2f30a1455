#pragma once

#include "config/settings.hpp"
#include "messages/channel.hpp"

/// What the tests of channels/ speak of.
namespace igl::examples {

/// A certificate of origin from Australia to Singapore.
inline message certificate(const std::string& sender_ref = "17") {
  return {"AU",
          sender_ref,
          "SG",
          "AU.abn0000000000.XXXX-" + sender_ref,
          "QmQtYtUS7K1AdKjbuMsmPmPGDLaKL38M5HYwqxW9RKW49n",
          "UN.CEFACT.Trade.CertificateOfOrigin.created"};
}

/// The Australian endpoint of the channel between AU, SG and NZ.
inline endpoint_settings australian_endpoint() {
  endpoint_settings x;
  x.id = "au-endpoint";
  x.jurisdictions = {"AU"};
  x.participants = {"AU", "SG", "NZ"};
  x.medium = medium_kind::memory;
  x.medium_interval = std::chrono::milliseconds{5};
  return x;
}

/// The one at the other end.
inline endpoint_settings singaporean_endpoint() {
  auto x = australian_endpoint();
  x.id = "sg-endpoint";
  x.jurisdictions = {"SG"};
  return x;
}

/// A message as it lies in a store.
inline channel_record record(channel_half half, channel_status status, uint64_t version = 7) {
  channel_record x;
  x.half = half;
  x.said = {"7a1c0000-0000-5000-8000-000000000000", certificate(), status};
  x.version = version;
  return x;
}

} // namespace igl::examples
