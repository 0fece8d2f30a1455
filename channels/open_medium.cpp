#include "channels/open_medium.hpp"

#include "channels/api_medium.hpp"
#include "channels/chain_medium.hpp"
#include "channels/fresh_uuid.hpp"
#include "channels/memory_medium.hpp"
#include "channels/shared_database.hpp"
#include "channels/stream_medium.hpp"

namespace igl {

namespace {

medium_opener memory_opener(const std::string& name) {
  return [log = make_memory_log(name + "-" +
                                fresh_uuid())]() -> caf::expected<std::unique_ptr<medium>> {
    return make_memory_medium(log);
  };
}

medium_opener chain_opener(const endpoint_settings& how, std::function<caf::timestamp()> now) {
  chain_medium_settings x;
  x.path = how.medium_path;
  x.confirmations = how.medium_confirmations;
  x.grace = how.medium_grace;
  x.block_interval = how.medium_block_interval;
  x.now = std::move(now);
  return [x] {
    return open_chain_medium(x);
  };
}

medium_opener stream_opener(const endpoint_settings& how) {
  append_stream_options x;
  x.url = how.medium_url;
  x.name = how.medium_stream;
  x.user = how.id;
  x.replicas = how.medium_replicas;
  return [x] {
    return open_stream_medium(x);
  };
}

medium_opener api_opener(const endpoint_settings& how, std::function<caf::timestamp()> now,
                         http_exchange ask) {
  api_medium_settings x;
  x.path = how.medium_path;
  x.jurisdictions = how.jurisdictions;
  x.peers = how.peers;
  x.ask = std::move(ask);
  x.now = std::move(now);
  return [x] {
    return open_api_medium(x);
  };
}

} // namespace

medium_opener opener_of(const endpoint_settings& how, const std::string& name,
                        std::function<caf::timestamp()> now, http_exchange ask) {
  switch (how.medium) {
  case medium_kind::memory:
    return memory_opener(name);
  case medium_kind::chain:
    return chain_opener(how, std::move(now));
  case medium_kind::stream:
    return stream_opener(how);
  case medium_kind::api:
    return api_opener(how, std::move(now), std::move(ask));
  case medium_kind::shared_database:
    break;
  }
  return [path = how.medium_path] {
    return open_shared_database_medium(path);
  };
}

} // namespace igl
