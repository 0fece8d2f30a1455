#include "storage/nats_folder.hpp"
#include "storage/nats_link.hpp"
#include "storage/nats_process.hpp"
#include "tests/storage/streams_worlds.hpp"

#include <arpa/inet.h>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

namespace igl {

TEST_SUITE_BEGIN("nats server");

namespace {

namespace fs = std::filesystem;

nats_server_options options_for(const temporary_folder& folder) {
  nats_server_options x;
  x.folder = folder.path();
  return x;
}

std::shared_ptr<nats_server> started(nats_server_options how) {
  auto x = nats_server::start(std::move(how));
  REQUIRE_MESSAGE(x, sentence_of(x.error()));
  auto err = (*x)->wait_until_ready(30s);
  REQUIRE_MESSAGE(!err, sentence_of(err));
  return *x;
}

bool takes_connections(const std::string& url) {
  return static_cast<bool>(nats_link::open(url, "a test", 2s, [](const std::string&) {}));
}

std::string content_of(const std::string& path) {
  std::ifstream in{path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::string port_of(const std::string& url) {
  return url.substr(url.rfind(':') + 1);
}

bool is_nats_server(pid_t pid) {
  auto line = content_of("/proc/" + std::to_string(pid) + "/cmdline");
  return line.find("nats-server") != std::string::npos;
}

} // namespace

TEST_CASE("a server of our own takes connections on loopback from those who have the token") {
  temporary_folder folder;
  auto server = started(options_for(folder));
  auto url = server->url();
  CHECK(takes_connections(url));
  CHECK(!takes_connections("nats://127.0.0.1:" + port_of(url)));
  CHECK(!takes_connections("nats://wrong@127.0.0.1:" + port_of(url)));
  CHECK(is_nats_server(server->pid()));
  CHECK(server->restarts() == 0);
  CHECK(server->last_exit().empty());
  CHECK(server->description().find("embedded, pid " + std::to_string(server->pid())) !=
        std::string::npos);
  CHECK(server->description().find(content_of(folder.path() + "/token")) == std::string::npos);
  for (auto name : {"/token", "/nats-server.conf"}) {
    struct stat x {};
    REQUIRE(stat((folder.path() + name).c_str(), &x) == 0);
    CHECK((x.st_mode & 0777) == 0600);
  }
}

TEST_CASE("a stopped server is gone, and comes back with the same port, token and jobs") {
  jetstream_world world;
  auto url = world.server().url();
  auto pid = world.server().pid();
  publish_some(world, stream::inbox, 3);
  world.stop_server();
  CHECK(!is_nats_server(pid));
  CHECK(!takes_connections(url));
  world.start_server();
  REQUIRE(wait_until([&] { return world.streams().connected(); }));
  CHECK(world.server().url() == url);
  CHECK(world.server().pid() != pid);
  CHECK(level_now(world, stream::inbox).messages == 3);
}

TEST_CASE("a server that dies is started again") {
  temporary_folder folder;
  auto server = started(options_for(folder));
  auto url = server->url();
  auto first = server->pid();
  kill(first, SIGKILL);
  REQUIRE(wait_until([&] { return server->restarts() == 1 && !server->url().empty(); }));
  CHECK(server->pid() != first);
  CHECK(server->last_exit() == "killed by signal 9");
  CHECK(server->url() == url);
  CHECK(takes_connections(url));
}

TEST_CASE("when somebody else has taken the port, the server takes another one") {
  temporary_folder folder;
  auto url = started(options_for(folder))->url(); // and stopped
  auto squatter = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(static_cast<uint16_t>(std::stoi(port_of(url))));
  auto on = 1;
  setsockopt(squatter, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  REQUIRE(bind(squatter, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  REQUIRE(listen(squatter, 1) == 0);
  auto server = started(options_for(folder));
  CHECK(server->url() != url);
  CHECK(takes_connections(server->url()));
  close(squatter);
}

TEST_CASE("a program that is missing is named, with what to install") {
  temporary_folder folder;
  auto how = options_for(folder);
  how.program = "nats-server-of-nobody";
  auto by_name = nats_server::start(how);
  REQUIRE(!by_name);
  CHECK(code_of(by_name.error()) == errc::unavailable);
  CHECK(sentence_of(by_name.error()).find("apt-get install nats-server") != std::string::npos);
  how.program = folder.path() + "/nats-server";
  auto by_path = nats_server::start(how);
  REQUIRE(!by_path);
  CHECK(sentence_of(by_path.error()).find(how.program) != std::string::npos);
}

TEST_CASE("the program is found outside PATH too") {
  auto x = find_nats_server({});
  REQUIRE(x);
  CHECK(find_nats_server(*x));
  CHECK(!find_nats_server(fs::path{*x}.parent_path().string() + "/")); // a folder is no program
}

TEST_CASE("a program that ends at once is tried again, and says how it ended") {
  temporary_folder folder;
  auto how = options_for(folder);
  how.program = "/bin/false";
  auto server = nats_server::start(how);
  REQUIRE(server);
  REQUIRE(wait_until([&] { return (*server)->restarts() >= 2; }));
  auto err = (*server)->wait_until_ready(1ms);
  CHECK(code_of(err) == errc::unavailable);
  CHECK(sentence_of(err).find("exit status 1") != std::string::npos);
  CHECK((*server)->url().empty());
}

TEST_CASE("a file that cannot run is an error that says so") {
  temporary_folder folder;
  auto how = options_for(folder);
  how.program = folder.path() + "/broken";
  std::ofstream{how.program} << "\x7f"
                                "ELF, but not really";
  fs::permissions(how.program, fs::perms::owner_all);
  auto server = nats_server::start(how);
  REQUIRE(server);
  REQUIRE(wait_until([&] { return !(*server)->last_exit().empty(); }));
  CHECK((*server)->last_exit().find("cannot be started") != std::string::npos);
}

TEST_CASE("a folder has one server; a folder that cannot be made has none") {
  temporary_folder folder;
  auto server = started(options_for(folder));
  auto second = nats_server::start(options_for(folder));
  REQUIRE(!second);
  CHECK(code_of(second.error()) == errc::storage_locked);
  CHECK(takes_connections(server->url()));
  nats_server_options nowhere;
  nowhere.folder = "/proc/nowhere";
  auto none = nats_server::start(nowhere);
  REQUIRE(!none);
  CHECK(code_of(none.error()) == errc::storage_failed);
}

TEST_CASE("a server that an earlier process left behind is ended first") {
  temporary_folder folder;
  auto url = started(options_for(folder))->url(); // leaves configuration and port
  auto place = nats_folder::prepare(folder.path());
  REQUIRE(place);
  auto program = find_nats_server({});
  REQUIRE(program);
  REQUIRE(!place->write_configuration(1 << 30));
  std::string configuration = place->configuration();
  std::string name = "nats-server", option = "-c";
  char* arguments[] = {name.data(), option.data(), configuration.data(), nullptr};
  pid_t left_behind = 0;
  posix_spawn_file_actions_t quietly;
  posix_spawn_file_actions_init(&quietly);
  posix_spawn_file_actions_addopen(&quietly, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&quietly, 1, 2);
  REQUIRE(posix_spawn(&left_behind, program->c_str(), &quietly, nullptr, arguments, environ) == 0);
  posix_spawn_file_actions_destroy(&quietly);
  place->note_pid(left_behind);
  CHECK(wait_until([&] { return takes_connections(url); }));

  auto server = started(options_for(folder));
  auto status = 0;
  CHECK(waitpid(left_behind, &status, WNOHANG) == left_behind);
  CHECK(server->url() == url);
  CHECK(takes_connections(url));
}

TEST_CASE("a process that only has the noted number is left alone") {
  temporary_folder folder;
  { auto once = started(options_for(folder)); }
  auto place = nats_folder::prepare(folder.path());
  REQUIRE(place);
  place->note_pid(getpid());
  CHECK(takes_connections(started(options_for(folder))->url()));
}

// Runs in a process of its own, started by the next case.
TEST_CASE("(a server to be killed with its process)" * doctest::skip()) {
  auto folder = std::getenv("IGL_TEST_FOLDER");
  REQUIRE(folder != nullptr);
  nats_server_options how;
  how.folder = folder;
  auto server = started(how);
  std::ofstream{std::string{folder} + "/ready"} << server->pid() << std::flush;
  for (;;)
    pause();
}

TEST_CASE("when our process is killed, its server ends") {
  temporary_folder folder;
  setenv("IGL_TEST_FOLDER", folder.path().c_str(), 1);
  auto self = fs::read_symlink("/proc/self/exe").string();
  auto process =
      nats_process::spawn(self, {self, "--no-skip", "-tc=(a server to be killed with its process)"},
                          folder.path() + "/output");
  REQUIRE(process);
  pid_t server = 0;
  REQUIRE(wait_until([&] {
    std::ifstream{folder.path() + "/ready"} >> server;
    return server > 0;
  }));
  CHECK(is_nats_server(server));
  kill(process->pid, SIGKILL);
  CHECK(nats_process::reap(process->pid) == "killed by signal 9");
  close(process->life);
  CHECK(wait_until([&] { return !is_nats_server(server); }));
  // And the folder is free for the next one.
  CHECK(takes_connections(started(options_for(folder))->url()));
}

TEST_CASE("a server that does not stop when asked is killed") {
  temporary_folder folder;
  auto how = options_for(folder);
  how.stop_timeout = 100ms;
  auto server = started(how);
  auto pid = server->pid();
  kill(pid, SIGSTOP);
  server.reset();
  CHECK(!is_nats_server(pid));
}

TEST_CASE("a log that has grown large is put aside") {
  temporary_folder folder;
  auto place = nats_folder::prepare(folder.path());
  REQUIRE(place);
  std::ofstream{place->log()} << std::string(5 * 1024 * 1024, 'x');
  place->turn_log();
  CHECK(!fs::exists(place->log()));
  CHECK(fs::file_size(place->log() + ".1") == 5 * 1024 * 1024);
  std::ofstream{place->log()} << "short";
  place->turn_log();
  CHECK(fs::file_size(place->log()) == 5);
}

TEST_CASE("paths with quotes and spaces are no trouble") {
  temporary_folder folder;
  auto how = options_for(folder);
  how.folder += "/a \"quoted\" \\ folder";
  CHECK(takes_connections(started(how)->url()));
}

TEST_SUITE_END();

} // namespace igl
