#include "detect/pipeline.hpp"

#include <algorithm>
#include <utility>

namespace pinfold::detect {

Pipeline::Pipeline(Thresholds thresholds, std::shared_ptr<const inventory::Inventory> inventory, std::vector<ObservationSource> sources,
                   std::uint64_t hash_seed)
    : x_thresholds(thresholds),
      x_sources(std::move(sources), thresholds.observation),
      x_lookup(std::make_unique<ServerLookup>(std::move(inventory), x_sources.by_name())),
      x_servers(x_lookup->size()),
      x_source_views(x_sources.size()),
      x_accountant(x_lookup->size()),
      x_detectors(thresholds, x_lookup->shared_inventory(), hash_seed) {}

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

void Pipeline::add(const flow::FlowRecord& record, SourceIndex source, WallTime received) {
  x_sources.heard(source, received);
  ++x_counters.records;
  const WallTime event = event_time(record, received);
  const auto sender = x_lookup->sender(record);
  const auto receiver = x_lookup->receiver(record);
  if (!sender && !receiver) {
    ++x_counters.foreign;
    return;
  }
  const Packets reverse_packets = record.reverse_packets.value_or(Packets{});
  const Bytes reverse_bytes = record.reverse_bytes.value_or(Bytes{});
  const bool has_reverse = reverse_packets.value > 0;
  bool is_accounted = false;
  if (sender) {
    x_servers[sender->value].outbound = std::max(x_servers[sender->value].outbound, event);
    is_accounted |= add_side({*sender, Direction::Outbound, record.packets, record.bytes}, record, source, event, received);
    if (has_reverse) {
      is_accounted |= add_side({*sender, Direction::Inbound, reverse_packets, reverse_bytes}, record, source, event, received);
    }
  }
  if (receiver) {
    is_accounted |= add_side({*receiver, Direction::Inbound, record.packets, record.bytes}, record, source, event, received);
    if (has_reverse) {
      x_servers[receiver->value].outbound = std::max(x_servers[receiver->value].outbound, event);
      is_accounted |= add_side({*receiver, Direction::Outbound, reverse_packets, reverse_bytes}, record, source, event, received);
    }
  }
  ++(is_accounted ? x_counters.accounted : x_counters.spare);
}

bool Pipeline::counts(const Side& side, const flow::FlowRecord& record, SourceIndex source, WallTime event, WallTime received) {
  if (!x_sources.accounted(source) || event < x_sources.counts_from(source)) {
    return false;
  }
  ServerView& view = x_servers[side.server.value];
  const PointIndex point = x_sources.point_of(source);
  const bool is_current = view.point == point.value;
  const bool is_own = x_lookup->own_point(side.server) == point;
  if (!is_current && view.point != kNoPoint && !is_own && received - view.at_point <= x_thresholds.observation.point_hold) {
    return false;
  }
  if (!is_current) {
    view.ingress = {};
  }
  view.point = point.value;
  view.at_point = received;
  if (record.direction) {
    WallTime& ingress = view.ingress[static_cast<std::size_t>(side.direction)];
    if (*record.direction == flow::Direction::Ingress) {
      ingress = received;
    } else if (ingress != WallTime{} && received - ingress <= x_thresholds.observation.point_hold) {
      return false;
    }
  }
  return true;
}

bool Pipeline::add_side(const Side& side, const flow::FlowRecord& record, SourceIndex source, WallTime event, WallTime received) {
  if (!counts(side, record, source, event, received)) {
    return false;
  }
  if (!x_accountant.add(side.server, side.direction, record.sampling_rate, side.packets, side.bytes, event)) {
    ++x_counters.late;
  }
  // The reverse half of a biflow is counted above and read with its forward half.
  if (side.direction == Direction::Inbound) {
    x_source_views[source.value].shows_inbound = true;
    if (x_lookup->receiver(record) == side.server) {
      x_detectors.inbound(side.server, record, event);
    }
  } else if (x_lookup->sender(record) == side.server) {
    // Only at the server's own port is a strange MAC address a reason for doubt; behind a router every packet has the router's.
    const bool is_own_point = x_lookup->own_point(side.server) == x_sources.point_of(source);
    const bool by_address_only = is_own_point && x_lookup->by_address_only(side.server, record);
    x_detectors.outbound({side.server, event, received, x_lookup->is_spoofed(side.server, record), by_address_only}, record);
  }
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

PipelineCounters Pipeline::counters() const {
  PipelineCounters counters = x_counters;
  counters.untracked = x_detectors.refused();
  return counters;
}

void Pipeline::set_inventory(std::shared_ptr<const inventory::Inventory> inventory) {
  auto lookup = std::make_unique<ServerLookup>(std::move(inventory), x_sources.by_name());
  std::vector<std::uint32_t> old_index(lookup->size(), Accountant::kUnknown);
  std::vector<ServerView> servers(lookup->size());
  for (std::uint32_t i = 0; i < old_index.size(); ++i) {
    if (const auto old = x_lookup->by_id(lookup->inventory().server({i}).id)) {
      old_index[i] = old->value;
      servers[i] = x_servers[old->value];
    }
  }
  x_accountant.reorder(old_index);
  x_detectors.set_inventory(lookup->shared_inventory(), old_index);
  x_servers = std::move(servers);
  x_lookup = std::move(lookup);
}

}  // namespace pinfold::detect
