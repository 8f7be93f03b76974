#include "flow/sflow_counters.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace pinfold::flow {
namespace {

constexpr std::uint32_t kGenericInterface = 1;
constexpr std::size_t kGenericInterfaceLength = 88;
constexpr std::uint32_t kPortName = 1005;
constexpr std::uint32_t kMaxPortName = 255;
constexpr std::uint32_t kAdminUp = 1;
constexpr std::uint32_t kOperUp = 2;

/// All ones: the agent does not keep this counter.
template <typename T>
std::optional<T> counted(std::optional<T> value) {
  return value == std::numeric_limits<T>::max() ? std::nullopt : value;
}

/// `in` has kGenericInterfaceLength bytes, so that no read fails.
InterfaceCounters read_generic(ByteReader in, InterfaceCounters counters) {
  counters.interface = IfIndex{in.u32().value_or(0)};
  counters.type = in.u32().value_or(0);
  counters.speed = in.u64().value_or(0);
  const std::uint32_t duplex = in.u32().value_or(0);
  counters.duplex = duplex <= static_cast<std::uint32_t>(Duplex::Out) ? static_cast<Duplex>(duplex) : Duplex::Unknown;
  const std::uint32_t status = in.u32().value_or(0);
  counters.admin_up = (status & kAdminUp) != 0;
  counters.oper_up = (status & kOperUp) != 0;
  counters.in_octets = counted(in.u64());
  counters.in_unicast = counted(in.u32());
  counters.in_multicast = counted(in.u32());
  counters.in_broadcast = counted(in.u32());
  counters.in_discards = counted(in.u32());
  counters.in_errors = counted(in.u32());
  counters.in_unknown_protocols = counted(in.u32());
  counters.out_octets = counted(in.u64());
  counters.out_unicast = counted(in.u32());
  counters.out_multicast = counted(in.u32());
  counters.out_broadcast = counted(in.u32());
  counters.out_discards = counted(in.u32());
  counters.out_errors = counted(in.u32());
  return counters;
}

/// A name of no length, or one that cannot be, is none.
std::string read_port_name(ByteReader in) {
  const auto length = in.u32();
  const auto text = length && *length <= kMaxPortName ? in.bytes(*length) : std::nullopt;
  return text ? std::string(text->begin(), text->end()) : std::string();
}

}  // namespace

bool read_interface_counters(ByteReader in, bool expanded, const InterfaceCounters& from, std::vector<InterfaceCounters>& out) {
  const std::size_t before = out.size();
  const auto sequence = in.u32();
  const bool source = in.skip(expanded ? 8 : 4);  // the record names the interface itself
  const auto records = in.u32();
  if (!sequence || !source || !records) {
    return false;
  }
  InterfaceCounters counters = from;
  counters.sequence = *sequence;
  std::string name;
  for (std::uint32_t i = 0; i < *records; ++i) {
    const auto format = in.u32();
    const auto length = in.u32();
    const auto body = length ? in.sub(*length) : std::nullopt;
    if (!format || !body || (*format == kGenericInterface && body->remaining() < kGenericInterfaceLength)) {
      out.resize(before);
      return false;
    }
    static_cast<void>(in.skip(std::min<std::size_t>(in.remaining(), (4 - *length % 4) % 4)));
    if (*format == kGenericInterface) {
      out.push_back(read_generic(*body, counters));
    } else if (*format == kPortName) {
      name = read_port_name(*body);
    }
  }
  for (std::size_t i = before; i < out.size(); ++i) {
    out[i].name = name;
  }
  return true;
}

}  // namespace pinfold::flow
