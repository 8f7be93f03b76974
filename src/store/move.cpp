#include "store/move.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/assert.hpp"
#include "store/postgres_session.hpp"
#include "store/postgres_store.hpp"
#include "store/sqlite_file.hpp"
#include "store/tables.hpp"

namespace pinfold::store {
namespace {

using records::StoreError;

constexpr Millis kPatience{10'000};
/// Rows between two words of progress.
constexpr std::uint64_t kTellEvery = 5000;

/// What a new database has already (db/migrations), or what says nothing about the record.
constexpr std::array<std::string_view, 2> kFilledWhenNew = {"counters", "chain_head"};
constexpr std::array<std::string_view, 4> kNotMoved = {"schema_version", "processes", "shards", "detectors"};

template <typename List>
bool contains(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

struct Table {
  std::string name;
  std::vector<std::string> columns;
};

/// In the order in which they were made: what others refer to comes first.
std::vector<Table> tables_of(soci::session& sqlite) {
  std::vector<Table> tables;
  std::string name;
  for_each_row(sqlite, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY rowid", std::tie(), std::tie(name),
               [&] {
                 if (!contains(kNotMoved, name)) {
                   tables.push_back({name, {}});
                 }
               });
  for (Table& table : tables) {
    for_each_row(sqlite, fmt::format("SELECT name FROM pragma_table_info('{}') ORDER BY cid", table.name), std::tie(), std::tie(name),
                 [&] { table.columns.push_back(name); });
  }
  return tables;
}

std::uint64_t count(soci::session& session, const std::string& table) {
  long long rows = 0;
  PINFOLD_ASSERT(first_row(session, "SELECT COUNT(*) FROM " + table, std::tie(), std::tie(rows)));
  return static_cast<std::uint64_t>(rows);
}

void require_no_desk(soci::session& sqlite, const Process& process, WallTime now) {
  std::string name;
  const long long since = to_column(now - records::kClaimHolds);
  for_each_row(sqlite, "SELECT name FROM processes WHERE seen_at > :since", std::tie(since), std::tie(name), [&] {
    if (!process.is_gone(name)) {
      throw StoreError("a desk is working with it: stop `pinfold serve` first");
    }
  });
}

void require_empty(soci::session& postgres, const std::vector<Table>& tables) {
  for (const Table& table : tables) {
    if (!contains(kFilledWhenNew, table.name) && count(postgres, table.name) > 0) {
      throw StoreError(fmt::format("not empty: its table {} has rows; migrate into a new database", table.name));
    }
  }
  std::uint64_t events = 0;
  for (const char* of : {"SELECT position FROM chain_head", "SELECT MAX(value) FROM counters"}) {
    long long value = 0;
    PINFOLD_ASSERT(first_row(postgres, of, std::tie(), std::tie(value)));
    events += static_cast<std::uint64_t>(value);
  }
  if (events > 0) {
    throw StoreError("not empty: its counters have moved; migrate into a new database");
  }
}

std::string joined(const std::vector<std::string>& names, std::string_view before = "", std::string_view after = "") {
  std::string text;
  for (const std::string& name : names) {
    text += fmt::format("{}{}{}{}", text.empty() ? "" : ", ", before, name, after);
  }
  return text;
}

/// COPY … FROM STDIN by libpq itself: SOCI sends one row at a time.
class Copy {
public:
  Copy(PGconn* connection, const Table& table) : x_connection(connection), x_name(table.name) {
    PGresult* result = ::PQexec(connection, fmt::format("COPY {} ({}) FROM STDIN", table.name, joined(table.columns)).c_str());
    const bool ready = ::PQresultStatus(result) == PGRES_COPY_IN;
    ::PQclear(result);
    require(ready);
  }
  void add(const std::vector<Nullable<std::string>>& row) {
    x_line.clear();
    for (const Nullable<std::string>& column : row) {
      if (!x_line.empty() || &column != row.data()) {
        x_line += '\t';
      }
      const auto value = column.get();
      if (value) {
        escape(replaced_for_postgres(*value).value_or(*value));
      } else {
        x_line += "\\N";
      }
    }
    x_line += '\n';
    require(::PQputCopyData(x_connection, x_line.data(), static_cast<int>(x_line.size())) == 1);
  }
  void finish() {
    require(::PQputCopyEnd(x_connection, nullptr) == 1);
    bool good = true;
    while (PGresult* result = ::PQgetResult(x_connection)) {
      good = good && ::PQresultStatus(result) == PGRES_COMMAND_OK;
      ::PQclear(result);
    }
    require(good);
  }

private:
  void escape(const std::string& text) {
    for (const char c : text) {
      switch (c) {
        case '\\': x_line += "\\\\"; break;
        case '\n': x_line += "\\n"; break;
        case '\r': x_line += "\\r"; break;
        case '\t': x_line += "\\t"; break;
        default: x_line += c;
      }
    }
  }
  void require(bool good) const {
    if (!good) {
      throw StoreError(fmt::format("table {}: {}", x_name, ::PQerrorMessage(x_connection)));
    }
  }

  PGconn* x_connection;
  std::string x_name;
  std::string x_line;
};

std::uint64_t copy(soci::session& sqlite, soci::session& postgres, const Table& table, const MoveProgress& progress) {
  if (contains(kFilledWhenNew, table.name)) {
    execute(postgres, "DELETE FROM " + table.name);
  }
  const std::uint64_t total = count(sqlite, table.name);
  std::vector<Nullable<std::string>> row(table.columns.size());
  Statement rows(sqlite);
  for (Nullable<std::string>& column : row) {
    rows.out(column);
  }
  rows.start(fmt::format("SELECT {} FROM {} ORDER BY rowid", joined(table.columns, "CAST(", " AS TEXT)"), table.name));
  rows.execute(false);
  Copy target(connection_of(postgres), table);
  std::uint64_t done = 0;
  while (rows.fetch()) {
    target.add(row);
    if (++done % kTellEvery == 0) {
      progress(table.name, done, total);
    }
  }
  target.finish();
  if (const std::uint64_t there = count(postgres, table.name); there != total) {
    throw StoreError(fmt::format("table {}: {} rows arrived of {}", table.name, there, total));
  }
  return total;
}

/// The chain holds there, and is the one that was here.
void verify(soci::session& sqlite, soci::session& postgres, Moved& moved) {
  if (const auto fault = CasesTable(postgres).verify_chain()) {
    throw StoreError("the event chain does not hold: " + *fault);
  }
  long long length = 0;
  std::string here;
  PINFOLD_ASSERT(first_row(sqlite, "SELECT position, hash FROM chain_head", std::tie(), std::tie(length, here)));
  PINFOLD_ASSERT(first_row(postgres, "SELECT hash FROM chain_head", std::tie(), std::tie(moved.chain_head)));
  if (moved.chain_head != here) {
    throw StoreError("the event chain's head is another than the source's");
  }
  moved.chain_length = static_cast<std::uint64_t>(length);
}

}  // namespace

Moved move_to_postgres(const std::filesystem::path& from, const std::string& url, const Process& process, WallTime now,
                       const MoveProgress& progress) {
  if (!std::filesystem::exists(from)) {
    throw StoreError(from.string() + ": there is no such database");
  }
  static_cast<void>(open_sqlite(from));   // brings it to this program's schema
  static_cast<void>(open_postgres(url));  // makes its tables
  soci::session sqlite;
  soci::session postgres;
  std::vector<Table> tables;
  with_file_name(from.string(), [&] { open_session(sqlite, from.string(), kPatience); });
  // Nobody adds to it while it is copied.
  const auto held = with_file_name(from.string(), [&] { return std::make_unique<OpenTransaction>(sqlite, "BEGIN IMMEDIATE"); });
  with_file_name(from.string(), [&] {
    require_no_desk(sqlite, process, now);
    tables = tables_of(sqlite);
  });
  return with_file_name(name_of_postgres(url), [&] {
    connect_postgres(postgres, url, kPatience);
    OpenTransaction transaction(postgres, "BEGIN");
    require_empty(postgres, tables);
    Moved moved;
    for (const Table& table : tables) {
      progress(table.name, 0, 0);
      moved.tables.push_back({table.name, copy(sqlite, postgres, table, progress)});
    }
    progress("the event chain", 0, 0);
    verify(sqlite, postgres, moved);
    transaction.commit();
    return moved;
  });
}

}  // namespace pinfold::store
