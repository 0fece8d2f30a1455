#include "http/multipart.hpp"
#include "messages/errors.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace igl;

namespace {

struct parsed {
  std::vector<std::string> files;
  caf::error why;
  bool complete = false;
};

/// Feeds a body in two pieces, or byte by byte.
struct feeder {
  std::string boundary;
  parsed result;
  multipart_parser parser{boundary,
                          {[this] {
                             result.files.emplace_back();
                             return caf::error{};
                           },
                           [this](std::string_view bytes) {
                             result.files.back() += bytes;
                             return caf::error{};
                           }}};

  explicit feeder(std::string b) : boundary(std::move(b)) {}

  void feed(std::string_view bytes) {
    if (!result.why)
      result.why = parser.feed(bytes);
    result.complete = parser.complete();
  }
};

parsed parse(std::string_view body, size_t split, std::string boundary = "XyZ") {
  feeder x{std::move(boundary)};
  x.feed(body.substr(0, split));
  x.feed(body.substr(split));
  return x.result;
}

parsed parse(std::string_view body) {
  return parse(body, body.size());
}

std::string part(std::string_view disposition, std::string_view content) {
  return "--XyZ\r\nContent-Disposition: " + std::string(disposition) +
         "\r\nContent-Type: application/pdf\r\n\r\n" + std::string(content) + "\r\n";
}

std::string file(std::string_view content) {
  return part("form-data; name=\"document\"; filename=\"a.pdf\"", content);
}

const std::string end = "--XyZ--\r\n";

} // namespace

TEST_SUITE("multipart") {
  TEST_CASE("finds one file, wherever the body is cut in two") {
    // The content is full of what almost is the boundary.
    const std::string content = "\r\n--Xy\r\n--XyY--\r\n-\r\r\n\n--XyZ\r\n--";
    auto body = "preamble\r\n" + file(content) + part("form-data; name=\"note\"", "ignored") + end +
                "epilogue";
    for (size_t split = 0; split <= body.size(); ++split) {
      CAPTURE(split);
      auto x = parse(body, split);
      CHECK_FALSE(x.why);
      CHECK(x.complete);
      REQUIRE(x.files.size() == 1);
      CHECK(x.files[0] == content);
    }
  }

  TEST_CASE("finds the same file when the body comes byte by byte") {
    const std::string content = "a\r\n--XyQ\r\n";
    feeder x{"XyZ"};
    for (auto byte : file(content) + end)
      x.feed({&byte, 1});
    CHECK(x.result.complete);
    CHECK(x.result.files == std::vector<std::string>{content});
  }

  TEST_CASE("every byte value comes through") {
    std::string content;
    for (int round = 0; round < 3; ++round)
      for (int byte = 255; byte >= 0; --byte)
        content += static_cast<char>(byte);
    CHECK(parse(file(content) + end).files == std::vector<std::string>{content});
  }

  TEST_CASE("an empty file is a file") {
    auto x = parse(file("") + end);
    CHECK(x.complete);
    CHECK(x.files == std::vector<std::string>{""});
  }

  TEST_CASE("counts several files and keeps them apart") {
    auto x = parse(file("one") + file("two") + end);
    CHECK(x.files == std::vector<std::string>{"one", "two"});
  }

  TEST_CASE("a part without a file name is no file") {
    CHECK(parse(part("form-data; name=\"filename\"", "x") + end).files.empty());
    CHECK(parse(part("form-data; name=\"x\"; filename=\"\"", "x") + end).files.empty());
    CHECK(parse("--XyZ\r\n\r\nno headers at all\r\n" + end).files.empty());
  }

  TEST_CASE("a file name may be unquoted, hold semicolons and quotes, or be an extended one") {
    for (auto name : {"filename=a.pdf", "filename=\"a; b.pdf\"", "filename=\"a\\\".pdf\"",
                      "FileName=\"a.pdf\"", "filename*=UTF-8''%e2%82%ac.pdf"}) {
      CAPTURE(name);
      auto x = parse(part("form-data; name=\"a; filename\"; " + std::string(name), "x") + end);
      CHECK(x.files == std::vector<std::string>{"x"});
    }
    CHECK(parse(part("form-data; name=\"x; filename=y\"", "x") + end).files.empty());
  }

  TEST_CASE("padding after a boundary is allowed, other text is not") {
    CHECK(parse("--XyZ \t\r\n\r\nx\r\n--XyZ  \r\n\r\ny\r\n" + end).complete);
    CHECK(code_of(parse("--XyZ tail\r\n\r\nx\r\n" + end).why) == errc::bad_request);
    CHECK(code_of(parse("--XyZ" + std::string(1000, ' ')).why) == errc::bad_request);
  }

  TEST_CASE("a body that is cut short anywhere is not complete") {
    auto body = file("content") + "--XyZ--";
    for (size_t length = 0; length < body.size(); ++length) {
      CAPTURE(length);
      CHECK_FALSE(parse(body.substr(0, length)).complete);
    }
    CHECK(parse(body).complete);
  }

  TEST_CASE("endless headers are refused") {
    CHECK(code_of(parse("--XyZ\r\nX: " + std::string(20000, 'x')).why) == errc::bad_request);
  }

  TEST_CASE("the longest padding and headers are the same whatever pieces they come in") {
    auto takes = [](const std::string& body, size_t piece) {
      feeder x{"XyZ"};
      for (size_t at = 0; at < body.size(); at += piece)
        x.feed(std::string_view{body}.substr(at, piece));
      return x.result.complete && !x.result.why;
    };
    auto padded = [](size_t blanks) {
      return "--XyZ" + std::string(blanks, ' ') + "\r\n\r\n\r\n--XyZ--";
    };
    auto headed = [](size_t bytes) {
      return "--XyZ\r\n" + std::string(bytes - 2, 'x') + "\r\n\r\n\r\n--XyZ--";
    };
    for (size_t piece : {size_t{1}, size_t{7}, size_t{100'000}}) {
      CHECK(takes(padded(256), piece));
      CHECK(!takes(padded(257), piece));
      CHECK(takes(headed(16 * 1024), piece));
      CHECK(!takes(headed(16 * 1024 + 1), piece));
    }
  }

  TEST_CASE("what an event returns ends the parsing") {
    multipart_parser x{"XyZ",
                       {[] { return caf::error{}; },
                        [](std::string_view) {
                          return make_problem(errc::too_large);
                        }}};
    CHECK(code_of(x.feed(file("content") + end)) == errc::too_large);
  }

  TEST_CASE("the boundary is read from the content type") {
    CHECK(boundary_of("multipart/form-data; boundary=XyZ") == "XyZ");
    CHECK(boundary_of("multipart/form-data; charset=utf-8; Boundary=\"a b;c\"") == "a b;c");
    CHECK(boundary_of("multipart/form-data").empty());
    CHECK(boundary_of("multipart/form-data; boundary=").empty());
    CHECK(boundary_of("multipart/form-data; boundary=" + std::string(71, 'x')).empty());
  }
}
