#pragma once

#include <caf/error.hpp>

#include <cpprest/streams.h>

#include <cstdint>
#include <memory>
#include <string>

namespace igl {

/// Where the body of an answer goes while it comes: into a text or a file, up to a bound. Bytes
/// over the bound are refused, which ends the exchange; of those for a text, what fits is kept. A
/// file that was not released is removed.
class body_sink {
public:
  static std::shared_ptr<body_sink> make(uint64_t at_most, std::string file);
  virtual ~body_sink() = default;

  /// What cpprestsdk writes to.
  virtual concurrency::streams::ostream stream() = 0;
  /// How many bytes have come.
  virtual uint64_t brought() const = 0;
  /// What went wrong while the body came; none: nothing.
  virtual caf::error fault() const = 0;
  /// The body, if it went into a text; the file then stays, if it went into one.
  virtual std::string release() = 0;
  /// The first bytes of a body that was meant for a file; the file goes.
  virtual std::string withdraw(size_t at_most) = 0;
};

} // namespace igl
