/// Who writes to the record next: whoever has waited longest. SQLite itself knows no queue (its busy handler tries again at growing intervals),
/// and a mutex or a pool goes to whoever asks at the right moment: on a slow disk, where a commit takes seconds, some never come to it.
///   WriterQueue  among the threads of a process: places are taken in order, and a writer that has just been served stands behind all that wait.
///   TurnFile     among the processes at a SQLite file: a lock file that a writer holds from before it asks SQLite for the write lock until it has
///                it. Meanwhile the writers of another process, which would come in quick succession, let it go first. A courtesy: bounded, and
///                never an error (where the file cannot be opened, nobody is given way). PostgreSQL's lock is such a queue by itself.
/// Rejected: one commit for several writers. The first would wait for the work of the next while it holds whatever its caller has locked.
/// Used by: both stores. Clock: none of ours; time-outs are monotonic. Threads: WriterQueue any; a TurnFile whoever has the turn.
/// Bounds:  a writer gives up when for its time-out nobody was served, so it waits at most for (those before it + 1) time-outs. Each thread stands
///          in the queue at most once.
/// Errors:  StoreError: nobody was served in time.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>

#include "base/time.hpp"

namespace pinfold::store {

class WriterQueue {
public:
  /// `waits` is told when a writer has taken its place behind others. For tests; called with the queue locked.
  explicit WriterQueue(std::function<void()> waits = {}) : x_waits(std::move(waits)) {}

  /// Waits for its turn and has it until this ends.
  class Turn {
  public:
    Turn(WriterQueue& queue, Millis timeout) : x_queue(queue) { x_queue.enter(timeout); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { x_queue.leave(); }

  private:
    WriterQueue& x_queue;
  };

private:
  void enter(Millis timeout);
  void leave();

  std::function<void()> x_waits;
  std::mutex x_mutex;
  std::condition_variable x_moved;
  std::deque<std::uint64_t> x_places;  ///< of those that wait, the next one first
  std::uint64_t x_next_place = 0;
  std::uint64_t x_served = 0;
  bool x_is_taken = false;
};

class TurnFile {
public:
  explicit TurnFile(const std::string& file);
  TurnFile(const TurnFile&) = delete;
  TurnFile& operator=(const TurnFile&) = delete;
  ~TurnFile();

  /// Lets another process that waits for the write lock go first, and holds the turn until this ends; after half a second goes on without it.
  class Hold {
  public:
    explicit Hold(const TurnFile& file);
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold();

  private:
    int x_fd;
  };

private:
  int x_fd;
};

}  // namespace pinfold::store
