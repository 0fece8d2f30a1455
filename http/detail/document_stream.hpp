#pragma once

#include <caf/expected.hpp>

#include <cpprest/streams.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace igl {

/// Which bytes of a stored document.
struct document_part {
  uint64_t first = 0;
  uint64_t length = 0;
  size_t piece_size = 0; ///< of the pieces it is stored in
};

/// Fetches a piece; calls back once, on any thread.
using piece_fetched = std::function<void(caf::expected<std::string>)>;
using piece_source = std::function<void(uint32_t piece, piece_fetched done)>;

/// A document as a stream that is pulled: a piece is fetched when the one before it is begun. So a
/// slow reader holds two pieces in memory, however large the document.
concurrency::streams::istream open_document_stream(const document_part& part, piece_source source);

} // namespace igl
