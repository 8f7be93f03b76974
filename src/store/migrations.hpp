/// Brings a database to the schema that this program knows: forward only, all missing scripts in one transaction.
/// Used by: the store and the history while they open. The scripts of db/migrations and db/history are built in (migrations.cmake).
/// Errors:  StoreError when the database is newer than the program, or its schema_version table does not match the scripts' names.
/// Threads: the caller holds the opening lock.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/dialect.hpp"

namespace pinfold::store {

struct MigrationScript {
  std::string_view name;  ///< "0001_cases"; its place in the list is its version
  std::string_view sql;
};

/// The built-in scripts, in order; generated.
[[nodiscard]] std::span<const MigrationScript> migration_scripts();
[[nodiscard]] std::span<const MigrationScript> history_scripts();  ///< of the history's own file

/// The statements of a script for one kind of database: each ends with ';' at the end of a line; comments are whole lines and are left out.
/// "-- only sqlite" or "-- only postgresql" before a statement keeps it from the other.
[[nodiscard]] std::vector<std::string> split_statements(std::string_view sql, Dialect dialect = Dialect::Sqlite);

/// SQLite: nothing is missing. Only reads, so that nobody who opens a database waits for its writers.
[[nodiscard]] bool is_migrated(soci::session& sqlite, std::span<const MigrationScript> scripts);
/// Runs what is missing, in the session's dialect. To be called inside a writing transaction.
void migrate(soci::session& session, std::span<const MigrationScript> scripts);

}  // namespace pinfold::store
