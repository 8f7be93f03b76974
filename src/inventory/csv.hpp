/// The inventory as a CSV file (RFC 4180: quotes, doubled quotes, CRLF or LF), one server a line, with a header line.
///
///   customer,customer_name,contacts,language,level,server,addresses,mac,switch,port,alias,protected
///   1001,Example Ltd,ops@example.net;cto@example.net,en,1,srv-1001,192.0.2.11;2001:db8::11,02:00:00:00:00:01,sw1,swp1,cust:srv-1001,no
///
/// May be left out: protected; account (the contract's own mail address), phone, reseller (a customer of this file), notify (yes|no: write to this
/// customer too, behind the reseller), roles (role|reason|expiry, as "scanner|research|2027-01-01T00:00:00Z"). A contact may name its own language:
/// ops@example.net|de.
/// Columns may stand in any order; `mac`, `switch`, `port`, `alias` may be empty (switch and port together), `protected` is yes|no and may be
/// left out, an unknown column is refused. Lists are separated by ';'. The same customer on several lines must agree in name, contacts, language.
/// Bounds:  kMaxCsvBytes, kMaxServers lines. Errors: the first fault, with file, line and field; nothing is half imported.
/// Security: cells that start with = + - @ are taken as text; nothing is evaluated.
#pragma once

#include <string_view>

#include "base/expected.hpp"
#include "inventory/inventory.hpp"

namespace pinfold::inventory {

inline constexpr std::size_t kMaxCsvBytes = std::size_t{64} * 1024 * 1024;

[[nodiscard]] Expected<Inventory, ImportError> parse_csv(std::string_view text, std::string_view file_name);

}  // namespace pinfold::inventory
