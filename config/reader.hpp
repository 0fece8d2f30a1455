#pragma once

#include "config/document.hpp"
#include "config/options.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace igl::config {

/// Fills settings from a document and the environment, row by row of the table of options, and
/// keeps what was wrong. Paths are unique: the second channel's URL is `channels[1].url`.
class reader {
public:
  /// Both outlive the reader.
  reader(const document& from, const std::string& file, const environment& env);

  /// Which codes exist besides those of ISO 3166-1. Before anything else.
  void know(const jurisdictions& x) { known_ = x; }

  /// Reads a table. `path` is what it is called ("" for the file, `channels[0]`), `variables` what
  /// the names of its options begin with in the environment; `tables` are read by somebody else.
  void read(const bound_options& all, const entry& table, const std::string& path,
            const std::string& variables, const std::vector<std::string>& tables = {});

  /// Reads one value with a row that is not in the table of options: an entry of [document_apis].
  void read(const bound_option& what, const entry* from, const std::string& path,
            const std::string& variable);

  /// Takes a value from the environment if it has one.
  void override_by(const std::string& variable, const bound_option& what, const std::string& path);

  /// The table or the tables under a name at the top; says so if there is something else.
  const entry* table(const std::string& name);
  std::vector<const entry*> tables(const std::string& name);

  /// Variables that are a slip of the pen away from one of ours; and those that begin with one of
  /// `lists` (`IGL_CHANNELS_`) and name none of the channels. `foreign` are those of the other kind
  /// of file.
  void report_variables(const std::set<std::string>& foreign,
                        const std::vector<std::string>& lists);

  /// Was it set by the file or the environment, whether well or badly?
  bool given(const std::string& path) const { return origins_.contains(path); }
  /// Was nothing wrong with it?
  bool good(const std::string& path) const { return !bad_.contains(path); }
  /// Adds a mistake where the option or its table stands.
  void report(const std::string& path, const std::string& what);
  /// Adds a mistake at a place in the file.
  void report_at(place at, const std::string& what) { add(file_, at, what); }
  /// False: a part of the file could not be read, so nobody can tell what is missing in it.
  bool complete() const { return from_.complete; }

  /// In the order of the file, those of the environment last.
  std::vector<mistake> mistakes() const;

private:
  struct origin {
    std::string file;
    place at;
  };

  void find_options(const bound_options& all, const entry& table, const std::string& path,
                    const std::string& inside, const std::vector<std::string>& tables,
                    std::map<std::string, const entry*>& found);
  void take(const bound_option& what, const entry& from, const std::string& path,
            const std::string& file);
  void add(const std::string& file, place at, const std::string& what);

  const document& from_;
  const std::string& file_;
  const environment& env_;
  jurisdictions known_;
  std::vector<mistake> mistakes_;
  std::map<std::string, origin> origins_;
  std::set<std::string> bad_;
  std::set<std::string> variables_;
};

/// `channels[1].url` → `channels.url`: what people are told.
std::string readable(const std::string& path);

} // namespace igl::config
