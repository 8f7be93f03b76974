// NetFlow v9: templates, options, padding, data before its template. A rate of sampling is never zero.
#include "flow_datagrams.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinfold;
  fuzz::decode_all({data, size}, flow::ExportVersion::NetFlow9, [](const std::vector<flow::FlowRecord>& flows) {
    for (const flow::FlowRecord& flow : flows) {
      PINFOLD_ASSERT(flow.version == flow::ExportVersion::NetFlow9 && flow.sampling_rate.one_in() > 0);
    }
  });
  return 0;
}
