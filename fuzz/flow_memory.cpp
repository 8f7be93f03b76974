// What was kept of an exporter, from a file that anybody may have damaged. What is taken is taken as it stands: it is remembered the same, and
// the decoder works on with it.
#include "flow_datagrams.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinfold;
  const flow::Limits limits;
  flow::Decoder decoder(limits);
  const ByteSpan memory{data, size};
  const auto recalled = decoder.recall(fuzz::kExporter, memory, WallTime{Seconds{1'700'000'000}});
  const auto again = decoder.remember(fuzz::kExporter);
  PINFOLD_ASSERT(recalled || (recalled.error().offset <= size && again.empty()));
  // A memory of no domains is as good as none, and is written as none.
  PINFOLD_ASSERT(!recalled || again.empty() || std::equal(again.begin(), again.end(), memory.begin(), memory.end()));
  if (recalled) {
    std::vector<std::uint8_t> datagram{0, 10, 1, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 244};
    datagram.resize(260, 7);
    static_cast<void>(fuzz::take(decoder, fuzz::kExporter, datagram, limits));
  }
  return 0;
}
