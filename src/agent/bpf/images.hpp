/// The compiled exec.bpf.c and connect.bpf.c, carried inside the program: a lone static file is all that a server needs.
#pragma once

#include <cstdint>
#include <span>

namespace pinfold::agent {

[[nodiscard]] std::span<const std::uint8_t> exec_image();  ///< ELF objects, 16-byte aligned
[[nodiscard]] std::span<const std::uint8_t> connect_image();

}  // namespace pinfold::agent
