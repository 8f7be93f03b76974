#include "store/store_factory.hpp"

#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <cstdlib>

#include "store/postgres_store.hpp"
#include "support/postgres_database.hpp"

namespace pinfold::store {
namespace {

class SqliteFixture final : public StoreFixture {
public:
  std::unique_ptr<records::Store> open_as(const Process& process) override {
    SqliteOptions options;
    options.process = process;
    return open_sqlite(file(), options);
  }
  void sql(const std::string& statement) override {
    soci::session session(soci::sqlite3, "dbname=\"" + file().string() + "\"");
    session << "PRAGMA foreign_keys = OFF";
    session << statement;
  }

private:
  [[nodiscard]] std::filesystem::path file() const { return x_folder.path() / "with a blank.db"; }
  TemporaryFolder x_folder;
};

class PostgresFixture final : public StoreFixture {
public:
  std::unique_ptr<records::Store> open_as(const Process& process) override {
    PostgresOptions options;
    options.writers = 2;  // each session is a process of the server's
    options.readers = 2;
    options.process = process;
    return open_postgres(x_database.url(), options);
  }
  void sql(const std::string& statement) override {
    soci::session session(soci::postgresql, x_database.url());
    session << "SET session_replication_role = replica";  // foreign keys are not looked at
    session << statement;
  }

private:
  test::PostgresDatabase x_database;
};

}  // namespace

std::vector<StoreKind> store_kinds() {
  return {{"Sqlite", [] { return std::make_unique<SqliteFixture>(); }}, {"Postgres", [] { return std::make_unique<PostgresFixture>(); }}};
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "pinfold-store-XXXXXX").string();
  x_path = ::mkdtemp(pattern.data());
}
TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(x_path, ignored);
}

desk::Event opening(const NewCase& what, WallTime when) {
  return {1, when, desk::CaseOpened{ServerId{what.server}, CustomerId{what.customer}, what.family, 0}};
}

desk::Event note(std::uint32_t seq, const std::string& text, WallTime when) { return {seq, when, desk::NoteAdded{StaffId{"anna"}, text}}; }

desk::Case summary(CaseId id, const NewCase& what, std::uint32_t last_seq, WallTime opened, WallTime changed, desk::State state) {
  desk::Case c;
  c.id = id;
  c.server = ServerId{what.server};
  c.customer = CustomerId{what.customer};
  c.family = what.family;
  c.last_seq = last_seq;
  c.opened = opened;
  c.changed = changed;
  c.state = state;
  return c;
}

CaseId add_case(records::Transaction& tx, const NewCase& what, unsigned notes, WallTime when, desk::State state) {
  const CaseId id = tx.cases().create();
  std::vector<desk::Event> events{opening(what, when)};
  for (unsigned i = 0; i < notes; ++i) {
    events.push_back(note(i + 2, "note " + std::to_string(i + 1), when));
  }
  tx.cases().append(id, 0, events, summary(id, what, notes + 1, when, when, state), std::nullopt);
  return id;
}

}  // namespace pinfold::store
