#pragma once

#include <caf/error.hpp>
#include <caf/fwd.hpp>
#include <caf/meta/type_name.hpp>

namespace caf::detail {
class stringification_inspector;
}

/// How CAF sees the fields of a type that travels between actors: IGL_INSPECT(type, x.field, …),
/// with every field, behind the type and in its namespace. For any inspector it is a template; what
/// CAF's own three do is compiled once, in inspect.cpp, and not in every file that sends the type:
/// that would be half of what such a file takes to compile.
#define IGL_INSPECT(type, ...)                                                                     \
  template <class Inspector>                                                                       \
  auto inspect(Inspector& f, type& x) {                                                            \
    return f(caf::meta::type_name(#type), __VA_ARGS__);                                            \
  }                                                                                                \
  IGL_INSPECT_AS(caf::error, caf::serializer, type)                                                \
  IGL_INSPECT_AS(caf::error, caf::deserializer, type)                                              \
  IGL_INSPECT_AS(void, caf::detail::stringification_inspector, type)

#ifdef IGL_COMPILES_INSPECTIONS
#define IGL_INSPECT_AS(result, inspector, type)                                                    \
  result inspect(inspector& f, type& x) {                                                          \
    return inspect<inspector>(f, x);                                                               \
  }
#else
#define IGL_INSPECT_AS(result, inspector, type) result inspect(inspector& f, type& x);
#endif
