#include "http/spool.hpp"

#include "messages/errors.hpp"

#include <spdlog/spdlog.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace igl {

namespace {

constexpr std::string_view prefix = "upload-";
constexpr std::string_view suffix = ".spool";

caf::error failure(const std::string& path, int why) {
  return make_problem(why == ENOSPC || why == EDQUOT ? errc::storage_full : errc::unavailable,
                      "an upload cannot be written to " + path + ": " + std::strerror(why));
}

} // namespace

caf::expected<std::shared_ptr<spool_file>> spool_file::create(const std::string& folder) {
  auto path = folder + "/" + std::string(prefix) + "XXXXXX" + std::string(suffix);
  auto descriptor = ::mkostemps(path.data(), static_cast<int>(suffix.size()), O_CLOEXEC);
  if (descriptor < 0)
    return failure(path, errno);
  return std::make_shared<spool_file>(descriptor, std::move(path));
}

spool_file::~spool_file() {
  ::close(descriptor_);
  ::unlink(path_.c_str());
}

caf::error spool_file::append(std::string_view bytes) {
  while (!bytes.empty()) {
    auto written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return failure(path_, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return caf::none;
}

caf::error prepare_spool(const std::string& folder) {
  std::error_code why;
  std::filesystem::create_directories(folder, why);
  if (why)
    return make_problem(errc::unavailable,
                        "the folder for uploads cannot be made: " + folder + ": " + why.message());
  for (auto& entry : std::filesystem::directory_iterator(folder, why)) {
    auto name = entry.path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(suffix))
      continue;
    std::error_code ignored;
    std::filesystem::remove(entry.path(), ignored);
    spdlog::info("http removed {}, which an earlier process left", entry.path().string());
  }
  if (why)
    return make_problem(errc::unavailable,
                        "the folder for uploads cannot be read: " + folder + ": " + why.message());
  return caf::none;
}

} // namespace igl
