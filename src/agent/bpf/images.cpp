#include "agent/bpf/images.hpp"

// PINFOLD_BPF_FOLDER is where the objects are, from agent/bpf/bpf.cmake.
#define PINFOLD_IMAGE(name)                \
  ".balign 16\n"                           \
  ".hidden pinfold_" name                  \
  "_image_begin\n"                         \
  ".global pinfold_" name                  \
  "_image_begin\n"                         \
  "pinfold_" name                          \
  "_image_begin:\n"                        \
  ".incbin \"" PINFOLD_BPF_FOLDER "/" name \
  ".bpf.o\"\n"                             \
  ".hidden pinfold_" name                  \
  "_image_end\n"                           \
  ".global pinfold_" name                  \
  "_image_end\n"                           \
  "pinfold_" name                          \
  "_image_end:\n"                          \
  ".byte 0\n"

asm(".section .rodata.pinfold_images,\"a\",@progbits\n" PINFOLD_IMAGE("exec") PINFOLD_IMAGE("connect") ".previous\n");

// NOLINTBEGIN(readability-identifier-naming): labels of the assembly above
extern "C" {
extern const std::uint8_t pinfold_exec_image_begin[];
extern const std::uint8_t pinfold_exec_image_end[];
extern const std::uint8_t pinfold_connect_image_begin[];
extern const std::uint8_t pinfold_connect_image_end[];
}
// NOLINTEND(readability-identifier-naming)

namespace pinfold::agent {

std::span<const std::uint8_t> exec_image() { return {pinfold_exec_image_begin, pinfold_exec_image_end}; }
std::span<const std::uint8_t> connect_image() { return {pinfold_connect_image_begin, pinfold_connect_image_end}; }

}  // namespace pinfold::agent
