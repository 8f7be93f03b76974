#include "agent/sensor/capture.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "agent/sensor/proc_reader.hpp"
#include "base/log.hpp"

namespace pinfold::agent {
namespace {

std::string error_text(int error) { return std::generic_category().message(error); }

bool is_mount_point(const std::string& path) {
  struct stat itself {};
  struct stat above {};
  return stat(path.c_str(), &itself) == 0 && stat((path + "/..").c_str(), &above) == 0 && itself.st_dev != above.st_dev;
}

/// Marks what can be marked; the number of directories that are watched now.
std::size_t mark_all(int group, const WatchedPaths& watched, std::uint64_t mask) {
  std::size_t marked = 0;
  for (const std::string& path : watched) {
    const bool mount = is_mount_point(path);
    const unsigned flags = FAN_MARK_ADD | (mount ? unsigned{FAN_MARK_MOUNT} : 0U);
    if (fanotify_mark(group, flags, mount ? mask : mask | FAN_EVENT_ON_CHILD, AT_FDCWD, path.c_str()) == 0) {
      ++marked;
    } else {
      log_debug("AGENT_MARK_REFUSED", "{}: {}", path, error_text(errno));
    }
  }
  return marked;
}

std::string link_text(const std::string& path) {
  std::array<char, kMaxProcText> target{};
  const ssize_t length = readlink(path.c_str(), target.data(), target.size());
  std::string text = length > 0 ? std::string(target.data(), static_cast<std::size_t>(length)) : std::string{};
  constexpr std::string_view kDeleted = " (deleted)";
  if (text.ends_with(kDeleted)) {
    text.resize(text.size() - kDeleted.size());
  }
  return text;
}

}  // namespace

void CaptureStore::add(Captured captured) {
  x_state.with([&](State& state) {
    state.bytes += captured.bytes.size();
    state.captures.push_back(std::move(captured));
    while (state.captures.size() > kMaxCaptures || state.bytes > kMaxCapturedBytes) {
      state.bytes -= state.captures.front().bytes.size();
      state.captures.pop_front();
    }
  });
}

std::optional<Captured> CaptureStore::find(const std::string& path, std::uint32_t pid, MonoTime now) const {
  return x_state.with([&](const State& state) -> std::optional<Captured> {
    const Captured* best = nullptr;
    for (const Captured& captured : state.captures) {
      if (captured.path == path && now - captured.at <= kCaptureAge && (best == nullptr || captured.pid == pid || best->pid != pid)) {
        best = &captured;
      }
    }
    return best == nullptr ? std::nullopt : std::optional(*best);
  });
}

void CaptureStore::forget_before(MonoTime time) {
  x_state.with([&](State& state) {
    while (!state.captures.empty() && state.captures.front().at < time) {
      state.bytes -= state.captures.front().bytes.size();
      state.captures.pop_front();
    }
  });
}

std::size_t CaptureStore::bytes() const {
  return x_state.with([](const State& state) { return state.bytes; });
}

Expected<std::unique_ptr<Capture>, std::string> Capture::open(const WatchedPaths& watched, const Clock& clock) {
  struct Way {
    unsigned flags;
    std::uint64_t mask;
    bool permission;
  };
  constexpr std::array<Way, 2> kWays{
      {{FAN_CLASS_CONTENT, FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM, true}, {FAN_CLASS_NOTIF, FAN_OPEN | FAN_OPEN_EXEC, false}}};
  int refused = 0;
  for (const Way& way : kWays) {
    const int group = fanotify_init(way.flags | FAN_CLOEXEC | FAN_NONBLOCK, O_RDONLY | O_LARGEFILE | O_CLOEXEC | O_NOATIME);
    if (group < 0) {
      refused = errno;
      continue;
    }
    if (mark_all(group, watched, way.mask) > 0) {
      const int stop_event = eventfd(0, EFD_CLOEXEC);
      return std::make_unique<Capture>(group, stop_event, way.permission, clock);
    }
    refused = errno;
    close(group);
  }
  return Unexpected("fanotify: " + error_text(refused));
}

Capture::Capture(int group, int stop_event, bool permission, const Clock& clock)
    : x_group(group), x_stop_event(stop_event), x_permission(permission), x_clock(clock), x_thread([this] { serve(); }) {}

Capture::~Capture() {
  const std::uint64_t one = 1;
  static_cast<void>(write(x_stop_event, &one, sizeof(one)) == sizeof(one));
  x_thread.join();
  give_up();
  close(x_stop_event);
}

void Capture::give_up() {
  const int group = x_group.exchange(-1);
  if (group >= 0) {
    close(group);
  }
}

bool Capture::check(MonoTime now) {
  x_store.forget_before(MonoTime{now.since_start - kCaptureAge});
  const std::int64_t since = x_busy_since.load();
  if (since != 0 && now.since_start - Nanos{since} > kMaxAnswer) {
    log_error("AGENT_CAPTURE_STUCK", "an open has waited for more than {} s for the agent; no more copies are made, everyone is let through",
              kMaxAnswer.count());
    give_up();
  }
  return x_group.load() >= 0;
}

void Capture::serve() {
  alignas(fanotify_event_metadata) std::array<char, 8192> buffer{};
  for (;;) {
    const int group = x_group.load();
    std::array<pollfd, 2> waiting{{{group, POLLIN, 0}, {x_stop_event, POLLIN, 0}}};
    if (group < 0 || (poll(waiting.data(), waiting.size(), 1000) < 0 && errno != EINTR) || waiting[1].revents != 0) {
      return;
    }
    if (waiting[0].revents == 0) {
      continue;
    }
    const ssize_t length = read(group, buffer.data(), buffer.size());
    if (length > 0) {
      handle_batch(buffer.data(), length);
    }
  }
}

void Capture::handle_batch(char* buffer, ssize_t length) {
  auto* event = reinterpret_cast<fanotify_event_metadata*>(buffer);
  for (; FAN_EVENT_OK(event, length); event = FAN_EVENT_NEXT(event, length)) {
    if (event->fd < 0) {
      continue;  // the queue overflowed: those opens were let through
    }
    x_busy_since.store(x_clock.mono().since_start.count());
    if (event->pid != getpid()) {
      keep(event->fd, static_cast<std::uint32_t>(event->pid), (event->mask & (FAN_OPEN_EXEC_PERM | FAN_OPEN_EXEC)) != 0);
    }
    if ((event->mask & (FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM)) != 0) {
      const fanotify_response answer{event->fd, FAN_ALLOW};
      static_cast<void>(write(x_group.load(), &answer, sizeof(answer)) == sizeof(answer));
    }
    close(event->fd);
    x_busy_since.store(0);
  }
}

void Capture::keep(int fd, std::uint32_t pid, bool executed) {
  if (!executed && interpreter_name(link_text(fmt::format("/proc/{}/exe", pid))).empty()) {
    return;
  }
  auto start = read_start(fd, kMaxCapture);
  if (!start || start->bytes.empty()) {
    return;
  }
  x_store.add({x_clock.mono(), pid, link_text(fmt::format("/proc/self/fd/{}", fd)), start->id, std::move(start->bytes), !start->cut});
}

}  // namespace pinfold::agent
