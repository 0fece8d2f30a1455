#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

// Gives a fuzzer every file of its corpus, once: `fuzz_corpus NAME FOLDER_OR_FILE`. For builds
// without libFuzzer.

#define IGL_FUZZER(name) extern "C" int fuzz_##name(const uint8_t* data, size_t size);
#include "fuzzers.inc"
#undef IGL_FUZZER

namespace {

namespace fs = std::filesystem;

struct fuzzer {
  const char* name;
  int (*run)(const uint8_t* data, size_t size);
};

#define IGL_FUZZER(name) {#name, fuzz_##name},
constexpr fuzzer fuzzers[]{
#include "fuzzers.inc"
};
#undef IGL_FUZZER

std::vector<fs::path> files_in(const fs::path& x) {
  if (!fs::is_directory(x))
    return {x};
  return {fs::directory_iterator{x}, fs::directory_iterator{}};
}

int run_all(const fuzzer& x, const std::vector<fs::path>& inputs) {
  for (auto& path : inputs) {
    // Said before, so that the last line names the input that ends the process.
    std::printf("%s %s\n", x.name, path.c_str());
    std::fflush(stdout);
    std::ifstream in{path, std::ios::binary};
    std::vector<char> bytes{std::istreambuf_iterator<char>{in}, {}};
    if (!in)
      return 1;
    bytes.shrink_to_fit(); // to read behind its end is a fault that sanitizers find
    x.run(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }
  return inputs.empty() ? 1 : 0;
}

} // namespace

int main(int argc, char** argv) {
  for (auto& x : fuzzers)
    if (argc == 3 && std::strcmp(x.name, argv[1]) == 0)
      return run_all(x, files_in(argv[2]));
  std::fprintf(stderr, "fuzz_corpus NAME FOLDER_OR_FILE; the names are those of the folders of "
                       "tests/fuzz/corpus\n");
  return 2;
}
