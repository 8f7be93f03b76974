// SOCI's SQLite header first, in a file that never sees <sqlite3.h> by itself: it declares that library inside a namespace of its own.
#include <fcntl.h>
#include <fmt/format.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>

#include "store/migrations.hpp"
#include "store/store.hpp"
#include "store/tables.hpp"

namespace pinfold::store {
namespace {

using records::StoreError;

/// Held while a store opens: one program at a time creates the file, switches it to the write-ahead log and migrates it. A file of its own,
/// because closing any descriptor of the database itself would drop SQLite's POSIX locks of this process.
class OpeningLock {
public:
  explicit OpeningLock(const std::string& file) : x_fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR)) {
    if (x_fd < 0 || ::flock(x_fd, LOCK_EX) != 0) {
      const std::error_code error(errno, std::generic_category());
      throw StoreError(fmt::format("{}: {}", file, error.message()));
    }
  }
  OpeningLock(const OpeningLock&) = delete;
  OpeningLock& operator=(const OpeningLock&) = delete;
  ~OpeningLock() { ::close(x_fd); }

private:
  int x_fd;
};

/// SQLite creates files with the process's umask; the log files take over the mode of the database. To be called under the opening lock.
void create_private(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd >= 0) {
    ::close(fd);
  } else if (errno != EEXIST) {
    const std::error_code error(errno, std::generic_category());
    throw StoreError(fmt::format("{}: {}", file, error.message()));
  }
}

/// One leased session. SOCI's own soci::session(pool) waits for ever.
class Lease {
public:
  Lease(soci::connection_pool& pool, Millis timeout) : x_pool(pool) {
    if (!pool.try_lease(x_position, static_cast<int>(timeout.count()))) {
      throw StoreError(fmt::format("busy: no database session became free within {}", to_string(Micros{timeout})));
    }
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() { x_pool.give_back(x_position); }
  [[nodiscard]] soci::session& session() { return x_pool.at(x_position); }

private:
  soci::connection_pool& x_pool;
  std::size_t x_position = 0;
};

/// Begins with the given SQL; rolls back unless committed. SOCI's transaction class begins a deferred one, in which two writers that both read first
/// cannot wait for each other.
class OpenTransaction {
public:
  OpenTransaction(soci::session& session, const char* begin) : x_session(session) { execute(session, begin); }
  OpenTransaction(const OpenTransaction&) = delete;
  OpenTransaction& operator=(const OpenTransaction&) = delete;
  ~OpenTransaction() {
    if (!x_committed) {
      try {
        execute(x_session, "ROLLBACK");
      } catch (const soci::soci_error&) {  // NOLINT(bugprone-empty-catch): SQLite has rolled back by itself, on a full disk say
      }
    }
  }
  void commit() {
    execute(x_session, "COMMIT");
    x_committed = true;
  }

private:
  soci::session& x_session;
  bool x_committed = false;
};

class SqliteStore final : public records::Store {
public:
  SqliteStore(const std::filesystem::path& file, const SqliteOptions& options)
      : x_file(file.string()), x_timeout(options.busy_timeout), x_writer(1), x_readers(options.readers) {
    guarded([&] {
      const OpeningLock lock(x_file + ".lock");
      create_private(x_file);
      connect(x_writer.at(0));
      // The log survives kills and lets readers go on while one writes.
      std::string mode;
      if (!first_row(x_writer.at(0), "PRAGMA journal_mode = WAL", std::tie(), std::tie(mode)) || mode != "wal") {
        throw StoreError(fmt::format("this file system cannot hold a write-ahead log (journal mode stays {})", mode));
      }
      OpenTransaction transaction(x_writer.at(0), "BEGIN IMMEDIATE");
      migrate(x_writer.at(0), migration_scripts());
      transaction.commit();
      for (std::size_t i = 0; i < options.readers; ++i) {
        connect(x_readers.at(i));
        execute(x_readers.at(i), "PRAGMA query_only = ON");
      }
    });
  }

  void transact(const std::function<void(records::Transaction&)>& work) override { run(x_writer, "BEGIN IMMEDIATE", work); }
  void read(const std::function<void(records::Transaction&)>& work) override { run(x_readers, "BEGIN", work); }

private:
  void connect(soci::session& session) const {
    session.open(soci::sqlite3, fmt::format("dbname=\"{}\"", x_file));
    execute(session, fmt::format("PRAGMA busy_timeout = {}", x_timeout.count()));
    execute(session, "PRAGMA synchronous = FULL");
    execute(session, "PRAGMA foreign_keys = ON");
  }

  void run(soci::connection_pool& pool, const char* begin, const std::function<void(records::Transaction&)>& work) {
    guarded([&] {
      Lease lease(pool, x_timeout);
      OpenTransaction transaction(lease.session(), begin);
      SqlTransaction tables(lease.session());
      work(tables);
      transaction.commit();
    });
  }

  /// SOCI's errors leave as StoreError; ours get the file's name in front; everything else passes.
  template <typename F>
  void guarded(F&& f) const {
    try {
      f();
    } catch (const records::Conflict&) {
      throw;
    } catch (const StoreError& error) {
      throw StoreError(fmt::format("{}: {}", x_file, error.what()));
    } catch (const soci::soci_error& error) {
      throw StoreError(fmt::format("{}: {}", x_file, error.what()));
    }
  }

  std::string x_file;
  Millis x_timeout;
  soci::connection_pool x_writer;
  soci::connection_pool x_readers;
};

}  // namespace

std::unique_ptr<records::Store> open_sqlite(const std::filesystem::path& file, const SqliteOptions& options) {
  if (file.string().find('"') != std::string::npos) {
    throw StoreError(file.string() + ": a database's path may not contain a double quote");
  }
  return std::make_unique<SqliteStore>(file, options);
}

}  // namespace pinfold::store
