// What only the SQLite file promises: private files, migrations, refusals.
#include <fcntl.h>
#include <fmt/format.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <fstream>
#include <semaphore>
#include <span>
#include <thread>

#include "store/migrations.hpp"
#include "store/order_of_writers.hpp"
#include "store/sql.hpp"
#include "store/store_factory.hpp"

namespace pinfold::store {
namespace {

using records::Transaction;

std::string error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const records::StoreError& error) {
    return error.what();
  }
  return "no error";
}

class SqliteFile : public testing::Test {
protected:
  [[nodiscard]] std::filesystem::path file() const { return x_folder.path() / "pinfold.db"; }
  void sql(const std::string& statement) const {
    soci::session session(soci::sqlite3, "dbname=\"" + file().string() + "\"");
    session << statement;
  }
  [[nodiscard]] std::string open_error() const {
    return error_of([&] { (void)open_sqlite(file()); });
  }

  TemporaryFolder x_folder;
};

TEST_F(SqliteFile, IsReadableToItsOwnerOnly) {
  const mode_t before = ::umask(0);
  const auto store = open_sqlite(file());
  store->transact([](Transaction& tx) { tx.settings().set("x", "1"); });
  ::umask(before);
  for (const char* name : {"pinfold.db", "pinfold.db-wal", "pinfold.db-shm", "pinfold.db.lock", "pinfold.db.turn"}) {
    struct stat status {};
    ASSERT_EQ(::stat((x_folder.path() / name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << name;
  }
}

TEST_F(SqliteFile, RecordsItsMigrations) {
  (void)open_sqlite(file());
  soci::session session(soci::sqlite3, "dbname=\"" + file().string() + "\"");
  int count = 0;
  std::string first;
  session << "SELECT COUNT(*) FROM schema_version", soci::into(count);
  session << "SELECT name FROM schema_version WHERE version = 1", soci::into(first);
  EXPECT_EQ(static_cast<std::size_t>(count), migration_scripts().size());
  EXPECT_EQ(first, migration_scripts()[0].name);
}

TEST_F(SqliteFile, OfANewerPinfoldIsRefused) {
  (void)open_sqlite(file());
  const auto next = migration_scripts().size() + 1;
  sql("INSERT INTO schema_version (version, name) VALUES (" + std::to_string(next) + ", '0099_tomorrow')");
  EXPECT_EQ(open_error(), file().string() + ": made by a newer Pinfold (schema " + std::to_string(next) +
                              " \"0099_tomorrow\"; this program knows up to " + std::to_string(next - 1) +
                              "): use that program, or restore a backup");
}

TEST_F(SqliteFile, OfAnotherLineIsRefused) {
  (void)open_sqlite(file());
  sql("UPDATE schema_version SET name = '0001_other' WHERE version = 1");
  EXPECT_THAT(open_error(), testing::HasSubstr("schema version 1 is \"0001_other\""));
}

TEST_F(SqliteFile, ThatIsNoDatabaseIsRefusedAndLeftAlone) {
  const std::string text(4096, 'x');
  std::ofstream(file(), std::ios::binary) << text;
  EXPECT_THAT(open_error(), testing::StartsWith(file().string() + ": "));
  EXPECT_EQ(std::filesystem::file_size(file()), text.size());
}

TEST_F(SqliteFile, InAFolderThatIsNotThereIsRefused) {
  const auto missing = x_folder.path() / "none" / "pinfold.db";
  EXPECT_THAT(error_of([&] { (void)open_sqlite(missing); }), testing::HasSubstr("No such file or directory"));
}

TEST_F(SqliteFile, IsOpenedByManyAtOnceWhileNew) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back(
        [&] { EXPECT_EQ(error_of([&] { open_sqlite(file())->transact([](Transaction& tx) { (void)tx.cases().create(); }); }), "no error"); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  open_sqlite(file())->transact([](Transaction& tx) { EXPECT_EQ(tx.cases().create(), CaseId{5}); });
}

TEST_F(SqliteFile, GivesUpOnABusyWriterAfterItsTime) {
  SqliteOptions impatient;
  impatient.busy_timeout = Millis{20};
  const auto store = open_sqlite(file(), impatient);
  const auto other = open_sqlite(file(), impatient);
  store->transact([&](Transaction&) {
    EXPECT_THAT(error_of([&] { other->transact([](Transaction&) {}); }), testing::HasSubstr("locked"));
    EXPECT_THAT(error_of([&] { store->transact([](Transaction&) {}); }), testing::HasSubstr("busy"));
  });
  EXPECT_EQ(error_of([&] { other->transact([](Transaction& tx) { tx.settings().set("x", "1"); }); }), "no error");
}

/// Nobody gives up, however long the machine stands still meanwhile.
SqliteOptions patient() {
  SqliteOptions options;
  options.busy_timeout = std::chrono::hours{1};
  return options;
}

TEST_F(SqliteFile, WritersAreServedInTheOrderInWhichTheyCame) {
  std::counting_semaphore<> places{0};
  SqliteOptions options = patient();
  options.writer_waits = [&] { places.release(); };
  const auto store = open_sqlite(file(), options);
  EXPECT_THAT(order_of_writers(*store, places), testing::ElementsAre(1, 2, 3, 4, 5, 0));
}

TEST_F(SqliteFile, AWriterOfAnotherProcessGoesBeforeOneThatHasJustWritten) {
  const auto store = open_sqlite(file(), patient());
  SqliteOptions options;
  options.busy_timeout = Seconds{2};                // SQLite counts its own pauses, not the time that passes
  const auto other = open_sqlite(file(), options);  // its files are its own, as another process's are
  const int turn = ::open((file().string() + ".turn").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(turn, 0);
  std::atomic<bool> has_ended = false;
  bool waits = false;
  std::string served;
  std::thread writer;
  store->transact([&](Transaction& tx) {
    tx.settings().set("served", "");
    writer = std::thread([&] {
      EXPECT_EQ(error_of([&] { other->transact([](Transaction& it) { it.settings().set("served", *it.settings().get("served") + "other "); }); }),
                "no error");
      has_ended = true;
    });
    while (!waits && !has_ended) {
      waits = ::flock(turn, LOCK_EX | LOCK_NB) != 0;
      ::flock(turn, LOCK_UN);
      std::this_thread::yield();
    }
  });
  EXPECT_TRUE(waits) << "for the write lock, and everybody can see it";
  store->transact([&](Transaction& tx) { served = *tx.settings().get("served") + "this"; });
  writer.join();
  ::close(turn);
  EXPECT_EQ(served, "other this");
}

TEST_F(SqliteFile, IsWrittenToWhereNoTurnCanBeTaken) {
  std::filesystem::create_directory(file().string() + ".turn");  // as good as another user's
  EXPECT_EQ(error_of([&] { open_sqlite(file())->transact([](Transaction& tx) { tx.settings().set("x", "1"); }); }), "no error");
}

TEST_F(SqliteFile, IsOpenedAndReadWhileAnotherWrites) {
  const auto writer = open_sqlite(file());
  writer->transact([&](Transaction& tx) {
    tx.settings().set("x", "1");
    SqliteOptions impatient;
    impatient.busy_timeout = Millis{100};
    std::optional<std::string> value = "unread";
    EXPECT_EQ(error_of([&] { open_sqlite(file(), impatient)->read([&](Transaction& other) { value = other.settings().get("x"); }); }), "no error");
    EXPECT_EQ(value, std::nullopt) << "as it was before";
  });
}

TEST_F(SqliteFile, SaysSoWhenTheDatabaseBreaksUnderneath) {
  const auto store = open_sqlite(file());
  sql("DROP TABLE settings");
  EXPECT_THAT(error_of([&] { store->transact([](Transaction& tx) { tx.settings().set("x", "1"); }); }), testing::HasSubstr("no such table"));
}

// --- migrations --------------------------------------------------------------------------------------------------------------------------

TEST(Migrations, SplitScriptsIntoStatementsWithoutComments) {
  const auto statements = split_statements("-- a; comment: here;\nCREATE TABLE a (\n  x TEXT\n);\n\nINSERT INTO a VALUES ('b;c');\r\nSELECT 1");
  ASSERT_EQ(statements.size(), 3U);
  EXPECT_EQ(statements[0], "CREATE TABLE a (\nx TEXT\n);\n");
  EXPECT_EQ(statements[1], "INSERT INTO a VALUES ('b;c');\n");
  EXPECT_EQ(statements[2], "SELECT 1\n");
}

TEST(Migrations, AreNumberedFromOneWithoutGaps) {
  const auto scripts = migration_scripts();
  ASSERT_FALSE(scripts.empty());
  for (std::size_t i = 0; i < scripts.size(); ++i) {
    EXPECT_EQ(scripts[i].name.substr(0, 4), fmt::format("{:04}", i + 1));
    EXPECT_FALSE(split_statements(scripts[i].sql).empty());
  }
}

TEST(Migrations, BringEveryEarlierVersionToTheLatest) {
  const auto scripts = migration_scripts();
  const auto tables_of = [](soci::session& session) {
    std::string all;
    std::string sql;
    for_each_row(session, "SELECT COALESCE(sql, '') FROM sqlite_master ORDER BY name", std::tie(), std::tie(sql), [&] { all += sql + "\n"; });
    return all;
  };
  soci::session fresh(soci::sqlite3, "dbname=:memory:");
  migrate(fresh, scripts);
  for (std::size_t version = 1; version < scripts.size(); ++version) {
    soci::session old(soci::sqlite3, "dbname=:memory:");
    migrate(old, scripts.first(version));
    old << "INSERT INTO customers (id, position, name) VALUES ('1001', 1, 'Example Ltd')";
    migrate(old, scripts);
    EXPECT_EQ(tables_of(old), tables_of(fresh)) << "from version " << version;
    std::string name;
    old << "SELECT name FROM customers WHERE id = '1001'", soci::into(name);
    EXPECT_EQ(name, "Example Ltd") << "what was there stays";
  }
}

TEST(Migrations, RunOnlyWhatIsMissing) {
  soci::session session(soci::sqlite3, "dbname=:memory:");
  const std::array<MigrationScript, 2> scripts{{{"0001_a", "CREATE TABLE a (x BIGINT);"}, {"0002_b", "ALTER TABLE a ADD COLUMN y BIGINT;"}}};
  migrate(session, std::span(scripts).first(1));
  session << "INSERT INTO a (x) VALUES (7)";
  migrate(session, scripts);
  migrate(session, scripts);
  long long x = 0;
  session << "SELECT x FROM a WHERE y IS NULL", soci::into(x);
  EXPECT_EQ(x, 7);
  EXPECT_THROW(migrate(session, std::span(scripts).first(1)), records::StoreError);
}

TEST(Migrations, AllOfAnOpenFailTogether) {
  soci::session session(soci::sqlite3, "dbname=:memory:");
  const std::array<MigrationScript, 2> scripts{{{"0001_a", "CREATE TABLE a (x BIGINT);"}, {"0002_b", "CREATE TABLE b (x BIGINT);\nNONSENSE;"}}};
  session << "BEGIN IMMEDIATE";
  EXPECT_THROW(migrate(session, scripts), soci::soci_error);
  session << "ROLLBACK";
  int tables = -1;
  session << "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'", soci::into(tables);
  EXPECT_EQ(tables, 0);
}

}  // namespace
}  // namespace pinfold::store
