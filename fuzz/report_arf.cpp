// The fields of a feedback report (RFC 5965).
#include "report_one.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return pinfold::report::fuzz_one(pinfold::report::read_arf, "message/feedback-report", "text/plain", data, size);
}
