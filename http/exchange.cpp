#include "http/detail/exchange.hpp"

#include "messages/errors.hpp"
#include "messages/json.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace igl {

namespace {

/// What a caller sent comes back to him in part.
constexpr size_t most_quoted = 200;
constexpr size_t much = 2048;

std::string cut(std::string text, size_t most) {
  if (text.size() <= most)
    return text;
  // Not within a character.
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80)
    --most;
  text.resize(most);
  return text + "…";
}

void cut_all(nlohmann::json& x) {
  if (x.is_string())
    x = cut(x.get<std::string>(), most_quoted);
  else if (x.is_structured())
    for (auto& part : x)
      cut_all(part);
}

std::string cut_source(std::string source) {
  if (source.size() <= much)
    return source;
  auto x = nlohmann::json::parse(source, nullptr, false);
  if (x.is_discarded())
    return {};
  cut_all(x);
  return x.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace

std::string exchange::origin() const {
  auto host = header("Host");
  bool plain = !host.empty() && host.find_first_of("<>\"/ ,;") == std::string::npos;
  return plain ? "http://" + host : own_origin_;
}

bool exchange::demand(std::string_view media_type) {
  auto given = header("Content-Type");
  if (media_type_of(given) == media_type)
    return true;
  nlohmann::json source{
      {"value", given}, {"include", {media_type}}, {"exclude", nlohmann::json::array()}};
  fail(make_problem(errc::unsupported_media_type,
                    "the body must be of the type " + std::string(media_type),
                    source.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
  return false;
}

void exchange::guarded(const std::function<void()>& piece) {
  std::string what = "something that is no exception";
  try {
    return piece();
  } catch (const std::exception& failure) {
    what = failure.what();
  } catch (...) {
    // What is thrown here is thrown away: there is nobody above who could do better.
  }
  spdlog::error("http failed while it answered {} {}: {}", method(), path(), what);
  abandon_body();
  fail(make_problem(errc::internal));
}

void exchange::fail(const caf::error& why) {
  reply(refusal_of(why));
}

answer exchange::refusal_of(const caf::error& why) {
  auto x = problem_of(why);
  x.detail = cut(std::move(x.detail), much);
  x.source = cut_source(std::move(x.source));
  answer refusal{entry_of(x.code).http_status, problem_to_wire(x)};
  if (refusal.status == 503)
    refusal.headers.push_back({"Retry-After", std::to_string(retry_after().count())});
  if (refusal.status == 401)
    refusal.headers.push_back({"WWW-Authenticate", "Bearer"});
  if (refusal.status == 413)
    close_afterwards();
  if (refusal.status == 500)
    spdlog::error("http answers {} {} with 500: {}", method(), path(), sentence_of(why));
  return refusal;
}

void exchange::refuse_and_close(const caf::error& why) {
  close_afterwards();
  fail(why);
}

void exchange::refuse_method(std::string allow) {
  reply({405,
         problem_to_wire({errc::method_not_allowed, {}, {}}),
         "application/json",
         {{"Allow", std::move(allow)}}});
}

} // namespace igl
