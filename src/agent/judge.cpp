#include "agent/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace pinfold::agent {
namespace {

template <std::size_t N>
bool one_of(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Programs that serve strangers: what they start was perhaps asked for by one.
constexpr std::array<std::string_view, 17> kServices{"php",      "php-fpm", "php-cgi",   "apache", "httpd",   "nginx",
                                                     "lighttpd", "caddy",   "litespeed", "lsphp",  "java",    "ftpd",
                                                     "proftpd",  "vsftpd",  "pure-ftpd", "uwsgi",  "gunicorn"};
constexpr std::array<std::string_view, 22> kBuilders{
    "dpkg", "apt",   "apt-get", "aptitude", "unattended-upgr",   "rpm",     "yum",  "dnf", "make", "gmake", "ninja", "cmake", "gcc", "g++", "cc",
    "ld",   "cargo", "rustc",   "go",       "dpkg-buildpackage", "debuild", "meson"};
constexpr std::array<std::string_view, 5> kBuildScripts{"configure", "config.status", "config.guess", "config.sub", "libtool"};
constexpr std::array<std::string_view, 5> kLogins{"sshd", "sshd-session", "login", "su", "sudo"};
constexpr std::array<std::string_view, 3> kStarters{"systemd", "init", "runc"};
constexpr std::uint32_t kFirstPerson = 1000;  // login.defs UID_MIN: below it are services

/// "php8.2" and "php-fpm8.2" are php and php-fpm, "apache2" is apache.
std::string_view without_version(std::string_view name) {
  const std::size_t end = name.find_last_not_of(".0123456789");
  return end == std::string_view::npos ? name : name.substr(0, end + 1);
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// By the program where that is known: a name in `comm` can be chosen by whoever runs it.
std::string_view program_of(const Process& process) { return without_version(process.exe.empty() ? process.comm : base_name(process.exe)); }

bool is_service(const Process& process) { return one_of(kServices, program_of(process)) || one_of(kServices, without_version(process.comm)); }

/// Only a program of the system may excuse what it starts: /tmp/make does not.
bool is_builder(const Process& process) {
  const bool of_system = process.exe.starts_with("/usr/") || process.exe.starts_with("/bin/") || process.exe.starts_with("/opt/");
  return of_system && (one_of(kBuilders, base_name(process.exe)) || one_of(kBuilders, process.comm) || process.exe.ends_with("/cc1"));
}

template <typename Predicate>
const Process* find_ancestor(const ExecEvent& event, Predicate predicate) {
  const auto found = std::find_if(event.ancestors.begin(), event.ancestors.end(), predicate);
  return found == event.ancestors.end() ? nullptr : &*found;
}

std::string described(const Process& process) {
  const std::string name = printable(program_of(process), 64);
  return process.command_line.empty() ? name : fmt::format("{} ({})", name, printable(process.command_line, 100));
}

}  // namespace

std::optional<Judgement> judge(const Subject& subject, const ExecEvent& event) {
  const Process* service = find_ancestor(event, is_service);
  if (service == nullptr &&
      (find_ancestor(event, is_builder) != nullptr || (subject.how == Subject::How::Script && one_of(kBuildScripts, base_name(subject.path))))) {
    return std::nullopt;
  }
  Judgement judgement;
  judgement.kind = subject.how == Subject::How::Memory ? "run_from_memory" : "run_from_tmp";
  const bool hidden = base_name(subject.path).starts_with('.');
  const bool person = find_ancestor(event, [](const Process& p) { return one_of(kLogins, program_of(p)); }) != nullptr;
  unsigned percent = 50;
  if (service != nullptr) {
    percent = 90;
    judgement.severity = abuse::Severity::High;
  } else if (event.uid > 0 && event.uid < kFirstPerson) {
    percent = 75;
    judgement.severity = abuse::Severity::High;
  } else if (person) {
    percent = 30;  // an administrator at work, most often
    judgement.severity = abuse::Severity::Low;
  }
  percent += hidden ? 5U : 0U;
  percent += subject.how == Subject::How::Memory ? 5U : 0U;
  judgement.confidence.percent = static_cast<std::uint8_t>(std::min(percent, 99U));
  if (service != nullptr) {
    judgement.started_by = described(*service);
  } else if (!event.ancestors.empty()) {
    judgement.started_by = described(event.ancestors.front());
  }
  return judgement;
}

std::string ancestry_text(const Subject& subject, const ExecEvent& event) {
  std::string text = printable(subject.interpreter.empty() ? base_name(subject.path) : std::string_view(subject.interpreter), 64);
  for (const Process& ancestor : event.ancestors) {
    if (ancestor.pid == 1 && one_of(kStarters, program_of(ancestor))) {
      break;
    }
    // A shell's "-c …" repeats what it starts; a service's arguments tell which one it is.
    text += " ← " + printable(is_service(ancestor) && !ancestor.command_line.empty() ? ancestor.command_line : ancestor.comm, 200);
  }
  return text;
}

}  // namespace pinfold::agent
