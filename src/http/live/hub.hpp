/// Changes as they happen, for whoever listens: reads the store's feed and hands each change to the streams that may see it.
///   store's feed ──poll (kLook, or woken)──▶ Hub ──▶ stream ──▶ server ──▶ browser
/// A stream resumes behind Last-Event-ID; when that is older than what is kept it is told to load anew (event "reset").
/// Bounds:  kMaxStreams streams, kMaxWaiting bytes waiting for one of them: who does not read loses the connection and comes back with its last id.
/// Clock:   injected (comments that keep a line open). Threads: one of its own, which reads the store only while somebody listens.
/// Source:  WHATWG HTML, server-sent events.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "http/message.hpp"
#include "records/store.hpp"

namespace pinfold::http {

inline constexpr std::size_t kMaxStreams = 2000;
inline constexpr std::size_t kMaxWaiting = std::size_t{256} * 1024;
inline constexpr Millis kLookForChanges{200};
inline constexpr Micros kKeepOpenEvery = std::chrono::seconds{15};

class Hub {
public:
  Hub(records::Store& store, const Clock& clock);
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  /// nullptr: too many listen. `customer` empty: staff, who see everything.
  /// `still_welcome` is asked now and then (at each comment): a session that was ended must not go on listening.
  [[nodiscard]] std::shared_ptr<Stream> open(const CustomerId& customer, std::optional<std::int64_t> after, std::function<bool()> still_welcome);
  void wake();

private:
  class Line;
  void run();
  bool round();

  records::Store& x_store;
  const Clock& x_clock;
  std::mutex x_mutex;
  std::condition_variable x_signal;
  std::vector<std::weak_ptr<Line>> x_lines;
  std::int64_t x_seen = -1;  ///< -1: nobody has listened yet
  bool x_woken = false;
  bool x_stopping = false;
  std::thread x_thread;  // last: it uses everything above
};

/// The contract's Change.
[[nodiscard]] std::string change_json(const records::Change& change);

}  // namespace pinfold::http
