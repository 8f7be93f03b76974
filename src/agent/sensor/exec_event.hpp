/// One exec that the sensor's filter let through, decoded: what the rest of the agent works with, whichever sensor saw it.
/// Used by: the sensors (make it), subject, judge, finding (read it).
/// Units:   pids and paths are those of the agent's own namespaces, unless `foreign_root` says that the paths are the task's own.
/// Clock:   `at` is the kernel's CLOCK_MONOTONIC at the exec (the poller: when it was first seen).
/// Bounds:  at most kMaxArguments arguments of the first PINFOLD_EXEC_ARGV bytes, kMaxAncestry ancestors; texts are raw bytes from
///          processes and files that may be hostile: `printable` them before they are shown.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace pinfold::agent {

inline constexpr std::size_t kMaxArguments = 64;
inline constexpr std::size_t kMaxAncestry = 10;

/// One ancestor. `command_line` and `exe` are empty when it had already gone.
struct Process {
  std::uint32_t pid = 0;
  std::string comm;
  std::string command_line;  ///< arguments joined by blanks, secrets masked
  std::string exe;
  friend bool operator==(const Process&, const Process&) = default;
};

/// A file as stat(2) numbers it, in the kernel's device encoding.
struct FileId {
  std::uint64_t inode = 0;
  std::uint64_t device = 0;
  friend bool operator==(const FileId&, const FileId&) = default;
};

struct ExecEvent {
  MonoTime at;
  std::uint32_t pid = 0;
  std::uint32_t uid = 0;
  std::string exe;  ///< the loaded file: for a script, its interpreter
  FileId exe_id;
  std::string cwd;
  std::string standard_input;  ///< a path only when it lies below a watched directory; "pipe:…" or "socket:…" when nothing else says what to run
  std::string cgroup;          ///< the control group's own name; empty if unknown
  std::vector<std::string> arguments;
  std::vector<Process> ancestors;  ///< parent first
  bool exe_watched = false;        ///< the loaded file lies below a watched directory, under whatever name
  bool exe_unlinked = false;
  bool foreign_root = false;
  friend bool operator==(const ExecEvent&, const ExecEvent&) = default;
};

/// A ring-buffer record (bpf/exec_record.h) → event; nullopt if its size or a length in it is impossible.
[[nodiscard]] std::optional<ExecEvent> decode_exec_record(std::span<const std::uint8_t> record);

/// "x.pl\0shm\0dev\0" → "/dev/shm/x.pl". The root's own name is "/", a file without a place (memfd) has just its name.
[[nodiscard]] std::string path_of_components(std::string_view leaf_first);

/// "a\0b\0" → {"a", "b"}; what follows the last NUL counts as an argument (it was cut).
[[nodiscard]] std::vector<std::string> split_arguments(std::string_view block);

}  // namespace pinfold::agent
