#include "flow/template.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <initializer_list>
#include <limits>

#include "flow/field_values.hpp"

namespace pinfold::flow {
namespace {

constexpr std::uint64_t kLargestRate = std::numeric_limits<std::uint32_t>::max();
// Elements that are read in the light of others (read_sessions).
constexpr std::uint16_t kOctetDeltaCount = 1;
constexpr std::uint16_t kPacketDeltaCount = 2;
constexpr std::uint16_t kPostOctetDeltaCount = 23;
constexpr std::uint16_t kPostPacketDeltaCount = 24;
constexpr std::uint16_t kFlowDirection = 61;
constexpr std::uint16_t kOctetTotalCount = 85;
constexpr std::uint16_t kPacketTotalCount = 86;

bool is_zero(const net::IpAddress& address) {
  return std::all_of(address.bytes().begin(), address.bytes().end(), [](std::uint8_t byte) { return byte == 0; });
}

/// A template may name both an IPv4 and an IPv6 address; the one that is not in use is zero.
void put_address(net::IpAddress& target, FieldSet& exported, Field field, const net::IpAddress& value) {
  if (!exported.has(field) || !is_zero(value)) {
    target = value;
  }
  exported.add(field);
}

/// A template may name udpSourcePort and tcpSourcePort; the one that is not in use is zero.
void put_port(std::uint16_t& target, FieldSet& exported, Field field, std::uint64_t value) {
  if (value != 0) {
    target = static_cast<std::uint16_t>(value);
  }
  exported.add(field);
}

/// Type and code may come in one field or in two, for IPv4 and IPv6; those not in use are zero.
void put_icmp(RawRecord& out, std::uint64_t bits) { out.icmp = static_cast<std::uint16_t>(out.icmp.value_or(0) | bits); }

bool read_address(Read read, const std::uint8_t* at, FlowRecord& flow) {
  switch (read) {
    case Read::SrcV4: put_address(flow.src, flow.exported, Field::Src, net::IpAddress::v4(static_cast<std::uint32_t>(load(at, 4)))); return true;
    case Read::DstV4: put_address(flow.dst, flow.exported, Field::Dst, net::IpAddress::v4(static_cast<std::uint32_t>(load(at, 4)))); return true;
    case Read::SrcV6: put_address(flow.src, flow.exported, Field::Src, load_v6(at)); return true;
    case Read::DstV6: put_address(flow.dst, flow.exported, Field::Dst, load_v6(at)); return true;
    case Read::SrcMac: flow.src_mac = net::load_mac(at); return true;
    case Read::DstMac: flow.dst_mac = net::load_mac(at); return true;
    default: return false;
  }
}

bool read_flow_number(Read read, std::uint64_t value, RawRecord& out) {
  FlowRecord& flow = out.flow;
  switch (read) {
    case Read::Bytes:
      flow.bytes = Bytes{value};
      flow.exported.add(Field::Bytes);
      return true;
    case Read::Packets:
      flow.packets = Packets{value};
      flow.exported.add(Field::Packets);
      return true;
    case Read::Protocol:
      flow.protocol = static_cast<std::uint8_t>(value);
      flow.exported.add(Field::Protocol);
      return true;
    case Read::SrcPort: put_port(flow.src_port, flow.exported, Field::SrcPort, value); return true;
    case Read::DstPort: put_port(flow.dst_port, flow.exported, Field::DstPort, value); return true;
    case Read::TcpFlags: flow.tcp_flags = static_cast<std::uint8_t>(value); return true;
    case Read::MoreTcpFlags: flow.tcp_flags = static_cast<std::uint8_t>(flow.tcp_flags.value_or(0) | value); return true;
    case Read::InIf: flow.in_if = IfIndex{static_cast<std::uint32_t>(value)}; return true;
    case Read::OutIf: flow.out_if = IfIndex{static_cast<std::uint32_t>(value)}; return true;
    case Read::Vlan: flow.vlan = static_cast<std::uint16_t>(value); return true;
    case Read::Direction:
      if (value <= 1) {
        flow.direction = static_cast<Direction>(value);
      }
      return true;
    case Read::ReverseBytes: flow.reverse_bytes = Bytes{value}; return true;
    case Read::ReversePackets: flow.reverse_packets = Packets{value}; return true;
    case Read::IcmpTypeCode: put_icmp(out, value); return true;
    case Read::IcmpType: put_icmp(out, value << 8U); return true;
    case Read::IcmpCode: put_icmp(out, value); return true;
    default: return false;
  }
}

bool read_time(Read read, std::uint64_t value, RawRecord& out) {
  switch (read) {
    case Read::FirstSeconds: out.first = from_seconds(value); return true;
    case Read::FirstMillis: out.first = from_millis(value); return true;
    case Read::FirstNtp: out.first_stamp = value; return true;
    case Read::FirstDelta: out.first_delta = value; return true;
    case Read::FirstUptime: out.first_uptime = static_cast<std::uint32_t>(value); return true;
    case Read::LastSeconds: out.last = from_seconds(value); return true;
    case Read::LastMillis: out.last = from_millis(value); return true;
    case Read::LastNtp: out.last_stamp = value; return true;
    case Read::LastDelta: out.last_delta = value; return true;
    case Read::LastUptime: out.last_uptime = static_cast<std::uint32_t>(value); return true;
    case Read::ObservedSeconds: out.observed = from_seconds(value); return true;
    case Read::ObservedMillis: out.observed = from_millis(value); return true;
    case Read::ObservedNtp: out.observed_stamp = value; return true;
    case Read::DurationMillis: out.duration = from_millis(value); return true;
    case Read::DurationMicros: out.duration = from_millis(value / 1000); return true;
    case Read::SystemInitMillis: out.system_init = from_millis(value); return true;
    default: return false;
  }
}

/// One in how many for a probability of up to 1, from the bits of a double or a float. A double of at least 2^-32 has some of its upper bits
/// set, so that the two cannot be mixed up. 0 for what is no probability.
std::uint64_t interval_of_probability(std::uint64_t bits) {
  const double probability =
      bits >> 32U == 0 ? static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits))) : std::bit_cast<double>(bits);
  return probability > 1.0 / static_cast<double>(kLargestRate) && probability <= 1.0 ? static_cast<std::uint64_t>(std::llround(1.0 / probability))
                                                                                     : 0;
}

void read_sampling(Read read, std::uint64_t value, RawRecord& out) {
  switch (read) {
    case Read::SamplingInterval: out.sampling_interval = value; break;
    case Read::SamplingProbability: out.sampling_interval = interval_of_probability(value); break;
    case Read::SamplerId: out.sampler = value; break;
    case Read::SamplingPacketInterval: out.packet_interval = value; break;
    case Read::SamplingPacketSpace: out.packet_space = value; break;
    case Read::SamplingSize: out.sampling_size = value; break;
    case Read::SamplingPopulation: out.sampling_population = value; break;
    default: break;
  }
}

void read_field(Read read, const std::uint8_t* at, std::size_t length, RawRecord& out) {
  if (read == Read::Skip || read_address(read, at, out.flow)) {
    return;
  }
  if (read == Read::FrameSection || read == Read::IpSection || read == Read::Details) {
    (read == Read::FrameSection ? out.frame : read == Read::IpSection ? out.ip_packet : out.details) = ByteSpan{at, length};
    return;
  }
  const std::uint64_t value = load(at, length);
  if (!read_flow_number(read, value, out) && !read_time(read, value, out)) {
    read_sampling(read, value, out);
  }
}

std::optional<std::uint32_t> rounded_ratio(std::uint64_t whole, std::uint64_t part) {
  if (part == 0 || whole == 0) {
    return std::nullopt;
  }
  const std::uint64_t ratio = whole / part + (whole % part >= part - part / 2 ? 1 : 0);
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(ratio, 1, kLargestRate));
}

bool is_about_flows(Read read) {
  switch (read) {
    case Read::SrcV4:
    case Read::DstV4:
    case Read::SrcV6:
    case Read::DstV6:
    case Read::SrcMac:
    case Read::DstMac:
    case Read::FrameSection:
    case Read::IpSection:
    case Read::Bytes:
    case Read::Packets: return true;
    default: return false;
  }
}

/// NetFlow v9's OUT_BYTES and OUT_PKTS beside IN_BYTES and IN_PKTS: the answers of the session.
void read_sessions(std::span<const FieldSpec> fields, std::vector<Element>& elements) {
  const auto has = [fields](std::initializer_list<std::uint16_t> ids) {
    return std::any_of(fields.begin(), fields.end(),
                       [ids](const FieldSpec& field) { return !field.scope && std::find(ids.begin(), ids.end(), field.id) != ids.end(); });
  };
  if (has({kFlowDirection})) {
    return;
  }
  const bool has_bytes = has({kOctetDeltaCount, kOctetTotalCount});
  const bool has_packets = has({kPacketDeltaCount, kPacketTotalCount});
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (has_bytes && fields[i].id == kPostOctetDeltaCount && elements[i].read == Read::Bytes) {
      elements[i] = {Read::ReverseBytes, Topic::Own, 0};
    } else if (has_packets && fields[i].id == kPostPacketDeltaCount && elements[i].read == Read::Packets) {
      elements[i] = {Read::ReversePackets, Topic::Own, 0};
    }
  }
}

}  // namespace

std::optional<std::uint32_t> RawRecord::one_in() const {
  if (const auto rate = rate_from_interval(sampling_interval)) {
    return rate;
  }
  if (packet_interval != 0 && !packet_space) {
    return rate_from_interval(packet_interval);  // no space told: exporters then mean "one in so many"
  }
  if (packet_interval != 0) {
    std::uint64_t whole = 0;
    return __builtin_add_overflow(packet_interval, *packet_space, &whole) ? std::nullopt : rounded_ratio(whole, packet_interval);
  }
  return rounded_ratio(sampling_population, sampling_size);
}

std::optional<Template> Template::compile(std::span<const FieldSpec> fields, bool is_options, bool scopes_are_elements) {
  std::array<std::uint8_t, static_cast<std::size_t>(Topic::Count)> best{};
  best.fill(std::numeric_limits<std::uint8_t>::max());
  std::vector<Element> elements(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const FieldSpec& field = fields[i];
    if (field.scope && !scopes_are_elements) {
      continue;
    }
    // A variable-length field is never a number or an address that Pinfold wants; it may be a packet's first bytes.
    elements[i] = find_element(field.enterprise, field.id, field.length).value_or(Element{});
  }
  if (!scopes_are_elements && !is_options) {
    read_sessions(fields, elements);
  }
  for (const Element& element : elements) {
    if (element.read != Read::Skip) {
      std::uint8_t& rank = best[static_cast<std::size_t>(element.topic)];
      rank = std::min(rank, element.rank);
    }
  }

  Template out;
  out.x_is_options = is_options;
  out.x_is_variable = std::any_of(fields.begin(), fields.end(), [](const FieldSpec& field) { return field.length == kVariableLength; });
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const FieldSpec& field = fields[i];
    const bool wanted = elements[i].read != Read::Skip && elements[i].rank == best[static_cast<std::size_t>(elements[i].topic)];
    const bool interface_scope = field.scope && !scopes_are_elements && field.id == kScopeInterface && field.length >= 1 && field.length <= 8;
    out.x_describes_flows = out.x_describes_flows || (wanted && is_about_flows(elements[i].read));
    if (wanted || interface_scope || out.x_is_variable) {
      out.x_steps.push_back({static_cast<std::uint16_t>(out.x_min_length), field.length, wanted ? elements[i].read : Read::Skip, interface_scope});
    }
    out.x_min_length += field.length == kVariableLength ? 1U : field.length;
  }
  if (out.x_min_length == 0 || out.x_min_length > std::numeric_limits<std::uint16_t>::max()) {
    return std::nullopt;
  }
  out.compile_columns();
  return out;
}

void Template::compile_columns() {
  if (x_is_variable || x_is_options || !x_describes_flows) {
    return;
  }
  std::vector<Column> columns;
  for (const Step& step : x_steps) {
    columns.push_back({step.read, step.offset, step.length});
  }
  x_columns = RecordColumns::compile(columns);
}

bool Template::read(ByteReader& in, RawRecord& out) const {
  if (!x_is_variable) {
    const auto record = in.bytes(x_min_length);
    if (!record) {
      return false;
    }
    for (const Step& step : x_steps) {
      const std::uint8_t* at = record->data() + step.offset;
      if (step.interface_scope) {
        out.scope_interface = static_cast<std::uint32_t>(load(at, step.length));
      } else {
        read_field(step.read, at, step.length, out);
      }
    }
    return true;
  }
  for (const Step& step : x_steps) {
    std::size_t length = step.length;
    if (step.length == kVariableLength) {
      const auto short_length = in.u8();
      if (!short_length) {
        return false;
      }
      const auto long_length = *short_length == 0xFF ? in.u16() : std::optional<std::uint16_t>{*short_length};
      if (!long_length) {
        return false;
      }
      length = *long_length;
    }
    const auto bytes = in.bytes(length);
    if (!bytes) {
      return false;
    }
    read_field(step.read, bytes->data(), length, out);
  }
  return true;
}

}  // namespace pinfold::flow
