/// How large a network takes how many machines (`pinfold size`). Plain arithmetic over constants, measured by `make bench-scale`. Pure.
#pragma once

#include <cstdint>

namespace pinfold::engine {

struct SizingQuestion {
  std::uint64_t servers = 10'000;
  std::uint32_t sampling = 1024;  ///< one packet in so many
  double mbit = 5;                ///< a server's average, both ways together
  double packet_bytes = 800;
};

/// Of one core; the dearest of 1,000 to 1,000,000 servers that `make bench-scale` measured, rounded up (docs/manual/scale.md); `share_of_a_core` and
/// what follows are choices. Units stand in the names.
struct SizingConstants {
  double cpu_s_per_million_samples = 2.5;         ///< receiving, decoding and counting an sFlow sample
  double cpu_s_per_million_summaries_sent = 7.6;  ///< making one and packing it
  double summaries_per_detector_core = 190'000;
  double bytes_per_summary = 150;
  double detector_bytes_per_server = 1400;
  double collector_bytes_per_server = 3800;
  double export_bytes_per_sample = 200;
  double share_of_a_core = 0.5;  ///< planned for: bursts take the other half
  unsigned cores_of_a_machine = 8;
  double buffer_seconds = 20;  ///< an election took up to eleven
};

struct Sizing {
  double samples_per_second = 0;
  double export_mbit = 0;  ///< to all collectors
  double collector_cores = 0;
  unsigned collectors = 0;
  double collector_mb = 0;  ///< memory of each
  double summaries_per_second = 0;
  double stream_mb_per_second = 0;
  unsigned shards = 0;
  double buffer_mb = 0;  ///< of each collector, stream.buffer_mb
  double detector_cores = 0;
  unsigned detectors = 0;
  double detector_mb = 0;  ///< memory of each
  bool fits_one_machine = false;
};

[[nodiscard]] Sizing size_for(const SizingQuestion& question, const SizingConstants& constants = {});

}  // namespace pinfold::engine
