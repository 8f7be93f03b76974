/// The PostgreSQL store behind records/store.hpp: for several desks that share one record.
/// Used by: apps and engine, which see records::Store only.
///
/// PostgreSQL 15 or later, a database of its own, encoded in UTF-8. Commits are as durable as the server's synchronous_commit makes them.
/// transact: one writer at a time over all desks, by an advisory lock of the database, so that what a writer has read still holds when it writes;
/// those of a desk in the order in which they came (store/writer_queue.hpp); a transaction is never run twice by the store. take_job: beside it,
/// locking single rows. read: one snapshot (REPEATABLE READ, READ ONLY). Sessions are pooled. One that was lost (server restarted, failed over) is
/// opened again when the next transaction begins on it; a transaction in which it is lost fails as a whole with StoreError, and nobody knows then
/// whether a commit that was under way came through: units of work are repeatable by their keys. A desk that stands still within a transaction is cut
/// off by the server after kMaxIdle, so that the others go on. A server that is silent (a cut network) is given up within 15 s, one that cannot be
/// reached within 5 s, unless the URL says otherwise. Errors:  StoreError, naming server and database, never the password. A database that a newer
/// Pinfold made is refused. An error too:
///          nobody of this desk was served for `busy_timeout`, or another desk's writer, or a free session, was waited for longer than that.
/// Threads: any. A thread must not call transact from inside transact: it would wait for itself until the time-out.
/// Cost:    about 50 µs a statement on one machine, and the server's fsync a commit.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "records/store.hpp"
#include "store/store.hpp"

namespace pinfold::store {

struct PostgresOptions {
  Millis busy_timeout{10'000};
  std::size_t writers = 3;  ///< sessions for transact and take_job
  std::size_t readers = 4;
  Process process{};
  /// What is to be said against writing now, when the server's clock shows that time; then nothing is written. Asked in every transact and take_job,
  /// so that leases and claims, which end by time, go by one clock whoever writes.
  std::function<std::optional<std::string>(WallTime server)> objection{};
  std::function<void()> writer_waits{};  ///< told when a writer has its place behind others; for tests
};
inline constexpr Seconds kMaxIdle{60};

/// `url` as libpq reads it: postgresql://user@host:port/database?passfile=/etc/pinfold/pgpass
[[nodiscard]] std::unique_ptr<records::Store> open_postgres(const std::string& url, const PostgresOptions& options = {});
[[nodiscard]] bool is_postgres_url(const std::string& url);
/// Without user, password and parameters, for people: "postgresql://host:5432/database".
[[nodiscard]] std::string name_of_postgres(const std::string& url);

/// Calls `changed`, from a thread of its own, when another process may have committed something new: a change in the feed, a job, an inbox item; and
/// after every reconnection, because nobody tells what was missed. The destructor ends the thread.
class Listener {
public:
  virtual ~Listener() = default;
};
[[nodiscard]] std::unique_ptr<Listener> listen_postgres(const std::string& url, std::function<void()> changed);

}  // namespace pinfold::store
