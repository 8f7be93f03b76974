// Raw mail → classification. A mail is never a reply and a bounce at once, and what the desk shows of it is bounded.
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "mail/classify.hpp"
#include "message/parse.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto mail = pinfold::message::parse_mail({reinterpret_cast<const char*>(data), size});
  if (mail) {
    const auto found = pinfold::mail::classify(*mail, {"abuse", "desk.example", "b", "bounce.desk.example"});
    PINFOLD_ASSERT(found.dsn.has_value() == (found.kind == pinfold::desk::MailKind::Bounce));
    PINFOLD_ASSERT(!found.why.empty() && found.why.size() < 1024);
  }
  return 0;
}
