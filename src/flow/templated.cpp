// NetFlow v9 and IPFIX: different headers and template sets around the same records.
#include <algorithm>
#include <utility>
#include <vector>

#include "flow/protocols.hpp"

namespace pinfold::flow {
namespace {

constexpr std::uint16_t kFirstDataSet = 256;
constexpr std::size_t kSetHeaderLength = 4;
constexpr std::uint16_t kEnterpriseBit = 0x8000;

/// The set ids that carry templates, and how those are laid out.
struct Dialect {
  ExportVersion version;
  std::uint16_t template_set;
  std::uint16_t options_set;
};
constexpr Dialect kNetflow9{ExportVersion::NetFlow9, 0, 1};
constexpr Dialect kIpfix{ExportVersion::Ipfix, 2, 3};

bool all_zero(ByteSpan bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

/// Reads the sets of one datagram.
class SetDecoder {
public:
  SetDecoder(const Dialect& dialect, const ExportClock& clock, Domain& domain, DecodeContext& context)
      : x_dialect(dialect), x_clock(clock), x_domain(domain), x_context(context) {}

  /// `in` covers the datagram behind its header, the message `message_length` bytes of it. A set must begin within the message; its end
  /// may lie behind (some exporters leave the last padding out of the message's length), but within the datagram.
  [[nodiscard]] Decoded decode(ByteReader in, std::size_t header_length, std::size_t message_length);
  /// Reads what has waited for the templates that `decode` found. Only after a datagram that was good to its end: waiting sets belong to
  /// others, and must not be lost with a bad one.
  void decode_waiting();

  /// Data records read, of flows and of options.
  [[nodiscard]] std::uint32_t data_records() const { return x_data_records; }
  /// False if a data set could not be read, so that nobody knows how many records it had.
  [[nodiscard]] bool knows_all_records() const { return x_knows_all_records; }

private:
  struct TemplateHead {
    std::uint16_t id;
    std::size_t fields;
    std::size_t scopes;
  };

  [[nodiscard]] Decoded decode_set(std::uint16_t id, ByteReader set, std::size_t offset);
  [[nodiscard]] Decoded decode_templates(ByteReader set, std::size_t offset, bool is_options);
  [[nodiscard]] std::optional<TemplateHead> read_head(ByteReader& set, bool is_options) const;
  [[nodiscard]] std::optional<FieldSpec> read_field(ByteReader& set, bool scope) const;
  [[nodiscard]] Decoded define(std::uint16_t id, const std::vector<FieldSpec>& fields, bool is_options, std::size_t offset);
  void withdraw(std::uint16_t id, bool is_options);
  [[nodiscard]] Decoded decode_data(const Template& layout, ByteReader set, std::size_t offset, const ExportClock& clock);
  [[nodiscard]] Decoded decode_columns(const Template& layout, ByteSpan set, std::size_t offset, const ExportClock& clock);
  void decode_waiting_for(std::uint16_t id);
  void put_aside(std::uint16_t id, ByteSpan bytes);
  void take_flow(RawRecord& raw, const ExportClock& clock);
  void take_options(const RawRecord& raw);

  const Dialect& x_dialect;
  const ExportClock& x_clock;
  Domain& x_domain;
  DecodeContext& x_context;
  std::vector<std::uint16_t> x_defined;  ///< templates that this datagram brought
  std::uint32_t x_data_records = 0;
  bool x_knows_all_records = true;
};

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
  const auto found = x_domain.templates.find(id);
  if (found == x_domain.templates.end()) {
    x_knows_all_records = false;
    put_aside(id, set.rest());
    return {};
  }
  return decode_data(found->second, set, offset, x_clock);
}

std::optional<SetDecoder::TemplateHead> SetDecoder::read_head(ByteReader& set, bool is_options) const {
  const auto id = set.u16();
  const auto first = set.u16();
  if (!id || !first) {
    return std::nullopt;
  }
  if (!is_options) {
    return TemplateHead{*id, *first, 0};
  }
  if (x_dialect.version == ExportVersion::Ipfix) {
    // A withdrawal is an id and a field count of zero alone (RFC 7011 section 8.1).
    const auto scopes = *first == 0 ? std::optional<std::uint16_t>{0} : set.u16();
    return scopes ? std::optional{TemplateHead{*id, *first, *scopes}} : std::nullopt;
  }
  // v9 counts bytes, of scopes and of options.
  const auto options = set.u16();
  return options ? std::optional{TemplateHead{*id, (*first + *options) / 4U, *first / 4U}} : std::nullopt;
}

std::optional<FieldSpec> SetDecoder::read_field(ByteReader& set, bool scope) const {
  const auto id = set.u16();
  const auto length = set.u16();
  if (!id || !length) {
    return std::nullopt;
  }
  FieldSpec field{0, *id, *length, scope};
  if (x_dialect.version == ExportVersion::Ipfix && (*id & kEnterpriseBit) != 0) {
    const auto enterprise = set.u32();
    if (!enterprise) {
      return std::nullopt;
    }
    field.enterprise = *enterprise;
    field.id = static_cast<std::uint16_t>(*id & ~kEnterpriseBit);
  }
  return field;
}

Decoded SetDecoder::decode_templates(ByteReader set, std::size_t offset, bool is_options) {
  // What is too short for a template's head, or zero, is padding.
  while (set.remaining() >= kSetHeaderLength && !all_zero(set.rest())) {
    const std::size_t at = offset + set.position();
    const auto head = read_head(set, is_options);
    if (!head) {
      return refuse(Fault::Truncated, at);
    }
    if (head->fields == 0 && x_dialect.version == ExportVersion::Ipfix) {
      withdraw(head->id, is_options);
      continue;
    }
    if (head->id < kFirstDataSet || head->fields == 0 || head->scopes > head->fields) {
      return refuse(Fault::BadTemplate, at);
    }
    if (head->fields > x_context.limits.fields_per_template) {
      return refuse(Fault::TooManyFields, at);
    }
    std::vector<FieldSpec> fields;
    fields.reserve(head->fields);
    for (std::size_t i = 0; i < head->fields; ++i) {
      const auto field = read_field(set, i < head->scopes);
      if (!field) {
        return refuse(Fault::Truncated, offset + set.position());
      }
      fields.push_back(*field);
    }
    if (const Decoded defined = define(head->id, fields, is_options, at); !defined) {
      return defined;
    }
  }
  return {};
}

Decoded SetDecoder::define(std::uint16_t id, const std::vector<FieldSpec>& fields, bool is_options, std::size_t offset) {
  auto layout = Template::compile(fields, is_options, x_dialect.version == ExportVersion::Ipfix);
  if (!layout) {
    return refuse(Fault::BadTemplate, offset);
  }
  const auto found = x_domain.templates.find(id);
  if (found == x_domain.templates.end() && x_context.exporter.template_count() >= x_context.limits.templates_per_exporter) {
    return refuse(Fault::TooManyTemplates, offset);
  }
  x_domain.templates.insert_or_assign(id, *std::move(layout));
  ++x_context.stats.templates;
  x_defined.push_back(id);
  return {};
}

void SetDecoder::withdraw(std::uint16_t id, bool is_options) {
  if (id >= kFirstDataSet) {
    x_domain.templates.erase(id);
  } else if (id == (is_options ? x_dialect.options_set : x_dialect.template_set)) {
    std::erase_if(x_domain.templates, [is_options](const auto& entry) { return entry.second.is_options() == is_options; });
  }
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
    if (!decode_data(found->second, ByteReader{set->bytes}, 0, set->clock)) {
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

/// The exporter's uptime at the export, for times that are counted in it; IPFIX has it from systemInitTimeMilliseconds, if at all.
std::optional<std::uint32_t> uptime_at_export(const ExportClock& clock, std::optional<Micros> system_init) {
  if (clock.uptime_millis || !system_init) {
    return clock.uptime_millis;
  }
  return static_cast<std::uint32_t>((clock.export_time - *system_init).count() / 1000);
}

Decoded SetDecoder::decode_columns(const Template& layout, ByteSpan set, std::size_t offset, const ExportClock& clock) {
  const std::size_t count = set.size() / layout.min_length();
  if (const std::size_t room = x_context.room(); count > room) {
    return refuse(Fault::TooManyRecords, offset + room * layout.min_length());
  }
  const SetFacts facts{x_dialect.version, clock.export_time, uptime_at_export(clock, x_domain.system_init), &x_domain.sampling};
  layout.columns()->read(set.data(), layout.min_length(), count, facts, x_context.out);
  x_data_records += static_cast<std::uint32_t>(count);
  return {};
}

/// The moment that a record gives in one of four ways.
std::optional<Micros> resolve_time(std::optional<Micros> absolute, std::optional<std::uint64_t> delta, std::optional<std::uint32_t> uptime,
                                   const ExportClock& clock, std::optional<Micros> system_init) {
  if (absolute) {
    return absolute;
  }
  if (delta) {
    const std::uint64_t since_epoch = static_cast<std::uint64_t>(clock.export_time.count());
    return Micros{static_cast<std::int64_t>(since_epoch - std::min(*delta, since_epoch))};
  }
  const auto uptime_now = uptime_at_export(clock, system_init);
  return uptime && uptime_now ? std::optional{time_of_uptime(clock.export_time, *uptime_now, *uptime)} : std::nullopt;
}

void resolve_times(RawRecord& raw, const ExportClock& clock, std::optional<Micros> system_init) {
  if (raw.system_init) {
    system_init = raw.system_init;
  }
  std::optional<Micros> first = resolve_time(raw.first, raw.first_delta, raw.first_uptime, clock, system_init);
  std::optional<Micros> last = resolve_time(raw.last, raw.last_delta, raw.last_uptime, clock, system_init);
  if (!last) {
    last = raw.observed;
  }
  if (!last && first && raw.duration) {
    last = *first + *raw.duration;
  }
  if (!first && last && raw.duration) {
    first = std::max(Micros{0}, *last - *raw.duration);
  }
  if (!first) {
    first = raw.observed;
  }
  if (first) {
    raw.flow.first = ExporterTime{*first};
  }
  if (last) {
    raw.flow.last = ExporterTime{*last};
  }
}

void SetDecoder::take_flow(RawRecord& raw, const ExportClock& clock) {
  FlowRecord& flow = raw.flow;
  flow.version = x_dialect.version;
  flow.sampling_rate = x_domain.sampling.rate_of(raw);
  resolve_times(raw, clock, x_domain.system_init);
  const bool is_icmp = flow.protocol == kIcmp || flow.protocol == kIcmpV6;
  // Many exporters give type and code in the destination port already.
  if (is_icmp && raw.icmp && flow.dst_port == 0) {
    flow.dst_port = *raw.icmp;
    flow.exported.add(Field::DstPort);
  }
  x_context.out.push_back(flow);
}

void SetDecoder::take_options(const RawRecord& raw) {
  if (raw.system_init) {
    x_domain.system_init = raw.system_init;
  }
  const auto one_in = raw.one_in();
  if (!one_in) {
    return;
  }
  const std::size_t limit = x_context.limits.sampling_rules_per_domain;
  if (raw.sampler) {
    x_domain.sampling.set_sampler(*raw.sampler, *one_in, limit);
  } else if (raw.scope_interface) {
    x_domain.sampling.set_interface(*raw.scope_interface, *one_in, limit);
  } else if (raw.flow.in_if) {
    x_domain.sampling.set_interface(raw.flow.in_if->value, *one_in, limit);
  } else {
    x_domain.sampling.set_default(*one_in);
  }
}

}  // namespace

Decoded decode_netflow9(ByteSpan datagram, DecodeContext& context) {
  context.stats.version = ExportVersion::NetFlow9;
  ByteReader in{datagram};
  const bool version = in.skip(4);  // and the count, which exporters fill in differently; the sets' lengths say it all
  const auto uptime = in.u32();
  const auto seconds = in.u32();
  const auto sequence = in.u32();
  const auto source = in.u32();
  if (!version || !uptime || !seconds || !sequence || !source) {
    return refuse(Fault::Truncated, in.position());
  }
  const ExportClock clock{Seconds{*seconds}, *uptime};
  Domain& domain = context.exporter.domain({ExportVersion::NetFlow9, *source, {}}, context.limits);
  add_loss(context.exporter.counters.lost_datagrams, domain.sequence.arrived(*sequence, 1));
  SetDecoder decoder{kNetflow9, clock, domain, context};
  const Decoded done = decoder.decode(ByteReader{in.rest()}, in.position(), in.remaining());
  if (done) {
    decoder.decode_waiting();
  }
  return done;
}

Decoded decode_ipfix(ByteSpan datagram, DecodeContext& context) {
  context.stats.version = ExportVersion::Ipfix;
  ByteReader in{datagram};
  const bool version = in.skip(2);
  const auto length = in.u16();
  const auto seconds = in.u32();
  const auto sequence = in.u32();
  const auto source = in.u32();
  if (!version || !length || !seconds || !sequence || !source) {
    return refuse(Fault::Truncated, in.position());
  }
  const std::size_t header_length = in.position();
  if (*length < header_length || *length > datagram.size()) {
    return refuse(Fault::BadLength, 2);
  }
  const ExportClock clock{Seconds{*seconds}, std::nullopt};
  Domain& domain = context.exporter.domain({ExportVersion::Ipfix, *source, {}}, context.limits);
  SetDecoder decoder{kIpfix, clock, domain, context};
  const Decoded done = decoder.decode(ByteReader{in.rest()}, header_length, *length - header_length);
  if (done && decoder.knows_all_records()) {
    add_loss(context.exporter.counters.lost_records, domain.sequence.arrived(*sequence, decoder.data_records()));
  } else {
    domain.sequence.forget();
  }
  if (done) {
    decoder.decode_waiting();
  }
  return done;
}

}  // namespace pinfold::flow
