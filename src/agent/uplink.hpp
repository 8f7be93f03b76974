/// Empties the spool towards the desk: evidence first, then the findings that name it, so that the desk never holds a finding whose file
/// it was not offered. Only a 2xx removes anything from the spool.
/// Threads: start() runs a thread of its own; step() is one round, for it and for tests.
/// Retry:   after a failure the pause doubles from kFirstPause to kLongestPause; a success resets it. What the desk will never take
///          (400, 413, 422) is set aside and logged, so that one bad file does not block the rest.
/// Errors:  kept in Progress, for `pinfold-agent status`.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

#include "agent/desk_client.hpp"
#include "agent/spool.hpp"

namespace pinfold::agent {

inline constexpr Millis kFirstPause{500};
inline constexpr Millis kLongestPause{15000};
inline constexpr Seconds kBeat{60};  ///< the desk hears of the agent at least this often

class Uplink {
public:
  struct Progress {
    std::uint64_t findings_sent = 0;
    std::uint64_t files_sent = 0;
    std::string last_error;  ///< empty when the last round went through
  };
  enum class Round : std::uint8_t { Idle, Sent, Failed };

  /// `tier` is asked at every round: it says how well the agent sees at that moment.
  Uplink(DeskClient client, Spool& spool, std::function<std::string()> tier);
  Uplink(const Uplink&) = delete;
  Uplink& operator=(const Uplink&) = delete;
  ~Uplink();

  void start();
  void wake();  ///< something is in the spool
  void beat();  ///< the tier has changed: tell the desk, even if there is no finding to tell
  [[nodiscard]] Round step();
  [[nodiscard]] Progress progress() const;

private:
  [[nodiscard]] bool send_evidence(const std::vector<Spool::Item>& items);
  [[nodiscard]] Round send_findings(const std::vector<Spool::Item>& items);
  void send_beat();
  void run(const std::stop_token& stop);
  void note_error(std::string error);

  DeskClient x_client;
  Spool& x_spool;
  std::function<std::string()> x_tier;
  LockGuarded<Progress> x_progress;
  std::mutex x_mutex;
  std::condition_variable_any x_changed;
  bool x_woken = false;
  std::atomic<bool> x_beat_due{true};  ///< the first is sent at the start
  std::jthread x_thread;
};

}  // namespace pinfold::agent
