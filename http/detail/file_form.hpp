#pragma once

#include <caf/expected.hpp>

#include <cpprest/streams.h>

#include <cstdint>
#include <string>

namespace igl {

/// A file as the one part of a `multipart/form-data` body, read while it is sent.
struct file_form {
  concurrency::streams::istream body;
  uint64_t length = 0;
  std::string content_type;

  /// Fails with not_found when the file cannot be read.
  static caf::expected<file_form> open(const std::string& path);
};

} // namespace igl
