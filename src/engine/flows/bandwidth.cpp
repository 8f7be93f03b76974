#include "engine/flows/bandwidth.hpp"

#include <fmt/format.h>

#include <utility>

#include "engine/places.hpp"
#include "engine/ports/drivers.hpp"
#include "store/history_file.hpp"

namespace pinfold::engine {
namespace {

/// A switch that does not answer within twice this is asked again later; its answers are small.
constexpr Micros kAnswerWithin = std::chrono::seconds{1};

snmp::Settings settings_of(const config::Switch& one) {
  snmp::Settings settings = snmp_settings(one);
  settings.timeout = kAnswerWithin;
  return settings;
}

/// An exporter is the switch that the configuration names for it, or the one with its address.
std::vector<collect::ExporterSwitch> exporter_switches(const config::Config& config) {
  std::vector<collect::ExporterSwitch> switches;
  for (const config::Exporter& exporter : config.flows.exporters) {
    if (exporter.switch_id) {
      switches.push_back({exporter.address, *exporter.switch_id});
    }
  }
  for (const config::Switch& one : config.switches) {
    if (one.address) {
      switches.push_back({one.address->address, one.id});  // the first entry of an address counts
    }
  }
  return switches;
}

}  // namespace

Bandwidth::Bandwidth(const config::Config& config, std::vector<collect::AllowedExporter> exporters, collect::Collector* collector,
                     const inventory::Inventory& inventory, const Clock& clock)
    : x_clock(clock),
      x_exporters(std::move(exporters)),
      x_collector(collector),
      x_history(store::open_history(history_file(config))),
      x_table(exporter_switches(config)),
      x_pushed(collect::PushedCounters(
          x_table, [this](const ServerId& server) { return is_polled(server); },
          [this](const ServerId& server, const collect::InterfaceInterval& interval) { take(server, interval); })) {
  x_pushed.with([&](collect::PushedCounters& pushed) { pushed.set_inventory(inventory); });
  if (!config.bandwidth.interface_counters || config.switches.empty()) {
    return;
  }
  std::vector<collect::PolledSwitch> switches;
  for (const config::Switch& one : config.switches) {
    if (one.address) {  // others have no agent to ask
      switches.push_back({one.id, collect::agent_at(settings_of(one))});
    }
  }
  x_poller = std::make_unique<collect::InterfacePoller>(std::move(switches), config.bandwidth.poll_interval, clock, x_table,
                                                        [this](const ServerId& server, const collect::InterfaceInterval& interval) {
                                                          x_polled.with([&](auto& polled) { polled[server] = x_clock.mono(); });
                                                          take(server, interval);
                                                        });
  x_poller->set_inventory(inventory);
}

bool Bandwidth::is_polled(const ServerId& server) const {
  return x_polled.with([&](const auto& polled) {
    const auto known = polled.find(server);
    return known != polled.end() && x_clock.mono() - known->second <= collect::kLongestInterval;
  });
}

void Bandwidth::set_inventory(const inventory::Inventory& inventory) {
  x_pushed.with([&](collect::PushedCounters& pushed) { pushed.set_inventory(inventory); });
  x_polled.with([](auto& polled) { polled.clear(); });
  if (x_poller) {
    x_poller->set_inventory(inventory);
  }
}

/// What goes into the switch's port comes out of the server.
void Bandwidth::take(const ServerId& server, const collect::InterfaceInterval& interval) {
  add_pending(collect::samples_of(server, interval));
  if (x_collector != nullptr) {
    x_collector->add_interface(server,
                               {interval.begin, interval.end, interval.bytes_in, interval.bytes_out, interval.packets_in, interval.packets_out});
  }
}

void Bandwidth::add_pending(std::vector<records::TrafficSample> samples) {
  x_pending.with([&](auto& pending) {
    for (records::TrafficSample& sample : samples) {
      if (pending.size() < kMaxPending) {
        pending.push_back(std::move(sample));
      } else {
        ++x_dropped;
      }
    }
  });
}

void Bandwidth::write_pending() {
  auto samples = x_pending.with([](auto& pending) { return std::exchange(pending, {}); });
  try {
    x_history->append(samples);
    x_written += samples.size();
  } catch (const records::StoreError&) {
    add_pending(std::move(samples));
    throw;
  }
}

void Bandwidth::keep() {
  if (const std::uint64_t version = x_table.version(); x_collector != nullptr && version != x_table_seen) {
    x_collector->set_ports(x_table.names_of(x_exporters));
    x_table_seen = version;
  }
  if (x_collector != nullptr) {
    const auto samples = x_collector->take_pushed();
    x_pushed.with([&](collect::PushedCounters& pushed) { pushed.take(samples); });
  }
  const WallTime now = x_clock.wall();
  const std::int64_t minute = now.since_epoch / std::chrono::minutes{1};
  if (minute != x_minute) {
    if (x_collector != nullptr) {
      add_pending(x_collector->take_minutes());
    }
    x_minute = minute;
    write_pending();
  }
  x_history->maintain(now);  // one part a second: spread over the hour
}

void Bandwidth::finish() {
  if (x_collector != nullptr) {
    add_pending(x_collector->take_minutes(true));
  }
  write_pending();
}

void Bandwidth::add_metrics(http::Health& health) const {
  const auto add = [&](const char* name, const std::string& labels, std::uint64_t value) {
    health.metrics.push_back({name, labels, static_cast<double>(value)});
  };
  add("pinfold_history_samples_total", "", x_written);
  add("pinfold_history_samples_dropped_total", "", x_dropped);
  x_pushed.with([&](const collect::PushedCounters& pushed) {
    const auto& counters = pushed.counters();
    add("pinfold_pushed_counters_total", "", counters.samples);
    add("pinfold_pushed_intervals_total", "", counters.intervals);
    add("pinfold_pushed_spare_total", "", counters.spare);
    add("pinfold_pushed_nobodys_total", "", counters.nobodys);
    add("pinfold_pushed_untracked_total", "", counters.untracked);
    for (std::size_t i = 0; i < counters.gaps.size(); ++i) {
      add("pinfold_pushed_gaps_total", fmt::format("why=\"{}\"", to_string(static_cast<collect::NoRate>(i))), counters.gaps.at(i));
    }
  });
  if (!x_poller) {
    return;
  }
  for (const collect::SwitchCounters& one : x_poller->counters()) {
    const std::string labels = fmt::format("switch=\"{}\"", one.id.value);
    add("pinfold_switch_polls_total", labels, one.polls);
    add("pinfold_switch_poll_failures_total", labels, one.failures);
    add("pinfold_switch_port_intervals_total", labels, one.intervals);
    for (std::size_t i = 0; i < one.gaps.size(); ++i) {
      add("pinfold_switch_port_gaps_total", fmt::format("{},why=\"{}\"", labels, to_string(static_cast<collect::NoRate>(i))), one.gaps.at(i));
    }
    add("pinfold_switch_ports_absent", labels, one.absent);
  }
}

}  // namespace pinfold::engine
