/// What /proc says of one process, as the event that a sensor would have made of its exec. Used by the /proc sensor and the responder.
/// Cost:    about ten system calls, without the ancestry. Threads: none.
#pragma once

#include <optional>

#include "agent/sensor/exec_event.hpp"
#include "agent/sensor/proc_reader.hpp"

namespace pinfold::agent {

/// nullopt for kernel threads and processes that have gone. `own_mounts` is the first process's link "ns/mnt": the server's own.
[[nodiscard]] std::optional<ExecEvent> process_event(const ProcReader& proc, std::uint32_t pid, const std::string& own_mounts, MonoTime now);

}  // namespace pinfold::agent
