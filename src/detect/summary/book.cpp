#include "detect/summary/book.hpp"

#include <algorithm>
#include <string>
#include <tuple>

namespace pinfold::detect {
namespace {

using ByServer = std::map<std::pair<ServerId, std::string>, Summary>;
using ByPoint = std::map<std::string, PointReport>;

void take_in(ByServer& servers, const Summary& summary) {
  const auto [at, is_new] = servers.try_emplace({summary.server, summary.point});
  if (is_new) {
    at->second.server = summary.server;
    at->second.point = summary.point;
  }
  merge(at->second, summary);
}

void take_in(ByPoint& points, const PointReport& report) {
  PointReport& sum = points[report.point];
  sum.point = report.point;
  sum.lost_datagrams += report.lost_datagrams;
  sum.shows_inbound = sum.shows_inbound || report.shows_inbound;
  sum.is_alive = sum.is_alive || report.is_alive;
}

template <typename Map, typename Value>
std::vector<Value> values_of(Map&& map) {
  std::vector<Value> values;
  values.reserve(map.size());
  for (auto& [key, value] : map) {
    values.push_back(std::move(value));
  }
  return values;
}

}  // namespace

SummaryBook::Taken SummaryBook::add(SummaryBatch batch) {
  Place place{batch.published, batch.key};
  if (batch.published < x_forgotten) {
    ++x_counters.too_old;
    return Taken::TooOld;
  }
  if (x_known.contains(place)) {
    ++x_counters.repeated;
    return Taken::Repeated;
  }
  if (x_pending.size() >= kMaxPending || x_known.size() >= kMaxRemembered) {
    ++x_counters.full;
    return Taken::Full;
  }
  ++x_counters.batches;
  x_counters.late += batch.published <= x_handed_out && x_handed_out != WallTime{} ? 1U : 0U;
  x_known.insert(place);
  x_pending.emplace(std::move(place), std::move(batch));
  return Taken::New;
}

void SummaryBook::merge(const SummaryBook& other) {
  for (const auto& [place, batch] : other.x_pending) {
    static_cast<void>(add(batch));
  }
  x_forgotten = std::max(x_forgotten, other.x_forgotten);
  x_handed_out = std::max(x_handed_out, other.x_handed_out);
  for (const Place& place : other.x_known) {  // what it has handed out must not be handed out again
    if (!other.x_pending.contains(place)) {
      x_known.insert(place);
      x_pending.erase(place);
    }
  }
}

std::vector<MergedSummaries> SummaryBook::take(WallTime now) {
  std::vector<MergedSummaries> seconds;
  const WallTime over = now - kGrace;
  while (!x_pending.empty() && x_pending.begin()->first.first <= over) {
    const WallTime published = x_pending.begin()->first.first;
    ByServer servers;
    ByPoint points;
    for (auto at = x_pending.begin(); at != x_pending.end() && at->first.first == published; at = x_pending.erase(at)) {
      for (const Summary& summary : at->second.summaries) {
        take_in(servers, summary);
      }
      for (const PointReport& report : at->second.points) {
        take_in(points, report);
      }
    }
    seconds.push_back({published, values_of<ByPoint, PointReport>(std::move(points)), values_of<ByServer, Summary>(std::move(servers))});
  }
  x_handed_out = std::max(x_handed_out, over);
  x_forgotten = std::max(x_forgotten, over - kMemory);
  x_known.erase(x_known.begin(), x_known.lower_bound(Place{x_forgotten, SummaryKey{}}));
  return seconds;
}

}  // namespace pinfold::detect
