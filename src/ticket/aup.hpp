/// The acceptable use policy: versioned Markdown that customers accept, in which each class of abuse points to a clause.
///   ## 4.2 No attacks on networks <!-- classes: port_scan, flood, brute_force -->
/// Used by: notices ("Our terms"), `pinfold aup`, the portal. Pure. Bounds: kMaxAupBytes a version, kMaxClauses headings.
/// Errors:  parse names the line: a class that does not exist, or that two clauses claim; a text in which no clause names a class.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "abuse/abuse_class.hpp"
#include "base/expected.hpp"

namespace pinfold::ticket {

inline constexpr std::size_t kMaxAupBytes = 256 * 1024;
inline constexpr std::size_t kMaxClauses = 500;

/// Class → the heading of its clause, "4.2 No attacks on networks".
using Clauses = std::map<abuse::AbuseClass, std::string>;
[[nodiscard]] Expected<Clauses, std::string> parse_clauses(std::string_view markdown);

/// Line by line: " " in both, "-" only in the earlier, "+" only in the later; the longest common subsequence (Myers would be shorter work, not a
/// shorter text). O(lines²), bounded by kMaxDiffLines a side; longer texts are shown as all removed, all added.
inline constexpr std::size_t kMaxDiffLines = 3000;
[[nodiscard]] std::vector<std::string> differences(std::string_view earlier, std::string_view later);

}  // namespace pinfold::ticket
