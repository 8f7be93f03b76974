/// The world-writable places (/tmp, /var/tmp, /dev/shm and their like): what lies there that should not, and how they are mounted.
/// Used by: the audit, without an order: of what lies there only names, rights and owners are looked at. Content is read of one sort of file only,
/// the executable one, and judged by the rules; uploads, sessions and data are the customer's and stay closed. Reported: programs and scripts of the
/// web server's accounts, setuid files, hidden folders, whatever the rules know. Executables of people and of package builds are counted, not
/// reported: they are what such places are for. Bounds:  kMaxPlaceEntries names, kPlaceDepth levels, kMaxProgramBytes of a program, kMaxProgramsBytes
/// of all. Threads: none.
#pragma once

#include <string>
#include <vector>

#include "agent/audit/host/processes.hpp"
#include "agent/audit/host_files.hpp"
#include "agent/audit/report.hpp"
#include "agent/yara_rules.hpp"

namespace pinfold::agent::audit {

inline constexpr std::size_t kMaxPlaceEntries = 200'000;
inline constexpr std::size_t kPlaceDepth = 8;
inline constexpr std::size_t kMaxProgramBytes = std::size_t{8} << 20U;
inline constexpr std::size_t kMaxProgramsBytes = std::size_t{256} << 20U;  ///< of all programs together

struct Mount {
  std::string where;
  std::string type;
  std::vector<std::string> options;
};
/// The text of /proc/self/mountinfo. A later mount over the same place hides the earlier one.
[[nodiscard]] std::vector<Mount> parse_mounts(std::string_view text);

/// Made to be overlooked: "...", ". ", "..x", blanks at the end, control characters. A leading dot alone is ordinary.
[[nodiscard]] bool is_hiding_name(std::string_view name);

void check_places(const HostFiles& files, const std::vector<Mount>& mounts, const PeopleNames& names, const YaraRules& rules, Report& report);
void check_mount_options(const std::vector<Mount>& mounts, Report& report);

}  // namespace pinfold::agent::audit
