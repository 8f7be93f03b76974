/// The SQLite store behind records/store.hpp: everything the desk keeps, in one file.
/// Used by: apps and engine, which see records::Store only.
///
/// SQLite with a write-ahead log and synchronous=FULL: a commit that has returned survives a kill and a power loss. One session writes
/// (BEGIN IMMEDIATE), for whoever has waited longest (store/writer_queue.hpp); several read, each over its own snapshot. Several processes may have
/// the same file open (`pinfold case list` beside `pinfold serve`). The file is readable to the desk's user only; its directory must be on a local
/// disk (the log needs shared memory). Opening runs the missing migrations (db/migrations) in one transaction; two programs that open a new file at
/// once wait for each other.
/// Errors:  StoreError, naming the file. A file that a newer Pinfold made is refused. Waiting longer than `busy_timeout` for any one
///          writer to end, or for a free session, is an error too.
/// Threads: any. A thread must not call transact or read from inside transact: it would wait for itself until the time-out.
/// Cost:    about 0.3 ms a commit on an SSD (an fsync).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/time.hpp"
#include "records/store.hpp"

namespace pinfold::store {

/// Who claims jobs here, and how it is known that another who did is gone. A store of its own is a process of its own.
struct Process {
  std::string name = unique_process_name();
  std::function<bool(const std::string& name)> is_gone = [](const std::string&) { return true; };

  [[nodiscard]] static std::string unique_process_name();
};

struct SqliteOptions {
  Millis busy_timeout{10'000};
  std::size_t readers = 4;  ///< sessions for read(), beside the one that writes
  Process process{};
  std::function<void()> writer_waits{};  ///< told when a writer has its place behind others; for tests
};

[[nodiscard]] std::unique_ptr<records::Store> open_sqlite(const std::filesystem::path& file, const SqliteOptions& options = {});

}  // namespace pinfold::store
