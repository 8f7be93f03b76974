// SOCI's SQLite header in a file that never sees <sqlite3.h> by itself: it declares that library inside a namespace of its own.
#include "store/sqlite_file.hpp"

#include <fcntl.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>

namespace pinfold::store {

using records::StoreError;

OpeningLock::OpeningLock(const std::string& file) : x_fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR)) {
  if (x_fd < 0 || ::flock(x_fd, LOCK_EX) != 0) {
    const std::error_code error(errno, std::generic_category());
    throw StoreError(fmt::format("{}: {}", file, error.message()));
  }
}

OpeningLock::~OpeningLock() { ::close(x_fd); }

void create_private(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd >= 0) {
    ::close(fd);
  } else if (errno != EEXIST) {
    const std::error_code error(errno, std::generic_category());
    throw StoreError(fmt::format("{}: {}", file, error.message()));
  }
}

void open_session(soci::session& session, const std::string& file, Millis busy_timeout) {
  if (file.find('"') != std::string::npos) {
    throw StoreError("a database's path may not contain a double quote");
  }
  session.open(soci::sqlite3, fmt::format("dbname=\"{}\"", file));
  execute(session, fmt::format("PRAGMA busy_timeout = {}", busy_timeout.count()));
}

void make_ready(soci::session& session, std::span<const MigrationScript> scripts) {
  std::string mode;
  if (!first_row(session, "PRAGMA journal_mode = WAL", std::tie(), std::tie(mode)) || mode != "wal") {
    throw StoreError(fmt::format("this file system cannot hold a write-ahead log (journal mode stays {})", mode));
  }
  if (is_migrated(session, scripts)) {
    return;
  }
  OpenTransaction transaction(session, "BEGIN IMMEDIATE");
  migrate(session, scripts);
  transaction.commit();
}

OpenTransaction::~OpenTransaction() {
  if (!x_committed) {
    try {
      execute(x_session, "ROLLBACK");
    } catch (const soci::soci_error&) {  // NOLINT(bugprone-empty-catch): SQLite has rolled back by itself, on a full disk say
    }
  }
}

void OpenTransaction::commit() {
  execute(x_session, "COMMIT");
  x_committed = true;
}

}  // namespace pinfold::store
