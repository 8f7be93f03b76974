#include "agent/audit/host/platform.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "agent/audit/php/releases.hpp"
#include "base/text.hpp"

namespace pinfold::agent::audit {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "8.2" of "php8.2", "8.2", "php82", "ea-php82"; empty: it names none.
std::string version_in(std::string_view name) {
  const std::size_t at = name.find_first_of("0123456789");
  if (at == std::string_view::npos) {
    return {};
  }
  const std::string_view rest = name.substr(at);
  if (rest.size() >= 3 && is_digit(rest[0]) && rest[1] == '.' && is_digit(rest[2])) {
    return std::string(rest.substr(0, 3));
  }
  return rest.size() == 2 && is_digit(rest[0]) && is_digit(rest[1]) ? fmt::format("{}.{}", rest[0], rest[1]) : std::string{};
}

/// Of Debian's own making: other repositories mark their versions.
bool is_distributions_own(const HostFiles& files, std::string_view php) {
  const auto status = files.read("/var/lib/dpkg/status", std::size_t{64} << 20U);
  if (!status) {
    return files.exists("/etc/redhat-release");  // the one PHP of an enterprise system; others live in /opt
  }
  const std::string start = fmt::format("Package: php{}-common\n", php);
  const std::size_t at = status->find(start);
  if (at == std::string::npos) {
    return false;
  }
  const std::string_view block = std::string_view(*status).substr(at, std::min(status->find("\n\n", at), status->size()) - at);
  const std::size_t version = block.find("\nVersion: ");
  const std::string_view line = version == std::string_view::npos ? std::string_view{} : split(block.substr(version + 1), '\n').front();
  return line.find("sury") == std::string_view::npos && line.find("gbp") == std::string_view::npos && line.find("+0~") == std::string_view::npos;
}

std::string value_of(std::string_view text, std::string_view key) {
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == '=') {
      std::string_view value = line.substr(key.size() + 1);
      if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'')) {
        value = value.substr(1, value.size() - 2);
      }
      return printable(value, 100);
    }
  }
  return {};
}

}  // namespace

OperatingSystem operating_system(const HostFiles& files, std::string_view today) {
  auto text = files.read("/etc/os-release");
  if (!text) {
    text = files.read("/usr/lib/os-release");
  }
  OperatingSystem os;
  if (text) {
    os = {value_of(*text, "ID"), value_of(*text, "VERSION_ID"), value_of(*text, "PRETTY_NAME"), false};
  } else if (const auto debian = files.read("/etc/debian_version")) {
    const std::string version{trim(*debian)};
    os = {"debian", version.substr(0, version.find('.')), "Debian " + printable(version, 20), false};
  } else if (const auto redhat = files.read("/etc/redhat-release")) {
    const std::size_t at = redhat->find_first_of("0123456789");
    os = {istarts_with(*redhat, "CentOS") ? "centos" : "rhel", at == std::string::npos ? "" : redhat->substr(at, 1), printable(trim(*redhat), 80),
          false};
  }
  os.is_over = Platforms::own().over(os.id, os.version, today).has_value();
  return os;
}

std::map<std::string, std::string> installed_php(const HostFiles& files) {
  std::map<std::string, std::string> found;
  const auto take = [&](const std::string& folder, const std::string& name) {
    if (const std::string version = version_in(name); !version.empty()) {
      found.emplace(version, folder + "/" + name);
    }
  };
  for (const char* folder : {"/usr/bin", "/usr/sbin", "/usr/local/bin"}) {
    for (const std::string& name : files.list(folder)) {
      if (name.starts_with("php") && name.size() > 3 && (is_digit(name[3]) || name.starts_with("php-fpm") || name.starts_with("php-cgi"))) {
        take(folder, name);
      }
    }
  }
  for (const char* folder : {"/opt/plesk/php", "/opt/cpanel", "/opt/remi", "/usr/local/php", "/opt/php"}) {
    for (const std::string& name : files.list(folder)) {
      take(folder, name);
    }
  }
  return found;
}

void check_platform(const HostFiles& files, const OperatingSystem& os, std::string_view today, Report& report) {
  if (!os.name.empty()) {
    report.add(Fact{"System", "operating system", os.name});
  }
  if (const auto over = Platforms::own().over(os.id, os.version, today)) {
    report.add(Finding{
        "end_of_life_system", abuse::Severity::Medium, os.name, *over == "yes" ? "no longer maintained" : "not maintained since " + *over, {}});
  }
  for (const auto& [version, where] : installed_php(files)) {
    const auto over = Platforms::own().over("php", version, today);
    const bool is_kept = where.starts_with("/usr/bin") && !os.is_over && is_distributions_own(files, version);
    report.add(Fact{"System", "PHP " + version, is_kept ? where + ", maintained by the distribution" : where});
    if (over && !is_kept) {
      report.add(Finding{"end_of_life_php", abuse::Severity::Medium, where, fmt::format("PHP {}: not maintained since {}", version, *over), {}});
    }
  }
}

}  // namespace pinfold::agent::audit
