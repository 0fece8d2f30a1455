#include "messages/json_text.hpp"

#include "messages/json.hpp"
#include "messages/json_plain.hpp"
#include "messages/uri.hpp"

namespace igl::json_text {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd"; // U+FFFD

void append_escape(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (c) {
  case '"':
    out += "\\\"";
    break;
  case '\\':
    out += "\\\\";
    break;
  case '\n':
    out += "\\n";
    break;
  case '\r':
    out += "\\r";
    break;
  case '\t':
    out += "\\t";
    break;
  default:
    out += "\\u00";
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
}

} // namespace

void append(std::string& out, std::string_view text) {
  out += '"';
  size_t done = 0;
  size_t at = 0;
  auto flush = [&] {
    out.append(text.substr(done, at - done));
  };
  while ((at += plain_prefix(text.substr(at))) < text.size()) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      flush();
      append_escape(out, text[at]);
      done = ++at;
    } else if (auto length = sequence_length(text.substr(at)); length > 0) {
      at += length;
    } else {
      flush();
      out += replacement;
      done = ++at;
    }
  }
  flush();
  out += '"';
}

std::string well_formed(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    auto length = sequence_length(text);
    out += length > 0 ? text.substr(0, length) : replacement;
    text.remove_prefix(length > 0 ? length : 1);
  }
  return out;
}

object::object(size_t expected_bytes) {
  out_.reserve(expected_bytes);
  out_ += '{';
}

void object::name(std::string_view name) {
  if (!first_)
    out_ += ',';
  first_ = false;
  out_ += '"';
  out_ += name;
  out_ += "\":";
}

object& object::text(std::string_view name, std::string_view value) {
  this->name(name);
  append(out_, value);
  return *this;
}

object& object::number(std::string_view name, uint64_t value) {
  return raw(name, std::to_string(value));
}

object& object::texts(std::string_view name, const std::vector<std::string>& values) {
  this->name(name);
  char before = '[';
  for (auto& value : values) {
    out_ += before;
    append(out_, value);
    before = ',';
  }
  out_ += values.empty() ? "[]" : "]";
  return *this;
}

object& object::raw(std::string_view name, std::string_view json) {
  this->name(name);
  out_ += json;
  return *this;
}

object& object::open(std::string_view name) {
  this->name(name);
  out_ += '{';
  first_ = true;
  return *this;
}

object& object::close() {
  out_ += '}';
  first_ = false;
  return *this;
}

std::string object::take() {
  out_ += '}';
  return std::move(out_);
}

} // namespace igl::json_text
