// ACNS notices in XML.
#include "report_one.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return pinfold::report::fuzz_one(pinfold::report::read_acns, "text/plain", "application/xml", data, size);
}
