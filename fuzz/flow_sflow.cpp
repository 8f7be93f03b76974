// sFlow v5: flow, counter and discard samples. Every flow sample gives one record of one packet.
#include "flow_datagrams.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinfold;
  fuzz::decode_all({data, size}, flow::ExportVersion::Sflow5, [](const std::vector<flow::FlowRecord>& flows) {
    for (const flow::FlowRecord& flow : flows) {
      PINFOLD_ASSERT(flow.packets.value == 1);
    }
  });
  return 0;
}
