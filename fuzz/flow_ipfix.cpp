// IPFIX: variable lengths, enterprises, withdrawals, biflows. Times can be printed, whatever the exporter claims.
#include "flow_datagrams.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinfold;
  fuzz::decode_all({data, size}, flow::ExportVersion::Ipfix, [](const std::vector<flow::FlowRecord>& flows) {
    for (const flow::FlowRecord& flow : flows) {
      PINFOLD_ASSERT(flow.version == flow::ExportVersion::Ipfix && (!flow.first || flow.first->since_epoch.count() >= 0));
    }
  });
  return 0;
}
