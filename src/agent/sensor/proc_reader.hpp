/// What /proc tells about one process. Every answer may be missing: processes leave while they are being read.
/// Used by: the /proc sensor, ancestry, evidence.
/// Bounds:  at most kMaxProcText bytes of any one file. Cost: one to three system calls a question.
/// Threads: none; reads only. Text is raw, from processes that may be hostile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/sensor/exec_event.hpp"

namespace pinfold::agent {

inline constexpr std::size_t kMaxProcText = 4096;

struct ProcStatus {
  std::string comm;
  std::uint32_t parent = 0;
  std::uint64_t start_ticks = 0;  ///< since boot; with the pid it names a process for good
};

class ProcReader {
public:
  /// `root` is "/proc", or a copy of one in a test.
  explicit ProcReader(std::string root = "/proc") : x_root(std::move(root)) {}

  /// Is there a /proc, and is it that of the agent's own PID namespace?
  [[nodiscard]] bool usable() const;
  [[nodiscard]] std::vector<std::uint32_t> pids() const;
  [[nodiscard]] std::optional<ProcStatus> status(std::uint32_t pid) const;
  [[nodiscard]] std::optional<std::uint32_t> uid(std::uint32_t pid) const;
  [[nodiscard]] std::string link(std::uint32_t pid, std::string_view name) const;  ///< "exe", "cwd", "fd/0"; empty if unreadable
  [[nodiscard]] std::vector<std::string> arguments(std::uint32_t pid) const;
  [[nodiscard]] std::string path(std::uint32_t pid, std::string_view name) const;  ///< "/proc/7/exe"

private:
  std::string x_root;
};

/// Fills in what the sensor could not know of `ancestors` and carries the chain on to the first process, kMaxAncestry at most.
/// An ancestor whose name is no longer the one that was recorded has gone (its number may be another's now) and is left as it is.
void complete_ancestry(const ProcReader& proc, std::uint32_t pid, std::vector<Process>& ancestors);

/// The first `max_bytes` of a file; nullopt if it cannot be opened, is not a regular file (or /proc text), or is refused to us.
struct FileStart {
  std::string bytes;
  bool cut = false;  ///< there was more
  FileId id;
};
[[nodiscard]] std::optional<FileStart> read_start(const std::string& path, std::size_t max_bytes);
[[nodiscard]] std::optional<FileStart> read_start(int fd, std::size_t max_bytes);

/// The name that `passwd` (the text of /etc/passwd) has for a uid; the number as text where it has none.
[[nodiscard]] std::string user_name(std::string_view passwd, std::uint32_t uid);

}  // namespace pinfold::agent
