/// Which exporter's word is counted: the same packets must never count twice, and the death of an exporter must not blind us.
/// Every source (one exporter with one protocol) belongs to an observation point and has a rank there. All sources of a point see the same
/// packets; the lowest rank that is alive is *accounted*, the others are *spare*:
///
///   nobody ──first datagram──▶ accounted ──silent for `alive`, and a spare speaks──▶ the best living spare is accounted
///                                  ▲                                                          │
///                                  └── a better rank has lived for `hold` (or is new) ────────┘
///
/// Failover loses what the dead source would have sent in `alive`. On the way back, records of the better source that end before the change are
/// skipped (`counts_from`): the spare has counted them.
/// Equal ranks: the one that stands first in the list.
/// Clock:   receive times, passed in. A clock that is stepped back counts as no time passing.
/// Cost:    O(1) a datagram, O(sources of the point) at a change. Threads: none.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "detect/thresholds.hpp"

namespace pinfold::detect {

/// Position in the list of sources that the Pipeline was made with.
struct SourceIndex {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(SourceIndex, SourceIndex) = default;
};

/// Position of an observation point, in order of first mention.
struct PointIndex {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(PointIndex, PointIndex) = default;
};

struct ObservationSource {
  std::string observation_point;  ///< "sw1/swp24": switch and port name if it is an access port, else any name ("border1")
  unsigned rank = 0;
};

class ObservationSources {
public:
  ObservationSources(std::vector<ObservationSource> sources, ObservationThresholds thresholds);

  [[nodiscard]] std::size_t size() const { return x_sources.size(); }
  [[nodiscard]] std::size_t points() const { return x_points.size(); }
  [[nodiscard]] PointIndex point_of(SourceIndex source) const { return x_sources[source.value].point; }
  /// The best-ranked source of the point, alive or not.
  [[nodiscard]] SourceIndex first_of(PointIndex point) const { return {x_points[point.value].sources.front()}; }
  [[nodiscard]] const std::string& name(PointIndex point) const { return x_points[point.value].name; }
  [[nodiscard]] const std::map<std::string, PointIndex>& by_name() const { return x_by_name; }

  /// A datagram came from `source`, whatever was in it.
  void heard(SourceIndex source, WallTime now);
  [[nodiscard]] bool accounted(SourceIndex source) const;
  [[nodiscard]] std::optional<SourceIndex> accounted_at(PointIndex point) const;
  /// The accounted source of the point lives: what it does not show did not happen.
  [[nodiscard]] bool alive_at(PointIndex point, WallTime now) const {
    const std::uint32_t source = x_points[point.value].accounted;
    return source != kNobody && alive(x_sources[source], now);
  }
  /// Records of an accounted source that end before this were counted by another.
  [[nodiscard]] WallTime counts_from(SourceIndex source) const { return x_points[point_of(source).value].since; }

private:
  static constexpr std::uint32_t kNobody = 0xFFFFFFFF;
  struct Source {
    PointIndex point;
    unsigned rank = 0;
    bool was_heard = false;
    bool has_died = false;
    WallTime last_heard;
    WallTime alive_since;
  };
  struct Point {
    std::string name;
    std::vector<std::uint32_t> sources;  ///< by rank
    std::uint32_t accounted = kNobody;
    WallTime since;
  };
  [[nodiscard]] bool alive(const Source& source, WallTime now) const { return source.was_heard && now - source.last_heard <= x_thresholds.alive; }

  ObservationThresholds x_thresholds;
  std::vector<Source> x_sources;
  std::vector<Point> x_points;
  std::map<std::string, PointIndex> x_by_name;
};

}  // namespace pinfold::detect
