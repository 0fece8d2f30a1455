#include "http/client.hpp"

#include "fake_node.hpp"
#include "messages/errors.hpp"
#include "tests/support/raw_server.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

using namespace igl;
using namespace std::chrono_literals;

namespace {

template <class T, void (*Free)(T*)>
struct freed {
  void operator()(T* x) const { Free(x); }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed<EVP_PKEY, EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed<X509, X509_free>>;
using context_ptr = std::unique_ptr<SSL_CTX, freed<SSL_CTX, SSL_CTX_free>>;
using ssl_ptr = std::unique_ptr<SSL, freed<SSL, SSL_free>>;

/// Signed by itself, for a host of this name.
certificate_ptr certificate_for(const std::string& host, EVP_PKEY* key) {
  certificate_ptr x{X509_new()};
  X509_set_version(x.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(x.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x.get()), 3600);
  auto name = X509_get_subject_name(x.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(host.c_str()), -1, -1, 0);
  X509_set_issuer_name(x.get(), name);
  X509_set_pubkey(x.get(), key);
  auto names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + host).c_str());
  X509_add_ext(x.get(), names, -1);
  X509_EXTENSION_free(names);
  X509_sign(x.get(), key, EVP_sha256());
  return x;
}

/// Answers one request on each connection, over TLS.
struct tls_server {
  temporary_folder folder;
  std::string trust_file = folder.path() + "/trusted.pem";
  key_ptr key{EVP_EC_gen("P-256")};
  context_ptr context{SSL_CTX_new(TLS_server_method())};
  raw_server raw{[this](int socket, int) {
    serve(socket);
  }};
  std::string port = raw.url.substr(raw.url.rfind(':'));

  explicit tls_server(const std::string& host) {
    // OpenSSL writes to connections that were closed.
    std::signal(SIGPIPE, SIG_IGN);
    auto certificate = certificate_for(host, key.get());
    SSL_CTX_use_certificate(context.get(), certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), key.get());
    auto file = std::fopen(trust_file.c_str(), "w");
    REQUIRE(file);
    PEM_write_X509(file, certificate.get());
    std::fclose(file);
  }

  void serve(int socket) const {
    ssl_ptr ssl{SSL_new(context.get())};
    SSL_set_fd(ssl.get(), socket);
    char buffer[4096];
    if (SSL_accept(ssl.get()) != 1 || SSL_read(ssl.get(), buffer, sizeof buffer) <= 0)
      return;
    auto answer = raw_server::ok("over TLS");
    SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size()));
    SSL_shutdown(ssl.get());
  }
};

/// What this process trusts, for as long as it lives.
struct trusting {
  explicit trusting(const std::string& file) { ::setenv("SSL_CERT_FILE", file.c_str(), 1); }
  ~trusting() { ::unsetenv("SSL_CERT_FILE"); }
};

/// Clients that go anywhere, and that look at addresses first.
std::vector<http_client_options> both_kinds() {
  http_client_options anywhere;
  http_client_options checked;
  checked.only = std::make_shared<callable_addresses>(std::vector<std::string>{"127.0.0.0/8"});
  return {anywhere, checked};
}

caf::expected<http_response> get(const http_client_options& how, const std::string& url) {
  fake_node node{fake_node::start::later};
  caf::scoped_actor self{*node.system};
  auto client = self->spawn(http_client, how);
  http_request x;
  x.method = "GET";
  x.url = url;
  caf::expected<http_response> result{make_problem(errc::broken_promise)};
  self->request(client, 30s, x)
      .receive([&](http_response& y) { result = std::move(y); },
               [&](caf::error& why) { result = std::move(why); });
  self->send_exit(client, caf::exit_reason::user_shutdown);
  return result;
}

} // namespace

TEST_SUITE("TLS of the http client") {
  TEST_CASE(
      "a certificate for the name that is called is good, whatever address was connected to") {
    tls_server server{"localhost"};
    trusting its_own{server.trust_file};
    for (auto& how : both_kinds()) {
      auto x = get(how, "https://localhost" + server.port + "/");
      REQUIRE(x);
      CHECK(x->body == "over TLS");
    }
  }

  TEST_CASE("a certificate that nobody vouches for is not") {
    tls_server server{"localhost"};
    for (auto& how : both_kinds()) {
      auto x = get(how, "https://localhost" + server.port + "/");
      REQUIRE(!x);
      CHECK(code_of(x.error()) == errc::peer_unreachable);
      CHECK(sentence_of(x.error()).find("TLS") != std::string::npos);
    }
  }

  TEST_CASE("a certificate for another name is not") {
    tls_server server{"somebody.example"};
    trusting its_own{server.trust_file};
    for (auto& how : both_kinds())
      for (std::string host : {"localhost", "127.0.0.1"})
        CHECK(!get(how, "https://" + host + server.port + "/"));
  }
}
