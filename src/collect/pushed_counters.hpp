/// Interface counters that sFlow agents push with their flows: bandwidth per port without any question asked.
/// Which port an index is, the interface table says, or the sample itself by name; only ports with exactly one server count, as for the poller. Where
/// the poller gets figures of the same server, they count and these are spare: it sees discontinuities, and asks for the name in the same question.
/// Used by: engine (Bandwidth), which takes what has arrived once a second.
/// Wraps:   packets are counted in 32 bits; they are made 64 as they come. Counters of octets and everything else: interface_counters.hpp.
/// Clock:   the distance of two samples is that of the agent's uptime, so that delays on the way bend no rate; they end when they arrived.
/// Restart: the samples' numbers go back, or the uptime jumps: a gap.
/// Bounds:  kMaxSeries interfaces are remembered; further ones are counted and dropped. Threads: none; the owner serialises.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <tuple>
#include <vector>

#include "collect/interface_counters.hpp"
#include "collect/interface_table.hpp"
#include "collect/pushed_sample.hpp"
#include "inventory/inventory.hpp"

namespace pinfold::collect {

class PushedCounters {
public:
  static constexpr std::size_t kMaxSeries = 65'536;
  using Sink = std::function<void(const ServerId&, const InterfaceInterval&)>;
  using IsPolled = std::function<bool(const ServerId&)>;

  struct Counters {
    std::uint64_t samples = 0;
    std::uint64_t intervals = 0;  ///< handed to the sink
    std::uint64_t spare = 0;      ///< of a server that the poller has figures of
    std::uint64_t nobodys = 0;    ///< of a port that is not known, or that none or several servers stand on
    std::uint64_t untracked = 0;  ///< no room for one more series
    std::array<std::uint64_t, kNoRates> gaps{};
  };

  /// `table` must outlive this.
  PushedCounters(const InterfaceTable& table, IsPolled is_polled, Sink sink);
  void set_inventory(const inventory::Inventory& inventory);
  void take(const std::vector<PushedSample>& samples);
  [[nodiscard]] const Counters& counters() const { return x_counters; }

private:
  using SeriesKey = std::tuple<net::IpAddress, std::uint32_t, std::uint32_t>;  ///< exporter, sub-agent, ifIndex
  struct Series {
    InterfaceReading reading;
    flow::InterfaceCounters raw;
  };
  void take_one(const PushedSample& sample);
  [[nodiscard]] std::optional<detect::PortPlace> place_of(const PushedSample& sample) const;

  const InterfaceTable& x_table;
  IsPolled x_is_polled;
  Sink x_sink;
  std::map<std::pair<SwitchId, PortName>, ServerId> x_servers;
  std::map<SeriesKey, Series> x_series;
  Counters x_counters;
};

}  // namespace pinfold::collect
