// An LMTP conversation: the answers do not depend on how the bytes were cut into packets.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.hpp"
#include "mail/lmtp_session.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinfold::mail;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  LmtpLimits limits;
  limits.mail_bytes = 2000;
  const LmtpCallbacks callbacks{[](std::string_view recipient) { return recipient.size() % 2 == 0; },
                                [](const Delivery& mail) { return std::vector<bool>(mail.recipients.size(), mail.raw.size() % 2 == 0); }};
  LmtpSession whole("desk.example", limits, callbacks);
  LmtpSession pieces("desk.example", limits, callbacks);
  std::string answers;
  for (const char& c : bytes) {
    answers += pieces.feed({&c, 1});
  }
  PINFOLD_ASSERT(whole.feed(bytes) == answers);
  return 0;
}
