/// A thread that does one kind of work: when it is woken, and every `interval` all the same, because other processes write to the store too.
/// Errors:  what the work throws is logged under the worker's name and tried again after kPauseAfterFailure; a broken disk or database
///          therefore never ends the thread, and shows in the log and in health.
/// Threads: its own. The destructor stops it and joins.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/lock_guarded.hpp"
#include "base/time.hpp"

namespace pinfold::engine {

inline constexpr Millis kPauseAfterFailure{1000};

class Worker {
public:
  /// `work` returns true when there may be more to do at once.
  Worker(std::string name, Millis interval, std::function<bool()> work);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void wake();
  void stop();
  [[nodiscard]] const std::string& name() const { return x_name; }
  /// Why the last round failed; nullopt while it works.
  [[nodiscard]] std::optional<std::string> failure() const;

private:
  void run();
  bool round();

  std::string x_name;
  Millis x_interval;
  std::function<bool()> x_work;
  LockGuarded<std::optional<std::string>> x_failure;
  std::mutex x_mutex;
  std::condition_variable x_signal;
  bool x_woken = false;
  bool x_stopping = false;
  std::thread x_thread;  // last: it uses everything above
};

}  // namespace pinfold::engine
