#include "agent/ancestors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/sensor/exec_sensor.hpp"
#include "base/text.hpp"

namespace pinfold::agent {
namespace {

using Names = std::vector<std::string_view>;

bool one_of(const Names& names, std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); }

struct Row {
  Role role;
  Names names;  ///< without version
};

/// Those that accuse: a borrowed name only makes it worse for whoever borrowed it.
const std::vector<Row>& accusing() {
  static const std::vector<Row> rows{
      {Role::Php, {"php", "php-fpm", "php-cgi", "lsphp", "phpcgi", "php-cgi.real"}},
      {Role::Web, {"apache",   "httpd",    "nginx",     "lighttpd", "caddy",     "litespeed", "lshttpd",        "openlitespeed", "java",
                   "catalina", "uwsgi",    "gunicorn",  "unicorn",  "puma",      "passenger", "PassengerAgent", "fcgiwrap",      "suexec",
                   "thttpd",   "cherokee", "hypercorn", "uvicorn",  "mod_fcgid", "h2o",       "angie",          "openresty"}},
      {Role::Ftp, {"ftpd", "proftpd", "vsftpd", "pure-ftpd", "in.ftpd", "wu-ftpd", "ftpd-tls"}},
      {Role::Mail, {"exim", "master", "smtpd", "dovecot", "sendmail", "sendmail-mta", "opensmtpd", "imap-login", "pop3-login", "qmail-local"}},
      {Role::Database, {"mysqld", "mariadbd", "postgres", "redis-server", "mongod", "memcached", "couchdb"}},
  };
  return rows;
}

const std::vector<Row>& telling() {
  static const std::vector<Row> rows{
      {Role::Panel,
       {"cpsrvd", "cpaneld", "whostmgrd", "cpanellogd", "queueprocd", "sw-engine", "sw-engine-fpm", "sw-cp-serverd", "plesk", "directadmin",
        "hestia-php", "hestia-nginx", "vesta-php", "miniserv.pl", "BT-Panel", "BT-Task", "ispconfig", "iworx", "froxlor"}},
      {Role::Cron, {"cron", "crond", "anacron", "atd", "fcron", "bcron-exec"}},
      {Role::Login, {"sshd", "sshd-session", "login", "su", "sudo", "doas", "dropbear", "sftp-server", "mosh-server", "agetty", "tmux", "screen"}},
      {Role::Init, {"systemd", "init", "tini", "dumb-init", "docker-init", "catatonit", "s6-svscan", "runit"}},
  };
  return rows;
}

/// Those that excuse: believed only of programs and scripts of the system.
const std::vector<Row>& excusing() {
  static const std::vector<Row> rows{
      {Role::Build,
       {"make",
        "gmake",
        "ninja",
        "cmake",
        "ctest",
        "meson",
        "gcc",
        "g++",
        "cc",
        "c++",
        "cpp",
        "cc1",
        "cc1plus",
        "collect",
        "ld",
        "ld.bfd",
        "ld.gold",
        "ld.lld",
        "lld",
        "mold",
        "as",
        "ar",
        "clang",
        "clang++",
        "cargo",
        "rustc",
        "go",
        "link",
        "compile",
        "javac",
        "mvn",
        "gradle",
        "bazel",
        "scons",
        "waf",
        "dpkg-buildpackage",
        "debuild",
        "debhelper",
        "dh",
        "sbuild",
        "pbuilder",
        "cowbuilder",
        "rpmbuild",
        "mock",
        "abuild",
        "makepkg",
        "debootstrap",
        "mmdebstrap",
        "autoreconf",
        "autoconf",
        "automake",
        "libtool",
        "gitlab-runner",
        "buildkite-agent",
        "Runner.Worker",
        "Runner.Listener",
        "drone-runner-exec",
        "act_runner",
        "woodpecker-agent",
        "buildbot-worker",
        "buildd",
        "ccache",
        "buildkitd",
        "buildah",
        "distccd",
        "strip",
        "objcopy"}},
      {Role::Package,
       {"dpkg",
        "apt",
        "apt-get",
        "aptitude",
        "unattended-upgr",
        "unattended-upgrade",
        "unattended-upgrades",
        "packagekitd",
        "rpm",
        "yum",
        "dnf",
        "zypper",
        "apk",
        "pacman",
        "snapd",
        "flatpak",
        "dpkg-preconfigure",
        "dpkg-reconfigure",
        "pip",
        "pipx",
        "npm",
        "yarn",
        "pnpm",
        "gem",
        "bundle",
        "bundler",
        "cpan",
        "cpanm",
        "pecl",
        "pear",
        "composer",
        "composer.phar",
        "easy_install",
        "conda",
        "mamba",
        "brew",
        "uv",
        "poetry",
        "npx",
        "corepack",
        "luarocks",
        "needrestart",
        "update-initramfs",
        "mkinitramfs",
        "dracut",
        "dkms"}},
      {Role::Manage, {"ansible",         "ansible-playbook", "puppet",  "chef-client", "chef-solo",  "salt-minion", "salt-call", "cf-agent",
                      "cloud-init",      "logrotate",        "certbot", "rkhunter",    "chkrootkit", "lynis",       "etckeeper", "waagent",
                      "google_guest_ag", "amazon-ssm-agen",  "wp",      "wp-cli",      "drush",      "phpunit",     "artisan"}},
      {Role::Container,
       {"runc", "crun", "containerd-shim", "containerd-shim-runc-v", "containerd", "dockerd", "podman", "conmon", "crio", "kubelet", "lxc-start",
        "lxd", "incusd", "bwrap", "systemd-nspawn", "nerdctl"}},
  };
  return rows;
}

/// "x86_64-linux-gnu-gcc-12" is gcc.
std::string_view without_target(std::string_view name) {
  constexpr std::string_view kTarget = "-linux-gnu-";
  const std::size_t at = name.find(kTarget);
  return at == std::string_view::npos ? name : name.substr(at + kTarget.size());
}

Role lookup(const std::vector<Row>& rows, std::string_view name) {
  name = without_target(name);
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return one_of(row.names, name) || one_of(row.names, without_version(name)); });
  return found == rows.end() ? Role::Other : found->role;
}

/// The script that an interpreter was given: the first word that is no option. Command lines are joined by blanks (exec_event.hpp).
std::string_view script_of(const Process& process) {
  const auto words = split(process.command_line, ' ');
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (!words[i].empty() && words[i].front() != '-') {
      return words[i];
    }
  }
  return {};
}

/// "python3 -m pip install", "php /usr/bin/composer", "/bin/sh /usr/sbin/mkinitramfs": the tool is the script.
Role role_by_script(const Process& process) {
  const std::string_view script = script_of(process);
  if (process.command_line.find(" -m pip ") != std::string::npos && of_the_system(process.exe)) {
    return Role::Package;
  }
  return of_the_system(script) || (script.starts_with("/var/lib/dpkg/info/")) ? lookup(excusing(), base_name(script)) : Role::Other;
}

/// A build agent of Jenkins is a Java program that runs /tmp/jenkins123.sh all day; Java otherwise serves the web.
bool is_jenkins(const Process& process) {
  const std::string& line = process.command_line;
  return line.find("jenkins") != std::string::npos || line.find("remoting.jar") != std::string::npos || line.find("agent.jar") != std::string::npos;
}

}  // namespace

std::string_view without_version(std::string_view name) {
  const std::size_t end = name.find_last_not_of(".0123456789");
  name = end == std::string_view::npos ? name : name.substr(0, end + 1);
  return name.size() > 1 && name.ends_with('-') ? name.substr(0, name.size() - 1) : name;
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool of_the_system(std::string_view path) {
  constexpr std::array<std::string_view, 8> kPlaces{"/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/opt/", "/snap/", "/nix/store/"};
  return std::any_of(kPlaces.begin(), kPlaces.end(), [&](std::string_view place) { return path.starts_with(place); });
}

Role role_of(const Process& process) {
  const std::string_view program = process.exe.empty() ? std::string_view(process.comm) : base_name(process.exe);
  const bool system = of_the_system(process.exe);
  if (system && !interpreter_name(process.exe).empty()) {
    if (const Role role = role_by_script(process); role != Role::Other) {
      return role;
    }
  }
  if (program == "java" && system && is_jenkins(process)) {
    return Role::Build;
  }
  for (const std::string_view name : {program, std::string_view(process.comm)}) {
    if (const Role role = lookup(accusing(), name); role != Role::Other) {
      return role;
    }
  }
  const Role role = lookup(telling(), program);
  if (role != Role::Other && (role != Role::Login || system)) {
    return role;
  }
  if (const Role by_name = lookup(telling(), process.comm); by_name == Role::Panel || by_name == Role::Cron) {
    return by_name;
  }
  return system ? lookup(excusing(), program) : Role::Other;
}

std::string_view title(Role role) {
  switch (role) {
    case Role::Php: return "PHP";
    case Role::Web: return "a web server";
    case Role::Ftp: return "an FTP server";
    case Role::Mail: return "a mail server";
    case Role::Database: return "a database server";
    case Role::Panel: return "a control panel";
    case Role::Cron: return "cron";
    case Role::Login: return "a person's login";
    case Role::Build: return "a build";
    case Role::Package: return "a package manager";
    case Role::Manage: return "server management";
    case Role::Container: return "a container runtime";
    case Role::Init: return "init";
    default: return {};
  }
}

bool serves_strangers(Role role) {
  return role == Role::Php || role == Role::Web || role == Role::Ftp || role == Role::Mail || role == Role::Database;
}

bool is_ordinary_work(Role role) { return role == Role::Build || role == Role::Package || role == Role::Manage; }

std::string described(const Process& process) {
  const std::string name = printable(without_version(process.exe.empty() ? std::string_view(process.comm) : base_name(process.exe)), 64);
  return process.command_line.empty() ? name : fmt::format("{} ({})", name, printable(process.command_line, 100));
}

}  // namespace pinfold::agent
