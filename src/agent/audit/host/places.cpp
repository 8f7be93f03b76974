#include "agent/audit/host/places.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>

#include "agent/audit/host/schedules.hpp"
#include "base/crypto.hpp"
#include "base/text.hpp"

namespace pinfold::agent::audit {
namespace {

constexpr std::array<std::string_view, 8> kPlaces{"/tmp", "/var/tmp", "/dev/shm", "/run/shm", "/run/lock", "/var/lock", "/dev/mqueue", "/var/crash"};
constexpr std::array<std::string_view, 3> kWanted{"noexec", "nosuid", "nodev"};

/// "\040" in mountinfo is a blank.
std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '3') {
      plain.push_back(static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0')));
      i += 3;
    } else {
      plain.push_back(text[i]);
    }
  }
  return plain;
}

bool is_script_name(std::string_view name) {
  for (const char* ending : {".php", ".phtml", ".pl", ".py", ".sh", ".cgi", ".rb", ".php5", ".php7"}) {
    if (name.ends_with(ending)) {
      return true;
    }
  }
  return false;
}

struct Looker {
  const HostFiles& files;
  const PeopleNames& names;
  const YaraRules& rules;
  Report& report;
  std::size_t entries = 0;
  std::size_t ordinary = 0;
  std::size_t judged_bytes = 0;
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen{};  ///< the same place under two names (/var/lock, /run/lock)

  [[nodiscard]] std::map<std::string, std::string> evidence(const struct stat& status) const {
    return {{"owner", names.of(status.st_uid)}, {"mode", fmt::format("{:o}", status.st_mode & 07777U)}, {"size", std::to_string(status.st_size)}};
  }

  void look_at_folder(const Descriptor& folder, const std::string& path, std::size_t depth);
  void look_at(const Descriptor& folder, const std::string& name, const std::string& path, std::size_t depth);
  void look_at_file(const Descriptor& folder, const std::string& name, const std::string& path, const struct stat& status);
};

void Looker::look_at_folder(const Descriptor& folder, const std::string& path, std::size_t depth) {
  struct stat status {};
  if (::fstat(folder.get(), &status) != 0 || !seen.emplace(status.st_dev, status.st_ino).second) {
    return;
  }
  // The names first, then one after the other: few descriptors are open at a time.
  for (const std::string& name : HostFiles(fmt::format("/proc/self/fd/{}", folder.get())).list("")) {
    if (++entries > kMaxPlaceEntries) {
      report.leave_out("names in world-writable places beyond the limit");
      return;
    }
    look_at(folder, name, path + "/" + name, depth);
  }
}

void Looker::look_at(const Descriptor& folder, const std::string& name, const std::string& path, std::size_t depth) {
  struct stat status {};
  if (::fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return;
  }
  if (S_ISREG(status.st_mode)) {
    look_at_file(folder, name, path, status);
  } else if (S_ISDIR(status.st_mode)) {
    if (is_hiding_name(name)) {
      report.add(Finding{"hidden_in_tmp", abuse::Severity::Medium, path, "a folder whose name is made to be overlooked", evidence(status)});
    }
    if (depth >= kPlaceDepth) {
      report.leave_out("folders in world-writable places nested too deep");
      return;
    }
    const Descriptor inside(::openat(folder.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (inside) {
      look_at_folder(inside, path, depth + 1);
    }
  }
}

void Looker::look_at_file(const Descriptor& folder, const std::string& name, const std::string& path, const struct stat& status) {
  const bool is_executable = (status.st_mode & 0111U) != 0;
  const bool is_webs = is_web_account(names.of(status.st_uid));
  if ((status.st_mode & 06000U) != 0 && is_executable) {
    report.add(Finding{"program_in_tmp", abuse::Severity::High, path, "runs with its owner's rights (setuid or setgid)", evidence(status)});
    return;
  }
  if (is_executable && judged_bytes > kMaxProgramsBytes) {
    report.leave_out("programs in world-writable places that were not judged: too many");
  } else if (is_executable) {
    if (const auto text = read_regular(folder.get(), name.c_str(), kMaxProgramBytes)) {
      judged_bytes += text->size();
      if (const auto matches = rules.scan(*text); !matches.empty()) {
        auto facts = evidence(status);
        facts["rule"] = matches.front().rule;
        facts["sha256"] = sha256_hex(*text);
        report.add(Finding{"malicious_script", matches.front().severity, path, matches.front().says, std::move(facts)});
        return;
      }
    }
  }
  if (is_webs && (is_executable || is_script_name(name))) {
    report.add(Finding{"program_in_tmp", is_executable ? abuse::Severity::High : abuse::Severity::Medium, path,
                       is_executable ? "a program of the web server's account" : "by its name a script, of the web server's account",
                       evidence(status)});
  } else if (is_executable) {
    ++ordinary;
  }
}

}  // namespace

bool is_hiding_name(std::string_view name) {
  const bool only_dots_and_blanks = name.find_first_not_of(". \t") == std::string_view::npos;
  const bool has_control = std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  return only_dots_and_blanks || has_control || name.starts_with("..") || name.starts_with(' ') || name.ends_with(' ');
}

std::vector<Mount> parse_mounts(std::string_view text) {
  // 36 35 98:0 /root /where options optional… - type source superoptions (proc_pid_mountinfo(5))
  std::vector<Mount> mounts;
  for (const std::string_view line : split(text, '\n')) {
    const auto words = split(line, ' ');
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 7 || dash == words.end() || dash + 1 == words.end()) {
      continue;
    }
    Mount mount{unescape(words[4]), std::string(*(dash + 1)), {}};
    for (const std::string_view option : split(words[5], ',')) {
      mount.options.emplace_back(option);
    }
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

void check_places(const HostFiles& files, const std::vector<Mount>& mounts, const PeopleNames& names, const YaraRules& rules, Report& report) {
  Looker looker{files, names, rules, report};
  std::vector<std::string> places(kPlaces.begin(), kPlaces.end());
  for (const Mount& mount : mounts) {
    const auto facts = mount.type == "tmpfs" ? files.facts(mount.where) : std::nullopt;
    if (facts && (facts->mode & S_IWOTH) != 0 && std::find(places.begin(), places.end(), mount.where) == places.end()) {
      places.push_back(mount.where);
    }
  }
  for (const std::string& place : places) {
    // These names belong to the system and may be links (/var/lock); below them no link is followed.
    const Descriptor folder(::open((files.root() + place).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder) {
      looker.look_at_folder(folder, place, 0);
    }
  }
  if (looker.ordinary > 0) {
    report.add(Fact{"World-writable places", "executable files of people, builds and services",
                    fmt::format("{}, none of them known to the rules", looker.ordinary)});
  }
}

void check_mount_options(const std::vector<Mount>& mounts, Report& report) {
  for (const char* place : {"/tmp", "/var/tmp", "/dev/shm"}) {
    const auto found = std::find_if(mounts.rbegin(), mounts.rend(), [&](const Mount& mount) { return mount.where == place; });
    if (found == mounts.rend()) {
      report.add(Finding{"mount_option", abuse::Severity::Info, place, "is no file system of its own, so programs may run there", {}});
      continue;
    }
    std::string missing;
    for (const std::string_view option : kWanted) {
      if (std::find(found->options.begin(), found->options.end(), option) == found->options.end()) {
        missing += (missing.empty() ? "" : ", ") + std::string(option);
      }
    }
    if (!missing.empty()) {
      report.add(Finding{"mount_option", abuse::Severity::Info, place, "is mounted without " + missing, {}});
    }
  }
}

}  // namespace pinfold::agent::audit
