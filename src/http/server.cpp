#include "http/server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <fmt/format.h>

#include <atomic>
#include <exception>
#include <thread>
#include <vector>

#include "base/log.hpp"

namespace pinfold::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

/// Without a small send buffer the kernel would swallow what a client that never reads is sent, and it would never be noticed.
constexpr int kSendBuffer = 64 * 1024;

auto quietly(beast::error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

Request to_request(beast::http::request<beast::http::string_body> message, std::string remote) {
  Request request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) {
    request.headers.emplace(to_lower(std::string_view{field.name_string().data(), field.name_string().size()}), std::string(field.value()));
  }
  request.body = std::move(message.body());
  request.remote = std::move(remote);
  return request;
}

beast::http::response<beast::http::string_body> to_message(Response response, unsigned version, bool keep_alive) {
  beast::http::response<beast::http::string_body> message{static_cast<beast::http::status>(response.status), version};
  message.set(beast::http::field::content_type, response.content_type);
  for (const auto& [name, value] : response.headers) {
    message.set(name, value);
  }
  message.keep_alive(keep_alive);
  message.body() = std::move(response.body);
  message.prepare_payload();
  return message;
}

}  // namespace

struct Server::Impl {
  Impl(Limits l, Handler h) : limits(l), handler(std::move(h)), io(static_cast<int>(l.threads)), acceptor(io) {}

  void listen_on(const ListenAddress& where) {
    const tcp::endpoint endpoint{asio::ip::make_address(to_string(where.address)), where.port};
    acceptor.open(endpoint.protocol());
    acceptor.set_option(asio::socket_base::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen();
  }
  void listen_on(const ListeningSocket& where) { acceptor.assign(tcp::v4(), where.descriptor); }

  asio::awaitable<void> accept_all() {
    for (;;) {
      beast::error_code error;
      tcp::socket socket = co_await acceptor.async_accept(asio::make_strand(io), quietly(error));
      if (error == asio::error::operation_aborted || !acceptor.is_open()) {
        co_return;
      }
      if (error) {  // out of descriptors, say: wait instead of spinning
        asio::steady_timer pause(io, std::chrono::milliseconds{100});
        co_await pause.async_wait(quietly(error));
        continue;
      }
      if (live.load() >= limits.max_connections) {
        continue;  // closes it
      }
      socket.set_option(tcp::no_delay(true), error);
      socket.set_option(asio::socket_base::send_buffer_size(kSendBuffer), error);
      const auto strand = socket.get_executor();
      asio::co_spawn(strand, serve(beast::tcp_stream(std::move(socket))), asio::detached);
    }
  }

  [[nodiscard]] Response answer(const Request& request) const {
    try {
      return handler(request);
    } catch (const std::exception& failure) {
      log_error("HTTP_HANDLER_FAILED", "{} {}: {}", request.method, printable(request.target, 200), failure.what());
      return {.status = 500, .content_type = "text/plain; charset=utf-8", .body = "Something failed here; the log says what.\n", .headers = {}};
    }
  }

  asio::awaitable<void> serve(beast::tcp_stream stream) {
    struct Live {
      explicit Live(std::atomic<std::size_t>& c) : count(c) { ++count; }
      ~Live() { --count; }
      Live(const Live&) = delete;
      Live& operator=(const Live&) = delete;
      std::atomic<std::size_t>& count;
    };
    const Live counted(live);
    beast::error_code error;
    const auto peer = stream.socket().remote_endpoint(error);
    const std::string remote = error ? std::string{} : peer.address().to_string();
    beast::flat_buffer buffer(limits.header_bytes + limits.body_bytes);
    for (bool first = true;; first = false) {
      beast::http::request_parser<beast::http::string_body> parser;
      parser.header_limit(limits.header_bytes);
      parser.body_limit(limits.body_bytes);
      stream.expires_after(first ? limits.request_deadline : limits.idle);
      co_await beast::http::async_read(stream, buffer, parser, quietly(error));
      if (error) {
        break;
      }
      const unsigned version = parser.get().version();
      const bool keep_alive = parser.get().keep_alive();
      const bool head = parser.get().method() == beast::http::verb::head;
      auto message = to_message(answer(to_request(parser.release(), remote)), version, keep_alive);
      if (head) {
        message.body().clear();  // Content-Length stays, as RFC 9110 section 9.3.2 allows
      }
      stream.expires_after(limits.write_deadline);
      co_await beast::http::async_write(stream, message, quietly(error));
      if (error || !keep_alive) {
        break;
      }
    }
    stream.socket().shutdown(tcp::socket::shutdown_send, error);
  }

  Limits limits;
  Handler handler;
  std::atomic<std::size_t> live{0};  ///< before io, whose end destroys the coroutines that count here
  asio::io_context io;
  tcp::acceptor acceptor;
  std::vector<std::thread> threads;
};

Server::Server(const ListenOn& where, const Limits& limits, Handler handler) : x_impl(std::make_unique<Impl>(limits, std::move(handler))) {
  try {
    std::visit([this](const auto& place) { x_impl->listen_on(place); }, where);
  } catch (const boost::system::system_error& failure) {
    const auto* place = std::get_if<ListenAddress>(&where);
    throw ServerError(fmt::format("cannot listen on {}: {}",
                                  place != nullptr ? to_string(place->address) + ":" + std::to_string(place->port) : "the socket handed over",
                                  failure.code().message()));
  }
  asio::co_spawn(x_impl->io, x_impl->accept_all(), asio::detached);
  for (unsigned i = 0; i < limits.threads; ++i) {
    x_impl->threads.emplace_back([this] { x_impl->io.run(); });
  }
}

Server::~Server() { stop(); }

std::uint16_t Server::port() const {
  beast::error_code error;
  const auto endpoint = x_impl->acceptor.local_endpoint(error);
  return error ? std::uint16_t{0} : endpoint.port();
}

void Server::stop() {
  x_impl->io.stop();
  for (std::thread& thread : x_impl->threads) {
    thread.join();
  }
  x_impl->threads.clear();
}

}  // namespace pinfold::http
