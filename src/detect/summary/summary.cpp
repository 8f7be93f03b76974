#include "detect/summary/summary.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

namespace pinfold::detect {
namespace {

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::uint64_t>::max() : sum;
}

auto content_of(const RecordSighting& s) {
  const flow::FlowRecord& r = s.record;
  return std::tie(s.event, s.direction, r.src, r.dst, r.src_port, r.dst_port, r.protocol, r.tcp_flags, r.packets, r.bytes, r.reverse_packets,
                  r.reverse_bytes, r.sampling_rate, r.version, r.first, r.last, s.is_spoofed, s.by_address_only);
}

bool same_span(const TrafficSpan& a, const TrafficSpan& b) { return std::tie(a.direction, a.begin, a.end) == std::tie(b.direction, b.begin, b.end); }

}  // namespace

bool operator<(const RecordSighting& a, const RecordSighting& b) { return content_of(a) < content_of(b); }
bool operator==(const RecordSighting& a, const RecordSighting& b) { return content_of(a) == content_of(b); }

void merge(Summary& mine, const Summary& other) {
  std::vector<TrafficSpan> spans = std::move(mine.traffic);
  spans.insert(spans.end(), other.traffic.begin(), other.traffic.end());
  std::sort(spans.begin(), spans.end());
  mine.traffic.clear();
  for (const TrafficSpan& span : spans) {
    if (mine.traffic.empty() || !same_span(mine.traffic.back(), span)) {
      mine.traffic.push_back(span);
      continue;
    }
    TrafficSpan& sum = mine.traffic.back();
    sum.bytes = saturating_add(sum.bytes, span.bytes);
    sum.packets = saturating_add(sum.packets, span.packets);
    sum.flows = saturating_add(sum.flows, span.flows);
    sum.variance = saturating_add(sum.variance, span.variance);
  }
  mine.sightings.insert(mine.sightings.end(), other.sightings.begin(), other.sightings.end());
  std::sort(mine.sightings.begin(), mine.sightings.end());
  mine.outbound = std::max(mine.outbound, other.outbound);
  mine.disagreed = saturating_add(mine.disagreed, other.disagreed);
  mine.left_out = saturating_add(mine.left_out, other.left_out);
}

}  // namespace pinfold::detect
