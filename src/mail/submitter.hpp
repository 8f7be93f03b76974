/// Hands one notice to the operator's mail server, and says truthfully what became of that.
/// Used by: the engine's outbox worker. One connection a notice: notices are few.
/// Asks for delivery status notifications (RFC 3461): NOTIFY=SUCCESS,DELAY,FAILURE with ENVID and ORCPT, RET=HDRS, so that "delivered" can come
/// from the contact's own mail server.
/// Clock:   none of ours; libESMTP counts its time-outs. Threads: any; the call blocks, at most about five times `timeout`.
/// Errors:  are results. Unclear means that the mail may have gone out: sending the same bytes again (same Message-ID) is the right thing, and
///          the case says "maybe twice".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/time.hpp"

namespace pinfold::mail {

enum class Tls : std::uint8_t {
  Off,
  IfOffered,  ///< STARTTLS when announced, with whatever certificate: better than nothing on a private network
  Required,   ///< STARTTLS with a certificate that the system's authorities vouch for, else nothing is sent
};

struct SubmitOptions {
  std::string host = "localhost";
  std::uint16_t port = 25;
  Tls tls = Tls::IfOffered;
  std::string hello;    ///< our name; empty: the machine's
  Seconds timeout{60};  ///< of each step
};

struct Submission {
  std::string envelope_from;  ///< the VERP address; empty: the null return path
  std::string recipient;
  std::string envelope_id;  ///< ENVID; printable ASCII
  std::string mail;         ///< RFC 5322, CRLF
};

struct Accepted {
  std::string queue_id;  ///< from the final 250, as far as it names one; else that text
};
struct Temporary {
  std::string why;
};
struct Permanent {
  std::string why;
};
struct Unclear {
  std::string why;
};
using SubmitResult = std::variant<Accepted, Temporary, Permanent, Unclear>;

class Submitter {
public:
  explicit Submitter(SubmitOptions options) : x_options(std::move(options)) {}
  [[nodiscard]] SubmitResult submit(const Submission& submission) const;

private:
  SubmitOptions x_options;
};

/// "2.0.0 Ok: queued as 4XyZ" (Postfix), "OK id=1abc-def" (Exim), "2.0.0 1a2b Message accepted for delivery" (Sendmail, OpenSMTPD); else the text.
[[nodiscard]] std::string queue_id_of(std::string_view reply);

}  // namespace pinfold::mail
