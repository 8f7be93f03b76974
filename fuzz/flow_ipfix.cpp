// NetFlow v5, v9 and IPFIX: a sequence of datagrams, each behind a 16-bit length, from one exporter, so that templates, withdrawals and
// waiting data meet. What holds for any input: a refused datagram leaves nothing behind, and the limits are kept.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/assert.hpp"
#include "base/byte_reader.hpp"
#include "flow/decoder.hpp"
#include "flow/record_json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinfold;
  flow::Limits limits;
  limits.pending_bytes_per_domain = 4096;
  limits.templates_per_exporter = 16;
  flow::Decoder decoder(limits);
  const flow::ExporterKey exporter{net::IpAddress::v4(0xC0000201), 0};
  std::vector<flow::FlowRecord> flows;
  ByteReader in{{data, size}};
  while (const auto length = in.u16()) {
    const auto datagram = in.bytes(std::min<std::size_t>(*length, in.remaining()));
    flows.clear();
    const auto done = decoder.decode(exporter, *datagram, flows, WallTime{});
    PINFOLD_ASSERT(done || flows.empty());
    PINFOLD_ASSERT(done || done.error().offset <= datagram->size());
    PINFOLD_ASSERT(!done || (done->records == flows.size() && flows.size() <= limits.records_per_datagram));
    for (const flow::FlowRecord& flow : flows) {
      PINFOLD_ASSERT(!flow::to_json(flow, exporter.address).empty());
    }
  }
  const flow::Counters counters = decoder.counters(exporter);
  PINFOLD_ASSERT(counters.malformed <= counters.datagrams);
  return 0;
}
