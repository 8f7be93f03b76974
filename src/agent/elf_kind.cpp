#include "agent/elf_kind.hpp"

#include <elf.h>

#include <cstring>

namespace pinfold::agent {
namespace {

template <typename Header, typename ProgramHeader>
FileKind kind_of_elf(std::string_view head) {
  Header header{};
  if (head.size() < sizeof(header)) {
    return FileKind::Program;
  }
  std::memcpy(&header, head.data(), sizeof(header));
  if (header.e_type != ET_DYN) {
    return FileKind::Program;
  }
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    ProgramHeader segment{};
    const std::size_t at = static_cast<std::size_t>(header.e_phoff) + i * sizeof(segment);
    if (at > head.size() || head.size() - at < sizeof(segment)) {
      return FileKind::Program;  // not to be seen from here: the worse of the two
    }
    std::memcpy(&segment, head.data() + at, sizeof(segment));
    if (segment.p_type == PT_INTERP) {
      return FileKind::Program;
    }
  }
  return FileKind::Library;
}

}  // namespace

FileKind kind_of_file(std::string_view head) {
  if (head.starts_with("#!")) {
    return FileKind::Script;
  }
  if (!head.starts_with(std::string_view(ELFMAG, SELFMAG)) || head.size() <= EI_CLASS) {
    return FileKind::Data;
  }
  return head[EI_CLASS] == ELFCLASS32 ? kind_of_elf<Elf32_Ehdr, Elf32_Phdr>(head) : kind_of_elf<Elf64_Ehdr, Elf64_Phdr>(head);
}

}  // namespace pinfold::agent
