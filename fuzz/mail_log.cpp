// Lines of a mail server's log.
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "mail/server_log.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const auto line = pinfold::mail::parse_log_line({reinterpret_cast<const char*>(data), size})) {
    PINFOLD_ASSERT(!line->queue_id.empty() && line->queue_id.size() <= 40);
    PINFOLD_ASSERT(line->words.size() <= 1024);
  }
  return 0;
}
