#include "detect/pipeline.hpp"

#include <algorithm>
#include <utility>

namespace pinfold::detect {

Pipeline::Pipeline(Thresholds thresholds, std::shared_ptr<const inventory::Inventory> inventory, std::vector<ObservationSource> sources,
                   std::uint64_t hash_seed)
    : x_thresholds(thresholds),
      x_sources(std::move(sources), thresholds.observation),
      x_lookup(std::make_unique<ServerLookup>(std::move(inventory), x_sources.by_name())),
      x_rows(x_lookup->size()),
      x_servers(x_rows.column<ServerView>()),
      x_source_views(x_sources.size()),
      x_accountant(x_rows.column<Accountant::Row>()),
      x_detectors(thresholds, x_lookup->shared_inventory(), x_rows.column<ClientTracker::Row>(), hash_seed) {}

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
  for (; !records.empty(); records = records.subspan(x_ends.size())) {
    const std::span chunk = records.first(std::min(records.size(), kBatch));
    x_ends.clear();
    for (const flow::FlowRecord& record : chunk) {
      x_ends.push_back(ends_of(record, source));
    }
    for (std::size_t i = 0; i < chunk.size() + kRowsAhead; ++i) {
      const auto step = [&](std::size_t ahead, auto&& take) {
        const std::size_t behind = kRowsAhead - ahead;
        if (i >= behind && i - behind < chunk.size()) {
          take(i - behind, x_readings[(i - behind) % x_readings.size()]);
        }
      };
      step(kRowsAhead, [&](std::size_t at, Readings&) { fetch_rows(x_ends[at]); });
      step(kReadAhead, [&](std::size_t at, Readings& readings) { read_ends(chunk[at], x_ends[at], readings); });
      step(kTablesAhead, [&](std::size_t at, const Readings& readings) { fetch_tables(chunk[at], x_ends[at], readings); });
      step(0, [&](std::size_t at, const Readings& readings) { account(chunk[at], x_ends[at], readings, teller); });
    }
  }
}

Pipeline::Ends Pipeline::ends_of(const flow::FlowRecord& record, SourceIndex source) const {
  static_assert(Ends::kNobody == net::PrefixTable::kNone);
  Ends ends;
  ends.sent_to = x_lookup->number_of(record.dst);
  if (!x_lookup->knows_macs() && x_ports.empty()) {
    ends.sent_by = x_lookup->number_of(record.src);
    return ends;
  }
  const Attribution whose = attribute(*x_lookup, x_ports, record, source);
  if (const auto charged = whose.charged()) {
    ends.sent_by = charged->value;
  }
  ends.is_on_wire = whose.on_the_wire().has_value();
  ends.disagrees = whose.disagrees();
  ends.is_spoofed = ends.is_on_wire && whose.by_prefix != whose.on_the_wire();
  return ends;
}

void Pipeline::fetch_rows(const Ends& ends) const {
  if (const auto sender = ends.sender()) {
    __builtin_prefetch(&x_servers[sender->value], 1);
    x_accountant.prefetch(*sender, Direction::Outbound);
    x_detectors.prefetch_row(*sender);
  }
  if (const auto receiver = ends.receiver()) {
    __builtin_prefetch(&x_servers[receiver->value], 1);
    x_accountant.prefetch(*receiver, Direction::Inbound);
    x_detectors.prefetch_row(*receiver);
  }
}

void Pipeline::read_ends(const flow::FlowRecord& record, const Ends& ends, Readings& readings) const {
  if (x_maker) {
    return;
  }
  if (const auto sender = ends.sender()) {
    readings.sent = x_detectors.read_sent(*sender, record);
  }
  if (const auto receiver = ends.receiver()) {
    readings.received = x_detectors.read_received(*receiver, record);
  }
}

void Pipeline::fetch_tables(const flow::FlowRecord& record, const Ends& ends, const Readings& readings) const {
  if (x_maker) {
    return;
  }
  if (const auto sender = ends.sender()) {
    x_detectors.fetch_sent(*sender, record, readings.sent);
  }
  if (const auto receiver = ends.receiver()) {
    x_detectors.fetch_received(*receiver, record);
  }
}

void Pipeline::account(const flow::FlowRecord& record, const Ends& ends, const Readings& readings, const Teller& teller) {
  ++x_counters.records;
  const WallTime event = event_time(record, teller.received);
  const auto sender = ends.sender();
  const auto receiver = ends.receiver();
  if (!sender && !receiver) {
    ++x_counters.foreign;
    return;
  }
  const Packets reverse_packets = record.reverse_packets.value_or(Packets{});
  const Bytes reverse_bytes = record.reverse_bytes.value_or(Bytes{});
  const bool has_reverse = reverse_packets.value > 0 || reverse_bytes.value > 0;  // some firewalls count bytes alone
  if (!has_reverse && record.packets.value == 0 && record.bytes.value == 0) {
    ++x_counters.events;
    if (sender) {
      x_servers[sender->value].outbound = std::max(x_servers[sender->value].outbound, event);
    }
    return;
  }
  bool is_accounted = false;
  // The reverse half of a biflow is counted here; the detectors read it with its forward half.
  if (sender) {
    x_servers[sender->value].outbound = std::max(x_servers[sender->value].outbound, event);
    if (ends.disagrees) {
      ++x_servers[sender->value].disagreed;
      ++x_counters.disagreed;
    }
    if (x_maker) {
      x_maker->sent(*sender, teller.point, event, ends.disagrees);
    }
    if (count({*sender, Direction::Outbound, record.packets, record.bytes}, record, event, teller)) {
      is_accounted = true;
      // Only at the server's own port is a strange MAC address a reason for doubt; behind a router every packet has the router's.
      const bool by_address_only = teller.is_access_port && record.src_mac && !ends.is_on_wire && x_lookup->own_point(*sender) == teller.point &&
                                   x_lookup->by_address_only(*sender, record);
      const Detectors::Attributed who{*sender, event, teller.received, ends.is_spoofed, by_address_only};
      x_maker ? x_maker->outbound(who, teller.point, record) : x_detectors.outbound(who, x_servers[sender->value].volume, record, readings.sent);
    }
    if (has_reverse) {
      is_accounted |= count({*sender, Direction::Inbound, reverse_packets, reverse_bytes}, record, event, teller);
    }
  }
  if (receiver) {
    if (count({*receiver, Direction::Inbound, record.packets, record.bytes}, record, event, teller)) {
      is_accounted = true;
      x_maker ? x_maker->inbound(*receiver, teller.point, record, event) : x_detectors.inbound(*receiver, record, readings.received, event);
    }
    if (has_reverse) {
      x_servers[receiver->value].outbound = std::max(x_servers[receiver->value].outbound, event);
      is_accounted |= count({*receiver, Direction::Outbound, reverse_packets, reverse_bytes}, record, event, teller);
    }
  }
  ++(is_accounted ? x_counters.accounted : x_counters.spare);
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
  for (std::uint32_t i = 0; i < old_index.size(); ++i) {
    if (const auto old = x_lookup->by_id(lookup->inventory().server({i}).id)) {
      old_index[i] = old->value;
      servers[i] = x_servers[old->value];
    }
  }
  x_accountant.reorder(old_index, rows.column<Accountant::Row>());
  x_detectors.set_inventory(lookup->shared_inventory(), old_index, rows.column<ClientTracker::Row>());
  if (x_maker) {
    x_maker->reorder(old_index);
  }
  x_servers = servers;
  x_rows = std::move(rows);
  x_lookup = std::move(lookup);
  x_ports = PortServers(x_port_names, x_lookup->inventory());
}

void Pipeline::set_ports(SourcePorts ports) {
  x_port_names = std::move(ports);
  x_ports = PortServers(x_port_names, x_lookup->inventory());
}

}  // namespace pinfold::detect
