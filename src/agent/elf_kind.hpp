/// What a file is, by its beginning: a program, a shared library, a script, or data. Pure; reads nothing beyond what it is given.
/// Source: ELF-64 and ELF-32 object files (System V ABI, chapter 4 and 5): e_type, and a PT_INTERP header, which programs have and libraries
/// do not. `#!` as execve(2) has it.
#pragma once

#include <cstdint>
#include <string_view>

namespace pinfold::agent {

inline constexpr std::size_t kElfHead = 4096;  ///< bytes that hold the program headers of any ordinary file

enum class FileKind : std::uint8_t { Data, Script, Program, Library };
[[nodiscard]] FileKind kind_of_file(std::string_view head);

}  // namespace pinfold::agent
