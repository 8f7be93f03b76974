/// A desk for tests: speaks wire/wire.hpp on loopback, port chosen by the kernel, checks every signature, and remembers what it was told.
/// Threads: its own; the accessors are safe from the test's.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "wire/wire.hpp"

namespace pinfold::agent {

class FakeDesk {
public:
  struct Told {
    std::vector<abuse::Finding> findings;
    std::map<std::string, std::string> evidence;  ///< by hash
    std::vector<std::string> order;               ///< "PUT …", "POST …"
    std::string tier;
    unsigned bad_signatures = 0;
  };

  /// PEM files; with them the desk speaks TLS.
  struct TlsFiles {
    std::string certificate;
    std::string key;
  };

  explicit FakeDesk(const TlsFiles& tls) : FakeDesk() {
    x_tls.use_certificate_chain_file(tls.certificate);
    x_tls.use_private_key_file(tls.key, boost::asio::ssl::context::pem);
    x_is_tls = true;
  }
  FakeDesk() : x_acceptor(x_context, {boost::asio::ip::address_v4::loopback(), 0}) {
    boost::asio::co_spawn(x_context, accept(), boost::asio::detached);
    x_thread = std::thread([this] { x_context.run(); });
  }
  FakeDesk(const FakeDesk&) = delete;
  FakeDesk& operator=(const FakeDesk&) = delete;
  ~FakeDesk() {
    x_context.stop();
    x_thread.join();
  }

  [[nodiscard]] std::uint16_t port() const { return x_acceptor.local_endpoint().port(); }
  [[nodiscard]] std::string url() const { return (x_is_tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port()); }
  [[nodiscard]] Told told() {
    const std::lock_guard lock(x_mutex);
    return x_told;
  }
  /// The next answers, in order, instead of the right ones; the request is not taken.
  void answer_next(std::vector<unsigned> statuses) {
    const std::lock_guard lock(x_mutex);
    x_forced = std::move(statuses);
  }
  /// Waits until what was told satisfies `enough`; false after `limit`.
  template <typename Predicate>
  [[nodiscard]] bool wait_until(Predicate enough, std::chrono::seconds limit) {
    std::unique_lock lock(x_mutex);
    return x_changed.wait_for(lock, limit, [&] { return enough(static_cast<const Told&>(x_told)); });
  }

private:
  using Request = boost::beast::http::request<boost::beast::http::string_body>;
  using Response = boost::beast::http::response<boost::beast::http::string_body>;

  boost::asio::awaitable<void> accept() {
    for (;;) {
      auto socket = co_await x_acceptor.async_accept(boost::asio::use_awaitable);
      boost::asio::co_spawn(x_context, serve(std::move(socket)), boost::asio::detached);
    }
  }
  boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket) {
    if (!x_is_tls) {
      co_await talk(socket);
      co_return;
    }
    boost::system::error_code refused;
    boost::beast::ssl_stream<boost::asio::ip::tcp::socket> stream(std::move(socket), x_tls);
    co_await stream.async_handshake(boost::asio::ssl::stream_base::server, boost::asio::redirect_error(boost::asio::use_awaitable, refused));
    if (!refused) {
      co_await talk(stream);
    }
  }
  template <typename Stream>
  boost::asio::awaitable<void> talk(Stream& socket) {
    boost::beast::flat_buffer buffer;
    boost::beast::http::request_parser<boost::beast::http::string_body> parser;
    parser.body_limit(wire::kMaxEvidence + 1);
    boost::system::error_code gone;
    co_await boost::beast::http::async_read(socket, buffer, parser, boost::asio::redirect_error(boost::asio::use_awaitable, gone));
    if (gone) {
      co_return;  // it did not like our certificate
    }
    Response response = answer(parser.get());
    response.keep_alive(false);
    response.prepare_payload();
    co_await boost::beast::http::async_write(socket, response, boost::asio::use_awaitable);
  }

  static bool signature_holds(const Request& request) {
    const auto key = from_hex(std::string_view(request["Pinfold-Agent"]));
    const auto signature = from_hex(std::string_view(request["Pinfold-Signature"]));
    if (!key || key->size() != 32 || !signature) {
      return false;
    }
    const std::string text = wire::text_to_sign(std::string_view(request.method_string()), std::string_view(request.target()),
                                                std::string_view(request["Pinfold-Time"]), request.body());
    return verify(std::span<const std::uint8_t, 32>(key->data(), 32), text, *signature);
  }

  Response answer(const Request& request) {
    const std::lock_guard lock(x_mutex);
    const std::string target(request.target());
    x_told.order.push_back(std::string(request.method_string()) + " " + target);
    Response response;
    response.result(take(request, target));
    if (target == "/agent/v1/enrol" && response.result_int() == 200) {
      response.body() = R"({"server":"web1"})";
    }
    x_changed.notify_all();
    return response;
  }
  unsigned take(const Request& request, const std::string& target) {
    if (!x_forced.empty()) {
      const unsigned status = x_forced.front();
      x_forced.erase(x_forced.begin());
      return status;
    }
    if (target == "/agent/v1/enrol") {
      const auto enrolment = wire::parse_enrolment(request.body());
      return enrolment && enrolment->token == "good-token" ? 200 : 403;
    }
    if (!signature_holds(request)) {
      ++x_told.bad_signatures;
      return 401;
    }
    constexpr std::string_view kEvidence = "/agent/v1/evidence/";
    if (target.starts_with(kEvidence)) {
      const std::string hash = target.substr(kEvidence.size());
      if (sha256_hex(request.body()) != hash) {
        return 422;
      }
      return x_told.evidence.emplace(hash, request.body()).second ? 201 : 200;
    }
    const auto batch = wire::parse_findings(request.body());
    if (!batch) {
      return 400;
    }
    x_told.findings.insert(x_told.findings.end(), batch->findings.begin(), batch->findings.end());
    x_told.tier = batch->tier;
    return 202;
  }

  boost::asio::io_context x_context{1};
  boost::asio::ssl::context x_tls{boost::asio::ssl::context::tls_server};
  std::atomic<bool> x_is_tls = false;
  boost::asio::ip::tcp::acceptor x_acceptor;
  std::mutex x_mutex;
  std::condition_variable x_changed;
  Told x_told;
  std::vector<unsigned> x_forced;
  std::thread x_thread;
};

}  // namespace pinfold::agent
