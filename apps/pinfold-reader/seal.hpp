/// The cage of pinfold-reader, put on before the first byte of a stranger's mail is read.
/// Errors: a cage that does not close is an exception: without it nothing may be read.
#pragma once

#include <cstddef>

namespace pinfold::reader {

/// Memory, processor time, files and new privileges. `memory` is of address space.
void set_limits(std::size_t memory, unsigned cpu_seconds);

/// From here on the process can read and write what is open already and manage its memory. Opening a file fails with ENOENT; every other
/// system call ends the process with SIGSYS.
void seal();

}  // namespace pinfold::reader
