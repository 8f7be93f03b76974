// Which hosts take a domain's mail, asked of a real resolver's protocol: a small name server on loopback answers.
#include "engine/mail/mail_hosts.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <thread>

#include "base/text.hpp"

namespace pinfold::engine {
namespace {

constexpr std::uint16_t kA = 1;
constexpr std::uint16_t kMx = 15;
constexpr std::uint16_t kAaaa = 28;

void put16(std::string& out, std::uint16_t value) {
  out.push_back(static_cast<char>(value >> 8U));
  out.push_back(static_cast<char>(value & 0xFFU));
}
std::string name_of(const std::string& text) {
  std::string out;
  for (const std::string_view label : split(text, '.')) {
    if (!label.empty()) {
      out.push_back(static_cast<char>(label.size()));
      out += label;
    }
  }
  out.push_back('\0');
  return out;
}
std::string mx(const std::string& host) { return std::string("\0\x0a", 2) + name_of(host); }
std::string address(int family, const char* text) {
  std::array<char, 16> bytes{};
  EXPECT_EQ(::inet_pton(family, text, bytes.data()), 1);
  return {bytes.data(), family == AF_INET ? std::size_t{4} : std::size_t{16}};
}

/// Answers from a table over UDP; what is not in it: no such name.
class NameServer {
public:
  using Records = std::map<std::pair<std::string, std::uint16_t>, std::vector<std::string>>;
  explicit NameServer(Records records) : x_records(std::move(records)), x_socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    EXPECT_EQ(::bind(x_socket, reinterpret_cast<sockaddr*>(&where), size), 0);
    EXPECT_EQ(::getsockname(x_socket, reinterpret_cast<sockaddr*>(&where), &size), 0);
    x_port = ntohs(where.sin_port);
    const timeval patience{0, 100'000};
    ::setsockopt(x_socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    x_thread = std::thread([this] { serve(); });
  }
  ~NameServer() {
    x_stopping = true;
    x_thread.join();
    ::close(x_socket);
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;
  [[nodiscard]] ResolverOptions options() const { return {x_port, 1, 1}; }
  std::atomic<bool> garbage{false};

private:
  void serve() {
    while (!x_stopping) {
      std::array<char, 512> question{};
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t got = ::recvfrom(x_socket, question.data(), question.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (got > 12) {
        const std::string reply = answer(std::string(question.data(), static_cast<std::size_t>(got)));
        ::sendto(x_socket, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
      }
    }
  }
  std::string answer(const std::string& question) const {
    std::string name;
    std::size_t at = 12;
    while (at < question.size() && question[at] != '\0') {
      const auto length = static_cast<std::size_t>(question[at]);
      name += (name.empty() ? "" : ".") + question.substr(at + 1, length);
      at += length + 1;
    }
    const auto type = static_cast<std::uint16_t>(static_cast<unsigned char>(question[at + 2]));
    const bool known = std::any_of(x_records.begin(), x_records.end(), [&](const auto& r) { return r.first.first == to_lower(name); });
    const auto found = x_records.find({to_lower(name), type});
    const std::size_t count = found == x_records.end() ? 0 : found->second.size();
    std::string out = question.substr(0, 2);
    put16(out, static_cast<std::uint16_t>(known ? 0x8180 : 0x8183));
    put16(out, 1);
    put16(out, static_cast<std::uint16_t>(count));
    put16(out, 0);
    put16(out, 0);
    out += question.substr(12, at + 5 - 12);
    for (std::size_t i = 0; i < count; ++i) {
      put16(out, 0xC00C);
      put16(out, type);
      put16(out, 1);
      put16(out, 0);
      put16(out, 60);
      const std::string& data = found->second[i];
      put16(out, static_cast<std::uint16_t>(garbage ? data.size() + 200 : data.size()));
      out += data;
    }
    return out;
  }
  Records x_records;
  int x_socket;
  std::uint16_t x_port = 0;
  std::atomic<bool> x_stopping{false};
  std::thread x_thread;
};

NameServer::Records records() {
  return {{{"customer.example", kMx}, {mx("mx1.customer.example"), mx("mx2.customer.example")}},
          {{"mx1.customer.example", kA}, {address(AF_INET, "192.0.2.11")}},
          {{"mx2.customer.example", kA}, {address(AF_INET, "198.51.100.5"), address(AF_INET, "192.0.2.11")}},
          {{"mx2.customer.example", kAaaa}, {address(AF_INET6, "2001:db8::25")}},
          {{"plain.example", kA}, {address(AF_INET, "203.0.113.9")}},
          {{"null.example", kMx}, {mx("")}},
          {{"lost.example", kMx}, {mx("mx.nowhere.example")}}};
}

std::vector<std::string> texts(const std::vector<net::IpAddress>& addresses) {
  std::vector<std::string> all;
  for (const net::IpAddress& one : addresses) {
    all.push_back(to_string(one));
  }
  return all;
}

TEST(MailHosts, AreTheAddressesOfAllExchangersOnceEach) {
  const NameServer server(records());
  const auto hosts = mail_hosts_of("customer.example", server.options());
  ASSERT_TRUE(hosts) << hosts.error();
  EXPECT_EQ(texts(*hosts), (std::vector<std::string>{"192.0.2.11", "198.51.100.5", "2001:db8::25"}));
}

TEST(MailHosts, OfADomainWithoutExchangersAreItsOwn) {
  const NameServer server(records());
  const auto hosts = mail_hosts_of("plain.example", server.options());
  ASSERT_TRUE(hosts) << hosts.error();
  EXPECT_EQ(texts(*hosts), std::vector<std::string>{"203.0.113.9"});
}

TEST(MailHosts, OfADomainThatTakesNoMailAreNone) {
  const NameServer server(records());
  const auto hosts = mail_hosts_of("null.example", server.options());
  ASSERT_TRUE(hosts) << hosts.error();
  EXPECT_TRUE(hosts->empty());
}

TEST(MailHosts, ThatCannotBeFoundOutAreAReason) {
  NameServer server(records());
  EXPECT_EQ(mail_hosts_of("nobody.example", server.options()).error(), "there is no domain nobody.example");
  EXPECT_NE(mail_hosts_of("lost.example", server.options()).error().find("has an address"), std::string::npos);
  EXPECT_NE(mail_hosts_of("localhost", server.options()).error().find("no mail domain"), std::string::npos);
  server.garbage = true;
  EXPECT_FALSE(mail_hosts_of("customer.example", server.options())) << "an answer whose lengths lie";
}

}  // namespace
}  // namespace pinfold::engine
