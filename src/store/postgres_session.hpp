/// What every session with PostgreSQL needs: connected, set up, and opened again when it was lost. Internal to `store`.
/// Errors: StoreError, soci_error (see with_file_name). Threads: none; a session belongs to one at a time.
#pragma once

#include <string>

#include "base/time.hpp"
#include "store/sql.hpp"

struct pg_conn;  // NOLINT(readability-identifier-naming): libpq's

namespace pinfold::store {

/// `url` with bounds for how long a network without an answer is believed in: a connection 5 s, an answer 14 s at most (TCP user time-out 10 s,
/// keepalives after 5 s, 3 of them 3 s apart), where it does not name its own.
[[nodiscard]] std::string with_patience(const std::string& url);

/// Connects; nobody waits longer than `busy_timeout` for a lock.
void connect_postgres(soci::session& session, const std::string& url, Millis busy_timeout);
/// Runs `begin`; if the session turns out to be lost, opens it again and tries once more.
void begin_postgres(soci::session& session, const std::string& begin, Millis busy_timeout);

/// libpq's own handle, for what SOCI has nothing for. The session must be one of PostgreSQL.
[[nodiscard]] pg_conn* connection_of(soci::session& session);

}  // namespace pinfold::store
