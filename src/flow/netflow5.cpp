#include "flow/protocols.hpp"

namespace pinfold::flow {
namespace {

constexpr std::size_t kRecordLength = 48;
/// The top two bits of the sampling field are the mode; exporters set it carelessly, so that the interval alone counts.
constexpr std::uint16_t kIntervalMask = 0x3FFF;

struct Header {
  std::uint16_t count;
  std::uint32_t uptime;
  Micros export_time;
  std::uint32_t sequence;
  std::uint16_t engine;
  std::uint16_t sampling;
};

std::optional<Header> read_header(ByteReader& in) {
  const bool version = in.skip(2);
  const auto count = in.u16();
  const auto uptime = in.u32();
  const auto seconds = in.u32();
  const auto nanos = in.u32();
  const auto sequence = in.u32();
  const auto engine = in.u16();
  const auto sampling = in.u16();
  if (!version || !count || !uptime || !seconds || !nanos || !sequence || !engine || !sampling) {
    return std::nullopt;
  }
  return Header{*count, *uptime, Seconds{*seconds} + Micros{*nanos / 1000}, *sequence, *engine, *sampling};
}

/// `record` has kRecordLength bytes, so that no read fails.
FlowRecord read_record(ByteReader record, const Header& header) {
  FlowRecord flow;
  flow.version = ExportVersion::NetFlow5;
  flow.sampling_rate = SamplingRate{static_cast<std::uint32_t>(header.sampling & kIntervalMask)};
  flow.src = net::IpAddress::v4(record.u32().value_or(0));
  flow.dst = net::IpAddress::v4(record.u32().value_or(0));
  static_cast<void>(record.skip(4));  // next hop
  flow.in_if = IfIndex{record.u16().value_or(0)};
  flow.out_if = IfIndex{record.u16().value_or(0)};
  flow.packets = Packets{record.u32().value_or(0)};
  flow.bytes = Bytes{record.u32().value_or(0)};
  flow.first = ExporterTime{time_of_uptime(header.export_time, header.uptime, record.u32().value_or(0))};
  flow.last = ExporterTime{time_of_uptime(header.export_time, header.uptime, record.u32().value_or(0))};
  flow.src_port = record.u16().value_or(0);
  flow.dst_port = record.u16().value_or(0);
  static_cast<void>(record.skip(1));
  flow.tcp_flags = record.u8();
  flow.protocol = record.u8().value_or(0);
  for (const Field field : {Field::Src, Field::Dst, Field::SrcPort, Field::DstPort, Field::Protocol, Field::Packets, Field::Bytes}) {
    flow.exported.add(field);
  }
  return flow;
}

}  // namespace

Decoded decode_netflow5(ByteSpan datagram, DecodeContext& context) {
  context.stats.version = ExportVersion::NetFlow5;
  ByteReader in{datagram};
  const auto header = read_header(in);
  if (!header) {
    return refuse(Fault::Truncated, in.position());
  }
  // A count that does not fit the bytes means that this is not v5 or was damaged: no record of it can be trusted.
  auto records = in.sub(header->count * kRecordLength);
  if (header->count == 0 || !records) {
    return refuse(Fault::BadLength, 2);
  }
  Domain& domain = context.exporter.domain({ExportVersion::NetFlow5, header->engine, {}}, context.limits);
  add_loss(context.exporter.counters.lost_records, domain.sequence.arrived(header->sequence, header->count));
  while (const auto record = records->bytes(kRecordLength)) {
    if (context.is_full()) {
      return refuse(Fault::TooManyRecords, 2);
    }
    context.out.push_back(read_record(ByteReader{*record}, *header));
  }
  return {};
}

}  // namespace pinfold::flow
