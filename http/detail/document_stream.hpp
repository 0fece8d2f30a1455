#pragma once

#include "http/detail/exchange.hpp"

namespace igl {

/// A document as a stream that is pulled: a piece is fetched when the one before it is begun. So a
/// slow reader holds two pieces in memory, however large the document.
concurrency::streams::istream open_document_stream(const document_part& part, piece_source source);

} // namespace igl
