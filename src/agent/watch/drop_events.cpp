#include "agent/watch/drop_events.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <unordered_map>

#include "agent/sensor/proc_reader.hpp"
#include "agent/watch/reach.hpp"

namespace pinfold::agent {
namespace {

constexpr std::size_t kBuffer = 32768;

std::string error_text(int error) { return std::generic_category().message(error); }

class FanotifyDrops final : public DropEvents {
public:
  explicit FanotifyDrops(int group) : x_group(group) {}
  ~FanotifyDrops() override {
    for (const Place& place : x_places) {
      close(place.fd);
    }
    close(x_group);
  }

  [[nodiscard]] bool watch(const WatchedPaths& watched) {
    const std::string mountinfo = read_mountinfo();
    for (const std::string& path : watched) {
      const Reach reach = reach_of(mountinfo, path);
      const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      if (fd < 0) {
        continue;
      }
      struct statfs status {};
      static_cast<void>(fstatfs(fd, &status));
      x_places.push_back({fd, status.f_fsid, reach});
      if (reach == Reach::FileSystem) {
        x_marked += mark(x_group, reach, kMask, path) ? 1U : 0U;
      } else {
        walk_directories(path, [this](const std::string& directory) { return add(directory); });
      }
    }
    return x_marked > 0;
  }

  [[nodiscard]] int wait_fd() const override { return x_group; }
  [[nodiscard]] bool incomplete() const override { return x_incomplete; }
  [[nodiscard]] std::string_view name() const override { return "fanotify"; }

  void drain(const DropHandler& handler) override {
    alignas(fanotify_event_metadata) std::array<char, kBuffer> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by the read
    const ssize_t length = read(x_group, buffer.data(), buffer.size());
    fanotify_event_metadata event{};
    for (ssize_t at = 0; at + static_cast<ssize_t>(sizeof(event)) <= length; at += event.event_len) {
      std::memcpy(&event, buffer.data() + at, sizeof(event));  // behind a name the next one is aligned to 4 bytes only
      if (event.event_len < sizeof(event) || event.event_len > length - at) {
        return;
      }
      x_incomplete = x_incomplete || (event.mask & FAN_Q_OVERFLOW) != 0;
      const bool directory = (event.mask & FAN_ONDIR) != 0;
      if (directory && (event.mask & (FAN_CREATE | FAN_MOVED_TO)) == 0) {
        continue;
      }
      // A file that was only created is empty as yet. Its writing is an event of its own, or, where nobody read in between, part of this one:
      // the kernel merges what one process did to one name.
      if (!directory && (event.mask & (FAN_CLOSE_WRITE | FAN_ATTRIB | FAN_MOVED_TO)) == 0) {
        continue;
      }
      if (auto found = place_and_path(event, buffer.data() + at)) {
        hand_over({std::move(found->second), event.pid > 0 ? static_cast<std::uint32_t>(event.pid) : 0, directory}, found->first, handler);
      }
    }
  }

private:
  static constexpr std::uint64_t kMask = FAN_CREATE | FAN_CLOSE_WRITE | FAN_ATTRIB | FAN_MOVED_TO | FAN_ONDIR;
  struct Place {
    int fd;
    fsid_t fsid;
    Reach reach;
  };

  bool add(const std::string& directory) {
    if (x_marked >= kMaxMarked) {
      x_incomplete = true;
      return false;
    }
    x_marked += mark(x_group, Reach::Directories, kMask, directory) ? 1U : 0U;
    return true;
  }

  void hand_over(const DropEvent& event, Reach reach, const DropHandler& handler) {
    if (!event.directory) {
      handler(event);
      return;
    }
    walk_directories(event.path, [&](const std::string& directory) {
      const bool goes_on = reach == Reach::FileSystem || add(directory);
      handler({directory, event.pid, true});
      for (std::string& file : files_in(directory)) {
        handler({std::move(file), event.pid, false});
      }
      return goes_on;
    });
  }

  /// `at`: where the event stands, its file handle and name behind it.
  [[nodiscard]] std::optional<std::pair<Reach, std::string>> place_and_path(const fanotify_event_metadata& event, const char* at) const {
    const auto* info = reinterpret_cast<const fanotify_event_info_fid*>(at + event.metadata_len);
    if (event.event_len < event.metadata_len + sizeof(*info) || info->hdr.info_type != FAN_EVENT_INFO_TYPE_DFID_NAME) {
      return std::nullopt;
    }
    auto* handle = reinterpret_cast<file_handle*>(const_cast<unsigned char*>(info->handle));
    const char* name = reinterpret_cast<const char*>(handle->f_handle) + handle->handle_bytes;
    for (const Place& place : x_places) {
      if (std::memcmp(&place.fsid, &info->fsid, sizeof(info->fsid)) != 0) {
        continue;
      }
      const int fd = open_by_handle_at(place.fd, handle, O_PATH | O_CLOEXEC);
      if (fd < 0) {
        return std::nullopt;
      }
      std::error_code error;
      const std::string directory = std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", fd), error).string();
      close(fd);
      return error ? std::nullopt : std::optional(std::pair(place.reach, directory + "/" + name));
    }
    return std::nullopt;
  }

  int x_group;
  std::vector<Place> x_places;
  std::size_t x_marked = 0;
  bool x_incomplete = false;
};

class InotifyDrops final : public DropEvents {
public:
  explicit InotifyDrops(int fd) : x_fd(fd) {}
  ~InotifyDrops() override { close(x_fd); }

  [[nodiscard]] bool watch(const WatchedPaths& watched) {
    for (const std::string& path : watched) {
      walk_directories(path, [this](const std::string& directory) { return add(directory); });
    }
    return !x_directories.empty();
  }

  [[nodiscard]] int wait_fd() const override { return x_fd; }
  [[nodiscard]] bool incomplete() const override { return x_incomplete; }
  [[nodiscard]] std::string_view name() const override { return "inotify"; }

  void drain(const DropHandler& handler) override {
    alignas(inotify_event) std::array<char, kBuffer> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by the read
    const ssize_t length = read(x_fd, buffer.data(), buffer.size());
    for (ssize_t at = 0; at < length;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += static_cast<ssize_t>(sizeof(*event) + event->len);
      x_incomplete = x_incomplete || (event->mask & IN_Q_OVERFLOW) != 0;
      const auto place = x_directories.find(event->wd);
      if ((event->mask & IN_IGNORED) != 0) {
        x_directories.erase(event->wd);
      } else if (place != x_directories.end() && event->len > 0) {
        hand_over(place->second + "/" + static_cast<const char*>(event->name), event->mask, handler);
      }
    }
  }

private:
  bool add(const std::string& directory) {
    if (x_directories.size() >= kMaxMarked) {
      x_incomplete = true;
      return false;
    }
    const int wd = inotify_add_watch(x_fd, directory.c_str(), IN_CREATE | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_TO | IN_ONLYDIR | IN_DONT_FOLLOW);
    if (wd >= 0) {
      x_directories[wd] = directory;
    }
    return true;
  }

  void hand_over(const std::string& path, std::uint32_t mask, const DropHandler& handler) {
    if ((mask & IN_ISDIR) == 0) {
      if ((mask & IN_CREATE) == 0) {
        handler({path, 0, false});
      }
      return;
    }
    if ((mask & (IN_CREATE | IN_MOVED_TO)) == 0) {
      return;
    }
    walk_directories(path, [&](const std::string& directory) {
      const bool goes_on = add(directory);
      handler({directory, 0, true});
      for (std::string& file : files_in(directory)) {
        handler({std::move(file), 0, false});
      }
      return goes_on;
    });
  }

  int x_fd;
  std::unordered_map<int, std::string> x_directories;
  bool x_incomplete = false;
};

}  // namespace

Expected<std::unique_ptr<DropEvents>, std::string> open_fanotify_drops(const WatchedPaths& watched) {
  const int group = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME | FAN_CLOEXEC | FAN_NONBLOCK, O_RDONLY | O_LARGEFILE | O_CLOEXEC);
  if (group < 0) {
    return Unexpected("fanotify: " + error_text(errno));
  }
  auto drops = std::make_unique<FanotifyDrops>(group);
  if (!drops->watch(watched)) {
    return Unexpected("fanotify: " + error_text(errno));
  }
  return std::unique_ptr<DropEvents>(std::move(drops));
}

Expected<std::unique_ptr<DropEvents>, std::string> open_inotify_drops(const WatchedPaths& watched) {
  const int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (fd < 0) {
    return Unexpected("inotify: " + error_text(errno));
  }
  auto drops = std::make_unique<InotifyDrops>(fd);
  if (!drops->watch(watched)) {
    return Unexpected("inotify: " + error_text(errno));
  }
  return std::unique_ptr<DropEvents>(std::move(drops));
}

std::vector<std::string> files_in(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error); !error && it != std::filesystem::directory_iterator{}; it.increment(error)) {
    std::error_code ignored;
    if (it->is_regular_file(ignored) && !it->is_symlink(ignored) && files.size() < kMaxMarked) {
      files.push_back(it->path().string());
    }
  }
  return files;
}

}  // namespace pinfold::agent
