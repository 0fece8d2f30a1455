#pragma once

#include "scenarios/runner/world.hpp"

#include <string>

namespace igl::scenario {

/// What a story says of a settlement: who, out of which stream, and what became true. Empty:
/// nothing that anybody would tell.
std::string told_of(const hop& x);

/// "SG   importer was told UN.CEFACT.… of AU:17".
std::string told_of(const subscriber& who, const subscriber::told& what);

/// A name and what is said of it, in columns.
std::string told_by(const std::string& who, const std::string& what);

/// Which stream a job is of.
stream stream_of(const job_ticket& ticket);

} // namespace igl::scenario
