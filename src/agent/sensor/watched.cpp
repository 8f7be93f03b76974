#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "agent/sensor/exec_sensor.hpp"

namespace pinfold::agent {

WatchedPaths default_watched_paths() { return {"/dev/shm", "/tmp", "/var/tmp"}; }

WatchedPaths other_writable_places() {
  constexpr std::array<const char*, 6> kSuspects{"/run/lock",     "/run/shm",  "/var/lib/php/sessions", "/var/lib/php/session",
                                                 "/var/lib/php5", "/var/crash"};
  WatchedPaths places;
  for (const char* path : kSuspects) {
    struct stat status {};
    if (lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && (status.st_mode & S_IWOTH) != 0) {
      places.emplace_back(path);
    }
  }
  return places;
}

bool below(const WatchedPaths& watched, std::string_view path) {
  return std::any_of(watched.begin(), watched.end(), [&](const std::string& directory) {
    return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
  });
}

const std::vector<std::string_view>& interpreter_names() {
  static const std::vector<std::string_view> names{"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "csh", "tcsh", "fish", "busybox", "perl",
                                                   "python", "pypy", "php", "php-cgi", "ruby", "lua", "luajit", "node", "nodejs", "deno", "bun",
                                                   "tclsh", "expect", "awk", "gawk", "mawk", "pwsh",
                                                   // The dynamic loader, up to the first digit or dot: it runs the program that it is given.
                                                   "ld-linux-x", "ld-linux-aarch", "ld-linux", "ld-musl-x", "ld-musl-aarch", "ld-"};
  return names;
}

std::string_view interpreter_name(std::string_view exe) {
  std::string_view name = exe.substr(exe.rfind('/') + 1);  // npos + 1 is 0: no slash, the whole text
  name = name.substr(0, name.find_first_of(".0123456789"));
  const auto& names = interpreter_names();
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? std::string_view{} : *found;
}

}  // namespace pinfold::agent
