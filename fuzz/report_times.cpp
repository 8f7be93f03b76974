// Times and addresses in any text: what is found lies inside the text and can be said again.
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "report/addresses.hpp"
#include "report/times.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinfold;  // NOLINT(google-build-using-namespace): one function
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  report::TimeContext context;
  context.now = WallTime{Seconds{1'772'420'645}};
  static_cast<void>(report::read_zone_note(text, context));
  for (const report::FoundTime& found : report::find_times(text, context)) {
    PINFOLD_ASSERT(found.at + found.size <= text.size() && parse_wall_time(to_string(found.time)) == found.time);
  }
  for (const report::FoundAddress& found : report::find_addresses(text)) {
    PINFOLD_ASSERT(net::IpAddress::parse(text.substr(found.at, found.size)) == found.address);
  }
  static_cast<void>(report::host_of(text));
  static_cast<void>(report::accused_addresses(text.substr(0, 200), report::refang(text)));
  return 0;
}
