/// IP addresses and hosts as people write them in running text, and which of them a report is about.
/// Used by: the plain-text reader, and by formats that give only a URL (the address then stands in the text beside it).
/// Defanged forms are read too: hxxp://, 192.0.2[.]1, 192.0.2(.)1, [.] and (dot).
/// Cost: linear; at most kMaxFound addresses are looked at.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/ip_address.hpp"

namespace pinfold::report {

inline constexpr std::size_t kMaxFound = 5000;

struct FoundAddress {
  net::IpAddress address;
  std::size_t at = 0;  ///< in the text
  std::size_t size = 0;
  bool is_range = false;  ///< a prefix length stands behind it
};

/// Addresses that stand as words of their own, in order. Unspecified, loopback and multicast addresses and netmasks are left out.
[[nodiscard]] std::vector<FoundAddress> find_addresses(std::string_view text);

/// A cell or field that should be an address: brackets, a port, a /32 or /128, blanks and asterisks around it are taken off.
[[nodiscard]] std::optional<net::IpAddress> parse_address(std::string_view text);

/// The same text with defanged addresses and URLs made whole.
[[nodiscard]] std::string refang(std::string_view text);

/// Host of a URL or host name, lower case: "http://[2001:db8::1]:80/x" → "2001:db8::1"; empty when there is none.
[[nodiscard]] std::string host_of(std::string_view url);

/// The first http, https or ftp URL in the text, without what punctuation follows it; empty when there is none.
[[nodiscard]] std::string_view find_url(std::string_view text);

/// The addresses that the text accuses, the surest first: by the words before each ("source", "attacker", "IP address" against "victim",
/// "target", "our"), by whether the subject names it, and by how often it stands there. Empty when nothing says who did it.
[[nodiscard]] std::vector<net::IpAddress> accused_addresses(std::string_view subject, std::string_view text);

}  // namespace pinfold::report
