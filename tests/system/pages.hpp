#pragma once

#include <string>
#include <vector>

/// The pages of the project as tests read them: what they claim is tried.
namespace igl::system_tests {

/// A file of the source tree. The test fails if it is missing.
std::vector<std::string> lines_of(const std::string& file);

/// The lines of all code blocks of a language.
std::vector<std::string> code(const std::string& file, const std::string& language);

/// The lines of the first ```text block after a line with this command: what it is said to print.
std::vector<std::string> printed_after(const std::string& file, const std::string& command);

} // namespace igl::system_tests
