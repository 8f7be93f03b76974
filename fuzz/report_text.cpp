// Running text.
#include "report_one.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return pinfold::report::fuzz_one(pinfold::report::read_plain_text, "text/plain", "text/plain", data, size);
}
