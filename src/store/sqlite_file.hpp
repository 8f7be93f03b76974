/// What every SQLite file of ours needs: a private file, opened and migrated by one program at a time, a write-ahead log, transactions that take the
/// write lock at once, and errors that name the file.
/// Used by: the store and the history. Errors: StoreError, soci_error (see with_file_name). Threads: none; a session belongs to one at a time.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>
#include <utility>

#include "base/time.hpp"
#include "records/store.hpp"
#include "store/migrations.hpp"
#include "store/sql.hpp"

namespace pinfold::store {

/// Held while a store opens: one program at a time creates the file, switches it to the write-ahead log and migrates it. A file of its own,
/// because closing any descriptor of the database itself would drop SQLite's POSIX locks of this process.
class OpeningLock {
public:
  explicit OpeningLock(const std::string& file);
  OpeningLock(const OpeningLock&) = delete;
  OpeningLock& operator=(const OpeningLock&) = delete;
  ~OpeningLock();

private:
  int x_fd;
};

/// SQLite creates files with the process's umask; the log files take over the mode of the database. To be called under the opening lock.
void create_private(const std::string& file);

/// Connects; writers wait for one another at most so long.
void open_session(soci::session& session, const std::string& file, Millis busy_timeout);

/// Write-ahead log (it survives kills and lets readers go on while one writes) and the missing migrations. Under the opening lock.
void make_ready(soci::session& session, std::span<const MigrationScript> scripts);

/// Begins with the given SQL; rolls back unless committed. SOCI's transaction class begins a deferred one, in which two writers that both read first
/// cannot wait for each other.
class OpenTransaction {
public:
  OpenTransaction(soci::session& session, const char* begin) : x_session(session) { execute(session, begin); }
  explicit OpenTransaction(soci::session& session) : x_session(session) {}  ///< has begun already
  OpenTransaction(const OpenTransaction&) = delete;
  OpenTransaction& operator=(const OpenTransaction&) = delete;
  ~OpenTransaction();
  void commit();

private:
  soci::session& x_session;
  bool x_committed = false;
};

/// SOCI's errors leave as StoreError; ours get the file's name in front; everything else passes.
template <typename F>
decltype(auto) with_file_name(const std::string& file, F&& f) {
  try {
    return std::forward<F>(f)();
  } catch (const records::Conflict&) {
    throw;
  } catch (const records::StoreError& error) {
    throw records::StoreError(fmt::format("{}: {}", file, error.what()));
  } catch (const soci::soci_error& error) {
    throw records::StoreError(fmt::format("{}: {}", file, error.what()));
  }
}

}  // namespace pinfold::store
