// The server itself, over loopback: slow and silent clients are cut and cost nobody else anything, streams, TLS.
#include "http/server.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <mutex>
#include <thread>

#include "support/endless_stream.hpp"
#include "support/http_client.hpp"
#include "support/temp_folder.hpp"

namespace pinfold::http {
namespace {

using test::HttpClient;
using Clock = std::chrono::steady_clock;

const ListenAddress kAnywhere{net::IpAddress::v4(0x7F000001), 0};

Limits quick() {
  Limits limits;
  limits.request_deadline = Seconds{1};
  limits.idle = Seconds{1};
  limits.write_deadline = Seconds{1};
  return limits;
}

Response hello(const Request& request) {
  return {.status = 200, .content_type = "text/plain", .body = std::string(request.path()) + " " + (request.is_tls ? "tls" : "plain"), .headers = {}};
}

double milliseconds_of(const Clock::time_point begun) { return std::chrono::duration<double, std::milli>(Clock::now() - begun).count(); }

TEST(Server, KeepsAConnectionOpenForTheNextRequest) {
  Server server(kAnywhere, quick(), hello);
  HttpClient client(server.port());
  EXPECT_EQ(client.request("GET", "/one")->body, "/one plain");
  EXPECT_EQ(client.request("GET", "/two")->body, "/two plain");
  const auto head = client.request("HEAD", "/three");
  EXPECT_EQ(head->header("content-length"), "12");
  EXPECT_EQ(client.request("GET", "/four")->body, "/four plain");
}

TEST(Server, DribblersAreCutWhileANormalRequestStaysQuick) {
  Server server(kAnywhere, quick(), hello);
  std::vector<std::unique_ptr<HttpClient>> slow;
  for (int i = 0; i < 800; ++i) {
    slow.push_back(std::make_unique<HttpClient>(server.port()));
    ASSERT_TRUE(slow.back()->is_open());
    slow.back()->send("GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ");
  }
  std::vector<double> times;
  for (int i = 0; i < 21; ++i) {
    const auto begun = Clock::now();
    HttpClient normal(server.port());
    const auto response = normal.request("GET", "/quick");
    ASSERT_TRUE(response && response->status == 200U);
    times.push_back(milliseconds_of(begun));
    for (const auto& client : slow) {
      client->send("x");  // a byte now and then does not extend the deadline
    }
  }
  std::sort(times.begin(), times.end());
  RecordProperty("worst_ms", static_cast<int>(times.back()));
  // The median: what else the machine does at the same time makes one or the other late. The worst is measured by itself (`make bench-http`).
  EXPECT_LT(times[times.size() / 2], 50.0) << "with 800 slow clients beside it; the worst " << times.back();
  std::size_t cut = 0;
  for (const auto& client : slow) {
    cut += client->is_closed_within(3000) ? 1U : 0U;
  }
  EXPECT_EQ(cut, slow.size());
}

TEST(Server, StreamsThatNobodyReadsAreCut) {
  std::atomic<int> live{0};
  Server server(kAnywhere, quick(), [&](const Request& request) {
    Response response = hello(request);
    if (request.path() == "/stream") {
      response.content_type = "text/event-stream";
      response.stream = std::make_shared<test::EndlessStream>(live);
    }
    return response;
  });
  std::vector<std::unique_ptr<HttpClient>> deaf;
  for (int i = 0; i < 300; ++i) {
    deaf.push_back(std::make_unique<HttpClient>(server.port()));
    deaf.back()->send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  double worst = 0;
  const auto until = Clock::now() + std::chrono::seconds{20};
  int most = 0;
  while ((most < 300 || live > 0) && Clock::now() < until) {
    most = std::max(most, live.load());
    const auto begun = Clock::now();
    HttpClient normal(server.port());
    const auto response = normal.request("GET", "/quick");
    ASSERT_TRUE(response);
    worst = std::max(worst, milliseconds_of(begun));
  }
  RecordProperty("worst_ms", static_cast<int>(worst));
  EXPECT_EQ(live, 0) << "of " << most;
  EXPECT_GT(most, 0);
}

TEST(Server, TooManyConnectionsAreClosedAtOnce) {
  Limits limits = quick();
  limits.max_connections = 2;
  limits.request_deadline = Seconds{30};
  Server server(kAnywhere, limits, hello);
  HttpClient one(server.port());
  HttpClient two(server.port());
  EXPECT_EQ(one.request("GET", "/")->status, 200U);
  EXPECT_EQ(two.request("GET", "/")->status, 200U);
  HttpClient three(server.port());
  EXPECT_TRUE(three.is_closed_within(5000));
  EXPECT_EQ(one.request("GET", "/")->status, 200U);
}

TEST(Server, SlowWorkDelaysNobodyElse) {
  std::mutex held;
  held.lock();
  Limits limits = quick();
  limits.threads = 1;
  limits.write_deadline = Seconds{10};
  Server server(
      kAnywhere, limits,
      [&](const Request& request) {
        if (request.path() == "/slow") {
          const std::lock_guard wait(held);
          return hello(request);
        }
        return hello(request);
      },
      [](const Request& request) { return request.path() == "/slow"; });
  HttpClient slow(server.port());
  slow.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  HttpClient quick_one(server.port());
  EXPECT_EQ(quick_one.request("GET", "/quick")->status, 200U) << "on the server's only thread";
  held.unlock();
  EXPECT_EQ(slow.response()->body, "/slow plain");
}

TEST(Server, SpeaksTlsWithTheGivenCertificate) {
  const test::TempFolder folder;
  const std::string key = folder.path() / "key.pem";
  const std::string certificate = folder.path() / "cert.pem";
  const std::string make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -keyout " + key +
                           " -out " + certificate + " 2>/dev/null";
  ASSERT_EQ(std::system(make.c_str()), 0);  // NOLINT(cert-env33-c): a fixed command of a test
  const std::string by_openssl = folder.path() / "pin";
  ASSERT_EQ(std::system(("openssl x509 -in " + certificate +
                         " -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -c1-64 | tr -d '\\n' >" + by_openssl)
                            .c_str()),
            0);  // NOLINT(cert-env33-c): a fixed command of a test
  std::ifstream pin(by_openssl);
  EXPECT_EQ(public_key_pin(certificate), (std::string{std::istreambuf_iterator<char>(pin), std::istreambuf_iterator<char>()}));
  EXPECT_EQ(public_key_pin(key), std::nullopt) << "a key is no certificate";
  Server server(kAnywhere, quick(), hello, {}, Tls{certificate, key});
  const std::string out = folder.path() / "out";
  const std::string ask =
      "printf 'GET /over HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n' | timeout 10 openssl s_client -quiet -connect 127.0.0.1:" +
      std::to_string(server.port()) + " -CAfile " + certificate + " -verify_return_error > " + out + " 2>/dev/null";
  static_cast<void>(std::system(ask.c_str()));  // NOLINT(cert-env33-c): a fixed command of a test
  std::ifstream in(out);
  const std::string answer{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  EXPECT_NE(answer.find("/over tls"), std::string::npos) << answer;
  HttpClient plain(server.port());
  plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(plain.is_closed_within(5000)) << "in clear there is nothing to be had";
}

TEST(Server, ACertificateThatCannotBeReadSaysWhich) {
  try {
    Server server(kAnywhere, quick(), hello, {}, Tls{"/nowhere/cert.pem", "/nowhere/key.pem"});
    FAIL();
  } catch (const ServerError& error) {
    EXPECT_NE(std::string(error.what()).find("/nowhere/cert.pem"), std::string::npos);
  }
}

}  // namespace
}  // namespace pinfold::http
