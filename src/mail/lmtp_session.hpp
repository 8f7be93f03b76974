/// The protocol of one LMTP conversation as a pure state machine: bytes in, bytes out. LmtpServer owns the sockets.
///
///   greeting ─LHLO─▶ ready ─MAIL─▶ mail ─RCPT─▶ rcpt ─DATA─▶ data ─"."─▶ ready       RSET: back to ready; QUIT: finished
///
/// Rules:   a recipient that the check does not know gets 550 at RCPT. DATA without a standing recipient gets 503. After the final dot there is
///          one reply a recipient: 250 only when the sink says that the mail is durable, else 451, and the sending server keeps it.
///          Only CRLF "." CRLF ends a mail; bare LF or CR is content (no smuggling).
/// Source:  RFC 2033 (LMTP), RFC 5321 (commands, replies, dot-stuffing), RFC 1870 (SIZE), RFC 2920 (PIPELINING), RFC 2034 (codes).
/// Bounds:  LmtpLimits. Errors: none; a sink that throws counts as not durable. Threads: none. No clock.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pinfold::mail {

struct LmtpLimits {
  std::size_t mail_bytes = std::size_t{25} * 1024 * 1024;  ///< announced as SIZE
  std::size_t command_bytes = 1024;                        ///< RFC 5321 section 4.5.3.1.4 asks for 512
  std::size_t recipients = 100;
  unsigned errors = 20;  ///< then the conversation is ended
};

/// A mail as it was handed over.
struct Delivery {
  std::string from;  ///< "" is the null return path
  std::vector<std::string> recipients;
  std::string raw;
};

struct LmtpCallbacks {
  /// Whether mail to this address is wanted (a known token, the desk's own address).
  std::function<bool(std::string_view recipient)> knows;
  /// Keeps the mail. One answer a recipient, in order: true = durable. Fewer answers than recipients count as false.
  std::function<std::vector<bool>(const Delivery&)> keep;
};

class LmtpSession {
public:
  LmtpSession(std::string host, LmtpLimits limits, const LmtpCallbacks& callbacks);

  [[nodiscard]] std::string greeting() const;
  /// What to send back, after these bytes.
  [[nodiscard]] std::string feed(std::string_view bytes);
  [[nodiscard]] bool finished() const { return x_finished; }

private:
  enum class DataState : std::uint8_t { LineStart, Dot, DotCr, Text, Cr };

  void feed_data(std::string_view& bytes);
  void store(char c);
  void command(std::string_view line);
  void on_mail(std::string_view argument);
  void on_rcpt(std::string_view argument);
  void on_data();
  void end_of_data();
  void reset();
  void reply(std::string_view line);
  void error(std::string_view line);

  std::string x_host;
  LmtpLimits x_limits;
  const LmtpCallbacks& x_callbacks;
  std::string x_line;  ///< of a command that has not ended
  std::string x_out;
  Delivery x_delivery;
  DataState x_data_state = DataState::LineStart;
  unsigned x_errors = 0;
  bool x_greeted = false;
  bool x_has_sender = false;
  bool x_in_data = false;
  bool x_too_big = false;
  bool x_overlong = false;  ///< the rest of a command line that was too long is skipped
  bool x_finished = false;
};

}  // namespace pinfold::mail
