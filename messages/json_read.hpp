#pragma once

#include "messages/json.hpp"

#include <nlohmann/json.hpp>

#include <limits>

// How stored values are read back from a tree. Everything throws nlohmann's exceptions on a missing
// or wrong field; for the sources of this folder.
namespace igl {

using nlohmann::json;

[[noreturn]] inline void refuse(const char* name, const char* expected) {
  throw json::type_error::create(302, std::string{name} + " is not " + expected, nullptr);
}

inline void read(const json& j, const char* name, std::string& x) {
  x = j.at(name).get_ref<const std::string&>();
}

inline void read(const json& j, const char* name, bool& x) {
  x = j.at(name).get<bool>();
}

template <class Integer>
requires std::is_unsigned_v<Integer>
void read(const json& j, const char* name, Integer& x) {
  auto& value = j.at(name);
  if (!value.is_number_unsigned() || value.get<uint64_t>() > std::numeric_limits<Integer>::max())
    refuse(name, "a number in range");
  x = value.get<Integer>();
}

inline void read(const json& j, const char* name, caf::timestamp& x) {
  auto time = parse_rfc3339(j.at(name).get_ref<const std::string&>());
  if (!time)
    refuse(name, "a time");
  x = *time;
}

/// Names of an enum; `parse` gives none for an unknown one.
template <class Enum>
void read(const json& j, const char* name, Enum& x,
          caf::optional<Enum> (*parse)(std::string_view)) {
  auto value = parse(j.at(name).get_ref<const std::string&>());
  if (!value)
    refuse(name, "one of the known names");
  x = *value;
}

template <class T>
requires std::is_class_v<T>
void read(const json& j, const char* name, T& x) {
  j.at(name).get_to(x);
}

} // namespace igl
