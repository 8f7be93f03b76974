#include "agent/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/ancestors.hpp"
#include "base/text.hpp"

namespace pinfold::agent {
namespace {

constexpr std::array<std::string_view, 13> kBuildScripts{"configure",    "config.status", "config.guess", "config.sub", "libtool",
                                                         "Makefile.PL",  "Build.PL",      "setup.py",     "autogen.sh", "extconf.rb",
                                                         "bootstrap.sh", "install-sh",    "waf"};
constexpr std::array<std::string_view, 6> kInstallers{"install", "setup", "get-", "bootstrap", "uninstall", "upgrade"};
/// Folders of X11, browsers and Ansible: hidden, and known for it.
constexpr std::array<std::string_view, 9> kKnownHidden{".X11-unix", ".ICE-unix",     ".font-unix",         ".XIM-unix", ".Test-unix",
                                                       ".ansible",  ".org.chromium", ".com.google.Chrome", ".dotnet"};
constexpr std::array<std::string_view, 5> kRuntimeCopies{"memfd:runc_cloned", "memfd:crun", "memfd:lxc", "memfd:.lxc", "memfd:conmon"};
constexpr std::array<std::string_view, 14> kDaemons{"sshd",    "httpd",    "apache2",   "nginx",    "crond",   "cron",        "systemd",
                                                    "kworker", "kthreadd", "ksoftirqd", "rsyslogd", "syslogd", "dbus-daemon", "udevd"};
constexpr std::uint32_t kFirstPerson = 1000;  // login.defs UID_MIN: below it are services

template <std::size_t N>
bool begins_with_one_of(std::string_view text, const std::array<std::string_view, N>& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(), [&](std::string_view beginning) { return text.starts_with(beginning); });
}

template <std::size_t N>
bool one_of(std::string_view text, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

bool is_hidden(std::string_view path) {
  const auto parts = split(path, '/');
  return std::any_of(parts.begin(), parts.end(), [](std::string_view part) {
    return part.size() > 1 && part.front() == '.' && part != ".." && !begins_with_one_of(part, kKnownHidden);
  });
}

bool is_service_user(std::uint32_t uid) { return uid > 0 && uid < kFirstPerson; }

/// Calls itself what it is not: "[kworker/0:1]", or a daemon's name, out of /tmp.
bool borrows_a_name(const Subject& subject, const ExecEvent& event) {
  if (subject.how == Subject::How::Script || subject.how == Subject::How::StandardInput || event.arguments.empty()) {
    return false;
  }
  const std::string_view called = event.arguments.front();
  return called.starts_with('[') || one_of(base_name(called), kDaemons) || one_of(base_name(subject.path), kDaemons);
}

/// Ordinary whoever does it, as long as no stranger asked for it.
bool is_ordinary(const Subject& subject, const ExecEvent& event, bool built_here) {
  const std::string_view name = base_name(subject.path);
  if (find_ancestor(event.ancestors, is_ordinary_work) != nullptr || (built_here && !is_service_user(event.uid))) {
    return true;
  }
  if (subject.how == Subject::How::Memory && begins_with_one_of(subject.path, kRuntimeCopies)) {
    return find_ancestor(event.ancestors, [](Role role) { return role == Role::Container || role == Role::Init; }) != nullptr;
  }
  const bool below_configure =
      std::any_of(event.ancestors.begin(), event.ancestors.end(), [](const Process& p) { return one_of(p.comm, kBuildScripts); });
  const bool ansible = name.starts_with("AnsiballZ_") && find_ancestor(event.ancestors, [](Role role) { return role == Role::Login; }) != nullptr;
  return ansible || (!is_service_user(event.uid) && (below_configure || (subject.how == Subject::How::Script && one_of(name, kBuildScripts))));
}

bool is_installer(const Subject& subject, const ExecEvent& event) {
  const std::string name = to_lower(base_name(subject.path));
  return !is_service_user(event.uid) && !subject.path.starts_with("/dev/shm/") && subject.how != Subject::How::Memory &&
         (begins_with_one_of(name, kInstallers) || name.ends_with(".run") || name.find("installer") != std::string::npos);
}

std::string_view kind_of(const Subject& subject) {
  switch (subject.how) {
    case Subject::How::Memory: return "run_from_memory";
    case Subject::How::Deleted: return "run_deleted";
    case Subject::How::StandardInput: return subject.path.starts_with('(') ? "run_from_pipe" : "run_from_tmp";
    default: return "run_from_tmp";
  }
}

void set(Judgement& judgement, unsigned percent, abuse::Severity severity) {
  judgement.confidence.percent = static_cast<std::uint8_t>(percent);
  judgement.severity = severity;
}

void add_sign(Judgement& judgement, unsigned percent, std::string sign) {
  judgement.confidence.percent = static_cast<std::uint8_t>(std::min(judgement.confidence.percent + percent, 99U));
  judgement.signs.push_back(std::move(sign));
}

/// By who stands behind it. Returns the ancestor that says most.
const Process* weigh_tree(Judgement& judgement, const Subject& subject, const ExecEvent& event) {
  if (const Process* service = find_ancestor(event.ancestors, serves_strangers)) {
    set(judgement, 90, abuse::Severity::High);
    return service;
  }
  const Process* nearest = event.ancestors.empty() ? nullptr : &event.ancestors.front();
  const Process* person = find_ancestor(event.ancestors, [](Role role) { return role == Role::Login; });
  if (is_service_user(event.uid)) {
    set(judgement, 75, abuse::Severity::High);
  } else if (person != nullptr) {
    // An administrator at work, most often; but nobody installs from shared memory.
    set(judgement, subject.path.starts_with("/dev/shm/") || subject.how == Subject::How::Memory ? 40 : 30, abuse::Severity::Low);
  } else if (const Process* cron = find_ancestor(event.ancestors, [](Role role) { return role == Role::Cron || role == Role::Panel; })) {
    set(judgement, 60, abuse::Severity::Medium);
    nearest = cron;
  } else if (is_installer(subject, event)) {
    set(judgement, 25, abuse::Severity::Low);
  } else {
    set(judgement, 50, abuse::Severity::Medium);
  }
  return nearest;
}

/// Who wrote it, and its ancestors.
std::vector<Process> writers(const Drop& drop) {
  std::vector<Process> tree{{drop.writer.pid, drop.writer.arguments.empty() ? std::string{} : std::string(base_name(drop.writer.arguments.front())),
                             fmt::format("{}", fmt::join(drop.writer.arguments, " ")), drop.writer.exe}};
  tree.insert(tree.end(), drop.writer.ancestors.begin(), drop.writer.ancestors.end());
  return tree;
}

}  // namespace

std::optional<Judgement> judge(const Subject& subject, const ExecEvent& event, bool built_here) {
  const Process* service = find_ancestor(event.ancestors, serves_strangers);
  if (service == nullptr && is_ordinary(subject, event, built_here)) {
    return std::nullopt;
  }
  Judgement judgement;
  judgement.kind = kind_of(subject);
  const Process* behind = weigh_tree(judgement, subject, event);
  if (judgement.kind == "run_from_pipe" && service == nullptr) {
    // `curl | sh` by an administrator, a command over SSH: only strangers' servers and their users are told, and a shell on a socket.
    const bool person = find_ancestor(event.ancestors, [](Role role) { return role == Role::Login || role == Role::Container; }) != nullptr;
    if (person || (!is_service_user(event.uid) && subject.path != kFromNetwork)) {
      return std::nullopt;
    }
  }
  if (is_hidden(subject.path)) {
    add_sign(judgement, judgement.severity == abuse::Severity::Low ? 10 : 5, "hidden");
  }
  if (subject.how == Subject::How::Memory) {
    add_sign(judgement, 5, "only in memory");
  }
  if (borrows_a_name(subject, event)) {
    add_sign(judgement, 10, fmt::format("calls itself {}", printable(event.arguments.front(), 64)));
  }
  if (behind != nullptr) {
    judgement.started_by = described(*behind);
  }
  return judgement;
}

std::optional<Judgement> judge_drop(const Drop& drop) {
  const std::vector<Process> tree = writers(drop);
  const Process* service = find_ancestor(tree, serves_strangers);
  const bool is_java = service != nullptr && base_name(service->exe) == "java";
  const bool upload = is_customers_data(drop.path);
  if (!(drop.executable && (drop.is_program || drop.is_script)) && !(drop.is_script && service != nullptr && !upload)) {
    return std::nullopt;  // what nobody can run is data
  }
  if (drop.is_library && (is_java || drop.path.find("/_MEI") != std::string::npos)) {
    return std::nullopt;  // Java and packed programs unpack their libraries here
  }
  Judgement judgement;
  judgement.kind = "dropped_in_tmp";
  const bool ordinary = find_ancestor(tree, is_ordinary_work) != nullptr;
  const bool person = find_ancestor(tree, [](Role role) { return role == Role::Login; }) != nullptr;
  const bool hidden = is_hidden(drop.path);
  if (service != nullptr) {
    set(judgement, 70, abuse::Severity::High);
  } else if (ordinary) {
    return std::nullopt;
  } else if (is_service_user(drop.writer.uid)) {
    set(judgement, 60, abuse::Severity::Medium);
  } else if (drop.path.starts_with("/dev/shm/") && !person) {
    set(judgement, 45, abuse::Severity::Medium);
  } else if (hidden && !person) {
    set(judgement, 40, abuse::Severity::Medium);
  } else {
    set(judgement, 20, abuse::Severity::Low);  // people's programs in /tmp: told only if the rules know them
  }
  if (hidden) {
    add_sign(judgement, 5, "hidden");
  }
  if (service != nullptr) {
    judgement.started_by = described(*service);
  } else if (drop.writer.pid != 0) {
    judgement.started_by = described(tree.front());
  }
  return judgement;
}

bool is_build_product(const Drop& drop) {
  const std::vector<Process> tree = writers(drop);
  return find_ancestor(tree, serves_strangers) == nullptr && find_ancestor(tree, is_ordinary_work) != nullptr;
}

bool is_customers_data(std::string_view path) {
  const std::string_view name = base_name(path);
  const bool upload = name.size() == 9 && name.starts_with("php") && std::all_of(name.begin() + 3, name.end(), [](char c) {
                        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
                      });
  return upload || name.starts_with("sess_");
}

void weigh_rules(Judgement& judgement, const std::vector<std::string>& rules) {
  for (const std::string& rule : rules) {
    add_sign(judgement, 35, "its content matches the rule " + printable(rule, 100));
  }
  if (!rules.empty() && judgement.severity < abuse::Severity::High) {
    judgement.severity = abuse::Severity::High;
  }
}

std::string ancestry_text(const Subject& subject, const ExecEvent& event) {
  std::string text = printable(subject.interpreter.empty() ? base_name(subject.path) : std::string_view(subject.interpreter), 64);
  for (const Process& ancestor : event.ancestors) {
    const Role role = role_of(ancestor);
    if (ancestor.pid == 1 && (role == Role::Init || role == Role::Container)) {
      break;
    }
    // A shell's "-c …" repeats what it starts; a service's arguments tell which one it is.
    text += " ← " + printable(serves_strangers(role) && !ancestor.command_line.empty() ? ancestor.command_line : ancestor.comm, 200);
  }
  return text;
}

}  // namespace pinfold::agent
