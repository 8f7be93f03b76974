#include <algorithm>
#include <utility>

#include "flow/flow_times.hpp"
#include "flow/packet_record.hpp"
#include "flow/set_decoder.hpp"
#include "net/packet_header.hpp"

namespace pinfold::flow {

const Domain* SetDecoder::find_whole_exporter(const Dialect& dialect, const Domain& domain, DecodeContext& context) {
  const auto found = context.exporter.domains.find({dialect.version, 0, {}});
  if (found == context.exporter.domains.end() || &found->second == &domain || found->second.sampling.empty()) {
    return nullptr;
  }
  found->second.last_used = context.exporter.counters.datagrams;
  return &found->second;
}

Decoded SetDecoder::decode(ByteReader in, std::size_t header_length, std::size_t message_length) {
  while (in.position() < message_length) {
    const std::size_t offset = header_length + in.position();
    if (all_zero(in.rest().first(message_length - in.position()))) {
      break;  // some exporters fill the datagram up
    }
    const auto id = in.u16();
    const auto length = in.u16();
    if (!id || !length) {
      return refuse(Fault::Truncated, offset);
    }
    if (*length < kSetHeaderLength) {
      return refuse(Fault::BadLength, offset + 2);
    }
    const auto set = in.sub(*length - kSetHeaderLength);
    if (!set) {
      return refuse(Fault::BadLength, offset + 2);
    }
    if (const Decoded done = decode_set(*id, *set, offset + kSetHeaderLength); !done) {
      return done;
    }
  }
  return {};
}

void SetDecoder::decode_waiting() {
  for (const std::uint16_t id : x_defined) {
    decode_waiting_for(id);
  }
}

Decoded SetDecoder::decode_set(std::uint16_t id, ByteReader set, std::size_t offset) {
  if (id == x_dialect.template_set || id == x_dialect.options_set) {
    return decode_templates(set, offset, id == x_dialect.options_set);
  }
  if (id < kFirstDataSet) {
    return {};  // reserved ids (RFC 7011 section 3.3.2): ignored
  }
  auto found = x_domain.templates.find(id);
  if (found != x_domain.templates.end() && found->second.refreshed + x_context.limits.template_lifetime < x_context.received) {
    x_domain.templates.erase(found);
    x_context.exporter.changed = true;
    found = x_domain.templates.end();
  }
  if (found == x_domain.templates.end()) {
    x_knows_all_records = false;
    put_aside(id, set.rest());
    return {};
  }
  return decode_data(found->second.layout, set, offset, x_clock);
}

void SetDecoder::put_aside(std::uint16_t id, ByteSpan bytes) {
  const Limits& limits = x_context.limits;
  if (x_domain.waiting.size() >= limits.pending_sets_per_domain || x_domain.waiting_bytes + bytes.size() > limits.pending_bytes_per_domain) {
    ++x_context.stats.sets_dropped;
    return;
  }
  x_domain.waiting.push_back({id, x_clock, {bytes.begin(), bytes.end()}});
  x_domain.waiting_bytes += bytes.size();
  ++x_context.stats.sets_waiting;
}

void SetDecoder::decode_waiting_for(std::uint16_t id) {
  const auto found = x_domain.templates.find(id);
  if (found == x_domain.templates.end()) {
    return;  // withdrawn again in the same datagram
  }
  const auto first_match =
      std::stable_partition(x_domain.waiting.begin(), x_domain.waiting.end(), [id](const WaitingSet& set) { return set.template_id != id; });
  for (auto set = first_match; set != x_domain.waiting.end(); ++set) {
    x_domain.waiting_bytes -= set->bytes.size();
    const std::size_t before = x_context.out.size();
    if (!decode_data(found->second.layout, ByteReader{set->bytes}, 0, set->clock)) {
      x_context.out.resize(before);
      ++x_context.stats.sets_dropped;
    }
  }
  x_domain.waiting.erase(first_match, x_domain.waiting.end());
}

Decoded SetDecoder::decode_data(const Template& layout, ByteReader set, std::size_t offset, const ExportClock& clock) {
  if (layout.columns() != nullptr) {
    return decode_columns(layout, set.rest(), offset, clock);
  }
  while (set.remaining() >= layout.min_length()) {
    const std::size_t at = offset + set.position();
    if (x_context.is_full()) {
      return refuse(Fault::TooManyRecords, at);
    }
    RawRecord raw;
    if (!layout.read(set, raw)) {
      return refuse(Fault::BadLength, at);
    }
    ++x_data_records;
    if (layout.is_options()) {
      take_options(raw);
      ++x_context.stats.option_records;
    } else if (layout.describes_flows()) {
      take_flow(raw, clock);
    }
  }
  return {};
}

Decoded SetDecoder::decode_columns(const Template& layout, ByteSpan set, std::size_t offset, const ExportClock& clock) {
  const std::size_t count = set.size() / layout.min_length();
  if (const std::size_t room = x_context.room(); count > room) {
    return refuse(Fault::TooManyRecords, offset + room * layout.min_length());
  }
  const SetFacts facts{x_dialect.version, clock.export_time, uptime_at_export(clock, x_domain.system_init), &sampling()};
  layout.columns()->read(set.data(), layout.min_length(), count, facts, x_context.out);
  x_data_records += static_cast<std::uint32_t>(count);
  return {};
}

namespace {

/// Some exporters send the sampled packet itself (PSAMP, RFC 5477): what the record does not say is read from its headers.
void read_sections(const RawRecord& raw, FlowRecord& flow) {
  if (raw.frame.empty() && raw.ip_packet.empty()) {
    return;
  }
  if (!flow.exported.has(Field::Src) && !flow.exported.has(Field::Dst)) {
    fill_from(raw.frame.empty() ? net::parse_ip(raw.ip_packet) : net::parse_ethernet(raw.frame), flow);
  }
  if (!flow.exported.has(Field::Packets)) {
    flow.packets = Packets{1};
    flow.exported.add(Field::Packets);
  }
}

}  // namespace

/// RFC 6313 section 4.5.3: a semantic, then records by template, each with template id and length. Only one level, and only what the flow's record
/// lacks itself: yaf keeps TCP's flags there.
void SetDecoder::read_details(ByteSpan details, FlowRecord& flow) const {
  ByteReader in{details};
  if (flow.tcp_flags || !in.skip(1)) {
    return;
  }
  while (const auto id = in.u16()) {
    const auto length = in.u16();
    auto records = length && *length >= kSetHeaderLength ? in.sub(*length - kSetHeaderLength) : std::nullopt;
    if (!records) {
      return;
    }
    const auto known = x_domain.templates.find(*id);
    RawRecord nested;
    if (known != x_domain.templates.end() && known->second.layout.read(*records, nested) && nested.flow.tcp_flags) {
      flow.tcp_flags = nested.flow.tcp_flags;
      return;
    }
  }
}

void SetDecoder::take_flow(RawRecord& raw, const ExportClock& clock) {
  FlowRecord& flow = raw.flow;
  flow.version = x_dialect.version;
  flow.sampling_rate = sampling().rate_of(raw);
  resolve_times(raw, clock, x_domain.system_init);
  read_sections(raw, flow);
  read_details(raw.details, flow);
  const bool is_icmp = flow.protocol == kIcmp || flow.protocol == kIcmpV6;
  // Many exporters give type and code in the destination port already.
  if (is_icmp && raw.icmp && flow.dst_port == 0) {
    flow.dst_port = *raw.icmp;
    flow.exported.add(Field::DstPort);
  }
  x_context.out.push_back(flow);
}

void SetDecoder::take_options(const RawRecord& raw) {
  if (raw.system_init && raw.system_init != x_domain.system_init) {
    x_domain.system_init = raw.system_init;
    x_context.exporter.changed = true;
  }
  const auto one_in = raw.one_in();
  if (!one_in) {
    return;
  }
  const std::size_t limit = x_context.limits.sampling_rules_per_domain;
  bool news = false;
  if (raw.sampler) {
    news = x_domain.sampling.set_sampler(*raw.sampler, *one_in, limit);
  } else if (raw.scope_interface) {
    news = x_domain.sampling.set_interface(*raw.scope_interface, *one_in, limit);
  } else if (raw.flow.in_if) {
    news = x_domain.sampling.set_interface(raw.flow.in_if->value, *one_in, limit);
  } else {
    news = x_domain.sampling.set_default(*one_in);
  }
  x_context.exporter.changed = x_context.exporter.changed || news;
}

}  // namespace pinfold::flow
