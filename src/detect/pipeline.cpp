#include "detect/pipeline.hpp"

#include <algorithm>
#include <utility>

#include "base/fetch_line.hpp"

namespace pinfold::detect {
namespace {

struct Reverse {
  Packets packets;
  Bytes bytes;
  [[nodiscard]] bool empty() const { return packets.value == 0 && bytes.value == 0; }  // some firewalls count bytes alone
};

/// The reverse half of a biflow is counted with its forward half; the detectors read the two as one.
Reverse reverse_of(const flow::FlowRecord& record) { return {record.reverse_packets.value_or(Packets{}), record.reverse_bytes.value_or(Bytes{})}; }

bool is_event(const flow::FlowRecord& record) { return record.packets.value == 0 && record.bytes.value == 0 && reverse_of(record).empty(); }

}  // namespace

Pipeline::Pipeline(const Thresholds& thresholds, std::shared_ptr<const inventory::Inventory> inventory, std::vector<ObservationSource> sources,
                   std::uint64_t hash_seed)
    : x_thresholds(thresholds),
      x_sources(std::move(sources), thresholds.observation),
      x_lookup(std::make_unique<ServerLookup>(std::move(inventory), x_sources.by_name())),
      x_rows(x_lookup->size()),
      x_servers(x_rows.column<ServerView>()),
      x_gates(x_rows.column<VolumeGate>()),
      x_source_views(x_sources.size()),
      x_accountant(x_rows.column<Accountant::Row>()),
      x_detectors(thresholds, x_lookup->shared_inventory(), client_rows(x_rows), hash_seed),
      x_chunk(std::make_unique<Chunk>()) {}

WallTime Pipeline::event_time(const flow::FlowRecord& record, WallTime received) {
  if (!record.last) {
    return received;
  }
  const WallTime last = record.last->claimed();
  if (last - received > kMaxSkew || received - last > kMaxAge) {
    ++x_counters.wrong_clock;
    return received;
  }
  return std::min(last, received);
}

/// By the exporter's two claims, so that a clock which is wrong by a constant does no harm.
Micros Pipeline::duration_of(const flow::FlowRecord& record) {
  if (!record.first || !record.last || *record.first >= *record.last) {
    return {};
  }
  return std::min(record.last->claimed() - record.first->claimed(), kMaxAge);
}

void Pipeline::add_batch(std::span<const flow::FlowRecord> records, SourceIndex source, WallTime received) {
  heard(source, received);
  const PointIndex point = x_sources.point_of(source);
  const Teller teller{source, point, x_sources.accounted(source), x_lookup->is_access_port(point), x_sources.counts_from(source), received};
  while (!records.empty()) {
    const std::span chunk = records.first(std::min(records.size(), kBatch));
    tell_apart(chunk, teller);
    count_all<Direction::Outbound>(x_chunk->sent, chunk, teller);
    count_all<Direction::Inbound>(x_chunk->received, chunk, teller);
    const auto accounted = static_cast<std::uint64_t>(std::count(x_chunk->is_accounted.begin(), x_chunk->is_accounted.begin() + chunk.size(), true));
    x_counters.accounted += accounted;
    x_counters.spare -= accounted;  // all were, when they were told apart
    records = records.subspan(chunk.size());
  }
}

std::optional<Pipeline::Half> Pipeline::witnessed_sender_of(const flow::FlowRecord& record, SourceIndex source) const {
  const Attribution whose = attribute(*x_lookup, x_ports, record, source);
  const auto charged = whose.charged();
  if (!charged) {
    return std::nullopt;
  }
  const bool is_on_wire = whose.on_the_wire().has_value();
  return Half{0, *charged, {}, whose.disagrees(), is_on_wire && whose.by_prefix != whose.on_the_wire(), is_on_wire};
}

void Pipeline::tell_apart(std::span<const flow::FlowRecord> chunk, const Teller& teller) {
  x_chunk->sent.count = x_chunk->received.count = 0;
  std::fill_n(x_chunk->is_accounted.begin(), chunk.size(), false);
  x_counters.records += chunk.size();
  const bool has_witnesses = x_lookup->knows_macs() || !x_ports.empty();
  struct Places {
    ServerLookup::Place src = nullptr;
    ServerLookup::Place dst = nullptr;
  };
  std::array<Places, kAddressesAhead> ahead{};
  const auto look_ahead = [&](std::size_t i) {
    if (i < chunk.size()) {
      const Places places{x_lookup->place_of(chunk[i].src), x_lookup->place_of(chunk[i].dst)};
      fetch_line(places.src);
      fetch_line(places.dst);
      ahead[i % ahead.size()] = places;
    }
  };
  for (std::size_t i = 0; i < ahead.size(); ++i) {
    look_ahead(i);
  }
  for (std::uint32_t i = 0; i < chunk.size(); ++i) {
    const Places places = ahead[i % ahead.size()];
    look_ahead(i + ahead.size());
    const flow::FlowRecord& record = chunk[i];
    const WallTime event = event_time(record, teller.received);
    std::optional<Half> sender;
    if (has_witnesses) {
      sender = witnessed_sender_of(record, teller.source);
    } else if (const auto server = ServerLookup::at(places.src)) {
      sender = Half{0, *server, {}};
    }
    const auto receiver = ServerLookup::at(places.dst);
    if (!sender && !receiver) {
      ++x_counters.foreign;
      continue;
    }
    if (is_event(record)) {
      ++x_counters.events;
      if (sender) {
        note_outbound(sender->server, event);
      }
      continue;
    }
    ++x_counters.spare;
    Halves& sent = x_chunk->sent;
    Halves& received = x_chunk->received;
    if (sender) {
      sender->at = i;
      sender->event = event;
      sent.all[sent.count++] = *sender;
    }
    if (receiver) {
      received.all[received.count++] = {i, *receiver, event};
    }
  }
}

void Pipeline::fetch_row(inventory::ServerIndex server, Direction direction) const {
  fetch_line(&x_servers[server.value]);
  if (direction == Direction::Outbound) {
    fetch_line(&x_gates[server.value]);
  }
  x_accountant.prefetch(server, direction);
  x_detectors.fetch(server);
}

template <Direction direction>
void Pipeline::count_all(const Halves& halves, std::span<const flow::FlowRecord> chunk, const Teller& teller) {
  constexpr bool kIsSent = direction == Direction::Outbound;
  const auto record_of = [chunk](const Half& half) -> const flow::FlowRecord& { return chunk[half.at]; };
  x_chunk->told.count = 0;
  fetch_ahead<kRowsAhead, kPeersAhead>(
      halves.items(), [&](const Half& half) { fetch_row(half.server, direction); },
      [&](const Half& half) { x_detectors.fetch(half.server, kIsSent ? record_of(half).dst : record_of(half).src); },
      [&](const Half& half) {
        x_chunk->is_accounted[half.at] |= kIsSent ? count_sent(record_of(half), half, teller) : count_received(record_of(half), half, teller);
      });
  ClientTracker& clients = x_detectors.clients();
  fetch_ahead<kContactsAhead, kTablesAhead>(
      x_chunk->told.items(), [&](const Told& told) { clients.fetch_recent(told.half.server, told.reading); },
      [&](const Told& told) {
        const Half& half = told.half;
        kIsSent ? clients.fetch_sent(half.server, record_of(half), told.reading) : clients.fetch_received(half.server, record_of(half), told.reading);
      },
      [&](const Told& told) {
        const Half& half = told.half;
        kIsSent ? clients.outbound(half.server, record_of(half), told.reading, half.event, teller.received)
                : clients.inbound(half.server, record_of(half), told.reading, half.event);
      });
}

bool Pipeline::count_sent(const flow::FlowRecord& record, const Half& half, const Teller& teller) {
  note_outbound(half.server, half.event);
  if (half.disagrees) {
    ++x_servers[half.server.value].disagreed;
    ++x_counters.disagreed;
  }
  if (x_maker) {
    x_maker->sent(half.server, teller.point, half.event, half.disagrees);
  }
  bool is_accounted = count({half.server, Direction::Outbound, record.packets, record.bytes}, record, half.event, teller);
  if (is_accounted) {
    // Only at the server's own port is a strange MAC address a reason for doubt; behind a router every packet has the router's.
    const bool by_address_only = teller.is_access_port && record.src_mac && !half.is_on_wire && x_lookup->own_point(half.server) == teller.point &&
                                 x_lookup->by_address_only(half.server, record);
    const Detectors::Attributed who{half.server, half.event, teller.received, half.is_spoofed, by_address_only};
    x_maker ? x_maker->outbound(who, teller.point, record) : tell(half, x_detectors.outbound(who, x_gates[half.server.value], record));
  }
  if (const Reverse reverse = reverse_of(record); !reverse.empty()) {
    is_accounted |= count({half.server, Direction::Inbound, reverse.packets, reverse.bytes}, record, half.event, teller);
  }
  return is_accounted;
}

bool Pipeline::count_received(const flow::FlowRecord& record, const Half& half, const Teller& teller) {
  bool is_accounted = count({half.server, Direction::Inbound, record.packets, record.bytes}, record, half.event, teller);
  if (is_accounted) {
    x_maker ? x_maker->inbound(half.server, teller.point, record, half.event) : tell(half, x_detectors.inbound(half.server, record, half.event));
  }
  if (const Reverse reverse = reverse_of(record); !reverse.empty()) {
    note_outbound(half.server, half.event);
    is_accounted |= count({half.server, Direction::Outbound, reverse.packets, reverse.bytes}, record, half.event, teller);
  }
  return is_accounted;
}

bool Pipeline::counts(const Side& side, const flow::FlowRecord& record, WallTime event, const Teller& teller) {
  if (!teller.is_accounted || event < teller.counts_from) {
    return false;
  }
  ServerView& view = x_servers[side.server.value];
  const Micros hold = x_thresholds.observation.point_hold;
  if (view.point != teller.point.value) {
    const bool is_free = view.point == kNoPoint || teller.received - view.at_point > hold;
    if (!is_free && x_lookup->own_point(side.server) != teller.point) {
      return false;
    }
    view.ingress_at = {};
    view.point = teller.point.value;
  }
  view.at_point = teller.received;
  if (record.direction) {
    std::uint32_t& ingress_at = view.ingress_at[static_cast<std::size_t>(side.direction)];
    const auto second = static_cast<std::uint32_t>(teller.received.since_epoch / Seconds{1});
    if (*record.direction == flow::Direction::Ingress) {
      ingress_at = second;
    } else if (ingress_at != 0 && Seconds{static_cast<std::int64_t>(second) - ingress_at} <= hold) {
      return false;
    }
  }
  return true;
}

bool Pipeline::count(const Side& side, const flow::FlowRecord& record, WallTime event, const Teller& teller) {
  if (!counts(side, record, event, teller)) {
    return false;
  }
  if (!x_accountant.add(side.server, side.direction, record.sampling_rate, side.packets, side.bytes, event, duration_of(record))) {
    ++x_counters.late;
  }
  if (x_maker) {
    x_maker->traffic(side.server, teller.point, {side.direction, record.sampling_rate, side.packets, side.bytes, event, duration_of(record)});
  }
  x_source_views[teller.source.value].shows_inbound |= side.direction == Direction::Inbound;
  return true;
}

void Pipeline::SourceView::roll_to(WallTime now) {
  const std::int64_t current = now.since_epoch / std::chrono::minutes{1};
  if (current == minute) {
    return;
  }
  lost_last_minute = current == minute + 1 ? lost_this_minute : 0;
  lost_this_minute = 0;
  minute = current;
}

void Pipeline::note_loss(SourceIndex source, std::uint64_t datagrams, WallTime now) {
  SourceView& view = x_source_views[source.value];
  view.roll_to(now);
  view.lost_this_minute += datagrams;
  view.lost_untold += datagrams;
}

std::optional<SourceIndex> Pipeline::source_of(inventory::ServerIndex server) const {
  const std::uint32_t point = x_servers[server.value].point;
  return point == kNoPoint ? std::nullopt : x_sources.accounted_at(PointIndex{point});
}

std::vector<abuse::Finding> Pipeline::take_findings(WallTime now) {
  const auto answers_visible = [this](inventory::ServerIndex server) {
    const auto source = source_of(server);
    return source && x_source_views[source->value].shows_inbound;
  };
  const auto context_of = [this, now](inventory::ServerIndex server) {
    FindingContext context;
    context.server = inventory().server(server).id;
    if (const auto source = source_of(server)) {
      context.observation_point = x_sources.name(x_sources.point_of(*source));
      SourceView& view = x_source_views[source->value];
      view.roll_to(now);
      context.lost_datagrams = view.lost_this_minute + view.lost_last_minute;
    }
    return context;
  };
  std::vector<abuse::Finding> findings = x_detectors.evaluate(now, {answers_visible, context_of, &x_accountant});
  x_counters.findings += findings.size();
  return findings;
}

std::optional<WallTime> Pipeline::last_outbound(inventory::ServerIndex server) const {
  const WallTime last = x_servers[server.value].outbound;
  return last == WallTime{} ? std::nullopt : std::optional{last};
}

std::optional<WallTime> Pipeline::last_outbound(const ServerId& server) const {
  const auto index = x_lookup->by_id(server);
  return index ? last_outbound(*index) : std::nullopt;
}

bool Pipeline::is_watched(inventory::ServerIndex server, WallTime now) const {
  const std::uint32_t point = x_servers[server.value].point;
  return point != kNoPoint && x_sources.alive_at(PointIndex{point}, now);
}

void Pipeline::take_minutes(std::uint32_t first, std::uint32_t count, WallTime now, std::vector<MinuteTraffic>& out) {
  x_accountant.take_minutes(
      first, count, now, [&](inventory::ServerIndex server) { return is_watched(server, now); }, out);
}

void Pipeline::add_interface(const ServerId& id, const InterfaceTraffic& traffic, WallTime now) {
  const auto server = x_lookup->by_id(id);
  if (!server || (is_watched(*server, now) && now - x_servers[server->value].at_point <= x_thresholds.observation.point_hold)) {
    return;
  }
  const Micros lasted = traffic.end - traffic.begin;
  x_accountant.add_measured(*server, Direction::Outbound, traffic.packets_out, traffic.bytes_out, traffic.end, lasted);
  x_accountant.add_measured(*server, Direction::Inbound, traffic.packets_in, traffic.bytes_in, traffic.end, lasted);
}

PipelineCounters Pipeline::counters() const {
  PipelineCounters counters = x_counters;
  counters.untracked = x_detectors.refused() + x_counters.untracked_told;
  return counters;
}

void Pipeline::set_inventory(std::shared_ptr<const inventory::Inventory> inventory) {
  auto lookup = std::make_unique<ServerLookup>(std::move(inventory), x_sources.by_name());
  std::vector<std::uint32_t> old_index(lookup->size(), Accountant::kUnknown);
  Rows rows(lookup->size());
  const auto servers = rows.column<ServerView>();
  const auto gates = rows.column<VolumeGate>();
  for (std::uint32_t i = 0; i < old_index.size(); ++i) {
    if (const auto old = x_lookup->by_id(lookup->inventory().server({i}).id)) {
      old_index[i] = old->value;
      servers[i] = x_servers[old->value];
      gates[i] = x_gates[old->value];
    }
  }
  x_accountant.reorder(old_index, rows.column<Accountant::Row>());
  x_detectors.set_inventory(lookup->shared_inventory(), old_index, client_rows(rows));
  if (x_maker) {
    x_maker->reorder(old_index);
  }
  x_servers = servers;
  x_gates = gates;
  x_rows = std::move(rows);
  x_lookup = std::move(lookup);
  x_ports = PortServers(x_port_names, x_lookup->inventory());
}

void Pipeline::set_ports(SourcePorts ports) {
  x_port_names = std::move(ports);
  x_ports = PortServers(x_port_names, x_lookup->inventory());
}

}  // namespace pinfold::detect
