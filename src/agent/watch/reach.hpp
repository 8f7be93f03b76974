/// How far a mark reaches: what fanotify and inotify have to be told to see everything below a watched directory.
/// A directory that is a file system of its own (/dev/shm, often /tmp) takes one mark that covers it to any depth, through every mount of it:
/// bind mounts, and systemd's private /tmp in a service's own namespace. One that is a part of / would make the whole of / visible, so its
/// directories are marked one by one, and new ones as they appear.
/// Bounds:  kMaxMarked directories; what is beyond is not seen, and said.
/// Errors:  what cannot be looked at is passed over. Threads: none. Source: fanotify_mark(2), proc(5) mountinfo.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace pinfold::agent {

inline constexpr std::size_t kMaxMarked = 4096;

enum class Reach : unsigned char { FileSystem, Directories };

/// `mountinfo` is the text of /proc/self/mountinfo: is `path` the mount point of a whole file system?
[[nodiscard]] Reach reach_of(std::string_view mountinfo, std::string_view path);
[[nodiscard]] std::string read_mountinfo();

/// Every directory from `path` down, itself first, on its own file system, without following symlinks; `visit` says whether to go on.
void walk_directories(const std::string& path, const std::function<bool(const std::string&)>& visit);

/// Marks `path` in a fanotify group. False if the kernel refuses; errno says why.
[[nodiscard]] bool mark(int group, Reach reach, std::uint64_t mask, const std::string& path);

}  // namespace pinfold::agent
