#include "agent/desk_client.hpp"

#include <fmt/format.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
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

/// Beast's timer works on asynchronous operations only, hence a coroutine on a context of its own.
asio::awaitable<void> exchange(asio::ip::tcp::endpoint desk, Request& request, Result& result) {
  beast::tcp_stream stream(co_await asio::this_coro::executor);
  stream.expires_after(kRequestTime);
  boost::system::error_code error;
  const auto done = [&error] { return asio::redirect_error(asio::use_awaitable, error); };
  co_await stream.async_connect(desk, done());
  if (error) {
    result = Unexpected("cannot connect: " + error.message());
    co_return;
  }
  co_await http::async_write(stream, request, done());
  if (error) {
    result = Unexpected("cannot send: " + error.message());
    co_return;
  }
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kMaxAnswerBody);
  co_await http::async_read(stream, buffer, parser, done());
  if (error) {
    result = Unexpected("no answer: " + error.message());
    co_return;
  }
  result = Answer{parser.get().result_int(), std::move(parser.get().body())};
}

}  // namespace

Expected<Answer, std::string> DeskClient::send(std::string_view method, std::string_view target, std::string_view content_type, std::string body) {
  const std::string time = to_string(x_clock.wall());
  const Signature signature = sign(x_key, wire::text_to_sign(method, target, time, body));
  Request request;
  request.version(11);
  request.method_string(method);
  request.target(target);
  request.set(http::field::host, to_string(x_desk).substr(7));
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
  asio::co_spawn(context, exchange(endpoint_of(x_desk), request, result), asio::detached);
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
