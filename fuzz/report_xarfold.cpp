// X-ARF 0.1 and 0.2: fields in a text part.
#include "report_one.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return pinfold::report::fuzz_one(pinfold::report::read_x_arf, "text/plain", "text/plain", data, size);
}
