#include "agent/watch/reach.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <deque>

#include "agent/sensor/proc_reader.hpp"
#include "base/text.hpp"

namespace pinfold::agent {
namespace {

constexpr std::size_t kMaxMountinfo = std::size_t{1} << 20U;

std::vector<std::string> directories_in(const std::string& path, dev_t device) {
  std::vector<std::string> found;
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  DIR* directory = fd < 0 ? nullptr : fdopendir(fd);
  if (directory == nullptr) {
    if (fd >= 0) {
      close(fd);
    }
    return found;
  }
  while (const dirent* entry = readdir(directory)) {  // NOLINT(concurrency-mt-unsafe): a stream of this thread's own
    const std::string_view name = static_cast<const char*>(entry->d_name);
    if (name == "." || name == ".." || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)) {
      continue;
    }
    struct stat status {};
    if (fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode) && status.st_dev == device) {
      found.push_back(path + "/" + std::string(name));
    }
  }
  closedir(directory);
  return found;
}

}  // namespace

Reach reach_of(std::string_view mountinfo, std::string_view path) {
  Reach reach = Reach::Directories;
  for (const std::string_view line : split(mountinfo, '\n')) {
    // "36 35 98:0 ROOT MOUNT_POINT options …"; the last one that is mounted there is the one that is seen.
    const auto fields = split(line, ' ');
    if (fields.size() > 5 && fields[4] == path) {
      reach = fields[3] == "/" ? Reach::FileSystem : Reach::Directories;
    }
  }
  return reach;
}

std::string read_mountinfo() {
  auto text = read_start("/proc/self/mountinfo", kMaxMountinfo);
  return text ? std::move(text->bytes) : std::string{};
}

void walk_directories(const std::string& path, const std::function<bool(const std::string&)>& visit) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return;
  }
  std::deque<std::string> waiting{path};
  while (!waiting.empty()) {
    const std::string next = std::move(waiting.front());
    waiting.pop_front();
    if (!visit(next)) {
      return;
    }
    for (std::string& below : directories_in(next, status.st_dev)) {
      waiting.push_back(std::move(below));
    }
  }
}

bool mark(int group, Reach reach, std::uint64_t mask, const std::string& path) {
  if (reach == Reach::Directories) {
    return fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_ONLYDIR, mask | FAN_EVENT_ON_CHILD, AT_FDCWD, path.c_str()) == 0;
  }
  // Before 4.20 there were marks on mounts only.
  return fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, mask, AT_FDCWD, path.c_str()) == 0 ||
         fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_MOUNT, mask, AT_FDCWD, path.c_str()) == 0;
}

}  // namespace pinfold::agent
