#include "agent/sensor/exec_event.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "agent/bpf/exec_record.h"

namespace pinfold::agent {
namespace {

static_assert(sizeof(ExecRecord) == 64 + PINFOLD_EXEC_ANCESTORS * 20 + PINFOLD_EXEC_CGROUP + 3 * PINFOLD_EXEC_PATH + PINFOLD_EXEC_ARGV,
              "the layout that BPF writes");

std::string text_of(const char* text, std::size_t capacity) { return {text, strnlen(text, capacity)}; }

}  // namespace

std::string path_of_components(std::string_view leaf_first) {
  std::string path;
  while (!leaf_first.empty()) {
    const std::size_t end = std::min(leaf_first.find('\0'), leaf_first.size());
    const std::string_view name = leaf_first.substr(0, end);
    leaf_first.remove_prefix(std::min(end + 1, leaf_first.size()));
    if (name != "/" && !name.empty()) {
      path.insert(0, "/" + std::string(name));
    }
  }
  return path.empty() ? "/" : path;
}

std::vector<std::string> split_arguments(std::string_view block) {
  std::vector<std::string> arguments;
  while (!block.empty() && arguments.size() < kMaxArguments) {
    const std::size_t end = std::min(block.find('\0'), block.size());
    arguments.emplace_back(block.substr(0, end));
    block.remove_prefix(std::min(end + 1, block.size()));
  }
  return arguments;
}

std::optional<ExecEvent> decode_exec_record(std::span<const std::uint8_t> bytes) {
  ExecRecord record{};
  constexpr std::size_t kWithoutArguments = offsetof(ExecRecord, argv);
  if (bytes.size() < kWithoutArguments) {
    return std::nullopt;
  }
  std::memcpy(&record, bytes.data(), std::min(bytes.size(), sizeof(record)));
  if (record.ancestor_count > PINFOLD_EXEC_ANCESTORS || record.argv_bytes > PINFOLD_EXEC_ARGV ||
      kWithoutArguments + record.argv_bytes > bytes.size() || record.exe_bytes > PINFOLD_EXEC_PATH || record.cwd_bytes > PINFOLD_EXEC_PATH ||
      record.stdin_bytes > PINFOLD_EXEC_PATH) {
    return std::nullopt;
  }
  ExecEvent event;
  event.at = MonoTime{Nanos{static_cast<std::int64_t>(record.mono_ns)}};
  event.pid = record.pid;
  event.uid = record.uid;
  event.exe = path_of_components({record.exe, record.exe_bytes});
  event.exe_id = {record.inode, record.device};
  event.cwd = path_of_components({record.cwd, record.cwd_bytes});
  if (record.stdin_bytes > 0) {
    event.standard_input = path_of_components({record.standard_input, record.stdin_bytes});
  }
  if ((record.reasons & (PINFOLD_STDIN_PIPE | PINFOLD_STDIN_SOCKET)) != 0) {
    event.standard_input = fmt::format("{}:[{}]", (record.reasons & PINFOLD_STDIN_SOCKET) != 0 ? "socket" : "pipe", record.stdin_inode);
  }
  event.cgroup = text_of(record.cgroup, sizeof(record.cgroup));
  event.arguments = split_arguments({record.argv, record.argv_bytes});
  for (unsigned i = 0; i < record.ancestor_count; ++i) {
    const ExecAncestor& ancestor = record.ancestors[i];
    event.ancestors.push_back({ancestor.pid, text_of(ancestor.comm, sizeof(ancestor.comm)), {}, {}});
  }
  event.exe_watched = (record.reasons & PINFOLD_EXE_WATCHED) != 0;
  event.exe_unlinked = (record.reasons & PINFOLD_EXE_UNLINKED) != 0;
  event.foreign_root = (record.reasons & PINFOLD_FOREIGN_ROOT) != 0;
  return event;
}

}  // namespace pinfold::agent
