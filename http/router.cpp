#include "http/router.hpp"

#include <algorithm>

namespace igl {

namespace {

constexpr std::string_view any = "{}";

std::vector<std::string_view> segments_of(std::string_view path) {
  while (!path.empty() && path.back() == '/')
    path.remove_suffix(1);
  std::vector<std::string_view> segments;
  segments.reserve(4);
  while (!path.empty()) {
    path.remove_prefix(1);
    auto end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string_view>& path) {
  return pattern.size() == path.size() &&
         std::equal(pattern.begin(), pattern.end(), path.begin(), [](auto& wanted, auto given) {
           return wanted == given || (wanted == any && !given.empty());
         });
}

} // namespace

void router::add(std::string method, std::string_view path, request_handler handler) {
  auto parts = segments_of(path);
  route added{std::move(method), {parts.begin(), parts.end()}, std::move(handler)};
  auto more_literal = [](const route& a, const route& b) {
    return std::count(a.segments.begin(), a.segments.end(), any) <
           std::count(b.segments.begin(), b.segments.end(), any);
  };
  routes_.insert(std::upper_bound(routes_.begin(), routes_.end(), added, more_literal), added);
}

router::route_found router::find(std::string_view method, std::string_view path) const {
  route_found found;
  auto segments = segments_of(path);
  const std::vector<std::string>* first_fit = nullptr;
  for (auto& x : routes_) {
    if (!fits(x.segments, segments) || (first_fit && *first_fit != x.segments))
      continue;
    first_fit = &x.segments;
    if (x.method != method) {
      found.allow += (found.allow.empty() ? "" : ", ") + x.method;
      continue;
    }
    found.handler = &x.handler;
    for (size_t i = 0; i < segments.size(); ++i)
      if (x.segments[i] == any)
        found.captured.push_back(segments[i]);
    break;
  }
  return found;
}

} // namespace igl
