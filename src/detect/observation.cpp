#include "detect/observation.hpp"

#include <algorithm>
#include <utility>

namespace pinfold::detect {

ObservationSources::ObservationSources(std::vector<ObservationSource> sources, ObservationThresholds thresholds) : x_thresholds(thresholds) {
  for (ObservationSource& given : sources) {
    const PointIndex next{static_cast<std::uint32_t>(x_points.size())};
    const auto [at, is_new] = x_by_name.emplace(given.observation_point, next);
    if (is_new) {
      x_points.push_back({.name = std::move(given.observation_point), .sources = {}, .accounted = kNobody, .since = {}});
    }
    x_points[at->second.value].sources.push_back(static_cast<std::uint32_t>(x_sources.size()));
    Source source;
    source.point = at->second;
    source.rank = given.rank;
    x_sources.push_back(source);
  }
  for (Point& point : x_points) {
    std::stable_sort(point.sources.begin(), point.sources.end(),
                     [this](std::uint32_t a, std::uint32_t b) { return x_sources[a].rank < x_sources[b].rank; });
  }
}

bool ObservationSources::accounted(SourceIndex source) const { return x_points[point_of(source).value].accounted == source.value; }

std::optional<SourceIndex> ObservationSources::accounted_at(PointIndex point) const {
  const std::uint32_t source = x_points[point.value].accounted;
  return source == kNobody ? std::nullopt : std::optional{SourceIndex{source}};
}

void ObservationSources::heard(SourceIndex index, WallTime now) {
  Source& source = x_sources[index.value];
  if (!alive(source, now)) {
    source.has_died = source.was_heard;
    source.was_heard = true;
    source.alive_since = now;
  }
  source.last_heard = now;

  Point& point = x_points[source.point.value];
  if (point.accounted == index.value) {
    return;
  }
  if (point.accounted == kNobody) {
    point.accounted = index.value;
    return;
  }
  if (!alive(x_sources[point.accounted], now)) {
    // `heard` has just marked this source alive, so the search ends.
    point.accounted = *std::find_if(point.sources.begin(), point.sources.end(), [&](std::uint32_t s) { return alive(x_sources[s], now); });
    point.since = {};
    return;
  }
  const auto position = [&point](std::uint32_t s) { return std::find(point.sources.begin(), point.sources.end(), s); };
  const bool is_better = position(index.value) < position(point.accounted);
  const bool is_steady = !source.has_died || now - source.alive_since >= x_thresholds.hold;
  if (is_better && is_steady) {
    point.accounted = index.value;
    point.since = now;
  }
}

}  // namespace pinfold::detect
