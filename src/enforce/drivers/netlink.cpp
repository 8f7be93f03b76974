#include "enforce/drivers/netlink.hpp"

#include <libmnl/libmnl.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>

namespace pinfold::enforce::drivers {

namespace {

constexpr std::size_t kRequestBytes = 1024;
constexpr std::size_t kAnswerBytes = std::size_t{32} * 1024;

/// Every attribute of a message, after a header of `skip` bytes.
void each_attribute(const nlmsghdr* message, std::size_t skip, const std::function<void(const nlattr*)>& work) {
  const auto* at = static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(message, skip));
  const auto* end = static_cast<const char*>(mnl_nlmsg_get_payload_tail(message));
  while (mnl_attr_ok(at, static_cast<int>(end - reinterpret_cast<const char*>(at)))) {  // NOLINT(cppcoreguidelines-pro-type-reinterpret-cast)
    work(at);
    at = mnl_attr_next(at);
  }
}

void each_nested(const nlattr* nest, const std::function<void(const nlattr*)>& work) {
  const auto* at = static_cast<const nlattr*>(mnl_attr_get_payload(nest));
  const char* end = static_cast<const char*>(mnl_attr_get_payload(nest)) + mnl_attr_get_payload_len(nest);
  while (mnl_attr_ok(at, static_cast<int>(end - reinterpret_cast<const char*>(at)))) {  // NOLINT(cppcoreguidelines-pro-type-reinterpret-cast)
    work(at);
    at = mnl_attr_next(at);
  }
}

template <typename T>
[[nodiscard]] T value_of(const nlattr* attribute) {
  T value{};
  std::memcpy(&value, mnl_attr_get_payload(attribute), std::min<std::size_t>(sizeof value, mnl_attr_get_payload_len(attribute)));
  return value;
}

[[nodiscard]] std::string text_of(const nlattr* attribute) {
  const auto* text = static_cast<const char*>(mnl_attr_get_payload(attribute));
  return {text, strnlen(text, mnl_attr_get_payload_len(attribute))};
}

[[nodiscard]] std::uint16_t kind_of(const nlattr* attribute) { return mnl_attr_get_type(attribute); }

void read_kind(const nlattr* info, Link& link) {
  const nlattr* data = nullptr;
  const nlattr* slave = nullptr;
  std::string slave_kind;
  each_nested(info, [&](const nlattr* one) {
    switch (kind_of(one)) {
      case IFLA_INFO_KIND: link.kind = text_of(one); break;
      case IFLA_INFO_DATA: data = one; break;
      case IFLA_INFO_SLAVE_KIND: slave_kind = text_of(one); break;
      case IFLA_INFO_SLAVE_DATA: slave = one; break;
      default: break;
    }
  });
  if (data != nullptr && link.kind == "bridge") {
    each_nested(data, [&](const nlattr* one) {
      if (kind_of(one) == IFLA_BR_ROOT_PORT) {
        link.root_port = value_of<std::uint16_t>(one);
      } else if (kind_of(one) == IFLA_BR_VLAN_FILTERING) {
        link.is_filtering_vlans = value_of<std::uint8_t>(one) != 0;
      }
    });
  }
  if (slave != nullptr && slave_kind == "bridge") {
    each_nested(slave, [&](const nlattr* one) {
      if (kind_of(one) == IFLA_BRPORT_NO) {
        link.port_no = value_of<std::uint16_t>(one);
      }
    });
  }
}

[[nodiscard]] Link read_link(const nlmsghdr* message) {
  Link link;
  const auto* head = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  link.index = static_cast<std::uint32_t>(head->ifi_index);
  link.type = head->ifi_type;
  link.is_up = (head->ifi_flags & IFF_UP) != 0;
  each_attribute(message, sizeof *head, [&](const nlattr* one) {
    switch (kind_of(one)) {
      case IFLA_IFNAME: link.name = text_of(one); break;
      case IFLA_IFALIAS: link.alias = text_of(one); break;
      case IFLA_MASTER: link.master = value_of<std::uint32_t>(one); break;
      case IFLA_OPERSTATE: link.oper = value_of<std::uint8_t>(one); break;
      case IFLA_STATS64: {
        const auto stats = value_of<rtnl_link_stats64>(one);
        link.octets = stats.rx_bytes + stats.tx_bytes;
        link.received = stats.rx_bytes;
        break;
      }
      case IFLA_LINKINFO: read_kind(one, link); break;
      default: break;
    }
  });
  return link;
}

}  // namespace

void Netlink::Closer::operator()(mnl_socket* socket) const { mnl_socket_close(socket); }

/// A request under construction.
struct Netlink::Message {
  alignas(nlmsghdr) std::array<char, kRequestBytes> bytes{};
  nlmsghdr* head = mnl_nlmsg_put_header(bytes.data());

  Message(std::uint16_t type, unsigned flags) {
    head->nlmsg_type = type;
    head->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  }
  /// `change`: the flags (IFF_*) that are to have the values in `flags`.
  void put_link_header(std::uint8_t family, std::uint32_t index, unsigned change = 0, unsigned flags = 0) const {
    auto* info = static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(head, sizeof(ifinfomsg)));
    info->ifi_family = family;
    info->ifi_index = static_cast<int>(index);
    info->ifi_change = change;
    info->ifi_flags = flags;
  }
};

Expected<Netlink, Netlink::Errno> Netlink::open() {
  mnl_socket* socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
  if (socket == nullptr) {
    return Unexpected(errno);
  }
  Netlink netlink(socket);
  const timeval timeout{kNetlinkTimeout.count() / 1000, (kNetlinkTimeout.count() % 1000) * 1000};
  if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
      setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0) {
    return Unexpected(errno);
  }
  return netlink;
}

template <typename F>
Expected<void, Netlink::Errno> Netlink::ask(Message& message, F&& each) {
  message.head->nlmsg_seq = ++x_sequence;
  if (mnl_socket_sendto(x_socket.get(), message.head, message.head->nlmsg_len) < 0) {
    return Unexpected(errno);
  }
  const bool ends_at_answer = (message.head->nlmsg_flags & (NLM_F_DUMP | NLM_F_ACK)) == 0;
  alignas(nlmsghdr) std::array<char, kAnswerBytes> answer{};
  for (;;) {
    const ssize_t got = mnl_socket_recvfrom(x_socket.get(), answer.data(), answer.size());
    if (got < 0) {
      return Unexpected(errno);
    }
    int left = static_cast<int>(got);
    for (const auto* one = reinterpret_cast<const nlmsghdr*>(answer.data());  // NOLINT(cppcoreguidelines-pro-type-reinterpret-cast)
         mnl_nlmsg_ok(one, left); one = mnl_nlmsg_next(one, &left)) {
      if (one->nlmsg_seq != x_sequence) {
        continue;  // the rest of an answer that was given up
      }
      if (one->nlmsg_type == NLMSG_DONE) {
        return {};
      }
      if (one->nlmsg_type == NLMSG_ERROR) {
        const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(one));
        if (error->error == 0) {
          return {};
        }
        return Unexpected(-error->error);
      }
      if (!each(one)) {
        return Unexpected(EMSGSIZE);
      }
      if (ends_at_answer) {
        return {};
      }
    }
  }
}

Expected<Link, Netlink::Errno> Netlink::link(const std::string& name) {
  if (name.empty() || name.size() >= IFNAMSIZ) {
    return Unexpected(ENODEV);
  }
  Message message(RTM_GETLINK, 0);
  message.put_link_header(AF_UNSPEC, 0);
  mnl_attr_put_strz(message.head, IFLA_IFNAME, name.c_str());
  Link found;
  const auto answered = ask(message, [&](const nlmsghdr* one) {
    found = read_link(one);
    return true;
  });
  if (!answered) {
    return Unexpected(answered.error());
  }
  if (found.name != name) {  // an alternative name is not the name on record
    return Unexpected(ENODEV);
  }
  return found;
}

Expected<Link, Netlink::Errno> Netlink::link(std::uint32_t index) {
  Message message(RTM_GETLINK, 0);
  message.put_link_header(AF_UNSPEC, index);
  Link found;
  const auto answered = ask(message, [&](const nlmsghdr* one) {
    found = read_link(one);
    return true;
  });
  if (!answered) {
    return Unexpected(answered.error());
  }
  return found;
}

Expected<std::vector<Link>, Netlink::Errno> Netlink::links() {
  Message message(RTM_GETLINK, NLM_F_DUMP);
  message.put_link_header(AF_UNSPEC, 0);
  std::vector<Link> all;
  const auto answered = ask(message, [&](const nlmsghdr* one) {
    all.push_back(read_link(one));
    return all.size() < kMaxEntries;
  });
  if (!answered) {
    return Unexpected(answered.error());
  }
  return all;
}

Expected<std::vector<Vlan>, Netlink::Errno> Netlink::vlans(std::uint32_t index) {
  Message message(RTM_GETLINK, NLM_F_DUMP);
  message.put_link_header(AF_BRIDGE, 0);
  mnl_attr_put_u32(message.head, IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN);
  std::vector<Vlan> all;
  const auto answered = ask(message, [&](const nlmsghdr* one) {
    const auto* head = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(one));
    if (static_cast<std::uint32_t>(head->ifi_index) != index) {
      return true;
    }
    each_attribute(one, sizeof *head, [&](const nlattr* attribute) {
      if (kind_of(attribute) != IFLA_AF_SPEC) {
        return;
      }
      each_nested(attribute, [&](const nlattr* inner) {
        if (kind_of(inner) == IFLA_BRIDGE_VLAN_INFO) {
          const auto info = value_of<bridge_vlan_info>(inner);
          all.push_back({info.vid, (info.flags & BRIDGE_VLAN_INFO_PVID) != 0, (info.flags & BRIDGE_VLAN_INFO_UNTAGGED) != 0});
        }
      });
    });
    return true;
  });
  if (!answered) {
    return Unexpected(answered.error());
  }
  return all;
}

Expected<std::vector<ForwardingEntry>, Netlink::Errno> Netlink::forwarding() {
  Message message(RTM_GETNEIGH, NLM_F_DUMP);
  auto* head = static_cast<ndmsg*>(mnl_nlmsg_put_extra_header(message.head, sizeof(ndmsg)));
  head->ndm_family = AF_BRIDGE;
  std::vector<ForwardingEntry> all;
  const auto answered = ask(message, [&](const nlmsghdr* one) {
    const auto* entry = static_cast<const ndmsg*>(mnl_nlmsg_get_payload(one));
    ForwardingEntry found;
    found.port = static_cast<std::uint32_t>(entry->ndm_ifindex);
    bool has_mac = false;
    each_attribute(one, sizeof *entry, [&](const nlattr* attribute) {
      if (kind_of(attribute) == NDA_MASTER) {
        found.bridge = value_of<std::uint32_t>(attribute);
      } else if (kind_of(attribute) == NDA_LLADDR && mnl_attr_get_payload_len(attribute) == found.mac.bytes.size()) {
        found.mac = net::MacAddress{value_of<decltype(found.mac.bytes)>(attribute)};
        has_mac = true;
      }
    });
    const bool is_own = (entry->ndm_state & NUD_PERMANENT) != 0 || (entry->ndm_flags & NTF_SELF) != 0;
    if (has_mac && !is_own && found.bridge != 0) {
      all.push_back(found);
    }
    return all.size() < kMaxEntries;
  });
  if (!answered) {
    return Unexpected(answered.error());
  }
  return all;
}

Expected<std::vector<Neighbour>, Netlink::Errno> Netlink::neighbours() {
  Message message(RTM_GETNEIGH, NLM_F_DUMP);
  auto* head = static_cast<ndmsg*>(mnl_nlmsg_put_extra_header(message.head, sizeof(ndmsg)));
  head->ndm_family = AF_INET6;
  std::vector<Neighbour> all;
  const auto answered = ask(message, [&](const nlmsghdr* one) {
    const auto* entry = static_cast<const ndmsg*>(mnl_nlmsg_get_payload(one));
    Neighbour found;
    found.link = static_cast<std::uint32_t>(entry->ndm_ifindex);
    bool has_address = false;
    bool has_mac = false;
    each_attribute(one, sizeof *entry, [&](const nlattr* attribute) {
      if (kind_of(attribute) == NDA_DST && mnl_attr_get_payload_len(attribute) == sizeof(in6_addr)) {
        found.address = net::IpAddress::v6(value_of<std::array<std::uint8_t, sizeof(in6_addr)>>(attribute));
        has_address = true;
      } else if (kind_of(attribute) == NDA_LLADDR && mnl_attr_get_payload_len(attribute) == found.mac.bytes.size()) {
        found.mac = net::MacAddress{value_of<decltype(found.mac.bytes)>(attribute)};
        has_mac = true;
      }
    });
    if (has_address && has_mac) {
      all.push_back(found);
    }
    return all.size() < kMaxEntries;
  });
  if (!answered) {
    return Unexpected(answered.error());
  }
  return all;
}

Expected<void, Netlink::Errno> Netlink::set_up(std::uint32_t index, bool up) {
  Message message(RTM_NEWLINK, NLM_F_ACK);
  message.put_link_header(AF_UNSPEC, index, IFF_UP, up ? unsigned{IFF_UP} : 0U);
  return ask(message, [](const nlmsghdr*) { return true; });
}

Expected<void, Netlink::Errno> Netlink::change_vlan(std::uint16_t type, std::uint32_t index, const Vlan& vlan) {
  Message message(type, NLM_F_ACK);
  message.put_link_header(AF_BRIDGE, index);
  nlattr* nest = mnl_attr_nest_start(message.head, IFLA_AF_SPEC);
  bridge_vlan_info info{};
  info.vid = vlan.id;
  info.flags = static_cast<std::uint16_t>((vlan.is_pvid ? BRIDGE_VLAN_INFO_PVID : 0U) | (vlan.is_untagged ? BRIDGE_VLAN_INFO_UNTAGGED : 0U));
  mnl_attr_put(message.head, IFLA_BRIDGE_VLAN_INFO, sizeof info, &info);
  mnl_attr_nest_end(message.head, nest);
  return ask(message, [](const nlmsghdr*) { return true; });
}

Expected<void, Netlink::Errno> Netlink::add_vlan(std::uint32_t index, const Vlan& vlan) { return change_vlan(RTM_SETLINK, index, vlan); }

Expected<void, Netlink::Errno> Netlink::remove_vlan(std::uint32_t index, std::uint16_t id) {
  return change_vlan(RTM_DELLINK, index, {id, false, false});
}

}  // namespace pinfold::enforce::drivers
