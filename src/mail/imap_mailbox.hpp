/// A folder of an IMAP server, polled: the second way in, for desks whose mail server cannot speak LMTP to them.
/// Used by: engine (ImapPoller), which takes each mail durably before `done` removes it from the folder: a crash in between brings it again, and
/// the inbox knows it by its hash.
/// TLS:     required, except with Tls::Off, which the configuration allows to loopback alone. The password never goes out in clear otherwise.
/// Errors:  texts for people; the connection is then of no use. A mail that is larger than kMaxRawBytes is left where it is and counted.
/// Clock:   the kernel's time-outs. Threads: one at a time; every call blocks, each step at most `timeout`.
/// Source:  RFC 3501; UIDPLUS RFC 4315, MOVE RFC 6851, LITERAL RFC 7888 where the server has them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "mail/imap_lines.hpp"
#include "mail/tls_stream.hpp"

namespace pinfold::mail {

inline constexpr std::size_t kMaxPolled = 100;  ///< mails of one `waiting`

struct ImapOptions {
  enum class Tls : std::uint8_t { Implicit, StartTls, Off };
  net::IpAddress address;
  std::uint16_t port = 993;
  Tls tls = Tls::Implicit;
  std::string name;     ///< the server's, as in its certificate
  std::string ca_file;  ///< empty: the system's authorities
  std::string user;
  std::string password;
  std::string folder = "INBOX";
  std::string archive;  ///< where a mail goes that was taken; empty: it is deleted
  Seconds timeout{30};
};

class ImapMailbox {
public:
  /// Connects, logs in, selects the folder; makes the archive if it is not there.
  [[nodiscard]] static Expected<ImapMailbox, std::string> open(const ImapOptions& options);

  struct Waiting {
    std::vector<std::uint32_t> uids;  ///< oldest first, at most kMaxPolled
    std::size_t too_large = 0;        ///< left in the folder for a person
  };
  [[nodiscard]] Expected<Waiting, std::string> waiting();
  /// The raw mail; "" when it is not there any more.
  [[nodiscard]] Expected<std::string, std::string> fetch(std::uint32_t uid);
  /// Moves it to the archive, or deletes it.
  [[nodiscard]] Expected<void, std::string> done(std::uint32_t uid);

private:
  explicit ImapMailbox(TlsStream stream);
  /// The untagged responses; an error when the server says NO or BAD.
  [[nodiscard]] Expected<std::vector<ImapLine>, std::string> command(const std::string& text, const std::string& shown);
  [[nodiscard]] Expected<ImapLine, std::string> read_line();
  [[nodiscard]] Expected<void, std::string> log_in(const ImapOptions& options);
  [[nodiscard]] Expected<void, std::string> learn_capabilities();
  [[nodiscard]] bool can(std::string_view capability) const;

  TlsStream x_stream;
  ImapLineReader x_lines;
  unsigned x_tag = 0;
  std::string x_capabilities;
  std::string x_archive;  ///< quoted; empty: none
};

}  // namespace pinfold::mail
