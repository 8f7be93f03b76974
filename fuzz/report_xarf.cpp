// XARF in JSON, versions 4 and 3.
#include "report_one.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return pinfold::report::fuzz_one(pinfold::report::read_xarf_json, "application/json", "application/json", data, size);
}
