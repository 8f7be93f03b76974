#include "enforce/lease.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "base/text.hpp"

namespace pinfold::enforce {

namespace {

constexpr char kSeparator = '|';

[[nodiscard]] std::string lease_setting(const SwitchId& id) { return "enforce/writer/" + id.value; }

struct Held {
  std::string owner;
  WallTime until;
};

[[nodiscard]] std::optional<Held> parse_held(const std::optional<std::string>& value) {
  if (!value) {
    return std::nullopt;
  }
  const auto at = value->rfind(kSeparator);
  const auto until = at == std::string::npos ? std::nullopt : parse_number(std::string_view(*value).substr(at + 1));
  if (!until || *until > INT64_MAX) {
    return std::nullopt;
  }
  return Held{value->substr(0, at), WallTime{Micros{static_cast<std::int64_t>(*until)}}};
}

[[nodiscard]] std::string first_line(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

/// Where process numbers mean the same: host, boot and namespace.
[[nodiscard]] std::string realm() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) {
    host[0] = '?';
  }
  std::error_code unreadable;
  const std::filesystem::path pids = std::filesystem::read_symlink("/proc/self/ns/pid", unreadable);
  return fmt::format("{}/{}/{}", host.data(), first_line("/proc/sys/kernel/random/boot_id"), unreadable ? "?" : pids.string());
}

/// proc(5): field 22 of /proc/PID/stat, in clock ticks since boot; empty: no such process. The second field may hold blanks and brackets.
[[nodiscard]] std::string start_of(const std::string& pid) {
  const std::string line = first_line("/proc/" + pid + "/stat");
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

bool take_lease(records::Transaction& tx, std::string_view setting, Micros life, const std::string& owner, WallTime now, const IsGone& is_gone) {
  const auto held = parse_held(tx.settings().get(setting));
  const bool is_others = held && held->owner != owner && held->until > now && !(is_gone && is_gone(held->owner));
  if (is_others) {
    return false;
  }
  tx.settings().set(setting, fmt::format("{}{}{}", owner, kSeparator, (now + life).since_epoch.count()));
  return true;
}

void release_lease(records::Transaction& tx, std::string_view setting, const std::string& owner) {
  const auto held = parse_held(tx.settings().get(setting));
  if (held && held->owner == owner) {
    tx.settings().set(setting, "");
  }
}

bool take_lease(records::Transaction& tx, const SwitchId& id, const std::string& owner, WallTime now, const IsGone& is_gone) {
  return take_lease(tx, lease_setting(id), kLeaseLife, owner, now, is_gone);
}

void release_lease(records::Transaction& tx, const SwitchId& id, const std::string& owner) { release_lease(tx, lease_setting(id), owner); }

std::string process_owner() {
  const std::string pid = std::to_string(::getpid());
  return fmt::format("{}/{}/{}", realm(), pid, start_of(pid));
}

bool process_is_gone(const std::string& owner) {
  const std::string here = realm() + "/";
  if (!owner.starts_with(here)) {
    return false;
  }
  const auto parts = split(std::string_view(owner).substr(here.size()), '/');
  return parts.size() == 2 && parse_number(parts[0]).has_value() && start_of(std::string(parts[0])) != parts[1];
}

}  // namespace pinfold::enforce
