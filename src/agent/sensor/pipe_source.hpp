/// Who feeds a pipe: `cat /dev/shm/x | perl` shows only "perl", and the file stands in the other process's arguments.
/// Used by: the agent's loop, for interpreters whose standard input is a pipe. Cost: a few /proc reads.
/// Bounds:  the processes with numbers next to the reader's, since a shell starts both ends of a pipe together; a writer that has gone is not found.
#pragma once

#include <string>

#include "agent/sensor/exec_sensor.hpp"
#include "agent/sensor/proc_reader.hpp"

namespace pinfold::agent {

/// The watched file that the writer was given; empty if there is none.
[[nodiscard]] std::string pipe_source(const ProcReader& proc, std::uint32_t reader, const WatchedPaths& watched);

}  // namespace pinfold::agent
