#include "enforce/process_owner.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "base/text.hpp"

namespace pinfold::enforce {
namespace {

constexpr std::size_t kParts = 6;

[[nodiscard]] std::string first_line(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

/// machine-id(5): 32 hexadecimal digits; "uninitialized" on a first boot, nothing in many containers.
[[nodiscard]] std::string machine_id() {
  constexpr std::size_t kDigits = 32;
  const std::string id = first_line("/etc/machine-id");
  const bool is_one = id.size() == kDigits && id.find_first_not_of("0123456789abcdef") == std::string::npos;
  return is_one ? id : std::string{};
}

/// Field 22 of /proc/PID/stat, in clock ticks since boot; empty: no such process. The second field may hold blanks and brackets.
[[nodiscard]] std::string start_of(std::string_view pid) {
  const std::string line = first_line(fmt::format("/proc/{}/stat", pid));
  const auto after_name = line.rfind(')');
  if (after_name == std::string::npos) {
    return {};
  }
  const auto fields = split(std::string_view(line).substr(after_name + 2), ' ');
  constexpr std::size_t kState = 0;
  constexpr std::size_t kStart = 19;
  const bool is_dead = fields.size() <= kStart || fields[kState] == "Z" || fields[kState] == "X";
  return is_dead ? std::string{} : std::string(fields[kStart]);
}

}  // namespace

Realm this_realm() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) {
    host[0] = '?';
  }
  std::error_code unreadable;
  const std::filesystem::path processes = std::filesystem::read_symlink("/proc/self/ns/pid", unreadable);
  return {host.data(), machine_id(), first_line("/proc/sys/kernel/random/boot_id"), unreadable ? "?" : processes.string()};
}

std::string process_owner() {
  const Realm here = this_realm();
  const std::string pid = std::to_string(::getpid());
  return fmt::format("{}/{}/{}/{}/{}/{}", here.host, here.machine, here.boot, here.processes, pid, start_of(pid));
}

bool process_is_gone(std::string_view owner, Reach reach, const Realm& here) {
  const auto parts = split(owner, '/');
  if (parts.size() != kParts || here.boot.empty() || parts[2].empty()) {
    return false;
  }
  if (parts[2] != here.boot) {
    const bool is_this_machine = !here.machine.empty() && parts[1] == here.machine && parts[0] == here.host;
    return reach == Reach::OneMachine || is_this_machine;
  }
  const bool is_here = parts[0] == here.host && parts[3] == here.processes;
  return is_here && parse_number(parts[4]).has_value() && start_of(parts[4]) != parts[5];
}

}  // namespace pinfold::enforce
