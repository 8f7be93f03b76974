#include "collect/intake.hpp"

#include <algorithm>
#include <utility>

namespace pinfold::collect {
namespace {

bool belongs_to(flow::ExportVersion version, Protocol protocol) { return (version == flow::ExportVersion::Sflow5) == (protocol == Protocol::Sflow); }

/// A stranger is remembered; who was heard longest ago makes room.
void remember(std::vector<UnknownExporter>& strangers, const net::IpAddress& address, WallTime now) {
  auto found = std::find_if(strangers.begin(), strangers.end(), [&](const UnknownExporter& known) { return known.address == address; });
  if (found == strangers.end()) {
    if (strangers.size() < SocketCounters::kMaxStrangers) {
      found = strangers.emplace(strangers.end());
    } else {
      found = std::min_element(strangers.begin(), strangers.end(), [](const auto& a, const auto& b) { return a.last_heard < b.last_heard; });
    }
    *found = {address, 0, now};
  }
  ++found->datagrams;
  found->last_heard = now;
}

/// On one of the interfaces, coming or going.
bool is_of(const flow::FlowRecord& record, const std::vector<IfIndex>& interfaces) {
  const auto is_listed = [&](const std::optional<IfIndex>& index) {
    return index && std::binary_search(interfaces.begin(), interfaces.end(), *index);
  };
  return is_listed(record.in_if) || is_listed(record.out_if);
}

template <typename Counters>
void add_up(Counters& sum, const Counters& more);

template <>
void add_up(ExporterCounters& sum, const ExporterCounters& more) {
  sum.datagrams += more.datagrams;
  sum.decode_errors += more.decode_errors;
  for (std::size_t i = 0; i < kFaults; ++i) {
    sum.faults.at(i) += more.faults.at(i);
  }
  sum.records += more.records;
  sum.pushed += more.pushed;
  sum.pushed_dropped += more.pushed_dropped;
  sum.other_interfaces += more.other_interfaces;
  sum.sets_waiting += more.sets_waiting;
  sum.sets_dropped += more.sets_dropped;
  sum.lost_datagrams += more.lost_datagrams;
  sum.lost_records += more.lost_records;
  sum.last_heard = std::max(sum.last_heard, more.last_heard);
}

template <>
void add_up(SocketCounters& sum, const SocketCounters& more) {
  sum.datagrams += more.datagrams;
  sum.unknown_exporters += more.unknown_exporters;
  sum.strangers.insert(sum.strangers.end(), more.strangers.begin(), more.strangers.end());
  std::sort(sum.strangers.begin(), sum.strangers.end(), [](const auto& a, const auto& b) { return a.last_heard > b.last_heard; });
  sum.strangers.resize(std::min(sum.strangers.size(), SocketCounters::kMaxStrangers));
  sum.kernel_drops += more.kernel_drops;
  sum.errors += more.errors;
  sum.buffer_bytes =
      sum.buffer_bytes == 0 ? more.buffer_bytes : std::min(sum.buffer_bytes, more.buffer_bytes == 0 ? sum.buffer_bytes : more.buffer_bytes);
}

template <>
void add_up(MirrorCounters& sum, const MirrorCounters& more) {
  sum.packets += more.packets;
  sum.not_ip += more.not_ip;
  sum.kernel_drops += more.kernel_drops;
  sum.last_heard = std::max(sum.last_heard, more.last_heard);
}

}  // namespace

std::vector<detect::ObservationSource> sources_of(const CollectorOptions& options) {
  std::vector<detect::ObservationSource> sources;
  for (const AllowedExporter& exporter : options.exporters) {
    sources.push_back({exporter.observation_point, exporter.rank});
  }
  for (const Mirror& mirror : options.mirrors) {
    sources.push_back({mirror.observation_point, mirror.rank});
  }
  return sources;
}

Intake::Intake(const CollectorOptions& options, SharedPipeline& pipeline) : x_pipeline(pipeline) {
  flow::Limits limits;
  limits.exporters = std::max<std::size_t>(options.exporters.size(), 1);
  for (const Protocol protocol : {Protocol::Ipfix, Protocol::Sflow}) {
    side(protocol).counters.protocol = protocol;
    side(protocol).decoder = std::make_unique<flow::Decoder>(limits);
  }
  for (const AllowedExporter& allowed : options.exporters) {
    side(allowed.protocol).senders.emplace(allowed.address, detect::SourceIndex{static_cast<std::uint32_t>(x_exporters.size())});
    Exporter exporter;
    exporter.counters.address = allowed.address;
    exporter.counters.protocol = allowed.protocol;
    exporter.counters.observation_point = allowed.observation_point;
    exporter.interfaces = allowed.interfaces;
    std::sort(exporter.interfaces.begin(), exporter.interfaces.end());
    x_exporters.push_back(std::move(exporter));
  }
  for (const Mirror& mirror : options.mirrors) {
    MirrorCounters counters;
    counters.interface = mirror.interface;
    counters.observation_point = mirror.observation_point;
    x_mirrors.push_back(std::move(counters));
  }
}

void Intake::take(Protocol protocol, std::span<const Received> batch, WallTime now) {
  Side& of = side(protocol);
  of.counters.datagrams += batch.size();
  for (const Received& datagram : batch) {
    take_one(of, datagram, now);
  }
  flush(now);
}

void Intake::take_one(Side& side, const Received& datagram, WallTime now) {
  const auto sender = side.senders.find(datagram.from);
  if (sender == side.senders.end()) {
    ++side.counters.unknown_exporters;
    remember(side.counters.strangers, datagram.from, now);
    return;
  }
  const detect::SourceIndex source = sender->second;
  if (source != x_pending || x_records.size() >= kRecords) {
    flush(now);
    x_pending = source;
  }
  Exporter& exporter = x_exporters[source.value];
  ++exporter.counters.datagrams;
  exporter.counters.last_heard = now;
  const auto version = flow::sniff(datagram.bytes);
  if (!version || !belongs_to(*version, side.counters.protocol)) {
    refuse(exporter, source, flow::Fault::UnknownVersion, now);
    return;
  }
  decode(side, source, datagram, now);
}

void Intake::decode(Side& side, detect::SourceIndex source, const Received& datagram, WallTime now) {
  Exporter& exporter = x_exporters[source.value];
  const flow::ExporterKey key{datagram.from, 0};
  const std::size_t before = x_records.size();
  const auto decoded = side.decoder->decode(key, datagram.bytes, x_records, now);
  if (decoded) {  // garbage is no sign of life: the spare may have to take over
    x_was_heard = true;
  } else {
    refuse(exporter, source, decoded.error().fault, now);
  }
  if (!side.decoder->interface_counters().empty()) {
    keep_pushed(side, exporter, datagram, now);
  }
  exporter.counters.records += x_records.size() - before;
  if (!exporter.interfaces.empty()) {
    const auto first = x_records.begin() + static_cast<std::ptrdiff_t>(before);
    const auto kept = std::remove_if(first, x_records.end(), [&](const flow::FlowRecord& record) { return !is_of(record, exporter.interfaces); });
    exporter.counters.other_interfaces += static_cast<std::uint64_t>(x_records.end() - kept);
    x_records.erase(kept, x_records.end());
  }
  note_sums(exporter, source, side.decoder->counters(key), now);
}

void Intake::keep_pushed(const Side& side, Exporter& exporter, const Received& datagram, WallTime now) {
  for (const flow::InterfaceCounters& counters : side.decoder->interface_counters()) {
    if (x_pushed.size() < kMaxPushed) {
      x_pushed.push_back({datagram.from, now, counters});
    } else {
      ++exporter.counters.pushed_dropped;
    }
    ++exporter.counters.pushed;
  }
}

void Intake::refuse(Exporter& exporter, detect::SourceIndex source, flow::Fault fault, WallTime now) {
  ++exporter.counters.decode_errors;
  ++exporter.counters.faults[static_cast<std::size_t>(fault)];
  x_pipeline.with([&](auto& pipeline) { pipeline->note_loss(source, 1, now); });
}

void Intake::note_sums(Exporter& exporter, detect::SourceIndex source, const flow::Counters& sums, WallTime now) {
  ExporterCounters& known = exporter.counters;
  // Sums shrink when what was thought lost turns up late; findings made meanwhile erred on the careful side. How many datagrams a gap of records
  // was, nobody knows: at least one.
  std::uint64_t lost = sums.lost_datagrams > known.lost_datagrams ? sums.lost_datagrams - known.lost_datagrams : 0;
  lost += sums.lost_records > known.lost_records ? 1U : 0U;
  lost += sums.sets_dropped - known.sets_dropped;
  if (lost > 0) {
    x_pipeline.with([&](auto& pipeline) { pipeline->note_loss(source, lost, now); });
  }
  known.lost_datagrams = sums.lost_datagrams;
  known.lost_records = sums.lost_records;
  known.sets_waiting = sums.sets_waiting;
  known.sets_dropped = sums.sets_dropped;
}

void Intake::flush(WallTime now) {
  if (!std::exchange(x_was_heard, false) && x_records.empty()) {
    return;
  }
  x_pipeline.with([&](auto& pipeline) {
    pipeline->heard(x_pending, now);
    pipeline->add_batch(x_records, x_pending, now);
  });
  x_records.clear();
}

void Intake::note_socket(Protocol protocol, const UdpSocket& socket, WallTime now) {
  SocketCounters& known = side(protocol).counters;
  known.errors = socket.errors();
  known.buffer_bytes = socket.buffer_bytes();
  const std::uint64_t drops = socket.kernel_drops() - known.kernel_drops;
  known.kernel_drops = socket.kernel_drops();
  if (drops == 0) {
    return;
  }
  x_pipeline.with([&](auto& pipeline) {
    for (std::uint32_t i = 0; i < x_exporters.size(); ++i) {
      if (x_exporters[i].counters.protocol == protocol) {
        pipeline->note_loss({i}, drops, now);
      }
    }
  });
}

void Intake::take_packets(std::size_t index, std::span<const flow::FlowRecord> records, std::uint64_t not_ip, std::uint64_t kernel_drops,
                          WallTime now) {
  MirrorCounters& mirror = x_mirrors[index];
  const detect::SourceIndex source{static_cast<std::uint32_t>(x_exporters.size() + index)};
  mirror.packets += records.size() + not_ip;
  mirror.not_ip += not_ip;
  mirror.kernel_drops += kernel_drops;
  if (kernel_drops > 0) {
    x_pipeline.with([&](auto& pipeline) { pipeline->note_loss(source, kernel_drops, now); });
  }
  if (!records.empty()) {
    mirror.last_heard = now;
    x_pipeline.with([&](auto& pipeline) { pipeline->add_batch(records, source, now); });
  }
}

CollectorCounters Intake::begin_counters(const CollectorOptions& options, const detect::Pipeline& pipeline) {
  CollectorCounters all;
  std::uint32_t source = 0;
  for (const AllowedExporter& allowed : options.exporters) {
    ExporterCounters& counters = all.exporters.emplace_back();
    counters.address = allowed.address;
    counters.protocol = allowed.protocol;
    counters.observation_point = allowed.observation_point;
    counters.is_accounted = pipeline.is_accounted({source++});
  }
  for (const Mirror& mirror : options.mirrors) {
    MirrorCounters& counters = all.mirrors.emplace_back();
    counters.interface = mirror.interface;
    counters.observation_point = mirror.observation_point;
    counters.is_accounted = pipeline.is_accounted({source++});
  }
  for (const Protocol protocol : {Protocol::Ipfix, Protocol::Sflow}) {
    all.sockets.emplace_back().protocol = protocol;
  }
  all.pipeline = pipeline.counters();
  return all;
}

void Intake::add_counters(CollectorCounters& all) const {
  for (std::size_t i = 0; i < x_exporters.size(); ++i) {
    add_up(all.exporters[i], x_exporters[i].counters);
  }
  for (std::size_t i = 0; i < x_mirrors.size(); ++i) {
    add_up(all.mirrors[i], x_mirrors[i]);
  }
  for (std::size_t i = 0; i < x_sides.size(); ++i) {
    add_up(all.sockets[i], x_sides.at(i).counters);
  }
}

std::vector<records::ExporterRow> Intake::take_memories(WallTime now) {
  flow::Decoder& decoder = *side(Protocol::Ipfix).decoder;
  std::vector<records::ExporterRow> rows;
  for (const flow::ExporterKey& key : decoder.take_changed()) {
    rows.push_back({key.address, key.port, decoder.remember(key), now});
  }
  return rows;
}

bool Intake::recall(const records::ExporterRow& row, WallTime now) {
  Side& ipfix = side(Protocol::Ipfix);
  if (!ipfix.senders.contains(row.address)) {
    return true;  // no longer on the list: not wanted
  }
  return ipfix.decoder->recall({row.address, row.port}, row.memory, now).has_value();
}

}  // namespace pinfold::collect
