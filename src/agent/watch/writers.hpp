/// Who wrote a file: asked while the writer still waits for its open to be answered, since `cp` and `chmod` have gone before anybody could ask
/// them afterwards.
/// Used by: watch/responder, on its one thread.
/// Cost:    one fstat an open; about 100 us for a process that creates a file and was not asked in the last kWriterAge.
/// Bounds:  kWritersPerSecond processes are asked a second, kMaxWriters processes and kMaxWritten files are remembered.
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>

#include "agent/sensor/proc_reader.hpp"
#include "base/time.hpp"

namespace pinfold::agent {

inline constexpr std::uint64_t kWritersPerSecond = 200;
inline constexpr std::size_t kMaxWriters = 64;
inline constexpr std::size_t kMaxWritten = 2048;
inline constexpr Seconds kWriterAge{5};

class Writers {
public:
  Writers();
  /// An open is waiting: if the file is new, its opener is the writer.
  void on_open(int fd, std::uint32_t pid, MonoTime now);
  /// The file was written or changed by `pid` (0 if unknown): who wrote it, as far as is known.
  [[nodiscard]] std::shared_ptr<const ExecEvent> of(const FileId& id, std::uint32_t pid, MonoTime now);

private:
  struct Written {
    FileId id;
    std::shared_ptr<const ExecEvent> writer;
  };
  [[nodiscard]] std::shared_ptr<const ExecEvent> ask(std::uint32_t pid, MonoTime now);

  ProcReader x_proc;
  std::string x_own_mounts;
  std::unordered_map<std::uint32_t, std::shared_ptr<const ExecEvent>> x_asked;
  std::deque<Written> x_written;
  MonoTime x_second;
  std::uint64_t x_asked_this_second = 0;
};

}  // namespace pinfold::agent
