/// The compiled exec.bpf.c, carried inside the program: a lone static file is all that a server needs.
#pragma once

#include <cstdint>
#include <span>

namespace pinfold::agent {

[[nodiscard]] std::span<const std::uint8_t> exec_image();  ///< an ELF object, 16-byte aligned

}  // namespace pinfold::agent
