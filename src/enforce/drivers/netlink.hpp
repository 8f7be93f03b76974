/// One rtnetlink socket: requests, dumps and acknowledged writes about links, VLANs and forwarding entries of the kernel's bridges.
/// Used by: the rtnetlink driver and own_path.hpp; the only file pair that names libmnl. Works in the network namespace of the thread that opens it.
/// Units:   interface indexes and VLAN numbers as the kernel has them. Threads: one.
/// Bounds:  a dump ends with an error at kMaxEntries; an answer is waited for at most kNetlinkTimeout.
/// Errors:  errno values (ENODEV: no such interface; EPERM: CAP_NET_ADMIN is missing; EAGAIN: no answer in time; EMSGSIZE: too many entries).
/// Source:  rtnetlink(7), linux/if_link.h, linux/if_bridge.h, linux/neighbour.h.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "base/time.hpp"
#include "net/ip_address.hpp"
#include "net/mac_address.hpp"

struct mnl_socket;

namespace pinfold::enforce::drivers {

inline constexpr std::size_t kMaxEntries = 65'536;
inline constexpr Millis kNetlinkTimeout{1000};

struct Link {
  std::uint32_t index = 0;
  std::string name;
  std::string alias;
  std::string kind;        ///< "veth", "tun", "bridge", "bond"; empty for hardware
  std::uint16_t type = 0;  ///< ARPHRD_*
  std::uint32_t master = 0;
  bool is_up = false;               ///< IFF_UP: what an administrator set
  std::uint8_t oper = 0;            ///< IF_OPER_* (RFC 2863)
  std::uint64_t octets = 0;         ///< received and sent
  std::uint64_t received = 0;       ///< octets
  std::uint16_t port_no = 0;        ///< of a bridge's port
  std::uint16_t root_port = 0;      ///< of a bridge: the port_no that leads to the spanning tree's root; 0: none
  bool is_filtering_vlans = false;  ///< of a bridge
};

struct Vlan {
  std::uint16_t id = 0;
  bool is_pvid = false;
  bool is_untagged = false;
};

struct ForwardingEntry {
  std::uint32_t port = 0;  ///< interface index
  std::uint32_t bridge = 0;
  net::MacAddress mac;
};

/// An IPv6 address on a link of this machine, and the MAC address that answers for it.
struct Neighbour {
  std::uint32_t link = 0;  ///< interface index
  net::IpAddress address;
  net::MacAddress mac;
};

class Netlink {
public:
  using Errno = int;
  [[nodiscard]] static Expected<Netlink, Errno> open();

  [[nodiscard]] Expected<Link, Errno> link(const std::string& name);
  [[nodiscard]] Expected<Link, Errno> link(std::uint32_t index);
  [[nodiscard]] Expected<std::vector<Link>, Errno> links();
  [[nodiscard]] Expected<std::vector<Vlan>, Errno> vlans(std::uint32_t index);
  /// Learned and static entries; the bridge's own addresses are left out.
  [[nodiscard]] Expected<std::vector<ForwardingEntry>, Errno> forwarding();

  /// IPv6 neighbours whose MAC address is known, stale or not.
  [[nodiscard]] Expected<std::vector<Neighbour>, Errno> neighbours();

  [[nodiscard]] Expected<void, Errno> set_up(std::uint32_t index, bool up);
  [[nodiscard]] Expected<void, Errno> add_vlan(std::uint32_t index, const Vlan& vlan);
  [[nodiscard]] Expected<void, Errno> remove_vlan(std::uint32_t index, std::uint16_t id);

private:
  struct Closer {
    void operator()(mnl_socket* socket) const;
  };
  struct Message;
  explicit Netlink(mnl_socket* socket) : x_socket(socket) {}
  template <typename F>
  [[nodiscard]] Expected<void, Errno> ask(Message& message, F&& each);
  [[nodiscard]] Expected<void, Errno> change_vlan(std::uint16_t type, std::uint32_t index, const Vlan& vlan);

  std::unique_ptr<mnl_socket, Closer> x_socket;
  std::uint32_t x_sequence = 0;
};

}  // namespace pinfold::enforce::drivers
