#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace igl {

class exchange;
using request_handler = std::function<void(const std::shared_ptr<exchange>&)>;

/// Finds who answers a method and a path. A path is literal segments and `{}`, which stands for any
/// one segment; a literal goes before a `{}`. Trailing slashes do not count.
class router {
public:
  struct route_found {
    const request_handler* handler = nullptr; ///< null: nobody
    std::string allow;                        ///< nobody, but other methods: these
    std::vector<std::string_view> captured;   ///< segments for `{}`, still percent-encoded
  };

  void add(std::string method, std::string_view path, request_handler handler);
  route_found find(std::string_view method, std::string_view path) const;

private:
  struct route {
    std::string method;
    std::vector<std::string> segments;
    request_handler handler;
  };

  std::vector<route> routes_;
};

} // namespace igl
