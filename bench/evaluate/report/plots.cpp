#include "evaluate/report/plots.hpp"

#include <fmt/format.h>

#include <fstream>
#include <map>

#include "evaluate/report/plot.hpp"
#include "evaluate/report/statistics.hpp"

namespace pinfold::evaluate {
namespace {

struct Cell {
  Share found;
  std::vector<double> times;
};
using ByRate = std::map<double, Cell>;
using BySampling = std::map<std::uint32_t, ByRate>;

/// One plot has one unit: slow attacks on web servers are floods of connections, not of packets.
std::string plot_of(const Row& row) { return row.attack == "slow HTTP" ? "slow_flood" : row.abuse_class; }

std::string unit_of(const std::string& plotted) {
  return plotted == "port_scan"     ? "targets a second"
         : plotted == "flood"       ? "packets a second"
         : plotted == "brute_force" ? "logins a second"
         : plotted == "spam"        ? "connections a second"
         : plotted == "slow_flood"  ? "connections a second"
                                    : "forged queries a second";
}

Plot recall_plot(const std::string& plotted, const BySampling& cells) {
  Plot plot{fmt::format("{}: recall against rate", plotted), unit_of(plotted), "share of episodes found", false, 0, 1, {}};
  for (const auto& [one_in, by_rate] : cells) {
    Series series{fmt::format("1:{}", one_in), {}};
    for (const auto& [rate, cell] : by_rate) {
      const Interval interval = wilson(cell.found);
      series.points.push_back({rate, cell.found.value(), interval.low, interval.high});
    }
    plot.series.push_back(std::move(series));
  }
  return plot;
}

Plot time_plot(const std::string& plotted, const BySampling& cells) {
  Plot plot{fmt::format("{}: time to detect (median, whisker to 90 %)", plotted), unit_of(plotted), "seconds", true, 0.5, 2000, {}};
  for (const auto& [one_in, by_rate] : cells) {
    Series series{fmt::format("1:{}", one_in), {}};
    for (const auto& [rate, cell] : by_rate) {
      if (!cell.times.empty()) {
        const double median = quantile(cell.times, 0.5);
        series.points.push_back({rate, median, median, quantile(cell.times, 0.9)});
      }
    }
    plot.series.push_back(std::move(series));
  }
  return plot;
}

}  // namespace

std::vector<std::string> write_plots(std::span<const Row> rows, const std::filesystem::path& folder) {
  std::map<std::string, BySampling> plots;
  for (const Row& row : rows) {
    if (row.part == part::kAttacks && row.half == "test") {
      Cell& cell = plots[plot_of(row)][row.one_in][row.rate];
      cell.found.add(row.is_found);
      if (row.is_found) {
        cell.times.push_back(row.seconds_to_detect);
      }
    }
  }
  std::vector<std::string> names;
  for (const auto& [plotted, cells] : plots) {
    for (const bool is_recall : {true, false}) {
      names.push_back(fmt::format("{}-{}.svg", is_recall ? "recall" : "time", plotted));
      std::ofstream(folder / names.back()) << to_svg(is_recall ? recall_plot(plotted, cells) : time_plot(plotted, cells));
    }
  }
  return names;
}

}  // namespace pinfold::evaluate
