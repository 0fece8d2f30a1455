#pragma once

#include "config/settings.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace igl {

/// The environment as the caller knows it; only names that begin with `IGL_` matter.
using environment = std::map<std::string, std::string>;

/// Something in a configuration that the operator has to change.
struct mistake {
  std::string file;    ///< as it was named, or `environment:IGL_STREAMS_URL`
  uint32_t line = 0;   ///< from 1; 0: not at a line (the environment, a file that cannot be read)
  uint32_t column = 0; ///< from 1
  std::string what;    ///< what is wrong, and what was expected

  friend bool operator==(const mistake&, const mistake&) = default;
};

/// `node.toml:3:1: streams.ulr is not an option; did you mean url?`
std::string to_string(const mistake& x);

/// Settings and all that is wrong with them. With mistakes the settings are fit for being shown,
/// not for being used.
template <class Settings>
struct loaded {
  Settings settings;
  std::vector<mistake> mistakes; ///< in the order of the file, those of the environment last

  bool good() const { return mistakes.empty(); }
};

/// Reads the file of `igl node`: the defaults, over them the file, over it the environment
/// (`streams.url` is `IGL_STREAMS_URL`). Never throws; what cannot be read is a mistake.
loaded<node_settings> load_node(const std::string& path, const environment& env);
/// The same for `igl endpoint`.
loaded<endpoint_settings> load_endpoint(const std::string& path, const environment& env);

/// The same from a text that is at hand; `file` is what mistakes call it.
loaded<node_settings> parse_node(std::string_view text, const std::string& file,
                                 const environment& env);
loaded<endpoint_settings> parse_endpoint(std::string_view text, const std::string& file,
                                         const environment& env);

enum class file_kind : uint8_t { node, endpoint, unknown };

/// What a file configures: a node's has the top-level key `jurisdiction`, an endpoint's `endpoint`.
/// Unknown: neither, both, or it cannot be read.
file_kind kind_of(const std::string& path, const environment& env = {});

/// All settings at their defaults; what has none (`jurisdiction`, `endpoint` …) is empty.
node_settings default_node();
endpoint_settings default_endpoint();

enum class shown : uint8_t { everything, changed };

/// The settings as a configuration file: every option under a comment with its meaning, its
/// bounds and its environment variable; or only what differs from the defaults. Secrets are `***`.
std::string show(const node_settings& x, shown which = shown::everything);
std::string show(const endpoint_settings& x, shown which = shown::everything);

/// The same for machines: {"kind", "options": [{"option", "value", "default", "meaning",
/// "environment", "reload"}]}. "default" is null where there is none.
std::string show_json(const node_settings& x, shown which = shown::everything);
std::string show_json(const endpoint_settings& x, shown which = shown::everything);

/// The text of config/node.example.toml and config/endpoint.example.toml.
std::string example_file(file_kind which);

} // namespace igl
