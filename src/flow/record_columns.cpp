#include "flow/record_columns.hpp"

#include <array>

#include "flow/exporter_state.hpp"
#include "flow/field_values.hpp"

namespace pinfold::flow {
namespace {

/// Kinds of fields of which a template must have one at most to be read by columns.
enum class Slot : std::uint8_t {
  Src,
  Dst,
  SrcPort,
  DstPort,
  Protocol,
  Flags,
  Bytes,
  Packets,
  ReverseBytes,
  ReversePackets,
  InIf,
  OutIf,
  SrcMac,
  DstMac,
  Vlan,
  Direction,
  First,
  Last,
  Sampler,
  Interval,
  Icmp,  ///< any number
  None,  ///< not by columns
};

Slot slot_of(Read read) {
  switch (read) {
    case Read::SrcV4:
    case Read::SrcV6: return Slot::Src;
    case Read::DstV4:
    case Read::DstV6: return Slot::Dst;
    case Read::SrcPort: return Slot::SrcPort;
    case Read::DstPort: return Slot::DstPort;
    case Read::Protocol: return Slot::Protocol;
    case Read::TcpFlags: return Slot::Flags;
    case Read::Bytes: return Slot::Bytes;
    case Read::Packets: return Slot::Packets;
    case Read::ReverseBytes: return Slot::ReverseBytes;
    case Read::ReversePackets: return Slot::ReversePackets;
    case Read::InIf: return Slot::InIf;
    case Read::OutIf: return Slot::OutIf;
    case Read::SrcMac: return Slot::SrcMac;
    case Read::DstMac: return Slot::DstMac;
    case Read::Vlan: return Slot::Vlan;
    case Read::Direction: return Slot::Direction;
    case Read::FirstSeconds:
    case Read::FirstMillis:
    case Read::FirstNtp:
    case Read::FirstUptime: return Slot::First;
    case Read::LastSeconds:
    case Read::LastMillis:
    case Read::LastNtp:
    case Read::LastUptime: return Slot::Last;
    case Read::SamplerId: return Slot::Sampler;
    case Read::SamplingInterval: return Slot::Interval;
    case Read::IcmpTypeCode:
    case Read::IcmpType:
    case Read::IcmpCode: return Slot::Icmp;
    default: return Slot::None;
  }
}

std::optional<Field> field_of(Slot slot) {
  switch (slot) {
    case Slot::Src: return Field::Src;
    case Slot::Dst: return Field::Dst;
    case Slot::SrcPort: return Field::SrcPort;
    case Slot::DstPort: return Field::DstPort;
    case Slot::Protocol: return Field::Protocol;
    case Slot::Packets: return Field::Packets;
    case Slot::Bytes: return Field::Bytes;
    default: return std::nullopt;
  }
}

}  // namespace

/// The records of one set, in the datagram and where they go.
struct RecordColumns::Rows {
  const std::uint8_t* first;
  std::size_t stride;
  std::span<FlowRecord> out;

  template <typename Put>
  void each_at(std::size_t offset, Put put) const {
    const std::uint8_t* at = first + offset;
    for (FlowRecord& flow : out) {
      put(flow, at);
      at += stride;
    }
  }
  template <typename Put>
  void each_number(const Column& column, Put put) const {
    switch (column.length) {
      case 1: each_at(column.offset, [&](FlowRecord& flow, const std::uint8_t* at) { put(flow, std::uint64_t{*at}); }); break;
      case 2: each_at(column.offset, [&](FlowRecord& flow, const std::uint8_t* at) { put(flow, load_big_endian<std::uint16_t>(at)); }); break;
      case 4: each_at(column.offset, [&](FlowRecord& flow, const std::uint8_t* at) { put(flow, load_big_endian<std::uint32_t>(at)); }); break;
      case 8: each_at(column.offset, [&](FlowRecord& flow, const std::uint8_t* at) { put(flow, load_big_endian<std::uint64_t>(at)); }); break;
      default: each_at(column.offset, [&](FlowRecord& flow, const std::uint8_t* at) { put(flow, load(at, column.length)); }); break;
    }
  }
};

std::optional<RecordColumns> RecordColumns::compile(std::span<const Column> wanted) {
  RecordColumns made;
  std::array<bool, static_cast<std::size_t>(Slot::None)> taken{};
  for (const Column& column : wanted) {
    const Slot slot = slot_of(column.read);
    if (slot == Slot::None || (slot != Slot::Icmp && taken[static_cast<std::size_t>(slot)])) {
      return std::nullopt;
    }
    taken[static_cast<std::size_t>(slot)] = true;
    if (const auto field = field_of(slot)) {
      made.x_exported.add(*field);
    }
    switch (slot) {
      case Slot::Sampler: made.x_sampler = column; break;
      case Slot::Interval: made.x_interval = column; break;
      case Slot::Icmp: made.x_icmp.push_back(column); break;
      default: made.x_columns.push_back(column); break;
    }
  }
  return made;
}

void RecordColumns::read(const std::uint8_t* first, std::size_t stride, std::size_t count, const SetFacts& facts,
                         std::vector<FlowRecord>& out) const {
  if (count == 0) {
    return;  // a set of nothing but its header has no first record to point to
  }
  FlowRecord blank;
  blank.version = facts.version;
  blank.exported = x_exported;
  blank.sampling_rate = facts.sampling->rate_of(std::nullopt, std::nullopt);
  const std::size_t before = out.size();
  out.resize(before + count, blank);
  const Rows rows{first, stride, std::span{out}.subspan(before)};
  for (const Column& column : x_columns) {
    read_column(column, rows, facts);
  }
  if (x_interval || !facts.sampling->is_uniform()) {
    read_rates(rows, *facts.sampling);
  }
  if (!x_icmp.empty()) {
    read_icmp(rows);
  }
}

void RecordColumns::read_column(const Column& column, const Rows& rows, const SetFacts& facts) {
  const auto numbers = [&](auto put) { rows.each_number(column, put); };
  const auto bytes = [&](auto put) { rows.each_at(column.offset, put); };
  switch (column.read) {
    case Read::SrcV4: bytes([](FlowRecord& f, const std::uint8_t* at) { f.src = net::IpAddress::v4(load_big_endian<std::uint32_t>(at)); }); break;
    case Read::DstV4: bytes([](FlowRecord& f, const std::uint8_t* at) { f.dst = net::IpAddress::v4(load_big_endian<std::uint32_t>(at)); }); break;
    case Read::SrcV6: bytes([](FlowRecord& f, const std::uint8_t* at) { f.src = load_v6(at); }); break;
    case Read::DstV6: bytes([](FlowRecord& f, const std::uint8_t* at) { f.dst = load_v6(at); }); break;
    case Read::SrcMac: bytes([](FlowRecord& f, const std::uint8_t* at) { f.src_mac = net::load_mac(at); }); break;
    case Read::DstMac: bytes([](FlowRecord& f, const std::uint8_t* at) { f.dst_mac = net::load_mac(at); }); break;
    case Read::SrcPort: numbers([](FlowRecord& f, std::uint64_t v) { f.src_port = static_cast<std::uint16_t>(v); }); break;
    case Read::DstPort: numbers([](FlowRecord& f, std::uint64_t v) { f.dst_port = static_cast<std::uint16_t>(v); }); break;
    case Read::Protocol: numbers([](FlowRecord& f, std::uint64_t v) { f.protocol = static_cast<std::uint8_t>(v); }); break;
    case Read::TcpFlags: numbers([](FlowRecord& f, std::uint64_t v) { f.tcp_flags = static_cast<std::uint8_t>(v); }); break;
    case Read::Bytes: numbers([](FlowRecord& f, std::uint64_t v) { f.bytes = Bytes{v}; }); break;
    case Read::Packets: numbers([](FlowRecord& f, std::uint64_t v) { f.packets = Packets{v}; }); break;
    case Read::ReverseBytes: numbers([](FlowRecord& f, std::uint64_t v) { f.reverse_bytes = Bytes{v}; }); break;
    case Read::ReversePackets: numbers([](FlowRecord& f, std::uint64_t v) { f.reverse_packets = Packets{v}; }); break;
    case Read::InIf: numbers([](FlowRecord& f, std::uint64_t v) { f.in_if = IfIndex{static_cast<std::uint32_t>(v)}; }); break;
    case Read::OutIf: numbers([](FlowRecord& f, std::uint64_t v) { f.out_if = IfIndex{static_cast<std::uint32_t>(v)}; }); break;
    case Read::Vlan: numbers([](FlowRecord& f, std::uint64_t v) { f.vlan = static_cast<std::uint16_t>(v); }); break;
    case Read::Direction:
      numbers([](FlowRecord& f, std::uint64_t v) { f.direction = v <= 1 ? std::optional{static_cast<Direction>(v)} : std::nullopt; });
      break;
    default: read_times(column, rows, facts); break;
  }
}

void RecordColumns::read_times(const Column& column, const Rows& rows, const SetFacts& facts) {
  const auto put = [&](auto member, auto value_of) {
    rows.each_number(column, [member, value_of](FlowRecord& flow, std::uint64_t v) {
      if (const std::optional<Micros> time = value_of(v)) {
        flow.*member = ExporterTime{*time};
      }
    });
  };
  const auto uptime = [&](auto member) {
    if (facts.uptime_millis) {
      put(member, [at = facts.export_time, now = *facts.uptime_millis](std::uint64_t v) {
        return std::optional{time_of_uptime(at, now, static_cast<std::uint32_t>(v))};
      });
    }
  };
  const auto stamp = [at = facts.export_time](std::uint64_t v) { return from_timestamp(v, at); };
  switch (column.read) {
    case Read::FirstSeconds: put(&FlowRecord::first, from_seconds); break;
    case Read::FirstMillis: put(&FlowRecord::first, from_millis); break;
    case Read::FirstNtp: put(&FlowRecord::first, stamp); break;
    case Read::FirstUptime: uptime(&FlowRecord::first); break;
    case Read::LastSeconds: put(&FlowRecord::last, from_seconds); break;
    case Read::LastMillis: put(&FlowRecord::last, from_millis); break;
    case Read::LastNtp: put(&FlowRecord::last, stamp); break;
    case Read::LastUptime: uptime(&FlowRecord::last); break;
    default: break;
  }
}

void RecordColumns::read_rates(const Rows& rows, const SamplingRules& sampling) const {
  rows.each_at(0, [&](FlowRecord& flow, const std::uint8_t* record) {
    if (x_interval) {
      if (const auto own = rate_from_interval(load(record + x_interval->offset, x_interval->length))) {
        flow.sampling_rate = SamplingRate{*own};
        return;
      }
    }
    const auto sampler = x_sampler ? std::optional{load(record + x_sampler->offset, x_sampler->length)} : std::nullopt;
    flow.sampling_rate = sampling.rate_of(sampler, flow.in_if);
  });
}

/// Many exporters give type and code in the destination port already.
void RecordColumns::read_icmp(const Rows& rows) const {
  rows.each_at(0, [&](FlowRecord& flow, const std::uint8_t* record) {
    if ((flow.protocol != kIcmp && flow.protocol != kIcmpV6) || flow.dst_port != 0) {
      return;
    }
    for (const Column& column : x_icmp) {
      const std::uint64_t value = load(record + column.offset, column.length);
      flow.dst_port = static_cast<std::uint16_t>(flow.dst_port | (column.read == Read::IcmpType ? value << 8U : value));
    }
    flow.exported.add(Field::DstPort);
  });
}

}  // namespace pinfold::flow
