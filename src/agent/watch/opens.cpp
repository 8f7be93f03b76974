#include "agent/watch/opens.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "agent/ancestors.hpp"
#include "agent/judge.hpp"
#include "agent/sensor/process_event.hpp"

namespace pinfold::agent {
namespace {

constexpr std::size_t kMaxCopies = 32;
constexpr Seconds kCopyAge{5};
constexpr std::array<std::string_view, 8> kShells{"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "busybox"};
/// `cat x | perl`: programs that pass a file on.
constexpr std::array<std::string_view, 15> kFeeders{"cat",    "tac",  "head",  "tail", "base64",  "base32", "xxd", "gzip",
                                                    "gunzip", "zcat", "bzip2", "xz",   "openssl", "sed",    "dd"};
constexpr std::string_view kDeleted = " (deleted)";

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

FileId numbers(const struct stat& status) { return {status.st_ino, (std::uint64_t{major(status.st_dev)} << 20U) | minor(status.st_dev)}; }

std::string path_of(int fd) {
  std::array<char, kMaxProcText> target{};
  const ssize_t length = readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), target.data(), target.size());
  std::string text = length > 0 ? std::string(target.data(), static_cast<std::size_t>(length)) : std::string{};
  if (text.ends_with(kDeleted)) {
    text.resize(text.size() - kDeleted.size());
  }
  return text;
}

}  // namespace

std::optional<FileId> file_id(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? std::optional(numbers(status)) : std::nullopt;
}

OpenJudge::OpenJudge() : x_own_mounts(x_proc.link(1, "ns/mnt")) {}

bool OpenJudge::is_its_script(const ExecEvent& event, std::string_view interpreter, const FileId& opened) const {
  const auto script = script_argument(interpreter, event.arguments);
  if (!script) {
    return false;
  }
  // stat follows symlinks and bind mounts, so that the name under which the script was given does not matter.
  const std::string path = x_proc.path(event.pid, script->starts_with('/') ? "root" + *script : "cwd/" + *script);
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && numbers(status) == opened;
}

std::optional<Sighting> OpenJudge::look(int fd, std::uint32_t pid, bool executed, MonoTime now) {
  const std::string exe = executed ? std::string{} : x_proc.link(pid, "exe");
  const std::string_view interpreter = executed ? std::string_view{} : interpreter_name(exe);
  const bool feeds = !executed && interpreter.empty() && contains(kFeeders, base_name(exe));
  if (!executed && interpreter.empty() && !feeds) {
    return std::nullopt;
  }
  std::string pipe = feeds ? x_proc.link(pid, "fd/1") : std::string{};
  if (feeds && !pipe.starts_with("pipe:")) {
    return std::nullopt;
  }
  const auto id = file_id(fd);
  if (!id || (!executed && pid == x_last_executed_pid && *id == x_last_executed)) {
    return std::nullopt;  // the kernel asks twice for what it executes
  }
  auto event = process_event(x_proc, pid, x_own_mounts, now);
  if (!event) {
    return std::nullopt;
  }
  Sighting sighting;
  sighting.id = *id;
  sighting.path = path_of(fd);
  if (executed) {
    sighting.what = Sighting::What::Executed;
    x_last_executed_pid = pid;
    x_last_executed = *id;
  } else if (!feeds && is_its_script(*event, interpreter, *id)) {
    sighting.what = Sighting::What::Script;
  } else if (feeds || contains(kShells, interpreter)) {
    sighting.what = Sighting::What::Redirected;
    sighting.pipe = std::move(pipe);
  } else {
    return std::nullopt;  // an interpreter reads its data
  }
  sighting.event = *std::move(event);
  if (sighting.what != Sighting::What::Redirected) {
    complete_ancestry(x_proc, pid, sighting.event.ancestors);
  }
  return sighting;
}

bool OpenJudge::copied_before(int fd, MonoTime now) {
  struct stat status {};
  if (fstat(fd, &status) != 0) {
    return false;
  }
  const Copy copy{numbers(status), status.st_size, status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec, now};
  for (const Copy& before : x_copies) {
    if (before.id == copy.id && before.size == copy.size && before.changed_ns == copy.changed_ns && now - before.at < kCopyAge) {
      return true;
    }
  }
  x_copies.push_back(copy);
  if (x_copies.size() > kMaxCopies) {
    x_copies.pop_front();
  }
  return false;
}

}  // namespace pinfold::agent
