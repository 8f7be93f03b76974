/// Why an open below a watched directory is worth a copy, if it is. The responder's judgement, apart from its loop.
/// Used by: watch/responder, while the opener waits. Cost: one readlink for those who pass by, about ten system calls for the others.
/// Threads: none. Never opens a regular file below a watched directory.
#pragma once

#include <sys/types.h>

#include <deque>
#include <optional>

#include "agent/sensor/exec_sensor.hpp"
#include "agent/sensor/proc_reader.hpp"
#include "agent/watch/sighting.hpp"

namespace pinfold::agent {

class OpenJudge {
public:
  OpenJudge();
  /// `fd` is the event's own descriptor. The sighting has everything but the copy.
  [[nodiscard]] std::optional<Sighting> look(int fd, std::uint32_t pid, bool executed, MonoTime now);
  /// Has a copy of exactly this file been made in the last kCopyAge? Remembers that it has one now.
  [[nodiscard]] bool copied_before(int fd, MonoTime now);

private:
  struct Copy {
    FileId id;
    std::int64_t size = 0;
    std::int64_t changed_ns = 0;
    MonoTime at;
  };
  [[nodiscard]] bool is_its_script(const ExecEvent& event, std::string_view interpreter, const FileId& opened) const;

  ProcReader x_proc;
  std::string x_own_mounts;
  std::uint32_t x_last_executed_pid = 0;
  FileId x_last_executed;
  std::deque<Copy> x_copies;
};

/// A regular file's numbers by its descriptor or path; nullopt for anything else.
[[nodiscard]] std::optional<FileId> file_id(int fd);

}  // namespace pinfold::agent
