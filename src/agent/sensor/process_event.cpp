#include "agent/sensor/process_event.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace pinfold::agent {
namespace {

constexpr std::string_view kDeleted = " (deleted)";

FileId id_of(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    return {};
  }
  return {status.st_ino, (std::uint64_t{major(status.st_dev)} << 20U) | minor(status.st_dev)};
}

}  // namespace

std::optional<ExecEvent> process_event(const ProcReader& proc, std::uint32_t pid, const std::string& own_mounts, MonoTime now) {
  ExecEvent event;
  event.exe = proc.link(pid, "exe");
  const auto uid = proc.uid(pid);
  if (event.exe.empty() || !uid) {
    return std::nullopt;
  }
  event.at = now;
  event.pid = pid;
  event.uid = *uid;
  if (event.exe.ends_with(kDeleted)) {
    event.exe.resize(event.exe.size() - kDeleted.size());
    event.exe_unlinked = true;
  }
  event.exe_id = id_of(proc.path(pid, "exe"));
  event.cwd = proc.link(pid, "cwd");
  event.standard_input = proc.link(pid, "fd/0");
  event.arguments = proc.arguments(pid);
  event.foreign_root = proc.link(pid, "ns/mnt") != own_mounts;
  return event;
}

}  // namespace pinfold::agent
