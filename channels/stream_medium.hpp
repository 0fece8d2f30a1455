#pragma once

#include "channels/medium.hpp"
#include "storage/append_stream.hpp"

namespace igl {

/// A JetStream stream that only grows as a medium, for endpoints on different machines: what its
/// server has acknowledged is confirmed. channels/FORMAT.md says what an entry looks like.
///
/// The cursor is `<time of the stream's creation>:<place>-<mark of the entry there>`. A stream that
/// lost entries, as a server does when its machine loses power, is read anew from its start: what
/// is known already changes nothing. Of several entries that are appended at once, some may be
/// there when the connection breaks; two that contradict each other are refused before.
///
/// Fails with unavailable while the server is away, and then with everything until the medium is
/// opened again; with storage_format if the stream may shrink.
caf::expected<std::unique_ptr<medium>> open_stream_medium(append_stream_options how);

} // namespace igl
