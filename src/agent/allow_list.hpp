/// Files that are known and harmless, by their SHA-256: asked only when something else has already spoken against a file, so that its
/// size costs nothing in ordinary times.
/// Format:  one hash of 64 hex digits a line, anything behind it is comment; lines that begin with # are comments.
/// Bounds:  kMaxAllowList bytes are read. A list that is missing or not root's own to write allows nothing.
#pragma once

#include <filesystem>
#include <string_view>

namespace pinfold::agent {

inline constexpr std::size_t kMaxAllowList = std::size_t{16} << 20U;

[[nodiscard]] bool is_allowed(const std::filesystem::path& list, std::string_view sha256);

}  // namespace pinfold::agent
