#include "agent/sensor/proc_reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "agent/mask.hpp"
#include "base/text.hpp"

namespace pinfold::agent {
namespace {

constexpr std::size_t kMaxPids = 65536;

std::string text_of(const std::string& path) {
  auto file = read_start(path, kMaxProcText);
  return file ? std::move(file->bytes) : std::string{};
}

/// The field of proc(5) stat with this number, which counts from 1 and must lie behind the name (2).
std::optional<std::uint64_t> stat_field(std::string_view behind_name, std::size_t number) {
  const auto fields = split(behind_name, ' ');
  const std::size_t index = number - 3;
  return index < fields.size() ? parse_number(trim(fields[index])) : std::nullopt;
}

/// On one line: a shell's "-c" is often several.
std::string joined(const std::vector<std::string>& arguments) {
  std::string text = fmt::format("{}", fmt::join(arguments, " "));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return text;
}

}  // namespace

std::string ProcReader::path(std::uint32_t pid, std::string_view name) const { return fmt::format("{}/{}/{}", x_root, pid, name); }

bool ProcReader::usable() const {
  std::error_code error;
  const std::string self = std::filesystem::read_symlink(x_root + "/self", error).string();
  return !error && parse_number(self) == static_cast<std::uint64_t>(getpid());
}

std::vector<std::uint32_t> ProcReader::pids() const {
  std::vector<std::uint32_t> pids;
  std::error_code error;
  for (std::filesystem::directory_iterator it(x_root, error); !error && it != std::filesystem::directory_iterator{}; it.increment(error)) {
    if (const auto pid = parse_number(it->path().filename().native()); pid && *pid <= UINT32_MAX && pids.size() < kMaxPids) {
      pids.push_back(static_cast<std::uint32_t>(*pid));
    }
  }
  return pids;
}

std::optional<ProcStatus> ProcReader::status(std::uint32_t pid) const {
  const std::string text = text_of(path(pid, "stat"));
  // "7 (a name) with) parentheses) S 1 …": the name ends at the last one.
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(") ");
  if (open == std::string::npos || close == std::string::npos || close < open) {
    return std::nullopt;
  }
  const std::string_view behind = std::string_view(text).substr(close + 2);
  const auto parent = stat_field(behind, 4);
  const auto start = stat_field(behind, 22);
  if (!parent || !start) {
    return std::nullopt;
  }
  return ProcStatus{text.substr(open + 1, close - open - 1), static_cast<std::uint32_t>(*parent), *start};
}

std::optional<std::uint32_t> ProcReader::uid(std::uint32_t pid) const {
  const std::string text = text_of(path(pid, "status"));
  const std::size_t at = text.find("\nUid:\t");
  if (at == std::string::npos) {
    return std::nullopt;
  }
  const auto number = parse_number(split(split(std::string_view(text).substr(at + 6), '\n').front(), '\t').front());
  return number ? std::optional(static_cast<std::uint32_t>(*number)) : std::nullopt;
}

std::string ProcReader::link(std::uint32_t pid, std::string_view name) const {
  std::array<char, kMaxProcText> target{};
  const ssize_t length = readlink(path(pid, name).c_str(), target.data(), target.size());
  return length > 0 ? std::string(target.data(), static_cast<std::size_t>(length)) : std::string{};
}

std::vector<std::string> ProcReader::arguments(std::uint32_t pid) const { return split_arguments(text_of(path(pid, "cmdline"))); }

void complete_ancestry(const ProcReader& proc, std::uint32_t pid, std::vector<Process>& ancestors) {
  for (Process& ancestor : ancestors) {
    const auto status = proc.status(ancestor.pid);
    if (status && status->comm == ancestor.comm) {
      ancestor.command_line = joined(mask_secrets(proc.arguments(ancestor.pid)));
      ancestor.exe = proc.link(ancestor.pid, "exe");
    }
  }
  std::uint32_t last = ancestors.empty() ? pid : ancestors.back().pid;
  while (last > 1 && ancestors.size() < kMaxAncestry) {
    const auto status = proc.status(last);
    if (!status || (!ancestors.empty() && status->comm != ancestors.back().comm) || status->parent == 0) {
      return;
    }
    last = status->parent;
    if (const auto parent = proc.status(last)) {
      ancestors.push_back({last, parent->comm, joined(mask_secrets(proc.arguments(last))), proc.link(last, "exe")});
    }
  }
}

std::optional<FileStart> read_start(int fd, std::size_t max_bytes) {
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    return std::nullopt;
  }
  FileStart start;
  start.id = {status.st_ino, (std::uint64_t{major(status.st_dev)} << 20U) | minor(status.st_dev)};
  std::array<char, 16384> block;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by the read
  for (off_t at = 0; start.bytes.size() <= max_bytes; at = static_cast<off_t>(start.bytes.size())) {
    const ssize_t got = pread(fd, block.data(), block.size(), at);
    if (got <= 0) {
      return start;
    }
    start.bytes.append(block.data(), static_cast<std::size_t>(got));
  }
  start.bytes.resize(max_bytes);
  start.cut = true;
  return start;
}

std::optional<FileStart> read_start(const std::string& path, std::size_t max_bytes) {
  // Not blocking: the path may have become a pipe that nobody writes to.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    return std::nullopt;
  }
  auto start = read_start(fd, max_bytes);
  close(fd);
  return start;
}

std::string user_name(std::string_view passwd, std::uint32_t uid) {
  for (const std::string_view line : split(passwd, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() >= 3 && parse_number(fields[2]) == uid) {
      return printable(fields[0], 64);
    }
  }
  return std::to_string(uid);
}

}  // namespace pinfold::agent
