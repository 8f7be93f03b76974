// Lists with a header row.
#include "report_one.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return pinfold::report::fuzz_one(pinfold::report::read_csv, "text/plain", "text/csv", data, size);
}
