// The pipeline's two ends of summaries: a collector's, which tells, and a detector's, which is told.
#include <map>
#include <utility>

#include "detect/pipeline.hpp"
#include "detect/summary/book.hpp"

namespace pinfold::detect {
namespace {

/// A rate of a threshold's own height goes up and down around it. Who is told once a second sees fewer of its peaks than who looks at each record's
/// moment, and asks for a hundredth less: by so much ten seconds of 1,000 packets vary.
constexpr std::uint32_t kFewerLooks = 100;

}  // namespace

void Pipeline::publish_as(SummaryOrigin origin) { x_maker = std::make_unique<SummaryMaker>(std::move(origin), x_lookup->size(), x_thresholds); }

std::vector<PointReport> Pipeline::point_reports() {
  std::map<std::uint32_t, PointReport> by_point;
  for (std::uint32_t i = 0; i < x_source_views.size(); ++i) {
    const SourceIndex source{i};
    SourceView& view = x_source_views[i];
    PointReport& report = by_point[x_sources.point_of(source).value];
    report.is_alive = report.is_alive || std::exchange(view.was_heard, false);
    const std::uint64_t lost = std::exchange(view.lost_untold, 0);
    if (x_sources.accounted(source)) {
      report.lost_datagrams += lost;
      report.shows_inbound = view.shows_inbound;
    }
  }
  std::vector<PointReport> reports;
  for (auto& [point, report] : by_point) {
    report.point = x_sources.name(PointIndex{point});
    reports.push_back(std::move(report));
  }
  return reports;
}

std::optional<SummaryBatch> Pipeline::take_batch(WallTime now) {
  if (!x_maker || !x_maker->is_due(now)) {
    return std::nullopt;
  }
  const SummaryMaker::Names names{inventory(), x_sources};
  return x_maker->take(now, names, [this] { return point_reports(); });
}

void Pipeline::add_merged(const MergedSummaries& merged, WallTime now) {
  for (const PointReport& report : merged.points) {
    const auto point = x_sources.by_name().find(report.point);
    if (point == x_sources.by_name().end()) {
      continue;
    }
    const SourceIndex source = x_sources.first_of(point->second);
    if (report.is_alive) {
      heard(source, now);
    }
    SourceView& view = x_source_views[source.value];
    view.shows_inbound = view.shows_inbound || report.shows_inbound;
    if (report.lost_datagrams > 0) {
      note_loss(source, report.lost_datagrams, now);
    }
  }
  for (const Summary& summary : merged.summaries) {
    add_summary(summary, now);
  }
}

void Pipeline::add_summary(const Summary& summary, WallTime now) {
  ++x_counters.records;
  const auto server = x_lookup->by_id(summary.server);
  const auto point = x_sources.by_name().find(summary.point);
  if (!server || point == x_sources.by_name().end()) {
    ++x_counters.foreign;
    return;
  }
  ServerView& view = x_servers[server->value];
  view.outbound = std::max(view.outbound, summary.outbound);
  view.disagreed += static_cast<std::uint32_t>(summary.disagreed);
  x_counters.disagreed += summary.disagreed;
  x_counters.untracked_told += summary.left_out;
  const Teller teller{x_sources.first_of(point->second), point->second, true, false, WallTime{}, now};
  if (!counts({*server, Direction::Outbound, {}, {}}, flow::FlowRecord{}, now, teller)) {
    ++x_counters.spare;
    return;
  }
  ++x_counters.accounted;
  for (const TrafficSpan& span : summary.traffic) {
    const Traffic traffic{{Packets{span.packets}}, {Bytes{span.bytes}}, Flows{span.flows}, static_cast<double>(span.variance)};
    if (!x_accountant.add_scaled(*server, span.direction, traffic, span.begin, span.end)) {
      ++x_counters.late;
    }
  }
  for (const RecordSighting& seen : summary.sightings) {
    if (seen.direction == Direction::Outbound) {
      const Detectors::Attributed who{*server, seen.event, now, seen.is_spoofed, seen.by_address_only};
      if (const auto reading = x_detectors.outbound(who, x_gates[server->value], seen.record)) {
        x_detectors.clients().outbound(*server, seen.record, *reading, seen.event, now);
      }
    } else if (const auto reading = x_detectors.inbound(*server, seen.record, seen.event)) {
      x_detectors.clients().inbound(*server, seen.record, *reading, seen.event);
    }
  }
}

Thresholds Pipeline::judged_by_summaries(Thresholds thresholds) {
  thresholds.port_scan.settle += kSummaryInterval + SummaryBook::kGrace;
  FloodThresholds& flood = thresholds.flood;
  for (std::uint32_t* rate : {&flood.min_syn_pps, &flood.min_udp_pps, &flood.min_icmp_pps, &flood.min_other_pps, &flood.min_ack_pps}) {
    *rate -= *rate / kFewerLooks;
  }
  return thresholds;
}

}  // namespace pinfold::detect
