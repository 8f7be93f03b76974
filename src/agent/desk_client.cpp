#include "agent/desk_client.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>

#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "wire/wire.hpp"

namespace pinfold::agent {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Request = http::request<http::string_body>;
using Result = Expected<Answer, std::string>;

asio::ip::tcp::endpoint endpoint_of(const DeskUrl& desk) {
  asio::ip::address address;
  if (desk.address.is_v4()) {
    address = asio::ip::make_address_v4(desk.address.v4_number());
  } else {
    address = asio::ip::make_address_v6(desk.address.bytes());
  }
  return {address, desk.port};
}

auto quietly(boost::system::error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

template <typename Stream>
asio::awaitable<void> talk(Stream& stream, Request& request, Result& result) {
  boost::system::error_code error;
  co_await http::async_write(stream, request, quietly(error));
  if (error) {
    result = Unexpected("cannot send: " + error.message());
    co_return;
  }
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kMaxAnswerBody);
  co_await http::async_read(stream, buffer, parser, quietly(error));
  if (error) {
    result = Unexpected("no answer: " + error.message());
    co_return;
  }
  result = Answer{parser.get().result_int(), std::move(parser.get().body())};
}

/// Of the certificate that the other side has shown, and proven to have the key of.
std::string pin_of(SSL* session) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(session), X509_free);
  unsigned char* bytes = nullptr;
  const int length = certificate == nullptr ? 0 : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &bytes);
  const std::string key(reinterpret_cast<const char*>(bytes), length > 0 ? static_cast<std::size_t>(length) : 0);
  OPENSSL_free(bytes);
  return key.empty() ? std::string{} : sha256_hex(key);
}

/// Whom the handshake may believe. Empty when all is well.
std::string trust_only(asio::ssl::context& context, const DeskTrust& trust, const asio::ip::address& address) {
  static_cast<void>(SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION));
  context.set_verify_mode(asio::ssl::verify_peer);
  if (!trust.pin.empty()) {
    // The key, looked at after the handshake, is the whole of it: names, dates and authorities say nothing about a desk whose key one has.
    context.set_verify_callback([](bool, asio::ssl::verify_context&) { return true; });
    return {};
  }
  boost::system::error_code error;
  context.load_verify_file(trust.ca_file, error);
  if (error) {
    return trust.ca_file + ": no certificate of an authority can be read there";
  }
  const bool named = X509_VERIFY_PARAM_set1_ip_asc(SSL_CTX_get0_param(context.native_handle()), address.to_string().c_str()) == 1;
  return named ? std::string{} : std::string("the desk's address cannot be asked for");
}

asio::awaitable<void> talk_tls(beast::tcp_stream& bottom, const asio::ip::address& desk, const DeskTrust& trust, Request& request, Result& result) {
  asio::ssl::context context(asio::ssl::context::tls_client);
  if (auto why = trust_only(context, trust, desk); !why.empty()) {
    result = Unexpected(std::move(why));
    co_return;
  }
  asio::ssl::stream<beast::tcp_stream&> stream(bottom, context);
  boost::system::error_code error;
  co_await stream.async_handshake(asio::ssl::stream_base::client, quietly(error));
  if (error) {
    const std::string whom = trust.pin.empty() ? fmt::format(", which must show a certificate of {} for its address", trust.ca_file) : "";
    result = Unexpected(fmt::format("no TLS with the desk{}; nothing was sent: {}", whom, error.message()));
    co_return;
  }
  if (const std::string shown = pin_of(stream.native_handle()); !trust.pin.empty() && shown != trust.pin) {
    result = Unexpected(fmt::format("the desk shows another key than the pinned one; nothing was sent: {}", shown));
    co_return;
  }
  co_await talk(stream, request, result);
}

/// Beast's timer works on asynchronous operations only, hence a coroutine on a context of its own.
asio::awaitable<void> exchange(asio::ip::tcp::endpoint desk, const DeskTrust* trust, Request& request, Result& result) {
  beast::tcp_stream stream(co_await asio::this_coro::executor);
  stream.expires_after(kRequestTime);
  boost::system::error_code error;
  co_await stream.async_connect(desk, quietly(error));
  if (error) {
    result = Unexpected("cannot connect: " + error.message());
    co_return;
  }
  if (trust == nullptr) {
    co_await talk(stream, request, result);
  } else {
    co_await talk_tls(stream, desk.address(), *trust, request, result);
  }
}

}  // namespace

Expected<Answer, std::string> DeskClient::send(std::string_view method, std::string_view target, std::string_view content_type, std::string body) {
  const std::string time = to_string(x_clock.wall());
  const Signature signature = sign(x_key, wire::text_to_sign(method, target, time, body));
  Request request;
  request.version(11);
  request.method_string(method);
  request.target(target);
  request.set(http::field::host, to_string(x_desk).substr(x_desk.is_https ? 8 : 7));
  request.set(http::field::user_agent, "pinfold-agent");
  request.set(http::field::content_type, content_type);
  request.set("Pinfold-Agent", to_hex(x_key.public_key));
  request.set("Pinfold-Time", time);
  request.set("Pinfold-Signature", to_hex(signature));
  request.keep_alive(false);
  request.body() = std::move(body);
  request.prepare_payload();

  Result result = Unexpected(std::string("nothing happened"));
  asio::io_context context(1);
  asio::co_spawn(context, exchange(endpoint_of(x_desk), x_desk.is_https ? &x_trust : nullptr, request, result), asio::detached);
  context.run();
  return result;
}

AgentId DeskClient::id() const { return AgentId{to_hex(x_key.public_key)}; }

Expected<ServerId, std::string> enrol(DeskClient& client, const std::string& token, const std::string& hostname) {
  const wire::Enrolment enrolment{token, client.id().value, hostname};
  const auto answer = client.send("POST", "/agent/v1/enrol", "application/json", to_json(enrolment).dump());
  if (!answer) {
    return Unexpected(answer.error());
  }
  if (answer->status == 403) {
    return Unexpected(std::string("the desk refuses the token: it is unknown, used up or expired; have a new one made"));
  }
  if (answer->status != 200) {
    return Unexpected(fmt::format("the desk answers {}: {}", answer->status, printable(answer->body, 200)));
  }
  const auto json = parse_json(answer->body, kMaxAnswerBody);
  if (!json) {
    return Unexpected("the desk's answer: " + json.error());
  }
  JsonReader reader(*json);
  ServerId server{reader.text("server")};
  if (reader.error()) {
    return Unexpected("the desk's answer: " + *reader.error());
  }
  return server;
}

}  // namespace pinfold::agent
