/// Shadowserver's report types → our classes. Names as in the file name and subject, old ("dns_openresolver") and new ("scan_dns"); a prefix
/// "event4_", "event6_" or "scan6_" says the family only.
/// Used by: lists (csv.cpp). Source: shadowserver.org, "Reports".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "abuse/abuse_class.hpp"

namespace pinfold::report {

struct ReportType {
  std::string_view name;
  abuse::AbuseClass abuse_class;
  bool reports_destination = false;  ///< the network's own address stands in dst_ip: it is the target
};

/// The longest known type that the name begins with, after a date and before "-country", "-asn" and such; nullopt when none is known.
[[nodiscard]] std::optional<ReportType> shadowserver_type(std::string_view name);

/// "2015-01-01-scan_ntp-sample-asn.csv" or "Shadowserver scan_ntp Report: 2015-01-01" → "scan_ntp"; "" when there is no such word.
[[nodiscard]] std::string type_word(std::string_view name);

}  // namespace pinfold::report
