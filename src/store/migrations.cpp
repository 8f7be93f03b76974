#include "store/migrations.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "records/store.hpp"
#include "store/sql.hpp"

namespace pinfold::store {

std::vector<std::string> split_statements(std::string_view sql, Dialect dialect) {
  const std::string_view not_ours = dialect == Dialect::Sqlite ? "-- only postgresql" : "-- only sqlite";
  std::vector<std::string> statements;
  std::string statement;
  bool is_left_out = false;
  for (const std::string_view line : split(sql, '\n')) {
    const std::string_view text = trim(line);
    if (text.empty() || text.substr(0, 2) == "--") {
      is_left_out = is_left_out || text == not_ours;
      continue;
    }
    statement += std::string(text) + "\n";
    if (text.back() == ';') {
      if (!is_left_out) {
        statements.push_back(for_dialect(statement, dialect));
      }
      statement.clear();
      is_left_out = false;
    }
  }
  if (!statement.empty()) {
    statements.push_back(std::move(statement));  // the database will say what is wrong with it
  }
  return statements;
}

bool is_migrated(soci::session& sqlite, std::span<const MigrationScript> scripts) {
  std::string name;
  if (!first_row(sqlite, "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'", std::tie(), std::tie(name))) {
    return false;
  }
  std::size_t version = 0;
  bool is_ours = true;
  long long recorded = 0;
  for_each_row(sqlite, "SELECT version, name FROM schema_version ORDER BY version", std::tie(), std::tie(recorded, name), [&] {
    ++version;
    is_ours = is_ours && version <= scripts.size() && recorded == static_cast<long long>(version) && name == scripts[version - 1].name;
  });
  return is_ours && version == scripts.size();
}

void migrate(soci::session& session, std::span<const MigrationScript> scripts) {
  const Dialect dialect = dialect_of(session);
  execute(session, "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY, name TEXT NOT NULL)");
  std::size_t version = 0;
  long long recorded = 0;
  std::string name;
  for_each_row(session, "SELECT version, name FROM schema_version ORDER BY version", std::tie(), std::tie(recorded, name), [&] {
    ++version;
    if (version <= scripts.size() && (recorded != static_cast<long long>(version) || name != scripts[version - 1].name)) {
      throw records::StoreError(fmt::format("schema version {} is \"{}\", where this program knows \"{}\": not a database of this program's line",
                                            recorded, printable(name), scripts[version - 1].name));
    }
  });
  if (version > scripts.size()) {
    throw records::StoreError(
        fmt::format("made by a newer Pinfold (schema {} \"{}\"; this program knows up to {}): use that program, or restore a backup", version,
                    printable(name), scripts.size()));
  }
  for (; version < scripts.size(); ++version) {
    for (const std::string& statement : split_statements(scripts[version].sql, dialect)) {
      execute(session, statement);
    }
    execute(session, "INSERT INTO schema_version (version, name) VALUES (:version, :name)", static_cast<long long>(version + 1),
            std::string(scripts[version].name));
  }
}

}  // namespace pinfold::store
