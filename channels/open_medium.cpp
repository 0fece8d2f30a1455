#include "channels/open_medium.hpp"

#include "channels/fresh_uuid.hpp"
#include "channels/memory_medium.hpp"
#include "channels/shared_database.hpp"

namespace igl {

medium_opener opener_of(const endpoint_settings& how, const std::string& name) {
  if (how.medium == medium_kind::memory)
    return [log = make_memory_log(name + "-" +
                                  fresh_uuid())]() -> caf::expected<std::unique_ptr<medium>> {
      return make_memory_medium(log);
    };
  return [path = how.medium_path] {
    return open_shared_database_medium(path);
  };
}

} // namespace igl
