#include "tests/bench/load.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

namespace igl::bench {

load_result post_repeatedly(const std::string& url, const std::string& body,
                            std::chrono::seconds duration, const std::string& folder) {
  auto script = folder + "/post.lua";
  std::ofstream(script)
      << "wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\nwrk.body = [["
      << body
      << "]]\ndone = function(summary, latency, requests)\n  local e = summary.errors\n"
         "  print(string.format('result %d %d %d', summary.requests, summary.duration, "
         "e.connect + e.read + e.write + e.status + e.timeout))\nend\n";
  auto command =
      "wrk -t1 -c32 -d" + std::to_string(duration.count()) + "s -s " + script + " " + url + " 2>&1";
  auto* pipe = popen(command.c_str(), "r");
  std::string output;
  char buffer[256];
  while (pipe && fgets(buffer, sizeof buffer, pipe))
    output += buffer;
  auto status = pipe ? pclose(pipe) : -1;
  load_result result;
  uint64_t requests = 0, micros = 0;
  auto place = output.find("result ");
  if (status != 0 || place == std::string::npos) {
    std::cerr << "igl_bench: wrk did not run; is it installed? It said: " << output << '\n';
    std::exit(1);
  }
  std::istringstream figures(output.substr(place + 7));
  figures >> requests >> micros >> result.bad;
  result.good = requests - result.bad;
  result.seconds = static_cast<double>(micros) / 1e6;
  return result;
}

uint64_t memory_of(pid_t pid, const std::string& field) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.compare(0, field.size() + 1, field + ":") == 0)
      return std::strtoull(line.c_str() + field.size() + 1, nullptr, 10) * 1024;
  return 0;
}

void reset_peak(pid_t pid) {
  std::ofstream("/proc/" + std::to_string(pid) + "/clear_refs") << "5";
}

} // namespace igl::bench
