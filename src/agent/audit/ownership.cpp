#include "agent/audit/ownership.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill is POSIX
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace pinfold::agent::audit {
namespace {

constexpr const char* kDpkg = "/var/lib/dpkg/info";
constexpr const char* kApk = "/lib/apk/db/installed";
constexpr const char* kRpm = "/usr/bin/rpm";
constexpr std::size_t kMaxRpmOutput = std::size_t{1} << 20U;

/// Calls take(line) for each line.
template <typename Take>
void each_line(std::string_view text, Take&& take) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void take_md5sums(const HostFiles& files, const std::string& list, std::map<std::string, Owner>& owners) {
  const auto sums = files.read(list.substr(0, list.size() - 5) + ".md5sums", kMaxListBytes);
  each_line(sums ? std::string_view(*sums) : std::string_view{}, [&](std::string_view line) {
    const std::size_t blank = line.find("  ");
    if (blank != std::string_view::npos) {
      const auto owner = owners.find("/" + std::string(line.substr(blank + 2)));
      if (owner != owners.end()) {
        owner->second.md5 = line.substr(0, blank);
      }
    }
  });
}

void ask_dpkg(const HostFiles& files, const std::set<std::string>& paths, std::map<std::string, Owner>& owners) {
  std::size_t packages = 0;
  for (const std::string& name : files.list(kDpkg)) {
    if (!name.ends_with(".list") || ++packages > kMaxPackages) {
      continue;
    }
    std::string path(kDpkg);
    path.append("/").append(name);
    const auto list = files.read(path, kMaxListBytes);
    const std::string package = name.substr(0, std::min(name.find(':'), name.size() - 5));
    bool owns_any = false;
    each_line(list ? std::string_view(*list) : std::string_view{}, [&](std::string_view line) {
      if (const auto wanted = paths.find(std::string(line)); wanted != paths.end()) {
        owners[*wanted] = {package, ""};
        owns_any = true;
      }
    });
    if (owns_any) {
      take_md5sums(files, path, owners);
    }
  }
}

void ask_apk(const HostFiles& files, const std::set<std::string>& paths, std::map<std::string, Owner>& owners) {
  const auto database = files.read(kApk, kMaxListBytes);
  std::string package;
  std::string folder;
  each_line(database ? std::string_view(*database) : std::string_view{}, [&](std::string_view line) {
    if (line.starts_with("P:")) {
      package = line.substr(2);
    } else if (line.starts_with("F:")) {
      folder = line.substr(2);
    } else if (line.starts_with("R:")) {
      if (const auto wanted = paths.find("/" + folder + "/" + std::string(line.substr(2))); wanted != paths.end()) {
        owners[*wanted] = {package, ""};
      }
    }
  });
}

/// Standard output of a program, without a shell, with nothing of our environment, killed at the deadline.
std::string output_of(std::vector<std::string> words, MonoTime deadline) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return {};
  }
  const Descriptor reader(ends[0]);
  Descriptor writer(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, writer.get(), STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<char*> argv;
  std::transform(words.begin(), words.end(), std::back_inserter(argv), [](std::string& word) { return word.data(); });
  argv.push_back(nullptr);
  std::string locale = "LC_ALL=C";
  std::array<char*, 2> environment{locale.data(), nullptr};
  pid_t child = -1;
  const int error = posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  writer = Descriptor();
  std::string output;
  if (error != 0) {
    return output;
  }
  std::array<char, 8192> block{};
  for (;;) {
    const auto left = std::chrono::duration_cast<Millis>(deadline - system_clock().mono()).count();
    pollfd ready{reader.get(), POLLIN, 0};
    if (left <= 0 || output.size() >= kMaxRpmOutput || ::poll(&ready, 1, static_cast<int>(left)) <= 0) {
      ::kill(child, SIGKILL);
      break;
    }
    const ssize_t got = ::read(reader.get(), block.data(), block.size());
    if (got <= 0) {
      break;
    }
    output.append(block.data(), static_cast<std::size_t>(got));
  }
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return output;
}

/// One line a path, in their order: the package's name, or "file … is not owned by any package". False if the lines do not answer the paths one
/// by one: a file that has gone is named on the error output only, and one that two packages own has two lines.
bool take_rpm_lines(const std::vector<std::string>& asked, std::string_view output, std::map<std::string, Owner>& owners) {
  std::vector<std::string_view> lines;
  each_line(output, [&](std::string_view line) { lines.push_back(line); });
  if (lines.size() != asked.size()) {
    return false;
  }
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (!lines[i].empty() && lines[i].find(' ') == std::string_view::npos) {
      owners[asked[i]] = {std::string(lines[i]), ""};
    }
  }
  return true;
}

}  // namespace

std::map<std::string, Owner> owners_of(const HostFiles& files, const std::set<std::string>& paths) {
  std::map<std::string, Owner> owners;
  if (paths.empty()) {
    return owners;
  }
  if (files.is_folder(kDpkg)) {
    ask_dpkg(files, paths, owners);
  } else if (files.exists(kApk)) {
    ask_apk(files, paths, owners);
  } else {
    // Its database has had four formats: only the running system's own program reads it.
    if (files.root().empty() && files.exists(kRpm) && files.is_folder("/var/lib/rpm")) {
      std::set<std::string> there;
      std::copy_if(paths.begin(), paths.end(), std::inserter(there, there.end()), [&](const std::string& path) { return files.exists(path); });
      owners = owners_by_rpm(kRpm, there);
    }
  }
  return owners;
}

std::map<std::string, Owner> owners_by_rpm(const std::string& program, const std::set<std::string>& paths) {
  const std::vector<std::string> query{program, "-qf", "--queryformat", "%{NAME}\\n", "--"};
  std::vector<std::string> asked(paths.begin(), std::next(paths.begin(), static_cast<std::ptrdiff_t>(std::min(paths.size(), kMaxRpmPaths))));
  std::map<std::string, Owner> owners;
  const MonoTime deadline = system_clock().mono() + Seconds{kRpmSeconds};
  std::vector<std::string> all = query;
  all.insert(all.end(), asked.begin(), asked.end());
  if (take_rpm_lines(asked, output_of(all, deadline), owners)) {
    return owners;
  }
  for (const std::string& path : asked) {
    std::vector<std::string> one = query;
    one.push_back(path);
    const std::string output = output_of(one, deadline);
    static_cast<void>(take_rpm_lines({path}, std::string_view(output).substr(0, output.find('\n') + 1), owners));
  }
  return owners;
}

}  // namespace pinfold::agent::audit
