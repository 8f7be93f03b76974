#include "agent/audit/host/schedules.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <array>

#include "agent/audit/host/command_signs.hpp"
#include "agent/mask.hpp"
#include "base/text.hpp"

namespace pinfold::agent::audit {
namespace {

constexpr std::array kCronFolders{"/etc/cron.d",          "/etc/cron.hourly", "/etc/cron.daily",          "/etc/cron.weekly",
                                  "/etc/cron.monthly",    "/etc/cron.yearly", "/var/spool/cron/crontabs", "/var/spool/cron",
                                  "/var/spool/cron/tabs", "/var/spool/at",    "/var/spool/cron/atjobs",   "/etc/periodic/15min"};
constexpr std::array kStartupFiles{"/etc/rc.local",    "/etc/rc.d/rc.local", "/etc/profile", "/etc/bash.bashrc", "/etc/bashrc",
                                   "/etc/environment", "/etc/inittab",       "/etc/crontab", "/etc/anacrontab"};
constexpr std::array kStartupFolders{
    "/etc/profile.d",     "/etc/init.d", "/etc/systemd/system", "/etc/systemd/user", "/usr/local/lib/systemd/system", "/etc/xdg/autostart",
    "/etc/update-motd.d", "/etc/init"};
constexpr std::array kHomeFiles{".bashrc", ".bash_profile", ".bash_login", ".profile", ".bash_logout",
                                ".zshrc",  ".zprofile",     ".zshenv",     ".kshrc",   ".cshrc",
                                ".login",  ".xprofile",     ".xsession",   ".ssh/rc",  ".config/fish/config.fish"};
constexpr std::array kHomeFolders{".config/systemd/user", ".config/autostart"};

/// A command line as it may be shown: without what looks like a password.
std::string shown(std::string_view line) {
  std::vector<std::string> words;
  for (const std::string_view word : split(trim(line), ' ')) {
    words.emplace_back(word);
  }
  return printable(fmt::format("{}", fmt::join(mask_secrets(std::move(words)), " ")), 200);
}

bool is_schedule(std::string_view path) { return path.find("/cron") != std::string_view::npos || path.find("/at") != std::string_view::npos; }

void check_file(const HostFiles& files, const std::string& path, std::string_view owner, Report& report) {
  const auto text = files.read(path);
  if (!text) {
    return;
  }
  std::size_t number = 0;
  for (const std::string_view line : split(*text, '\n')) {
    ++number;
    if (const auto sign = sign_in(line); !sign.empty()) {
      Finding finding{is_schedule(path) ? "suspicious_schedule" : "suspicious_startup", abuse::Severity::High, path, std::string(sign), {}};
      finding.evidence["line"] = fmt::format("{}: {}", number, shown(line));
      if (!owner.empty()) {
        finding.evidence["account"] = owner;
      }
      report.add(std::move(finding));
    }
  }
}

void check_folder(const HostFiles& files, const std::string& folder, std::string_view owner, Report& report) {
  for (const std::string& name : files.list(folder)) {
    const std::string path = folder + "/" + name;
    const auto facts = files.facts(path);
    if (facts && (S_ISREG(facts->mode) || S_ISLNK(facts->mode))) {
      check_file(files, path, owner, report);
    }
  }
}

void check_crontabs(const HostFiles& files, Report& report) {
  for (const std::string folder : kCronFolders) {
    for (const std::string& name : files.list(folder)) {
      const std::string path = folder + "/" + name;
      const auto facts = files.facts(path);
      if (!facts || !S_ISREG(facts->mode)) {
        continue;
      }
      const bool is_users = folder.starts_with("/var/spool/cron");
      check_file(files, path, is_users ? name : "", report);
      if (is_users && is_web_account(name) && facts->size > 0) {
        // Nextcloud and others ask for one; what it runs has been judged line by line.
        report.add(
            Finding{"suspicious_schedule", abuse::Severity::Info, path, "the web server's account has a crontab of its own: read what it runs", {}});
      }
    }
  }
}

void check_homes(const HostFiles& files, const std::vector<Account>& accounts, Report& report) {
  std::size_t homes = 0;
  for (const Account& account : accounts) {
    if (account.home.size() < 2 || !account.home.starts_with('/')) {
      continue;
    }
    if (is_web_content(account.home)) {
      report.leave_out("homes inside web roots: their startup files were not read");
      continue;
    }
    if (++homes > kMaxHomes) {
      report.leave_out("homes beyond the limit");
      continue;
    }
    for (const char* name : kHomeFiles) {
      check_file(files, account.home + "/" + name, account.name, report);
    }
    for (const char* name : kHomeFolders) {
      check_folder(files, account.home + "/" + name, account.name, report);
    }
  }
}

}  // namespace

std::vector<Account> accounts_of(const HostFiles& files) {
  std::vector<Account> accounts;
  const auto passwd = files.read("/etc/passwd");
  for (const std::string_view line : split(passwd ? std::string_view(*passwd) : std::string_view{}, '\n')) {
    const auto cells = split(line, ':');
    if (cells.size() >= 7) {
      if (const auto uid = parse_number(cells[2]); uid && *uid <= UINT32_MAX) {
        accounts.push_back({std::string(cells[0]), static_cast<std::uint32_t>(*uid), std::string(cells[5]), std::string(cells[6])});
      }
    }
  }
  return accounts;
}

bool is_web_account(std::string_view name) {
  for (const char* web :
       {"www-data", "apache", "nginx", "httpd", "www", "wwwrun", "nobody", "lighttpd", "http", "web", "php-fpm", "caddy", "litespeed"}) {
    if (name == web) {
      return true;
    }
  }
  return false;
}

bool is_web_content(std::string_view path) {
  for (const char* root :
       {"/var/www", "/srv/www", "/srv/http", "/usr/share/nginx", "/usr/local/www", "/var/vhosts", "/opt/lampp/htdocs", "/usr/local/apache"}) {
    if (path == root || path.starts_with(std::string(root) + "/")) {
      return true;
    }
  }
  for (const char* folder : {"/public_html", "/htdocs", "/httpdocs", "/httpsdocs", "/wwwroot", "/webroot", "/private_html"}) {
    const std::size_t at = path.find(folder);
    if (at != std::string_view::npos) {
      const std::string_view rest = path.substr(at + std::string_view(folder).size());
      if (rest.empty() || rest.front() == '/') {
        return true;
      }
    }
  }
  return false;
}

void check_schedules(const HostFiles& files, const std::vector<Account>& accounts, Report& report) {
  check_crontabs(files, report);
  for (const char* path : kStartupFiles) {
    check_file(files, path, "", report);
  }
  for (const char* folder : kStartupFolders) {
    check_folder(files, folder, "", report);
  }
  const auto preload = files.read("/etc/ld.so.preload");
  if (preload && !trim(*preload).empty()) {
    report.add(Finding{"preloaded_library", abuse::Severity::High, "/etc/ld.so.preload", std::string(trim(*preload)), {}});
  }
  check_homes(files, accounts, report);
}

}  // namespace pinfold::agent::audit
