#include "enforce/drivers/own_path.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "enforce/drivers/netlink.hpp"
#include "net/ip_address.hpp"

namespace pinfold::enforce::drivers {

namespace {

/// Every line; a heading is one as well, and fits nothing.
void each_line(const char* file, const std::function<void(std::istringstream&)>& work) {
  std::ifstream in(file);
  std::string line;
  for (std::size_t n = 0; n < kMaxOwnLines && std::getline(in, line); ++n) {
    std::istringstream fields(line);
    work(fields);
  }
}

/// The kernel prints the address's bytes in memory as one hexadecimal number of the machine's order.
[[nodiscard]] std::optional<net::IpAddress> kernel_address(const std::string& hex) {
  char* end = nullptr;
  const auto number = static_cast<std::uint32_t>(std::strtoul(hex.c_str(), &end, 16));
  if (hex.size() != 8 || *end != '\0') {
    return std::nullopt;
  }
  return net::IpAddress::v4(__builtin_bswap32(number));  // little-endian machines
}
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

[[nodiscard]] std::set<std::string> routers() {
  std::set<std::string> found;
  each_line("/proc/net/route", [&](std::istringstream& fields) {
    std::string interface;
    std::string destination;
    std::string gateway;
    fields >> interface >> destination >> gateway;
    if (const auto address = kernel_address(gateway); address && *address != net::IpAddress{}) {
      found.insert(net::to_string(*address));
    }
  });
  return found;
}

/// By link, because a link-local address means another machine on every one.
using Routers6 = std::set<std::pair<std::uint32_t, net::IpAddress>>;

[[nodiscard]] Routers6 routers6() {
  Routers6 found;
  each_line("/proc/net/ipv6_route", [&](std::istringstream& fields) {
    std::array<std::string, 10> column;  // destination and source with their lengths, next hop, metric, two counters, flags, interface
    for (std::string& one : column) {
      fields >> one;
    }
    const auto bytes = from_hex(column[4]);
    std::array<std::uint8_t, 16> address{};
    if (bytes && bytes->size() == address.size()) {
      std::copy(bytes->begin(), bytes->end(), address.begin());
      found.emplace(::if_nametoindex(column[9].c_str()), net::IpAddress::v6(address));
    }
  });
  return found;
}

void add_ipv4_routers(std::set<net::MacAddress>& macs) {
  const std::set<std::string> hops = routers();
  each_line("/proc/net/arp", [&](std::istringstream& fields) {
    std::string address;
    std::string type;
    std::string flags;
    std::string hardware;
    fields >> address >> type >> flags >> hardware;
    if (const auto mac = net::MacAddress::parse(hardware); mac && hops.contains(address)) {
      macs.insert(*mac);
    }
  });
}

/// False: there may be routers, and the kernel does not say which MAC addresses they have.
[[nodiscard]] bool add_ipv6_routers(std::set<net::MacAddress>& macs) {
  const Routers6 hops = routers6();
  if (hops.empty()) {
    return true;  // no IPv6 here at all
  }
  auto netlink = Netlink::open();
  const auto neighbours = netlink ? netlink->neighbours() : Expected<std::vector<Neighbour>, Netlink::Errno>(Unexpected(netlink.error()));
  if (!neighbours) {
    return false;
  }
  for (const Neighbour& one : *neighbours) {
    if (hops.contains({one.link, one.address})) {
      macs.insert(one.mac);
    }
  }
  return true;
}

}  // namespace

std::optional<std::set<net::MacAddress>> own_path_macs() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) {
    return std::nullopt;
  }
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, &freeifaddrs);
  std::set<net::MacAddress> macs;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_PACKET) {
      continue;
    }
    sockaddr_ll link{};
    std::memcpy(&link, one->ifa_addr, sizeof link);
    net::MacAddress mac;
    if (link.sll_halen == mac.bytes.size()) {
      std::copy_n(static_cast<const unsigned char*>(link.sll_addr), mac.bytes.size(), mac.bytes.begin());
      macs.insert(mac);
    }
  }
  add_ipv4_routers(macs);
  if (!add_ipv6_routers(macs)) {
    return std::nullopt;
  }
  macs.erase(net::MacAddress{});  // loopback, and incomplete neighbours
  return macs;
}

}  // namespace pinfold::enforce::drivers
