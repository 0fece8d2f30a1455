#pragma once

#include "storage/streams.hpp"

#include <caf/actor_cast.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/send.hpp>

#include <utility>

namespace igl {

/// A stream's answer to how full it is.
struct stream_measured {
  stream of = stream::inbox;
  caf::error why; ///< none: `level` holds
  stream_level level;
};

} // namespace igl

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(igl::stream_measured)

namespace igl {

/// Asks how full a stream is; the answer comes to `self` as a message.
template <class Self>
void measure(streams& which, stream of, Self* self) {
  auto weak = caf::actor_cast<caf::weak_actor_ptr>(self);
  which.level(of, [=](caf::expected<stream_level> level) {
    auto strong = weak.lock();
    if (!strong)
      return;
    stream_measured answer;
    answer.of = of;
    if (level)
      answer.level = *level;
    else
      answer.why = std::move(level.error());
    caf::anon_send(caf::actor_cast<typename Self::actor_hdl>(strong), std::move(answer));
  });
}

} // namespace igl
