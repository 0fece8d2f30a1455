#pragma once

#include "actors/commands/stop_signal.hpp"
#include "config/config.hpp"

#include <iosfwd>
#include <memory>
#include <string>

namespace igl {
class machine;
}

namespace igl::commands {

/// `igl node` and `igl endpoint`: run until a signal. 0: stopped cleanly; 1: something failed, and
/// was said; 2: the configuration has mistakes, all of which were said.
int run_node(const std::string& config_file, const environment& env, stop_signal& stop,
             std::ostream& err);
/// The same on another machine than this one, without variables.
int run_node_on(std::shared_ptr<machine> on, const std::string& config_file, stop_signal& stop,
                std::ostream& err);
int run_endpoint(const std::string& config_file, const environment& env, stop_signal& stop,
                 std::ostream& err);

} // namespace igl::commands
