#include "agent/bpf/exec_image.hpp"

// PINFOLD_EXEC_IMAGE is the object's path, from agent/bpf/bpf.cmake.
asm(".section .rodata.pinfold_exec_image,\"a\",@progbits\n"
    ".balign 16\n"
    ".hidden pinfold_exec_image_begin\n"
    ".global pinfold_exec_image_begin\n"
    "pinfold_exec_image_begin:\n"
    ".incbin \"" PINFOLD_EXEC_IMAGE
    "\"\n"
    ".hidden pinfold_exec_image_end\n"
    ".global pinfold_exec_image_end\n"
    "pinfold_exec_image_end:\n"
    ".byte 0\n"
    ".previous\n");

// NOLINTBEGIN(readability-identifier-naming): labels of the assembly above
extern "C" {
extern const std::uint8_t pinfold_exec_image_begin[];
extern const std::uint8_t pinfold_exec_image_end[];
}
// NOLINTEND(readability-identifier-naming)

namespace pinfold::agent {

std::span<const std::uint8_t> exec_image() { return {pinfold_exec_image_begin, pinfold_exec_image_end}; }

}  // namespace pinfold::agent
