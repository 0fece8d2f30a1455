#pragma once

#include "http/detail/byte_budget.hpp"
#include "http/detail/exchange.hpp"
#include "http/spool.hpp"

#include <functional>
#include <memory>
#include <string>

namespace igl {

struct upload_limits {
  std::string spool_dir;
  uint64_t file_bytes = 0;
  std::shared_ptr<byte_budget> memory; ///< of all uploads
};

/// What the head of an upload says is checked before anything else: media type, boundary, length.
/// Answers 415, 400 and 413 itself; otherwise the boundary between the parts.
caf::optional<std::string> demand_upload(const std::shared_ptr<exchange>& x,
                                         const upload_limits& limits);

/// Reads a multipart body with exactly one file into a spool file, at the pace of the disk and
/// without holding more than a piece of it. `then` gets the file; everything else is answered here
/// (no file, several, too large, cut short, no memory left) and leaves no file behind.
void receive_upload(const std::shared_ptr<exchange>& x, const upload_limits& limits,
                    const std::string& boundary,
                    std::function<void(std::shared_ptr<spool_file>)> then);

} // namespace igl
