#include "fetch/fetch.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <exception>

namespace pinfold::fetch {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Result = Expected<Answer, Failure>;
using Kind = Failure::Kind;

struct Exchange {
  const Request& request;
  http::request<http::string_body> message;
  Result result = Unexpected(Failure{Kind::NotSent, "no answer in time"});
};

auto quietly(boost::system::error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

template <typename Stream>
asio::awaitable<void> talk(Stream& stream, Exchange& exchange) {
  boost::system::error_code error;
  exchange.result = Unexpected(Failure{Kind::Unanswered, "no answer in time"});
  co_await http::async_write(stream, exchange.message, quietly(error));
  if (error) {
    exchange.result = Unexpected(Failure{Kind::Unanswered, "cannot send: " + error.message()});
    co_return;
  }
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(exchange.request.max_body);
  co_await http::async_read(stream, buffer, parser, quietly(error));
  if (error) {
    exchange.result = Unexpected(Failure{Kind::Unanswered, "no answer: " + error.message()});
    co_return;
  }
  exchange.result = Answer{parser.get().result_int(), std::move(parser.get().body())};
}

/// Empty when all is well.
std::string trust(asio::ssl::context& context, const Request& request) {
  boost::system::error_code error;
  context.set_verify_mode(asio::ssl::verify_peer);
  if (request.ca_file.empty()) {
    context.set_default_verify_paths(error);
  } else {
    context.load_verify_file(request.ca_file, error);
  }
  return error ? "certificates of authorities cannot be read: " + error.message() : std::string{};
}

asio::awaitable<void> talk_tls(tcp::socket socket, Exchange& exchange) {
  asio::ssl::context context(asio::ssl::context::tls_client);
  if (auto fault = trust(context, exchange.request); !fault.empty()) {
    exchange.result = Unexpected(Failure{Kind::NotSent, std::move(fault)});
    co_return;
  }
  beast::ssl_stream<tcp::socket> stream(std::move(socket), context);
  stream.set_verify_callback(asio::ssl::host_name_verification(exchange.request.url.host));
  SSL_ctrl(stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
           const_cast<char*>(exchange.request.url.host.c_str()));  // SNI; OpenSSL copies it
  boost::system::error_code error;
  co_await stream.async_handshake(asio::ssl::stream_base::client, quietly(error));
  if (error) {
    exchange.result = Unexpected(Failure{Kind::NotSent, "TLS: " + error.message()});
    co_return;
  }
  co_await talk(stream, exchange);
}

asio::awaitable<void> run(Exchange& exchange) {
  const auto executor = co_await asio::this_coro::executor;
  boost::system::error_code error;
  tcp::resolver resolver(executor);
  const auto found = co_await resolver.async_resolve(exchange.request.url.host, std::to_string(exchange.request.url.port), quietly(error));
  if (error) {
    exchange.result = Unexpected(Failure{Kind::NotSent, "no address: " + error.message()});
    co_return;
  }
  tcp::socket socket(executor);
  for (const auto& entry : found) {
    boost::system::error_code ignored;
    socket.close(ignored);
    co_await socket.async_connect(entry.endpoint(), quietly(error));
    if (!error) {
      break;
    }
  }
  if (error || !socket.is_open()) {
    exchange.result = Unexpected(Failure{Kind::NotSent, "cannot connect: " + error.message()});
    co_return;
  }
  if (exchange.request.url.is_https) {
    co_await talk_tls(std::move(socket), exchange);
  } else {
    co_await talk(socket, exchange);
  }
}

std::string host_header(const Url& url) {
  const std::string host = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  return url.port == (url.is_https ? 443 : 80) ? host : fmt::format("{}:{}", host, url.port);
}

}  // namespace

Expected<Answer, Failure> send(const Request& request) {
  Exchange exchange{request, {}};
  exchange.message.version(11);
  exchange.message.method_string(request.method);
  exchange.message.target(request.url.target);
  exchange.message.set(http::field::host, host_header(request.url));
  exchange.message.set(http::field::user_agent, "pinfold");
  for (const auto& [name, value] : request.headers) {
    exchange.message.set(name, value);
  }
  exchange.message.keep_alive(false);
  exchange.message.body() = request.body;
  exchange.message.prepare_payload();
  try {
    asio::io_context context(1);
    asio::co_spawn(context, run(exchange), asio::detached);
    context.run_for(std::chrono::duration_cast<std::chrono::microseconds>(request.within));
  } catch (const std::exception& fault) {  // Asio throws where it has no error code to give
    return Unexpected(Failure{Kind::Unanswered, fault.what()});
  }
  return exchange.result;
}

}  // namespace pinfold::fetch
