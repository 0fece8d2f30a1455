#pragma once

#include <caf/expected.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace igl {

/// The boundary parameter of a `multipart/form-data` content type; empty: none, or not one that
/// RFC 2046 allows.
std::string boundary_of(std::string_view content_type);

/// Reads `multipart/form-data` as it comes, in pieces of any size, and hands the bytes of file
/// parts on. A part is a file if its Content-Disposition has a file name; all others are form
/// fields and ignored. Keeps no more than a part's headers and one boundary in memory.
class multipart_parser {
public:
  /// What is found. An error that a function returns ends the parsing.
  struct events {
    std::function<caf::error()> file_begins;
    std::function<caf::error(std::string_view)> file_bytes;
  };

  multipart_parser(std::string_view boundary, events told);

  /// The next bytes of the body. Fails with bad_request, or with what an event returned; nothing
  /// may be fed after that.
  caf::error feed(std::string_view bytes);
  /// Was the closing boundary there?
  bool complete() const { return place_ == place::epilogue; }
  /// File parts so far.
  uint32_t files() const { return files_; }

private:
  enum class place : uint8_t { preamble, delimiter, headers, field, file, epilogue };
  enum class progress : uint8_t { stuck, moved };

  caf::expected<progress> step();
  progress skip_delimiter();
  caf::expected<progress> read_delimiter_line();
  caf::expected<progress> read_headers();
  caf::expected<progress> read_content();
  size_t certain_content() const;

  std::string delimiter_; ///< CRLF, two hyphens, boundary
  events told_;
  std::string held_; ///< came, but not understood yet
  size_t at_ = 0;    ///< how much of it is done with
  place place_ = place::preamble;
  uint32_t files_ = 0;
};

} // namespace igl
