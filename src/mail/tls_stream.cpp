#include "mail/tls_stream.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.hpp"
#include "mail/hold_sigpipe.hpp"
#include "mail/unique_fd.hpp"

namespace pinfold::mail {
namespace {

constexpr std::size_t kChunk = std::size_t{16} * 1024;

std::string system_error() {
  std::array<char, 128> buffer{};
  return strerror_r(errno, buffer.data(), buffer.size());  // glibc's, which returns the text
}

std::string tls_error(const SSL* ssl) {
  if (const long verdict = ssl != nullptr ? SSL_get_verify_result(ssl) : X509_V_OK; verdict != X509_V_OK) {
    return fmt::format("its certificate is refused: {}", X509_verify_cert_error_string(verdict));
  }
  const unsigned long code = ERR_get_error();
  if (code == 0) {
    return errno == EAGAIN ? "it does not answer in time" : "the connection was closed";
  }
  std::array<char, 200> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return printable(text.data(), 200);
}

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeSession {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

bool set_timeout(int fd, Seconds timeout) {
  const timeval limit{timeout.count(), 0};
  return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0;
}

/// SO_SNDTIMEO is also how long connect(2) waits.
bool connect_to(int fd, const net::IpAddress& address, std::uint16_t port) {
  if (address.is_v4()) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(address.v4_number());
    return connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(port);
  std::memcpy(&to.sin6_addr, address.bytes().data(), sizeof to.sin6_addr);
  return connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
}

}  // namespace

struct TlsStream::State {
  UniqueFd socket;
  std::unique_ptr<SSL_CTX, FreeContext> context;
  std::unique_ptr<SSL, FreeSession> ssl;
};

TlsStream::TlsStream(std::unique_ptr<State> state) : x_state(std::move(state)) {}
TlsStream::TlsStream(TlsStream&&) noexcept = default;
TlsStream& TlsStream::operator=(TlsStream&&) noexcept = default;
TlsStream::~TlsStream() {
  const HoldSigpipe hold;
  x_state.reset();
}

Expected<TlsStream, std::string> TlsStream::connect(const net::IpAddress& address, std::uint16_t port, Seconds timeout) {
  auto state = std::make_unique<State>();
  state->socket = UniqueFd(socket(address.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!state->socket || !set_timeout(state->socket.get(), timeout) || !connect_to(state->socket.get(), address, port)) {
    return Unexpected(fmt::format("no connection to {} port {}: {}", net::to_string(address), port, system_error()));
  }
  return TlsStream(std::move(state));
}

Expected<void, std::string> TlsStream::start_tls(const std::string& name, const std::string& ca_file) {
  State& state = *x_state;
  ERR_clear_error();
  state.context.reset(SSL_CTX_new(TLS_client_method()));
  const bool trusts = state.context && (ca_file.empty() ? SSL_CTX_set_default_verify_paths(state.context.get())
                                                        : SSL_CTX_load_verify_locations(state.context.get(), ca_file.c_str(), nullptr)) == 1;
  if (!trusts || SSL_CTX_set_min_proto_version(state.context.get(), TLS1_2_VERSION) != 1) {
    return Unexpected("TLS cannot be made ready: " + tls_error(nullptr));
  }
  SSL_CTX_set_verify(state.context.get(), SSL_VERIFY_PEER, nullptr);
  state.ssl.reset(SSL_new(state.context.get()));
  const bool is_address = net::IpAddress::parse(name).has_value();
  const bool named = state.ssl && (is_address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(state.ssl.get()), name.c_str()) == 1
                                              : SSL_set1_host(state.ssl.get(), name.c_str()) == 1 &&
                                                    SSL_ctrl(state.ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                                                             const_cast<char*>(name.c_str())) == 1);
  if (!named || SSL_set_fd(state.ssl.get(), state.socket.get()) != 1 || SSL_connect(state.ssl.get()) != 1) {
    return Unexpected("no TLS with " + name + ": " + tls_error(state.ssl.get()));
  }
  return {};
}

Expected<void, std::string> TlsStream::write(std::string_view bytes) {
  const HoldSigpipe hold;
  State& state = *x_state;
  while (!bytes.empty()) {
    ERR_clear_error();
    const int part = static_cast<int>(std::min(bytes.size(), kChunk));
    const ssize_t written = state.ssl ? SSL_write(state.ssl.get(), bytes.data(), part)
                                      : send(state.socket.get(), bytes.data(), static_cast<std::size_t>(part), MSG_NOSIGNAL);
    if (written <= 0) {
      return Unexpected(state.ssl ? tls_error(state.ssl.get()) : system_error());
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Expected<std::string, std::string> TlsStream::read() {
  State& state = *x_state;
  std::array<char, kChunk> buffer{};
  ERR_clear_error();
  const ssize_t got = state.ssl ? SSL_read(state.ssl.get(), buffer.data(), static_cast<int>(buffer.size()))
                                : recv(state.socket.get(), buffer.data(), buffer.size(), 0);
  if (got <= 0) {
    return Unexpected(got == 0 && !state.ssl ? std::string("the connection was closed") : state.ssl ? tls_error(state.ssl.get()) : system_error());
  }
  return std::string(buffer.data(), static_cast<std::size_t>(got));
}

}  // namespace pinfold::mail
