/// Which hosts take a domain's mail: its MX records' addresses, or its own where it has none. Asked so that a notice is not sent to a mailbox that
/// lives on the very server that it is about. Used by: the contact worker (engine/customers/contact_care.hpp), once a day a contact. Bounds:
/// kMaxMailHosts addresses of at most kMaxExchangers exchangers; each question waits at most `timeout` seconds, `attempts` times. Errors:  what
/// cannot be found out is a reason in words, and nothing is known then. Threads: any; blocks. The resolver's state is each call's own. Source:  RFC
/// 5321 section 5.1 (MX, and the implicit one), RFC 7505 (null MX). The C library's resolver reads the answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "net/ip_address.hpp"

namespace pinfold::engine {

inline constexpr std::size_t kMaxMailHosts = 32;
inline constexpr std::size_t kMaxExchangers = 8;

struct ResolverOptions {
  std::optional<std::uint16_t> loopback_port;  ///< a resolver on 127.0.0.1 at that port; none: the machine's (resolv.conf)
  int timeout = 3;                             ///< seconds
  int attempts = 2;
};

/// The addresses that take mail for the domain; empty: it says that it takes none.
[[nodiscard]] Expected<std::vector<net::IpAddress>, std::string> mail_hosts_of(std::string_view domain, const ResolverOptions& options = {});

}  // namespace pinfold::engine
