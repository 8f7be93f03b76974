#include "http/server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <atomic>
#include <exception>
#include <thread>
#include <vector>

#include "base/crypto.hpp"
#include "base/log.hpp"

namespace pinfold::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

/// Without a small send buffer the kernel would swallow what a client that never reads is sent, and it would never be noticed.
constexpr int kSendBuffer = 64 * 1024;

/// How long a stream waits before it looks again by itself.
constexpr std::chrono::seconds kStreamNap{30};

auto quietly(beast::error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

Request to_request(beast::http::request<beast::http::string_body> message, std::string remote, bool is_tls) {
  Request request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) {
    request.headers.emplace(to_lower(std::string_view{field.name_string().data(), field.name_string().size()}), std::string(field.value()));
  }
  request.body = std::move(message.body());
  request.remote = std::move(remote);
  request.is_tls = is_tls;
  return request;
}

template <typename Message>
void set_head(Message& message, const Response& response, bool keep_alive) {
  if (!response.content_type.empty()) {
    message.set(beast::http::field::content_type, response.content_type);
  }
  for (const auto& [name, value] : response.headers) {
    message.insert(name, value);
  }
  message.keep_alive(keep_alive);
}

beast::http::response<beast::http::string_body> to_message(Response response, unsigned version, bool keep_alive) {
  beast::http::response<beast::http::string_body> message{static_cast<beast::http::status>(response.status), version};
  set_head(message, response, keep_alive);
  message.body() = std::move(response.body);
  message.prepare_payload();
  return message;
}

}  // namespace

struct Server::Impl {
  Impl(Limits l, Handler h, IsSlow judge)
      : limits(l), handler(std::move(h)), is_slow(std::move(judge)), io(static_cast<int>(l.threads)), acceptor(io) {}

  void use_tls(const Tls& files) {
    tls.emplace(asio::ssl::context::tls_server);
    tls->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1 |
                     asio::ssl::context::no_compression);
    beast::error_code error;
    tls->use_certificate_chain_file(files.certificate, error);
    if (error) {
      throw ServerError(fmt::format("{}: {}", files.certificate, error.message()));
    }
    tls->use_private_key_file(files.key, asio::ssl::context::pem, error);
    if (error) {
      throw ServerError(fmt::format("{}: {}", files.key, error.message()));
    }
  }

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
      if (tls) {
        asio::co_spawn(strand, serve_tls(beast::tcp_stream(std::move(socket))), asio::detached);
      } else {
        asio::co_spawn(strand, serve_plain(beast::tcp_stream(std::move(socket))), asio::detached);
      }
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

  struct Live {
    explicit Live(std::atomic<std::size_t>& c) : count(c) { ++count; }
    ~Live() { --count; }
    Live(const Live&) = delete;
    Live& operator=(const Live&) = delete;
    std::atomic<std::size_t>& count;
  };

  asio::awaitable<void> serve_plain(beast::tcp_stream stream) {
    const Live counted(live);
    beast::error_code error;
    co_await serve(stream, stream, false);
    stream.socket().shutdown(tcp::socket::shutdown_send, error);
  }

  asio::awaitable<void> serve_tls(beast::tcp_stream raw) {
    const Live counted(live);
    beast::error_code error;
    beast::ssl_stream<beast::tcp_stream> stream(std::move(raw), *tls);
    stream.next_layer().expires_after(limits.request_deadline);
    co_await stream.async_handshake(asio::ssl::stream_base::server, quietly(error));
    if (error) {
      co_return;
    }
    co_await serve(stream, stream.next_layer(), true);
    stream.next_layer().expires_after(limits.write_deadline);
    co_await stream.async_shutdown(quietly(error));
  }

  /// Slow work is done elsewhere, and this connection's strand goes on afterwards. Nothing but names in the awaited expression: g++ 12 destroys
  /// temporaries of such an expression twice.
  asio::awaitable<Response> answer_slowly(Request request) {
    const auto work = [this, &request]() -> asio::awaitable<Response> { co_return answer(request); };
    Response response = co_await asio::co_spawn(slow, work, asio::use_awaitable);
    co_return response;
  }

  /// Ends when the client goes, or does not read for the write deadline, or the stream is over.
  template <typename S>
  asio::awaitable<void> stream_out(S& stream, beast::tcp_stream& bottom, const Response& response, unsigned version) {
    struct Unhook {
      explicit Unhook(Stream& s) : source(s) {}
      ~Unhook() { source.on_more({}); }
      Unhook(const Unhook&) = delete;
      Unhook& operator=(const Unhook&) = delete;
      Stream& source;
    };
    beast::error_code error;
    beast::http::response<beast::http::empty_body> head{static_cast<beast::http::status>(response.status), version};
    set_head(head, response, false);
    beast::http::response_serializer<beast::http::empty_body> serializer(head);
    bottom.expires_after(limits.write_deadline);
    co_await beast::http::async_write_header(stream, serializer, quietly(error));
    const auto strand = bottom.get_executor();
    const auto bell = std::make_shared<asio::steady_timer>(strand);
    const Unhook unhook(*response.stream);
    response.stream->on_more([strand, bell] { asio::post(strand, [bell] { bell->cancel(); }); });
    while (!error) {
      const std::string text = response.stream->take();
      if (!text.empty()) {
        bottom.expires_after(limits.write_deadline);
        co_await asio::async_write(stream, asio::buffer(text), quietly(error));
      } else if (response.stream->is_over()) {
        break;
      } else {
        beast::error_code rung;
        bell->expires_after(kStreamNap);
        co_await bell->async_wait(quietly(rung));
      }
    }
  }

  template <typename S>
  asio::awaitable<void> serve(S& stream, beast::tcp_stream& bottom, bool is_tls) {
    beast::error_code error;
    const auto peer = bottom.socket().remote_endpoint(error);
    const std::string remote = error ? std::string{} : peer.address().to_string();
    beast::flat_buffer buffer(limits.header_bytes + limits.body_bytes);
    for (bool first = true;; first = false) {
      beast::http::request_parser<beast::http::string_body> parser;
      parser.header_limit(limits.header_bytes);
      parser.body_limit(limits.body_bytes);
      bottom.expires_after(first ? limits.request_deadline : limits.idle);
      co_await beast::http::async_read(stream, buffer, parser, quietly(error));
      if (error) {
        break;
      }
      const unsigned version = parser.get().version();
      const bool keep_alive = parser.get().keep_alive();
      const bool head = parser.get().method() == beast::http::verb::head;
      Request request = to_request(parser.release(), remote, is_tls);
      bottom.expires_never();
      Response response;
      if (is_slow && is_slow(request)) {  // not with ?: g++ 12 destroys the awaited temporary twice
        auto slowly = answer_slowly(std::move(request));
        response = co_await std::move(slowly);
      } else {
        response = answer(request);
      }
      if (response.stream && !head) {
        co_await stream_out(stream, bottom, response, version);
        break;
      }
      auto message = to_message(std::move(response), version, keep_alive);
      if (head) {
        message.body().clear();  // Content-Length stays, as RFC 9110 section 9.3.2 allows
      }
      bottom.expires_after(limits.write_deadline);
      co_await beast::http::async_write(stream, message, quietly(error));
      if (error || !keep_alive) {
        break;
      }
    }
  }

  Limits limits;
  Handler handler;
  IsSlow is_slow;
  std::optional<asio::ssl::context> tls;
  std::atomic<std::size_t> live{0};  ///< before io, whose end destroys the coroutines that count here
  asio::thread_pool slow{limits.slow_threads};
  asio::io_context io{static_cast<int>(limits.threads)};  ///< told how many run it: one needs no wake-ups between threads
  tcp::acceptor acceptor;
  std::vector<std::thread> threads;
};

std::optional<std::string> public_key_pin(const std::string& certificate_file) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(certificate_file.c_str(), "r"), BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(file ? PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr) : nullptr, X509_free);
  if (!certificate) {
    return std::nullopt;
  }
  unsigned char* bytes = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &bytes);
  if (length <= 0) {
    return std::nullopt;
  }
  const std::string key(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
  OPENSSL_free(bytes);
  return sha256_hex(key);
}

Server::Server(const ListenOn& where, const Limits& limits, Handler handler, IsSlow is_slow, const std::optional<Tls>& tls)
    : x_impl(std::make_unique<Impl>(limits, std::move(handler), std::move(is_slow))) {
  if (tls) {
    x_impl->use_tls(*tls);
  }
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
  x_impl->slow.stop();
  x_impl->slow.join();
  for (std::thread& thread : x_impl->threads) {
    thread.join();
  }
  x_impl->threads.clear();
}

}  // namespace pinfold::http
