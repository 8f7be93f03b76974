#include "engine/mail/mail_hosts.hpp"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include "base/text.hpp"

namespace pinfold::engine {
namespace {

constexpr std::size_t kMaxAnswer = 16 * 1024;  ///< an answer over TCP may be longer; no sane mail domain's is
constexpr std::size_t kMaxName = 253;
constexpr std::size_t kPreferenceBytes = 2;

class Resolver {
public:
  explicit Resolver(const ResolverOptions& options) {
    x_ready = ::res_ninit(&x_state) == 0;
    x_state.retrans = options.timeout;
    x_state.retry = options.attempts;
    if (options.loopback_port) {
      x_state.nscount = 1;
      x_state.nsaddr_list[0].sin_family = AF_INET;
      x_state.nsaddr_list[0].sin_port = htons(*options.loopback_port);
      x_state.nsaddr_list[0].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
  }
  ~Resolver() { ::res_nclose(&x_state); }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  enum class Outcome : std::uint8_t { Found, Nothing, NoSuchName, Failed };
  /// The records of that type; each is given to `use` as it stands in `message`.
  template <typename F>
  Outcome ask(const std::string& name, ns_type type, F&& use) {
    if (!x_ready) {
      return Outcome::Failed;
    }
    const int size = ::res_nquery(&x_state, name.c_str(), ns_c_in, type, x_answer.data(), static_cast<int>(x_answer.size()));
    if (size < 0) {
      return x_state.res_h_errno == HOST_NOT_FOUND ? Outcome::NoSuchName : (x_state.res_h_errno == NO_DATA ? Outcome::Nothing : Outcome::Failed);
    }
    ns_msg message{};
    if (::ns_initparse(x_answer.data(), std::min(size, static_cast<int>(x_answer.size())), &message) != 0) {
      return Outcome::Failed;
    }
    for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
      ns_rr record{};
      if (::ns_parserr(&message, ns_s_an, i, &record) == 0 && ns_rr_type(record) == type) {
        use(message, record);
      }
    }
    return Outcome::Found;
  }

  void addresses_of(const std::string& host, std::vector<net::IpAddress>& into) {
    for (const ns_type type : {ns_t_a, ns_t_aaaa}) {
      static_cast<void>(ask(host, type, [&](const ns_msg&, const ns_rr& record) {
        std::array<char, INET6_ADDRSTRLEN> text{};
        const std::size_t size = type == ns_t_a ? sizeof(in_addr) : sizeof(in6_addr);
        if (static_cast<std::size_t>(ns_rr_rdlen(record)) != size || into.size() >= kMaxMailHosts ||
            ::inet_ntop(type == ns_t_a ? AF_INET : AF_INET6, ns_rr_rdata(record), text.data(), text.size()) == nullptr) {
          return;
        }
        if (const auto address = net::IpAddress::parse(text.data()); address && std::find(into.begin(), into.end(), *address) == into.end()) {
          into.push_back(*address);
        }
      }));
    }
  }

private:
  struct __res_state x_state {};
  bool x_ready = false;
  std::array<unsigned char, kMaxAnswer> x_answer{};
};

}  // namespace

Expected<std::vector<net::IpAddress>, std::string> mail_hosts_of(std::string_view domain, const ResolverOptions& options) {
  if (domain.empty() || domain.size() > kMaxName || domain.find('.') == std::string_view::npos) {
    return Unexpected(fmt::format("{} is no mail domain", printable(domain, 100)));
  }
  const std::string name(domain);
  const auto resolver = std::make_unique<Resolver>(options);
  std::vector<std::string> exchangers;
  bool takes_none = false;
  const auto outcome = resolver->ask(name, ns_t_mx, [&](const ns_msg& message, const ns_rr& record) {
    std::array<char, NS_MAXDNAME> host{};
    if (static_cast<std::size_t>(ns_rr_rdlen(record)) <= kPreferenceBytes || exchangers.size() >= kMaxExchangers ||
        ::ns_name_uncompress(ns_msg_base(message), ns_msg_end(message), ns_rr_rdata(record) + kPreferenceBytes, host.data(), host.size()) < 0) {
      return;
    }
    takes_none = takes_none || host[0] == '\0' || std::string_view(host.data()) == ".";
    exchangers.emplace_back(host.data());
  });
  if (outcome == Resolver::Outcome::Failed) {
    return Unexpected(fmt::format("the mail hosts of {} cannot be looked up now", printable(domain, 100)));
  }
  if (outcome == Resolver::Outcome::NoSuchName) {
    return Unexpected(fmt::format("there is no domain {}", printable(domain, 100)));
  }
  std::vector<net::IpAddress> hosts;
  if (takes_none && exchangers.size() == 1) {
    return hosts;
  }
  if (exchangers.empty()) {
    exchangers.push_back(name);  // the implicit MX
  }
  for (const std::string& exchanger : exchangers) {
    resolver->addresses_of(exchanger, hosts);
  }
  if (hosts.empty()) {
    return Unexpected(fmt::format("no mail host of {} has an address", printable(domain, 100)));
  }
  return hosts;
}

}  // namespace pinfold::engine
