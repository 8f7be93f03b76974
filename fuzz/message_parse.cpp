// Raw mail → Mail → JSON → Mail. What parses must round-trip: a difference is a bound that one side holds and the other does not.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/assert.hpp"
#include "message/mail_json.hpp"
#include "message/parse.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto mail = pinfold::message::parse_mail({reinterpret_cast<const char*>(data), size});
  if (mail) {
    const auto back = pinfold::message::parse_mail_json(nlohmann::json::parse(pinfold::message::to_json(*mail).dump()));
    PINFOLD_ASSERT(back && *back == *mail);
  }
  return 0;
}
