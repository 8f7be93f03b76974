// NetFlow v5. Every record has all of its fields.
#include "flow_datagrams.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinfold;
  fuzz::decode_all({data, size}, flow::ExportVersion::NetFlow5, [](const std::vector<flow::FlowRecord>& flows) {
    for (const flow::FlowRecord& flow : flows) {
      PINFOLD_ASSERT(flow.exported.has(flow::Field::Src) && flow.first && flow.last && flow.in_if);
    }
  });
  return 0;
}
