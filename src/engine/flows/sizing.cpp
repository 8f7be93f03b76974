#include "engine/flows/sizing.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace pinfold::engine {
namespace {

constexpr double kMillion = 1e6;
constexpr double kSummaryEvery = 10;  ///< seconds; detect::kSummaryInterval
/// Beyond this one process with SQLite is not planned for.
constexpr std::uint64_t kServersOfOneMachine = 100'000;
constexpr unsigned kMostShards = 1024;

unsigned machines_for(double cores, const SizingConstants& c) {
  return static_cast<unsigned>(std::ceil(cores / (c.share_of_a_core * c.cores_of_a_machine)));
}

}  // namespace

Sizing size_for(const SizingQuestion& question, const SizingConstants& c) {
  Sizing s;
  const auto servers = static_cast<double>(question.servers);
  s.samples_per_second = servers * question.mbit * kMillion / 8 / question.packet_bytes / question.sampling;
  s.export_mbit = s.samples_per_second * c.export_bytes_per_sample * 8 / kMillion;
  // A server that is not seen in ten seconds has no summary.
  const double seen = 1 - std::exp(-s.samples_per_second / std::max(servers, 1.0) * kSummaryEvery);
  s.summaries_per_second = servers * seen / kSummaryEvery;
  s.collector_cores = (s.samples_per_second * c.cpu_s_per_million_samples + s.summaries_per_second * c.cpu_s_per_million_summaries_sent) / kMillion;
  s.detector_cores = s.summaries_per_second / c.summaries_per_detector_core;
  s.fits_one_machine = question.servers <= kServersOfOneMachine && s.collector_cores + s.detector_cores <= c.share_of_a_core * 4;
  s.stream_mb_per_second = s.summaries_per_second * c.bytes_per_summary / kMillion;
  // Two of each, so that one may fail.
  s.collectors = std::max(2U, machines_for(s.collector_cores, c));
  s.detectors = std::max(2U, machines_for(s.detector_cores, c));
  s.shards = std::min(kMostShards, std::max(16U, std::bit_ceil(s.detectors * 8)));
  s.collector_mb = servers * c.collector_bytes_per_server / kMillion;  // each knows all servers
  s.detector_mb = servers / s.detectors * c.detector_bytes_per_server / kMillion;
  s.buffer_mb = std::max(16.0, s.stream_mb_per_second / s.collectors * c.buffer_seconds);
  return s;
}

}  // namespace pinfold::engine
