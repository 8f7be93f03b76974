/// Copies of scripts at the moment they are opened: many delete themselves at once, and by the time the exec event is read they are gone.
/// Every open below a watched directory waits for our answer (fanotify, FAN_OPEN_PERM), and the event carries a descriptor of the file.
/// The answer is always "go on"; before it, up to kMaxCapture bytes are read, if the opener is an interpreter or the kernel is executing
/// the file. Everything else is waved through unread. Copies stay in memory for kCaptureAge and are then forgotten, unless an exec
/// event asks for them: nothing that merely lies in /tmp is kept.
///
/// Reach:   a watched directory that is a mount of its own is watched to any depth; one that is not (/tmp on the root file system), only
///          its own files. Own mount namespace only: marks are on mounts, not on file systems.
/// Danger:  an unanswered permission event stops the opener. One thread does nothing but answer, touches no watched file itself, and
///          check() closes the group, which lets everyone through, if it has been at one event for longer than kMaxAnswer. When the agent
///          dies the kernel does the same.
/// Bounds:  kMaxCaptures copies, kMaxCapturedBytes in all; the oldest make room.
/// Errors:  where permission events are refused, plain notifications are tried: slower than a deletion, but better than nothing.
/// Source:  fanotify(7), Linux ≥ 5.0 for FAN_OPEN_EXEC_PERM.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "agent/sensor/exec_sensor.hpp"
#include "base/clock.hpp"
#include "base/expected.hpp"
#include "base/lock_guarded.hpp"

namespace pinfold::agent {

inline constexpr std::size_t kMaxCapture = std::size_t{1} << 20U;
inline constexpr std::size_t kMaxCaptures = 256;
inline constexpr std::size_t kMaxCapturedBytes = std::size_t{16} << 20U;
inline constexpr Seconds kCaptureAge{10};
inline constexpr Seconds kMaxAnswer{2};

struct Captured {
  MonoTime at;
  std::uint32_t pid = 0;  ///< of the opener
  std::string path;
  FileId id;
  std::string bytes;
  bool complete = true;
};

/// The copies, newest last. Threads: any.
class CaptureStore {
public:
  void add(Captured captured);
  /// The copy of `path` that `pid` opened; else the newest of that path.
  [[nodiscard]] std::optional<Captured> find(const std::string& path, std::uint32_t pid, MonoTime now) const;
  void forget_before(MonoTime time);
  [[nodiscard]] std::size_t bytes() const;

private:
  struct State {
    std::deque<Captured> captures;
    std::size_t bytes = 0;
  };
  LockGuarded<State> x_state;
};

class Capture {
public:
  [[nodiscard]] static Expected<std::unique_ptr<Capture>, std::string> open(const WatchedPaths& watched, const Clock& clock);
  Capture(int group, int stop_event, bool permission, const Clock& clock);
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture();

  [[nodiscard]] const CaptureStore& store() const { return x_store; }
  /// The watchdog and the forgetting: call it about every second, from another thread. False when it has had to give up.
  [[nodiscard]] bool check(MonoTime now);
  [[nodiscard]] bool permission() const { return x_permission; }

private:
  void serve();
  void handle_batch(char* buffer, ssize_t length);
  void keep(int fd, std::uint32_t pid, bool executed);
  void give_up();

  std::atomic<int> x_group;
  int x_stop_event;
  bool x_permission;
  const Clock& x_clock;
  CaptureStore x_store;
  std::atomic<std::int64_t> x_busy_since{0};  ///< monotonic ns at which the event in hand was taken; 0 when idle
  std::thread x_thread;
};

}  // namespace pinfold::agent
