/// The agent's side of the responder: starts it, takes its sightings and copies in, and keeps both until an exec event asks for them.
/// Copies stay in memory for kCaptureAge and are then forgotten: nothing that merely lies in /tmp is kept.
///
/// Reach:   to any depth, under any name; see watch/reach.hpp. The file is told by its inode too, so a path that only the process can see
///          (a container, systemd's private /tmp) is no hindrance.
/// Threads: a thread of its own reads the socket, so that a slow disk loses no copy. The accessors may be called from any.
/// Bounds:  kMaxCaptures copies, kMaxCapturedBytes in all; the oldest make room. kMaxSightings sightings wait; what is beyond is counted.
/// Errors:  open() says why there is no responder. Later its health says how it does: it may be ended, and comes back (responder.hpp).
#pragma once

#include <sys/types.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/watch/responder.hpp"
#include "agent/watch/sighting.hpp"
#include "base/clock.hpp"
#include "base/expected.hpp"
#include "base/lock_guarded.hpp"

namespace pinfold::agent {

inline constexpr std::size_t kMaxCaptures = 512;
inline constexpr std::size_t kMaxCapturedBytes = std::size_t{8} << 20U;
inline constexpr std::size_t kMaxSightings = 2048;
inline constexpr Seconds kCaptureAge{10};

struct Captured {
  MonoTime at;
  std::uint32_t pid = 0;  ///< of the opener
  std::string path;
  FileId id;
  std::string bytes;
  bool complete = true;
  std::string pipe = {};  ///< into which the opener passes it on; empty if into none
};

/// The copies, newest last. Threads: any.
class CaptureStore {
public:
  void add(Captured captured);
  /// The copy of `path` that `pid` opened; else the newest of that path.
  [[nodiscard]] std::optional<Captured> find(const std::string& path, std::uint32_t pid, MonoTime now) const;
  /// The newest that was passed into this pipe ("pipe:[7]"), for whoever reads it; its path.
  [[nodiscard]] std::string passed_into(const std::string& pipe, MonoTime now) const;
  /// The newest copy of this file.
  [[nodiscard]] std::optional<Captured> find(const FileId& id, MonoTime now) const;
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
  struct Health {
    bool permission = false;  ///< copies are made before the opener goes on
    bool drops = false;
    std::string words;  ///< what is not as it should be; empty if all is well
    std::uint32_t restarts = 0;
    std::uint64_t lost = 0;  ///< sightings lost so far
  };

  /// Starts the responder as `program answer …` and waits for its first word.
  [[nodiscard]] static Expected<std::unique_ptr<Capture>, std::string> open(const ResponderSettings& settings, const std::string& program,
                                                                            const Clock& clock);
  Capture(int socket, pid_t keeper, const Clock& clock);
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture();

  [[nodiscard]] const CaptureStore& store() const { return x_store; }
  [[nodiscard]] CaptureStore& store() { return x_store; }
  [[nodiscard]] int wait_fd() const { return x_arrived; }  ///< readable when take() has something
  [[nodiscard]] std::vector<Sighting> take();
  [[nodiscard]] Health health() const;
  void start();  ///< the reading thread; before it, only the first word is read

private:
  [[nodiscard]] bool receive(int timeout_ms);
  void read_all();
  void accept(Sighting sighting, int copy);

  int x_socket;
  pid_t x_keeper;
  int x_arrived;
  int x_stop;
  const Clock& x_clock;
  CaptureStore x_store;
  struct State {
    Health health;
    std::vector<Sighting> waiting;
    std::uint64_t dropped = 0;
    std::uint64_t lost_before = 0;  ///< by responders that have ended
    std::uint64_t lost_last = 0;
    bool told = false;
  };
  LockGuarded<State> x_state;
  std::thread x_thread;
};

}  // namespace pinfold::agent
