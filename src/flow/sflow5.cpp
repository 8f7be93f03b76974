#include <algorithm>

#include "flow/protocols.hpp"
#include "flow/sflow_counters.hpp"
#include "flow/sflow_records.hpp"

namespace pinfold::flow {
namespace {

// Formats: the enterprise in the top 20 bits, 0 for the standard ones, the format in the low 12.
// Of samples:
constexpr std::uint32_t kFlowSample = 1;
constexpr std::uint32_t kCounterSample = 2;
constexpr std::uint32_t kExpandedFlowSample = 3;
constexpr std::uint32_t kExpandedCounterSample = 4;
constexpr std::uint32_t kDiscardedPacket = 5;

constexpr std::uint32_t kInterfaceFormatMask = 0xC000'0000;  // 0: an ifIndex; others: a reason for dropping, or several ports
constexpr std::uint32_t kUnknownInterface = 0x3FFF'FFFF;     // the device itself

std::optional<IfIndex> interface(std::uint32_t format, std::uint32_t value) {
  return format == 0 && value != 0 && value != kUnknownInterface ? std::optional{IfIndex{value}} : std::nullopt;
}

std::size_t padded(std::size_t length) { return (length + 3) & ~std::size_t{3}; }

/// The part of a sample before its records, and how many those are.
std::optional<std::uint32_t> read_sample_head(ByteReader& in, bool expanded, FlowRecord& flow) {
  // Sequence number; source id, of two words if expanded; rate; sample pool; drops; input and output, each a format and a value if expanded.
  const auto head = in.bytes(expanded ? 44 : 32);
  if (!head) {
    return std::nullopt;
  }
  const auto word = [at = head->data()](std::size_t i) { return load_big_endian<std::uint32_t>(at + 4 * i); };
  if (expanded) {
    flow.sampling_rate = SamplingRate{word(3)};
    flow.in_if = interface(word(6), word(7));
    flow.out_if = interface(word(8), word(9));
    return word(10);
  }
  flow.sampling_rate = SamplingRate{word(2)};
  flow.in_if = interface(word(5) & kInterfaceFormatMask, word(5));
  flow.out_if = interface(word(6) & kInterfaceFormatMask, word(6));
  return word(7);
}

Decoded decode_flow_sample(ByteReader in, bool expanded, std::size_t offset, DecodeContext& context) {
  if (context.is_full()) {
    return refuse(Fault::TooManyRecords, offset);
  }
  FlowRecord& flow = context.out.emplace_back();  // in its place at once: it is long
  const auto take_back = [&context](Decoded refused) {
    context.out.pop_back();
    return refused;
  };
  flow.version = ExportVersion::Sflow5;
  flow.packets = Packets{1};
  flow.exported.add(Field::Packets);
  const auto records = read_sample_head(in, expanded, flow);
  if (!records) {
    return take_back(refuse(Fault::Truncated, offset + in.position()));
  }
  for (std::uint32_t i = 0; i < *records; ++i) {
    const std::size_t at = offset + in.position();
    const auto head = in.bytes(8);
    const std::uint32_t length = head ? load_big_endian<std::uint32_t>(head->data() + 4) : 0;
    const auto body = head ? in.sub(length) : std::nullopt;
    if (!body) {
      return take_back(refuse(Fault::BadLength, at));
    }
    if (!read_sampled_record(load_big_endian<std::uint32_t>(head->data()), *body, flow)) {
      return take_back(refuse(Fault::BadLength, at + 8));
    }
    static_cast<void>(in.skip(std::min<std::size_t>(in.remaining(), padded(length) - length)));
  }
  return {};
}

constexpr std::uint32_t kOtherAddressType = 3;  // none that the specification names

struct Header {
  net::IpAddress agent;
  std::uint32_t sub_agent;
  std::uint32_t sequence;
  std::uint32_t uptime;
  std::uint32_t samples;
};

/// An agent that does not know its own address sends none (type 0).
std::optional<net::IpAddress> read_agent(ByteReader& in, std::uint32_t type) {
  switch (type) {
    case 0: return net::IpAddress{};
    case 1: return read_sflow_address(in, false);
    case 2: return read_sflow_address(in, true);
    default: return std::nullopt;
  }
}

std::optional<Header> read_header(ByteReader& in) {
  const bool version = in.skip(4);
  const auto address_type = in.u32();
  const auto agent = read_agent(in, address_type.value_or(kOtherAddressType));
  const auto sub_agent = in.u32();
  const auto sequence = in.u32();
  const auto uptime = in.u32();
  const auto samples = in.u32();
  if (!version || !agent || !sub_agent || !sequence || !uptime || !samples) {
    return std::nullopt;
  }
  return Header{*agent, *sub_agent, *sequence, *uptime, *samples};
}

/// A counter sample that contradicts itself costs itself alone: its length is known, and the flows beside it are good.
void read_counter_sample(const Header& header, ByteReader in, bool expanded, DecodeContext& context) {
  InterfaceCounters from;
  from.agent = header.agent;
  from.sub_agent = header.sub_agent;
  from.uptime_millis = header.uptime;
  context.stats.counter_samples += read_interface_counters(in, expanded, from, context.counters_out) ? 1U : 0U;
}

Decoded decode_sample(const Header& header, std::uint32_t format, ByteReader body, std::size_t offset, DecodeContext& context) {
  if (format == kFlowSample || format == kExpandedFlowSample) {
    return decode_flow_sample(body, format == kExpandedFlowSample, offset, context);
  }
  ++context.stats.samples_skipped;
  if (format == kCounterSample || format == kExpandedCounterSample) {
    read_counter_sample(header, body, format == kExpandedCounterSample, context);
  } else if (format == kDiscardedPacket) {
    ++context.stats.discarded_packets;  // was not forwarded: no traffic
  }
  return {};
}

}  // namespace

Decoded decode_sflow5(ByteSpan datagram, DecodeContext& context) {
  context.stats.version = ExportVersion::Sflow5;
  ByteReader in{datagram};
  const auto header = read_header(in);
  if (!header) {
    return refuse(Fault::Truncated, in.position());
  }
  if (header->samples > context.limits.samples_per_datagram) {
    return refuse(Fault::TooManySamples, in.position() - 4);
  }
  Domain& domain = context.exporter.domain({ExportVersion::Sflow5, header->sub_agent, header->agent}, context.limits);
  add_loss(context.exporter.counters.lost_datagrams, domain.sequence.arrived(header->sequence, 1));
  for (std::uint32_t i = 0; i < header->samples; ++i) {
    const std::size_t at = in.position();
    const auto format = in.u32();
    const auto length = in.u32();
    const auto body = length ? in.sub(*length) : std::nullopt;
    if (!format || !length) {
      return refuse(Fault::Truncated, at);
    }
    if (!body) {
      return refuse(Fault::BadLength, at + 4);
    }
    if (const Decoded done = decode_sample(*header, *format, *body, at + 8, context); !done) {
      return done;
    }
  }
  return {};
}

}  // namespace pinfold::flow
