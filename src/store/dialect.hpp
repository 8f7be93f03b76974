/// Where SQLite and PostgreSQL differ. The SQL of this folder is what both read; the few differences stand here, and nowhere else.
///   - Text: PostgreSQL orders by the database's locale and ignores no case: tables are made with COLLATE "C", and LIKE becomes ILIKE.
///   - Bytes: PostgreSQL keeps no NUL and no text that is not UTF-8; what cannot be kept is kept with U+FFFD in its place.
///   - Alone: SQLite has one writer (BEGIN IMMEDIATE). On PostgreSQL a transaction of `transact` holds one advisory lock, and jobs are claimed beside
///     it, row by row (SKIP LOCKED).
///   - Telling: what is new for other processes is announced by NOTIFY; SQLite has none, there they look.
/// Used by: the tables. Threads: none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace soci {
class session;
}

namespace pinfold::store {

enum class Dialect : unsigned char { Sqlite, Postgres };
[[nodiscard]] Dialect dialect_of(const soci::session& session);

/// Case is ignored (of ASCII letters at least).
[[nodiscard]] std::string_view like_operator(const soci::session& session);
/// A pattern for it, with ESCAPE '\', that finds the text anywhere, whatever characters it has.
[[nodiscard]] std::string like_anywhere(std::string_view text);
/// Behind a SELECT of rows that this transaction is about to change, where other writers may go on meanwhile.
[[nodiscard]] std::string_view skip_locked(const soci::session& session);

/// A statement of db/migrations as the dialect wants it.
[[nodiscard]] std::string for_dialect(std::string_view statement, Dialect dialect);

/// nullopt: PostgreSQL keeps the text as it is. Otherwise with U+FFFD for each NUL and for each byte that is not UTF-8.
[[nodiscard]] std::optional<std::string> replaced_for_postgres(std::string_view text);

inline constexpr const char* kChangedChannel = "pinfold_changed";
/// When the transaction commits, other processes that listen are woken (store/listener.hpp).
void announce(soci::session& session);

}  // namespace pinfold::store
