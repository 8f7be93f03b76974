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
  const bool source = in.skip(expanded ? 12 : 8);  // sequence number and source id
  const auto rate = in.u32();
  const bool pool = in.skip(8);  // sample pool and drops
  const auto input = in.u32();
  const auto input_value = expanded ? in.u32() : input;
  const auto output = in.u32();
  const auto output_value = expanded ? in.u32() : output;
  const auto records = in.u32();
  if (!source || !rate || !pool || !input || !input_value || !output || !output_value || !records) {
    return std::nullopt;
  }
  flow.sampling_rate = SamplingRate{*rate};
  flow.in_if = interface(expanded ? *input : *input & kInterfaceFormatMask, *input_value);
  flow.out_if = interface(expanded ? *output : *output & kInterfaceFormatMask, *output_value);
  return records;
}

Decoded decode_flow_sample(ByteReader in, bool expanded, std::size_t offset, DecodeContext& context) {
  FlowRecord flow;
  flow.version = ExportVersion::Sflow5;
  flow.packets = Packets{1};
  flow.exported.add(Field::Packets);
  const auto records = read_sample_head(in, expanded, flow);
  if (!records) {
    return refuse(Fault::Truncated, offset + in.position());
  }
  for (std::uint32_t i = 0; i < *records; ++i) {
    const std::size_t at = offset + in.position();
    const auto format = in.u32();
    const auto length = in.u32();
    const auto body = length ? in.sub(*length) : std::nullopt;
    if (!format || !body) {
      return refuse(Fault::BadLength, at);
    }
    if (!read_sampled_record(*format, *body, flow)) {
      return refuse(Fault::BadLength, at + 8);
    }
    static_cast<void>(in.skip(std::min(in.remaining(), padded(*length) - *length)));
  }
  if (context.is_full()) {
    return refuse(Fault::TooManyRecords, offset);
  }
  context.out.push_back(flow);
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
