#include "agent/sensor/pipe_source.hpp"

#include <filesystem>

namespace pinfold::agent {
namespace {

constexpr std::uint32_t kNeighbours = 4;

}  // namespace

std::string pipe_source(const ProcReader& proc, std::uint32_t reader, const WatchedPaths& watched) {
  const std::string pipe = proc.link(reader, "fd/0");
  if (!pipe.starts_with("pipe:")) {
    return {};
  }
  for (std::uint32_t pid = reader > kNeighbours ? reader - kNeighbours : 1; pid <= reader + kNeighbours; ++pid) {
    if (pid == reader || proc.link(pid, "fd/1") != pipe) {
      continue;
    }
    const std::string cwd = proc.link(pid, "cwd");
    const auto arguments = proc.arguments(pid);
    for (std::size_t i = 1; i < arguments.size(); ++i) {
      const std::filesystem::path given(arguments[i]);
      const std::string path = (given.is_absolute() ? given : std::filesystem::path(cwd) / given).lexically_normal().string();
      if (below(watched, path)) {
        return path;
      }
    }
  }
  return {};
}

}  // namespace pinfold::agent
