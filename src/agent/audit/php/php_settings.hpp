/// PHP settings that invite trouble: of php.ini files and of FPM pools.
/// Used by: the audit, without an order: these are the server's settings.
/// Pure but for the reading. Bounds: kMaxIniFiles files. Threads: none. Source: php.net/manual/ini.list.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/audit/host_files.hpp"
#include "agent/audit/report.hpp"

namespace pinfold::agent::audit {

inline constexpr std::size_t kMaxIniFiles = 2000;

/// key = value, the last of a key counting; `php_admin_value[key] = value` of a pool is the same key. Comments and sections are left out.
[[nodiscard]] std::map<std::string, std::string> parse_ini(std::string_view text);

struct BadSetting {
  std::string key;
  std::string value;
  std::string what;
  abuse::Severity severity = abuse::Severity::Low;
  bool loads_code = false;  ///< auto_prepend_file and its like
};
/// `serves` is true for the settings of a web server's PHP; the command line's are judged more mildly.
[[nodiscard]] std::vector<BadSetting> bad_settings(const std::map<std::string, std::string>& settings, bool serves);

void check_php_settings(const HostFiles& files, Report& report);

}  // namespace pinfold::agent::audit
