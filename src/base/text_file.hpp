/// Whole files as text: a configuration, a template, a mail, and secrets. Errors come as words ("cannot be read: Permission denied").
/// Bounds: `most` bytes. Threads: any.
#pragma once

#include <filesystem>
#include <string>

#include "base/expected.hpp"

namespace pinfold {

inline constexpr std::size_t kMaxConfigBytes = std::size_t{1024} * 1024;
inline constexpr std::size_t kMaxSecretBytes = 4096;

[[nodiscard]] Expected<std::string, std::string> read_text_file(const std::filesystem::path& file, std::size_t most);
/// A pass phrase: the file's one line without its line end. Refused when anyone but its owner may read it.
[[nodiscard]] Expected<std::string, std::string> read_secret_file(const std::filesystem::path& file);
/// The same for a private key in PEM, which has many lines; at most 16 KiB.
[[nodiscard]] Expected<std::string, std::string> read_key_file(const std::filesystem::path& file);

}  // namespace pinfold
