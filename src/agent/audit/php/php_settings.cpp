#include "agent/audit/php/php_settings.hpp"

#include <fmt/format.h>

#include <array>

#include "base/text.hpp"

namespace pinfold::agent::audit {
namespace {

bool is_on(std::string_view value) {
  return iequals(value, "on") || iequals(value, "yes") || iequals(value, "true") || value == "1" || iequals(value, "stdout");
}

bool is_odd_place(std::string_view path) {
  for (const char* part :
       {"/tmp/", "/dev/shm/", "/var/tmp/", "/.", "http://", "https://", "php://", "data:", ".jpg", ".png", ".gif", ".ico", ".txt"}) {
    if (path.find(part) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

void judge_switches(const std::map<std::string, std::string>& settings, bool serves, std::vector<BadSetting>& bad) {
  struct Switch {
    const char* key;
    const char* what;
    abuse::Severity severity;
    bool only_when_serving;
  };
  static constexpr std::array kSwitches{
      Switch{"allow_url_include", "include() takes code from other servers", abuse::Severity::Medium, false},
      Switch{"register_globals", "a visitor sets any variable of a script", abuse::Severity::Medium, false},
      Switch{"display_errors", "errors show visitors paths and queries", abuse::Severity::Low, true},
      Switch{"enable_dl", "a script may load a library into PHP", abuse::Severity::Low, true},
      Switch{"expose_php", "every answer names the PHP release", abuse::Severity::Info, true},
      Switch{"cgi.fix_pathinfo", "with a careless web server, /picture.jpg/x.php runs the picture", abuse::Severity::Info, true},
  };
  for (const Switch& one : kSwitches) {
    const auto found = settings.find(one.key);
    if (found != settings.end() && is_on(found->second) && (serves || !one.only_when_serving)) {
      bad.push_back({one.key, found->second, one.what, one.severity, false});
    }
  }
}

void judge_loaders(const std::map<std::string, std::string>& settings, std::vector<BadSetting>& bad) {
  for (const char* key : {"auto_prepend_file", "auto_append_file", "extension", "zend_extension", "opcache.preload"}) {
    const auto found = settings.find(key);
    if (found == settings.end() || found->second.empty() || iequals(found->second, "none")) {
      continue;
    }
    const bool runs_before_pages = std::string_view(key).starts_with("auto_");
    if (is_odd_place(found->second)) {
      bad.push_back({key, found->second, "loads code from an odd place", abuse::Severity::High, true});
    } else if (runs_before_pages) {
      bad.push_back({key, found->second, "loads this file with every page; is it yours?", abuse::Severity::Low, true});
    }
  }
}

std::vector<std::string> ini_files(const HostFiles& files, Report& report) {
  std::vector<std::string> found;
  const auto take = [&](const std::string& path) {
    if (found.size() >= kMaxIniFiles) {
      report.leave_out("PHP settings files beyond the limit");
    } else if (files.exists(path)) {
      found.push_back(path);
    }
  };
  const auto take_all = [&](const std::string& folder) {
    for (const std::string& name : files.list(folder)) {
      if (name.ends_with(".ini") || name.ends_with(".conf")) {
        take(folder + "/" + name);
      }
    }
  };
  for (const char* path : {"/etc/php.ini", "/usr/local/lib/php.ini", "/usr/local/etc/php.ini", "/usr/local/etc/php/php.ini", "/opt/lampp/etc/php.ini",
                           "/etc/php-fpm.conf"}) {
    take(path);
  }
  take_all("/etc/php.d");
  take_all("/etc/php-fpm.d");
  take_all("/usr/local/etc/php/conf.d");
  for (const char* base : {"/etc/php", "/etc/php5", "/opt/plesk/php"}) {
    for (const std::string& version : files.list(base)) {
      const std::string folder = std::string(base) + "/" + version;
      take(folder + "/php.ini");
      take_all(folder + "/pool.d");
      for (const char* api : {"apache2", "fpm", "cgi", "cli", "etc"}) {
        take(folder + "/" + api + "/php.ini");
        take_all(folder + "/" + api + "/conf.d");
        take_all(folder + "/" + api + "/pool.d");
        take_all(folder + "/" + api + "/php-fpm.d");
      }
    }
  }
  for (const std::string& name : files.list("/opt/cpanel")) {
    take("/opt/cpanel/" + name + "/root/etc/php.ini");
    take_all("/opt/cpanel/" + name + "/root/etc/php-fpm.d");
  }
  return found;
}

}  // namespace

std::map<std::string, std::string> parse_ini(std::string_view text) {
  std::map<std::string, std::string> settings;
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    const std::size_t equals = line.find('=');
    if (line.empty() || line.front() == ';' || line.front() == '#' || equals == std::string_view::npos) {
      continue;
    }
    std::string_view key = trim(line.substr(0, equals));
    if (key.starts_with("php_") && key.ends_with(']')) {
      const std::size_t open = key.find('[');
      key = open == std::string_view::npos ? key : key.substr(open + 1, key.size() - open - 2);
    }
    std::string_view value = trim(line.substr(equals + 1));
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'')) {
      value = value.substr(1, value.find(value.front(), 1) - 1);
    } else {
      value = trim(value.substr(0, value.find(';')));
    }
    settings[to_lower(key)] = std::string(value);
  }
  return settings;
}

std::vector<BadSetting> bad_settings(const std::map<std::string, std::string>& settings, bool serves) {
  std::vector<BadSetting> bad;
  judge_switches(settings, serves, bad);
  judge_loaders(settings, bad);
  const auto disabled = settings.find("disable_functions");
  if (serves && disabled != settings.end() && disabled->second.empty()) {
    bad.push_back(
        {"disable_functions", "", "scripts may start programs (exec, system, passthru, shell_exec, popen, proc_open)", abuse::Severity::Info, false});
  }
  return bad;
}

void check_php_settings(const HostFiles& files, Report& report) {
  for (const std::string& path : ini_files(files, report)) {
    const auto text = files.read(path);
    const bool serves = path.find("/cli/") == std::string::npos;
    for (const BadSetting& bad : bad_settings(parse_ini(text ? *text : ""), serves)) {
      report.add(Finding{bad.loads_code ? "php_runs_foreign_code" : "php_setting",
                         bad.severity,
                         fmt::format("{}: {}", path, bad.key),
                         fmt::format("{} = {}: {}", bad.key, bad.value.empty() ? "(nothing)" : bad.value, bad.what),
                         {}});
    }
  }
}

}  // namespace pinfold::agent::audit
