#pragma once

#include "messages/api.hpp"

namespace igl {

// What the parts that move jobs tell each other. None of it is stored.

/// Jobs may have become due in these streams: a bit each, by place in the catalogue.
struct jobs_opened {
  uint32_t streams = 0;
};
struct republish {
  stream on = stream::inbox;
  caf::timestamp due_before;
};
struct publisher_query {
  uint8_t unused = 0;
};
struct publisher_status {
  uint64_t in_flight = 0;
  uint64_t published = 0;
  std::string last_error;
};
/// When was the job at this place of a stream's queue published, about?
struct published_when {
  stream on = stream::inbox;
  due_place place;
};
struct published_at {
  caf::optional<caf::timestamp> at; ///< none: not yet
};
struct publication_ended {
  uint64_t number = 0;
  caf::error why;
};

/// A job out of a stream. `acknowledgement` is what the stream wants to hear when it is settled.
struct job_arrived {
  std::string payload;
  std::string acknowledgement;
};
struct drain {
  uint8_t unused = 0;
};
struct drained {
  uint8_t unused = 0;
};
struct source_query {
  uint8_t unused = 0;
};
struct source_status {
  stream id = stream::inbox;
  uint64_t in_flight = 0;
  uint64_t done = 0;
  uint64_t failed = 0;
};

struct restart_child {
  std::string name;
};
/// Stop a child and start it anew. It is meant to, so it counts as no fault.
struct renew_child {
  std::string name;
};
struct child_renewed {
  uint8_t unused = 0;
};

IGL_INSPECT(jobs_opened, x.streams)
IGL_INSPECT(republish, x.on, x.due_before)
IGL_INSPECT(publisher_query, x.unused)
IGL_INSPECT(publisher_status, x.in_flight, x.published, x.last_error)
IGL_INSPECT(published_when, x.on, x.place)
IGL_INSPECT(published_at, x.at)
IGL_INSPECT(publication_ended, x.number, x.why)
IGL_INSPECT(job_arrived, x.payload, x.acknowledgement)
IGL_INSPECT(drain, x.unused)
IGL_INSPECT(drained, x.unused)
IGL_INSPECT(source_query, x.unused)
IGL_INSPECT(source_status, x.id, x.in_flight, x.done, x.failed)
IGL_INSPECT(restart_child, x.name)
IGL_INSPECT(renew_child, x.name)
IGL_INSPECT(child_renewed, x.unused)

} // namespace igl
