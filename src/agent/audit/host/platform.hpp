/// The operating system and the PHPs that are installed, and until when they are repaired.
/// Used by: the audit. Today's date is handed in, as "2026-11-26".
/// Not accused: the PHP that the distribution itself maintains while the distribution is maintained; CloudLinux's alt-php, which is patched beyond
/// its end. Sources: os-release(5), rules/php-apps/platforms.tsv. Threads: none.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "agent/audit/host_files.hpp"
#include "agent/audit/report.hpp"

namespace pinfold::agent::audit {

struct OperatingSystem {
  std::string id;       ///< "debian"
  std::string version;  ///< "12"
  std::string name;     ///< for people
  bool is_over = false;
};
[[nodiscard]] OperatingSystem operating_system(const HostFiles& files, std::string_view today);
/// "7.4" → where it is ("/opt/plesk/php/7.4").
[[nodiscard]] std::map<std::string, std::string> installed_php(const HostFiles& files);

void check_platform(const HostFiles& files, const OperatingSystem& os, std::string_view today, Report& report);

}  // namespace pinfold::agent::audit
