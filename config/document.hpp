#pragma once

#include "config/config.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace igl::config {

/// Where something stands in a file; both from 1, or 0: nowhere.
struct place {
  uint32_t line = 0;
  uint32_t column = 0;
};

/// A value of a TOML file and where it stands.
struct entry {
  enum class kind : uint8_t { text, flag, whole, fraction, list, table, time };

  kind is = kind::table;
  std::string key; ///< in a table
  place key_at;
  place at;

  std::string text;
  bool flag = false;
  int64_t whole = 0;
  double fraction = 0;
  std::vector<entry> items; ///< of a list or a table

  /// The item of a table; null: not there.
  const entry* find(std::string_view name) const;
};

/// "a text", "a number", "a table" …
std::string_view name_of(entry::kind x);

/// A TOML file.
struct document {
  entry root;
  std::vector<mistake> mistakes; ///< all faults of syntax and everything that is given twice
  bool complete = true;          ///< false: what could not be read was left out of `root`
};

/// Reads on behind each mistake, so that the next ones are found too.
document parse_document(std::string_view text, const std::string& file);

/// Reads the file as a whole; a mistake if that fails.
document read_document(const std::string& path);

} // namespace igl::config
