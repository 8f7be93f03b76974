/// What the detectors know about port numbers: where people and programs log in, where mail is delivered, which UDP services answer forged
/// questions with more than they were asked, and what is so ordinary that a flow there says nothing.
/// Source: IANA service names; US-CERT TA14-017A (UDP amplification); Zeek's and SSHCure's lists of attacked services.
/// Cost:   two loads: which port comes next no processor foresees, and a switch is a chain of guesses. The table has a page for each 64 ports of
/// which
///         one is known, and one page for all others: 6 KiB that stay in the first cache. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pinfold::detect {

enum class PortKind : std::uint8_t {
  Login,      ///< one login a session and a person or a script behind it: ssh, ftp, telnet, rdp, vnc
  MailLogin,  ///< programs log in here many times a minute by design: imap, pop3, submission
  Database,   ///< so do applications without a connection pool
  Mail,       ///< delivery between mail servers
  Ordinary,   ///< web, DNS, monitoring, messaging: short similar sessions by the thousand are normal
  Unknown,
};

struct PortFacts {
  PortKind kind : 3 = PortKind::Unknown;
  bool is_plain_web : 1 = false;
  bool is_amplifier : 1 = false;  ///< as a UDP port
};
static_assert(sizeof(PortFacts) == 1);
struct PortTable {
  static constexpr std::size_t kPage = 64;
  static constexpr std::size_t kPages = 80;  ///< page 0: nothing is known
  std::array<std::uint8_t, 65'536 / kPage> page_of{};
  std::array<std::array<PortFacts, kPage>, kPages> pages{};
  [[nodiscard]] constexpr PortFacts operator[](std::uint16_t port) const { return pages[page_of[port / kPage]][port % kPage]; }
};
extern const PortTable kPortTable;

[[nodiscard]] inline PortKind kind_of_port(std::uint16_t port) { return kPortTable[port].kind; }
/// HTTP without TLS.
[[nodiscard]] inline bool is_plain_web(std::uint16_t port) { return kPortTable[port].is_plain_web; }
[[nodiscard]] inline bool is_amplifier(std::uint16_t udp_port) { return kPortTable[udp_port].is_amplifier; }
/// "ssh", "rdp", "mysql"; "unknown" for ports that no login service owns.
[[nodiscard]] std::string_view service_of_port(std::uint16_t port);

/// A UDP service that is abused for reflection.
struct Amplifier {
  std::string_view name;
  /// Answers below this average size, IP headers included, are ordinary answers of that service. An answer is all that came for one question: a large
  /// one comes in fragments.
  std::uint32_t min_answer_bytes = 0;
  /// Bytes answered for each byte asked, below which it is ordinary service.
  std::uint32_t min_amplification = 0;
};
[[nodiscard]] std::optional<Amplifier> amplifier_on(std::uint16_t udp_port);

}  // namespace pinfold::detect
