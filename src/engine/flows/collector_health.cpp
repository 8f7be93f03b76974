#include "engine/flows/collector_health.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace pinfold::engine {
namespace {

using collect::CollectorCounters;

class Metrics {
public:
  explicit Metrics(std::vector<http::Health::Metric>& metrics) : x_metrics(metrics) {}
  void add(std::string_view name, const std::string& labels, std::uint64_t value) {
    x_metrics.push_back({std::string(name), labels, static_cast<double>(value)});
  }

private:
  std::vector<http::Health::Metric>& x_metrics;
};

void add_exporter(Metrics& metrics, const collect::ExporterCounters& e) {
  const std::string labels = fmt::format("exporter=\"{}\",protocol=\"{}\"", to_string(e.address), collect::to_string(e.protocol));
  metrics.add("pinfold_export_accounted", labels, e.is_accounted ? 1 : 0);
  metrics.add("pinfold_export_datagrams_total", labels, e.datagrams);
  metrics.add("pinfold_export_records_total", labels, e.records);
  metrics.add("pinfold_export_interface_counters_total", labels, e.pushed);
  metrics.add("pinfold_export_interface_counters_dropped_total", labels, e.pushed_dropped);
  metrics.add("pinfold_export_records_other_interfaces_total", labels, e.other_interfaces);
  metrics.add("pinfold_export_decode_errors_total", labels, e.decode_errors);
  for (std::size_t i = 0; i < e.faults.size(); ++i) {
    if (e.faults[i] > 0) {
      metrics.add("pinfold_export_faults_total", fmt::format("{},fault=\"{}\"", labels, collect::fault_name(static_cast<flow::Fault>(i))),
                  e.faults[i]);
    }
  }
  metrics.add("pinfold_export_sets_waiting_total", labels, e.sets_waiting);
  metrics.add("pinfold_export_sets_dropped_total", labels, e.sets_dropped);
  metrics.add("pinfold_export_lost_datagrams_total", labels, e.lost_datagrams);
  metrics.add("pinfold_export_lost_records_total", labels, e.lost_records);
}

void add_socket(Metrics& metrics, const collect::SocketCounters& s) {
  const std::string labels = fmt::format("protocol=\"{}\"", collect::to_string(s.protocol));
  metrics.add("pinfold_socket_datagrams_total", labels, s.datagrams);
  metrics.add("pinfold_socket_unknown_exporter_total", labels, s.unknown_exporters);
  for (const collect::UnknownExporter& stranger : s.strangers) {
    metrics.add("pinfold_socket_unknown_exporter_datagrams", fmt::format("{},sender=\"{}\"", labels, to_string(stranger.address)),
                stranger.datagrams);
  }
  metrics.add("pinfold_socket_kernel_drops_total", labels, s.kernel_drops);
  metrics.add("pinfold_socket_errors_total", labels, s.errors);
  metrics.add("pinfold_socket_buffer_bytes", labels, s.buffer_bytes);
}

std::uint64_t since(std::uint64_t now, std::uint64_t before) { return now > before ? now - before : 0; }

}  // namespace

void add_collector_metrics(const CollectorCounters& counters, std::vector<http::Health::Metric>& out) {
  Metrics metrics(out);
  for (const collect::ExporterCounters& exporter : counters.exporters) {
    add_exporter(metrics, exporter);
  }
  for (const collect::SocketCounters& socket : counters.sockets) {
    add_socket(metrics, socket);
  }
  for (const collect::MirrorCounters& mirror : counters.mirrors) {
    const std::string labels = fmt::format("interface=\"{}\"", mirror.interface);
    metrics.add("pinfold_mirror_packets_total", labels, mirror.packets);
    metrics.add("pinfold_mirror_not_ip_total", labels, mirror.not_ip);
    metrics.add("pinfold_mirror_kernel_drops_total", labels, mirror.kernel_drops);
  }
  const detect::PipelineCounters& p = counters.pipeline;
  metrics.add("pinfold_flow_records_total", "", p.records);
  metrics.add("pinfold_flow_records_accounted_total", "", p.accounted);
  metrics.add("pinfold_flow_records_spare_total", "", p.spare);
  metrics.add("pinfold_flow_records_foreign_total", "", p.foreign);
  metrics.add("pinfold_flow_records_events_total", "", p.events);
  metrics.add("pinfold_flow_records_late_total", "", p.late);
  metrics.add("pinfold_flow_records_wrong_clock_total", "", p.wrong_clock);
  metrics.add("pinfold_flow_attempts_untracked_total", "", p.untracked);
  metrics.add("pinfold_findings_total", "", p.findings);
}

Losses losses_of(const CollectorCounters& counters) {
  Losses sums;
  for (const collect::ExporterCounters& exporter : counters.exporters) {
    sums.arrived += exporter.datagrams;
    sums.on_way += exporter.lost_datagrams;
    sums.unreadable += exporter.decode_errors + exporter.sets_dropped;
    if (exporter.lost_records > 0 && exporter.datagrams > 0) {
      const std::uint64_t per_datagram = exporter.records / exporter.datagrams + 1;
      sums.on_way += (exporter.lost_records + per_datagram - 1) / per_datagram;
    }
  }
  for (const collect::SocketCounters& socket : counters.sockets) {
    sums.kernel += socket.kernel_drops;
  }
  for (const collect::MirrorCounters& mirror : counters.mirrors) {
    sums.arrived += mirror.packets;
    sums.kernel += mirror.kernel_drops;
  }
  return sums;
}

http::Health::Part LossWatch::part(const CollectorCounters& counters, WallTime now) {
  const Losses sums = losses_of(counters);
  const Losses before = x_state.with([&](State& state) {
    if (now - state.newer.at >= kWindow || now < state.newer.at) {
      state.older = state.newer;
      state.newer = {now, sums};
    }
    return state.older.sums;
  });
  Losses recent;
  recent.arrived = since(sums.arrived, before.arrived);
  recent.kernel = since(sums.kernel, before.kernel);
  recent.on_way = since(sums.on_way, before.on_way);
  recent.unreadable = since(sums.unreadable, before.unreadable);
  const bool is_ill = recent.lost() * 1000 > (recent.arrived + recent.lost()) * kPerMilleIsIll;
  return {"flows", !is_ill,
          fmt::format("{} datagrams in the last two minutes; lost: {} in our buffers, {} on the way, {} unreadable", recent.arrived, recent.kernel,
                      recent.on_way, recent.unreadable)};
}

std::string flows_report(const CollectorCounters& counters, const http::Health::Part& part, WallTime now) {
  std::vector<http::Health::Metric> metrics;
  add_collector_metrics(counters, metrics);
  nlohmann::json report{{"at", to_string(now)}, {"healthy", part.healthy}, {"note", part.note}, {"counters", nlohmann::json::object()}};
  for (const http::Health::Metric& metric : metrics) {
    if (metric.value != 0 && report["counters"].size() < kMaxReported) {
      const std::string name = metric.labels.empty() ? metric.name : fmt::format("{}{{{}}}", metric.name, metric.labels);
      report["counters"][name] = static_cast<std::uint64_t>(metric.value);
    }
  }
  return report.dump();
}

}  // namespace pinfold::engine
