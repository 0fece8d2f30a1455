#pragma once

#include <doctest/doctest.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif

namespace igl {

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

/// For tests that measure: a sanitizer takes memory, address space and time of its own. Says so.
inline bool skipped_when_sanitized() {
  if (sanitized)
    MESSAGE("SKIPPED: what this measures is the sanitizer's, not ours");
  return sanitized;
}

} // namespace igl
