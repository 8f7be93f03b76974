#include "mail/lmtp_server.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <list>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "mail/unique_fd.hpp"

namespace pinfold::mail {
namespace {

constexpr std::size_t kMaxUnsent = std::size_t{64} * 1024;  // a client that sends on without reading is not read from

void require(bool done, const char* what) {
  if (!done) {
    throw std::system_error(errno, std::generic_category(), what);
  }
}

UniqueFd listen_on(const net::IpAddress& address, std::uint16_t port) {
  UniqueFd fd(socket(address.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  require(static_cast<bool>(fd), "LMTP socket");
  const int on = 1;
  require(setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0, "SO_REUSEADDR");
  sockaddr_storage storage{};
  socklen_t length = 0;
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    v4.sin_addr.s_addr = htonl(address.v4_number());
    length = sizeof(v4);
    std::memcpy(&storage, &v4, length);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(v6.sin6_addr.s6_addr, address.bytes().data(), address.bytes().size());
    length = sizeof(v6);
    std::memcpy(&storage, &v6, length);
  }
  require(bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0, "LMTP bind");
  require(listen(fd.get(), SOMAXCONN) == 0, "LMTP listen");
  return fd;
}

std::uint16_t port_of(const UniqueFd& fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);
  require(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&storage), &length) == 0, "LMTP getsockname");
  sockaddr_in v4{};  // the port lies at the same place for both families
  std::memcpy(&v4, &storage, sizeof(v4));
  return ntohs(v4.sin_port);
}

}  // namespace

class LmtpServer::Loop {
public:
  Loop(LmtpServerOptions options, LmtpCallbacks callbacks, const Clock& clock)
      : x_options(std::move(options)),
        x_callbacks(std::move(callbacks)),
        x_clock(clock),
        x_listener(listen_on(x_options.address, x_options.port)),
        x_stop(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        x_port(port_of(x_listener)) {
    require(static_cast<bool>(x_stop), "LMTP eventfd");
    x_thread = std::thread([this] { run(); });
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() {
    const std::uint64_t one = 1;
    static_cast<void>(!write(x_stop.get(), &one, sizeof(one)));
    x_thread.join();
  }
  [[nodiscard]] std::uint16_t port() const { return x_port; }

private:
  struct Connection {
    UniqueFd fd;
    LmtpSession session;
    std::string unsent;
    MonoTime opened;
    MonoTime moved;
    bool dead = false;
  };

  void run() {
    while (true) {
      std::vector<pollfd> waiting = wait_list();
      if (poll(waiting.data(), waiting.size(), wait_time()) < 0 && errno != EINTR) {
        log_error("LMTP_STOPPED", "poll: {}", std::generic_category().message(errno));
        return;
      }
      if (waiting[0].revents != 0) {
        return;
      }
      std::size_t at = 2;
      for (Connection& connection : x_connections) {
        serve(connection, waiting[at++].revents);
      }
      x_connections.remove_if([](const Connection& c) { return c.dead; });
      if (waiting[1].revents != 0) {
        accept_one();
      }
    }
  }

  [[nodiscard]] std::vector<pollfd> wait_list() const {
    std::vector<pollfd> list = {{x_stop.get(), POLLIN, 0}, {x_listener.get(), POLLIN, 0}};
    for (const Connection& c : x_connections) {
      const int events = (c.unsent.empty() ? 0 : POLLOUT) | (c.session.finished() || c.unsent.size() > kMaxUnsent ? 0 : POLLIN);
      list.push_back({c.fd.get(), static_cast<short>(events), 0});
    }
    return list;
  }

  [[nodiscard]] MonoTime deadline(const Connection& c) const { return std::min(c.moved + x_options.idle, c.opened + x_options.lifetime); }

  [[nodiscard]] int wait_time() const {
    if (x_connections.empty()) {
      return -1;
    }
    MonoTime next = deadline(x_connections.front());
    for (const Connection& c : x_connections) {
      next = std::min(next, deadline(c));
    }
    const auto left = std::chrono::duration_cast<Millis>(next - x_clock.mono()).count() + 1;
    return static_cast<int>(std::clamp<Millis::rep>(left, 0, 3'600'000));
  }

  void accept_one() {
    UniqueFd fd(accept4(x_listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) {
      return;  // the client has gone again, or there are no descriptors left: it waits in the backlog
    }
    if (x_connections.size() >= x_options.connections) {
      constexpr std::string_view kBusy = "421 4.3.2 too many connections\r\n";
      static_cast<void>(send(fd.get(), kBusy.data(), kBusy.size(), MSG_NOSIGNAL));
      return;
    }
    const MonoTime now = x_clock.mono();
    LmtpSession session(x_options.host, x_options.limits, x_callbacks);
    std::string greeting = session.greeting();
    x_connections.push_back({std::move(fd), std::move(session), std::move(greeting), now, now, false});
  }

  void serve(Connection& c, int events) {
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) {
      receive(c);
    }
    if (!c.unsent.empty() && !c.dead) {
      send_some(c);
    }
    const bool said_goodbye = c.session.finished() && c.unsent.empty();
    c.dead = c.dead || said_goodbye || x_clock.mono() >= deadline(c);
  }

  void receive(Connection& c) {
    std::array<char, 65536> buffer{};
    const ssize_t got = recv(c.fd.get(), buffer.data(), buffer.size(), 0);
    if (got > 0) {
      c.moved = x_clock.mono();
      c.unsent += c.session.feed({buffer.data(), static_cast<std::size_t>(got)});
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      c.dead = true;
    }
  }

  void send_some(Connection& c) {
    const ssize_t sent = send(c.fd.get(), c.unsent.data(), c.unsent.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      c.moved = x_clock.mono();
      c.unsent.erase(0, static_cast<std::size_t>(sent));
    } else if (sent < 0 && errno != EAGAIN && errno != EINTR) {
      c.dead = true;
    }
  }

  LmtpServerOptions x_options;
  LmtpCallbacks x_callbacks;
  const Clock& x_clock;
  UniqueFd x_listener;
  UniqueFd x_stop;
  std::uint16_t x_port;
  std::list<Connection> x_connections;
  std::thread x_thread;
};

LmtpServer::LmtpServer(LmtpServerOptions options, LmtpCallbacks callbacks, const Clock& clock)
    : x_loop(std::make_unique<Loop>(std::move(options), std::move(callbacks), clock)) {}

LmtpServer::~LmtpServer() = default;

std::uint16_t LmtpServer::port() const { return x_loop->port(); }

}  // namespace pinfold::mail
