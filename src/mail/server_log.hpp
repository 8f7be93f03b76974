/// What a mail server's log says of one mail: which queue id has a Message-ID, and what became of it. One line at a time.
/// Used by: engine (ServerLog), for delivery evidence where no DSN comes, and to find out what became of an attempt whose answer was lost.
/// Servers: Postfix, Exim and Sendmail in their default formats. Other lines are nobody's.
/// Bounds:  linear in the line, of which kMaxLogLine bytes are read. Pure. Errors: none.
/// Source:  Postfix's and Sendmail's syslog lines; Exim specification, "Log files".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pinfold::mail {

inline constexpr std::size_t kMaxLogLine = 4096;

struct LogLine {
  enum class Kind : std::uint8_t {
    Known,     ///< the queue id has this Message-ID
    Sent,      ///< another server, or a mailbox here, has taken it
    HandedOn,  ///< only a filter on this machine has: it goes on under `next_id`
    Failed,    ///< given up
    Deferred,
  };
  Kind kind = Kind::Known;
  std::string queue_id;
  std::string message_id;  ///< of Known; without brackets
  std::string recipient;   ///< of the others; lower case
  std::string next_id;     ///< of HandedOn
  std::string words;       ///< the remote server and what it said
  friend bool operator==(const LogLine&, const LogLine&) = default;
};

[[nodiscard]] std::optional<LogLine> parse_log_line(std::string_view line);

}  // namespace pinfold::mail
