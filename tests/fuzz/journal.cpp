#include "storage/journal.hpp"

#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/scratch.hpp"

#include <fstream>
#include <memory>
#include <vector>

namespace {

using namespace igl;

constexpr uint64_t seed = 0x5eed;

/// Writes records as the input says: a byte below 200 is the length of one, others change files.
std::vector<std::string> write_journal(const std::string& folder, std::string_view& plan) {
  auto file = journal::open(folder, seed);
  fuzz::must(file && !(*file)->replay(0, [](std::string_view) { return caf::error{}; }),
             "a new journal is empty");
  std::vector<std::string> bodies;
  size_t turns = 0;
  while (!plan.empty() && bodies.size() < 12) {
    auto what = fuzz::take_byte(plan);
    if (what == 255)
      break;
    if (what >= 200) {
      // What the other file holds would be lost.
      if (turns++ == 0)
        (*file)->turn();
      continue;
    }
    auto length = size_t{what} * (what % 7 == 0 ? 100 : 1);
    bodies.emplace_back(length, static_cast<char>('a' + bodies.size()));
    fuzz::must(!(*file)->append(bodies.back()), "a record is appended");
  }
  return bodies;
}

/// Writes over one of the files: two bytes for a place, one for how many follow, and those.
bool damage(const std::string& folder, std::string_view plan) {
  if (plan.size() < 4)
    return false;
  auto path = folder + "/journal." + (fuzz::take_byte(plan) % 2 == 0 ? "0" : "1");
  auto at = fuzz::take_byte(plan) * 256u + fuzz::take_byte(plan);
  if (std::filesystem::file_size(path) < at + plan.size())
    return false;
  std::fstream to{path, std::ios::binary | std::ios::in | std::ios::out};
  to.seekp(at);
  to.write(plan.data(), static_cast<std::streamsize>(plan.size()));
  return true;
}

} // namespace

// A journal that somebody wrote over: what is read is the beginning of what was written, or the
// damage is told.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto plan = fuzz::text_of(data, size);
  static const auto folder = std::make_unique<fuzz::scratch>();
  for (auto name : {"/journal.0", "/journal.1"})
    std::filesystem::remove(folder->path() + name);
  auto bodies = write_journal(folder->path(), plan);
  auto damaged = damage(folder->path(), plan);
  auto file = journal::open(folder->path(), seed);
  fuzz::must(bool(file), "a journal opens whatever it holds");
  size_t found = 0;
  auto why = (*file)->replay(0, [&](std::string_view body) {
    fuzz::must(found < bodies.size() && body == bodies[found], "a record is as it was written");
    ++found;
    return caf::error{};
  });
  if (why)
    fuzz::must_speak(why);
  fuzz::must(damaged || (!why && found == bodies.size()), "what nobody wrote over is all there");
  return 0;
}
