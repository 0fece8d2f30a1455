#include "tests/bench/limits.hpp"

#include "actors/commands/stop_signal.hpp"
#include "http/server.hpp"
#include "messages/errors.hpp"
#include "storage/nats_server.hpp"

#include <cpprest/http_listener.h>
#include <nats/nats.h>

#include <chrono>
#include <cstdlib>
#include <iostream>

namespace igl::bench {

namespace {

using steady = std::chrono::steady_clock;

double seconds_since(steady::time_point start) {
  return std::chrono::duration<double>(steady::now() - start).count();
}

void insist(natsStatus status, const char* what) {
  if (status == NATS_OK)
    return;
  std::cerr << "igl_bench: " << what << ": " << natsStatus_GetText(status) << '\n';
  std::exit(1);
}

} // namespace

int serve_echo(const std::string& port, bool on_two_threads) {
  stop_signal stop;
  if (on_two_threads)
    start_http_threads(2);
  web::http::experimental::listener::http_listener listener("http://127.0.0.1:" + port);
  listener.support(web::http::methods::POST, [](web::http::http_request request) {
    request.extract_vector().then([request](const pplx::task<std::vector<unsigned char>>& body) {
      try {
        web::http::http_response answer(web::http::status_codes::Created);
        answer.set_body(body.get());
        answer.headers().set_content_type("application/json");
        request.reply(answer);
      } catch (const std::exception&) {
        request.reply(web::http::status_codes::BadRequest);
      }
    });
  });
  listener.support(web::http::methods::GET, [](const web::http::http_request& request) {
    request.reply(web::http::status_codes::OK);
  });
  listener.open().wait();
  while (!stop.wait(std::chrono::seconds{1})) {
  }
  listener.close().wait();
  return 0;
}

double jetstream_publish_rate(const std::string& folder, const std::string& payload, size_t count) {
  nats_server_options how;
  how.folder = folder;
  auto server = nats_server::start(how);
  if (!server || (*server)->wait_until_ready(std::chrono::seconds{10})) {
    std::cerr << "igl_bench: no nats-server\n";
    std::exit(1);
  }
  natsConnection* connection = nullptr;
  jsCtx* stream = nullptr;
  insist(natsConnection_ConnectTo(&connection, (*server)->url().c_str()), "connect");
  insist(natsConnection_JetStream(&stream, connection, nullptr), "JetStream");
  jsStreamConfig config;
  jsStreamConfig_Init(&config);
  const char* subject = "bench";
  config.Name = "bench";
  config.Subjects = &subject;
  config.SubjectsLen = 1;
  config.Retention = js_WorkQueuePolicy;
  config.Storage = js_FileStorage;
  jsErrCode code{};
  insist(js_AddStream(nullptr, stream, &config, nullptr, &code), "add stream");
  auto start = steady::now();
  for (size_t i = 0; i < count; ++i)
    insist(
        js_PublishAsync(stream, subject, payload.data(), static_cast<int>(payload.size()), nullptr),
        "publish");
  jsPubOptions patience;
  jsPubOptions_Init(&patience);
  patience.MaxWait = 60000;
  insist(js_PublishAsyncComplete(stream, &patience), "await the acknowledgements");
  auto seconds = seconds_since(start);
  jsCtx_Destroy(stream);
  natsConnection_Destroy(connection);
  return static_cast<double>(count) / seconds;
}

double sha256sum_seconds(const std::string& file) {
  auto start = steady::now();
  if (std::system(("sha256sum " + file + " >/dev/null").c_str()) != 0)
    std::exit(1);
  return seconds_since(start);
}

} // namespace igl::bench
