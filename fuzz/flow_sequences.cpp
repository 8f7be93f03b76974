// Sequences: several exporters of any protocol, time that passes, and restarts of the desk in between. Input: commands, each a byte and what
// belongs to it. What holds: exporters have no influence on one another. Whatever the others send, the first exporter's flows are the same as
// from a decoder that hears it alone; and a restart changes nothing but what had waited.
#include "flow_datagrams.hpp"

namespace {

using namespace pinfold;

constexpr std::uint8_t kExporters = 4;

flow::ExporterKey exporter(std::uint8_t number) { return {net::IpAddress::v4(0xC0000200U + number), 0}; }

/// The desk stops, and starts again with what it kept.
flow::Decoder restarted(const flow::Decoder& old, const flow::Limits& limits, WallTime now) {
  flow::Decoder fresh(limits);
  for (std::uint8_t i = 0; i < kExporters; ++i) {
    if (const auto memory = old.remember(exporter(i)); !memory.empty()) {
      PINFOLD_ASSERT(fresh.recall(exporter(i), memory, now));
      PINFOLD_ASSERT(fresh.remember(exporter(i)) == memory);
    }
  }
  return fresh;
}

bool same(const std::vector<flow::FlowRecord>& a, const std::vector<flow::FlowRecord>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const flow::FlowRecord& x, const flow::FlowRecord& y) {
    return flow::to_json(x, std::nullopt) == flow::to_json(y, std::nullopt);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  flow::Limits limits = fuzz::small_limits();
  limits.exporters = kExporters;
  flow::Decoder all(limits);
  flow::Decoder alone(limits);
  WallTime now{Seconds{1'700'000'000}};
  ByteReader in{{data, size}};
  while (const auto command = in.u8()) {
    if (*command == 0xFF) {
      all = restarted(all, limits, now);
      alone = restarted(alone, limits, now);
    } else if (*command >= 0xF0) {
      now = now + Seconds{(*command - 0xEF) * 10'000};
    } else if (const auto datagram = fuzz::next_datagram(in)) {
      const auto number = static_cast<std::uint8_t>(*command % kExporters);
      const auto flows = fuzz::take(all, exporter(number), *datagram, limits, now);
      if (number == 0) {
        PINFOLD_ASSERT(same(flows, fuzz::take(alone, exporter(0), *datagram, limits, now)));
      }
    }
  }
  PINFOLD_ASSERT(all.remember(exporter(0)) == alone.remember(exporter(0)));
  return 0;
}
