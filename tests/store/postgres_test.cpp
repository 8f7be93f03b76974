// What only PostgreSQL brings with it: lost sessions, locks, texts that it does not keep, news from other desks, and moving there.
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.hpp"
#include "store/migrations.hpp"
#include "store/move.hpp"
#include "store/order_of_writers.hpp"
#include "store/postgres_session.hpp"
#include "store/postgres_store.hpp"
#include "store/sql.hpp"
#include "store/store_factory.hpp"
#include "support/postgres_database.hpp"

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

class Postgres : public testing::Test {
protected:
  [[nodiscard]] std::string url() const { return x_database.url(); }
  void cut_all_sessions() const {
    test::PostgresDatabase::administer("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + x_database.name() + "'");
  }
  static void set(records::Store& store, const std::string& name, const std::string& value) {
    store.transact([&](Transaction& tx) { tx.settings().set(name, value); });
  }
  static std::optional<std::string> get(records::Store& store, const std::string& name) {
    std::optional<std::string> value;
    store.read([&](Transaction& tx) { value = tx.settings().get(name); });
    return value;
  }

  test::PostgresDatabase x_database;
};

TEST_F(Postgres, OpensLostSessionsAgain) {
  const auto store = open_postgres(url());
  set(*store, "x", "1");
  cut_all_sessions();
  EXPECT_EQ(get(*store, "x"), "1");
  set(*store, "x", "2");
  EXPECT_EQ(get(*store, "x"), "2");
}

TEST_F(Postgres, WritesNothingWhileItsClockIsObjectedTo) {
  bool objects = false;
  std::optional<WallTime> shown;
  PostgresOptions options;
  options.objection = [&](WallTime server) {
    shown = server;
    return objects ? std::optional<std::string>("the clocks do not agree") : std::nullopt;
  };
  const auto store = open_postgres(url(), options);
  set(*store, "x", "1");
  ASSERT_TRUE(shown);
  const Micros apart = system_clock().wall() - *shown;
  EXPECT_LT(apart, Micros{Seconds{30}});
  EXPECT_GT(apart, -Micros{Seconds{30}});
  objects = true;
  bool ran = false;
  const auto work = [&](Transaction&) { ran = true; };
  EXPECT_THAT(error_of([&] { store->transact(work); }), testing::HasSubstr("the clocks do not agree"));
  EXPECT_THAT(error_of([&] { store->take_job(work); }), testing::HasSubstr("the clocks do not agree"));
  EXPECT_FALSE(ran);
  EXPECT_EQ(get(*store, "x"), "1") << "reading goes on";
  objects = false;
  set(*store, "x", "2");
  EXPECT_EQ(get(*store, "x"), "2");
}

TEST(PostgresUrl, HasBoundsForSilenceUnlessItNamesItsOwn) {
  EXPECT_EQ(with_patience("postgresql://a@b/c"),
            "postgresql://a@b/c?connect_timeout=5&tcp_user_timeout=10000&keepalives_idle=5&keepalives_interval=3&keepalives_count=3");
  EXPECT_EQ(with_patience("postgresql://a@b/c?sslmode=require&connect_timeout=30&tcp_user_timeout=0"),
            "postgresql://a@b/c?sslmode=require&connect_timeout=30&tcp_user_timeout=0&keepalives_idle=5&keepalives_interval=3&keepalives_count=3");
}

TEST_F(Postgres, KeepsNothingOfATransactionThatLostItsSession) {
  const auto store = open_postgres(url());
  set(*store, "x", "1");
  EXPECT_THROW(store->transact([&](Transaction& tx) {
    tx.settings().set("x", "2");
    cut_all_sessions();
    tx.settings().set("y", "2");
  }),
               records::StoreError);
  EXPECT_EQ(get(*store, "x"), "1");
}

TEST_F(Postgres, SaysSoWhenASwallowedErrorUndidTheTransaction) {
  const auto store = open_postgres(url());
  EXPECT_THAT(error_of([&] {
                store->transact([](Transaction& tx) {
                  tx.settings().set("x", "1");
                  EXPECT_ANY_THROW(tx.aup().accept({CustomerId{"1"}, 7, at(0), "x"}));
                  records::SessionRow nobodys;
                  nobodys.user = "no such user";
                  EXPECT_ANY_THROW(tx.access().add_session(nobodys));
                });
              }),
              testing::HasSubstr("nothing of it is kept"));
  EXPECT_EQ(get(*store, "x"), std::nullopt);
}

TEST_F(Postgres, GivesUpOnABusyWriterAfterItsTime) {
  PostgresOptions impatient;
  impatient.busy_timeout = Millis{20};
  const auto store = open_postgres(url());
  const auto other = open_postgres(url(), impatient);
  store->transact([&](Transaction&) {
    EXPECT_THAT(error_of([&] { other->transact([](Transaction&) {}); }), testing::HasSubstr("busy: another writer did not end within"));
    EXPECT_EQ(error_of([&] { other->take_job([](Transaction&) {}); }), "no error") << "jobs are taken beside it";
  });
  EXPECT_EQ(error_of([&] { set(*other, "x", "1"); }), "no error");
}

TEST_F(Postgres, WritersAreServedInTheOrderInWhichTheyCame) {
  std::counting_semaphore<> places{0};
  PostgresOptions options;
  options.busy_timeout = std::chrono::hours{1};  // nobody gives up, however long the machine stands still meanwhile
  options.writer_waits = [&] { places.release(); };
  const auto store = open_postgres(url(), options);
  EXPECT_THAT(order_of_writers(*store, places), testing::ElementsAre(1, 2, 3, 4, 5, 0));
}

TEST_F(Postgres, TakesAJobThatNobodyElseIsTaking) {
  const auto store = open_postgres(url());
  store->transact([](Transaction& tx) {
    for (const char* key : {"a", "b"}) {
      records::Job job;
      job.key = key;
      job.kind = "send_notice";
      tx.outbox().add(job);
    }
  });
  const auto second = open_postgres(url());
  store->take_job([&](Transaction& tx) {
    EXPECT_EQ(tx.outbox().claim("send_notice", at(0)).value().key, "a");
    second->take_job([&](Transaction& beside) { EXPECT_EQ(beside.outbox().claim("send_notice", at(0)).value().key, "b"); });
  });
}

TEST_F(Postgres, OfAnotherEncodingIsRefused) {
  const std::string name = x_database.name() + "_latin";
  test::PostgresDatabase::administer("CREATE DATABASE " + name + " TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'");
  EXPECT_THAT(error_of([&] { (void)open_postgres(test::PostgresServer::instance().url(name)); }), testing::HasSubstr("encoded in LATIN1, not UTF8"));
  test::PostgresDatabase::administer("DROP DATABASE " + name);
}

TEST_F(Postgres, ThatIsNotThereIsRefusedWithoutItsPassword) {
  const std::string error = error_of([&] { (void)open_postgres("postgresql://pinfold:secret@127.0.0.1:1/pinfold?connect_timeout=1"); });
  EXPECT_THAT(error, testing::StartsWith("postgresql://127.0.0.1:1/pinfold: "));
  EXPECT_THAT(error, testing::Not(testing::HasSubstr("secret")));
}

TEST_F(Postgres, OfANewerPinfoldIsRefused) {
  (void)open_postgres(url());
  soci::session session(soci::postgresql, url());
  session << "INSERT INTO schema_version (version, name) VALUES (" << migration_scripts().size() + 1 << ", '0099_tomorrow')";
  EXPECT_THAT(error_of([&] { (void)open_postgres(url()); }), testing::HasSubstr("made by a newer Pinfold"));
}

TEST_F(Postgres, IsOpenedByManyAtOnceWhileNew) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back(
        [&] { EXPECT_EQ(error_of([&] { open_postgres(url())->transact([](Transaction& tx) { (void)tx.cases().create(); }); }), "no error"); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  open_postgres(url())->transact([](Transaction& tx) { EXPECT_EQ(tx.cases().create(), CaseId{5}); });
}

TEST_F(Postgres, KeepsWhatItCanOfTextsThatAreNoText) {
  const auto store = open_postgres(url());
  using namespace std::string_literals;
  set(*store, "nul", "a\0b"s);
  set(*store, "latin", "caf\xE9");
  set(*store, "good", "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x91");
  EXPECT_EQ(get(*store, "nul"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(get(*store, "latin"), "caf\xEF\xBF\xBD");
  EXPECT_EQ(get(*store, "good"), "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x91");
}

TEST_F(Postgres, TellsOtherDesksWhatIsNew) {
  const auto store = open_postgres(url());
  std::mutex mutex;
  std::condition_variable signal;
  int told = 0;
  const auto is_told = [&](int times) {
    std::unique_lock lock(mutex);
    return signal.wait_for(lock, std::chrono::seconds{20}, [&] { return told >= times; });
  };
  const auto listener = listen_postgres(url(), [&] {
    const std::lock_guard lock(mutex);
    ++told;
    signal.notify_all();
  });
  ASSERT_TRUE(is_told(1)) << "connected: nobody knows what was missed";
  store->transact([](Transaction& tx) { add_case(tx, {}, 1, at(0)); });
  EXPECT_TRUE(is_told(2));
  cut_all_sessions();
  EXPECT_TRUE(is_told(3)) << "connected again";
}

TEST(PostgresServer, LosesNothingAcknowledgedToAKillOfTheServer) {
  test::PostgresServer server(test::PostgresServer::Kind::Own);
  const auto store = open_postgres(server.url("postgres"));
  int acknowledged = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20; ++i) {
      store->transact([&](Transaction& tx) { add_case(tx, {std::to_string(acknowledged), "1", abuse::Family::Compromise}, 1, at(0)); });
      ++acknowledged;
    }
    server.restart();
  }
  store->read([&](Transaction& tx) {
    EXPECT_EQ(tx.cases().list(1000).size(), static_cast<std::size_t>(acknowledged));
    EXPECT_EQ(tx.cases().verify_chain(), std::nullopt);
  });
}

// --- moving ------------------------------------------------------------------------------------------------------------------------------

class Moving : public Postgres {
protected:
  [[nodiscard]] std::filesystem::path file() const { return x_folder.path() / "pinfold.db"; }
  Moved move() {
    return move_to_postgres(file(), url(), Process{"me", [](const std::string& name) { return name != "living"; }}, at(0),
                            [](std::string_view, std::uint64_t, std::uint64_t) {});
  }
  void fill() const {
    open_sqlite(file())->transact([](Transaction& tx) {
      for (int i = 0; i < 30; ++i) {
        add_case(tx, {"srv-" + std::to_string(i), "1001", abuse::Family::Compromise}, 2, at(i), desk::State::FalsePositive);
      }
      EXPECT_TRUE(tx.cases().erase(CaseId{3}, 2));
      tx.settings().set("odd", "tab\tline\nback\\slash \\N caf\xC3\xA9");
      records::UserRow user;
      user.id = "u1";
      user.login = "anna";
      user.role = records::Role::Admin;
      EXPECT_TRUE(tx.access().add_user(user));
      records::SessionRow session;
      session.id = "s1";
      session.user = "u1";
      tx.access().add_session(session);
    });
  }
  TemporaryFolder x_folder;
};

TEST_F(Moving, BringsEverythingAndTheChainHolds) {
  fill();
  const Moved moved = move();
  EXPECT_EQ(moved.chain_length, 90U);
  const auto here = open_sqlite(file());
  const auto there = open_postgres(url());
  there->read([&](Transaction& tx) {
    EXPECT_EQ(tx.cases().verify_chain(), std::nullopt);
    EXPECT_EQ(tx.settings().get("odd"), "tab\tline\nback\\slash \\N caf\xC3\xA9");
    EXPECT_EQ(tx.access().sessions("u1").size(), 1U);
    here->read([&](Transaction& before) {
      const auto events = tx.cases().events(CaseId{3});
      ASSERT_EQ(events.size(), before.cases().events(CaseId{3}).size());
      EXPECT_TRUE(std::holds_alternative<desk::Erased>(events[1].body));
      EXPECT_EQ(tx.feed().last(), before.feed().last());
    });
  });
  there->transact([](Transaction& tx) { EXPECT_EQ(tx.cases().create(), CaseId{31}) << "numbers go on"; });
}

TEST_F(Moving, IntoWhatIsNotEmptyIsRefused) {
  fill();
  open_postgres(url())->transact([](Transaction& tx) { tx.settings().set("x", "1"); });
  EXPECT_THAT(error_of([&] { (void)move(); }), testing::HasSubstr("not empty: its table settings has rows"));
}

TEST_F(Moving, ASecondTimeIsRefused) {
  fill();
  (void)move();
  EXPECT_THAT(error_of([&] { (void)move(); }), testing::HasSubstr("not empty"));
}

TEST_F(Moving, WhileADeskWorksIsRefused) {
  fill();
  SqliteOptions living;
  living.process.name = "living";
  open_sqlite(file(), living)->transact([](Transaction& tx) { tx.outbox().live(at(0)); });
  EXPECT_THAT(error_of([&] { (void)move(); }), testing::HasSubstr("stop `pinfold serve` first"));
}

TEST_F(Moving, ABrokenChainIsRefusedAndNothingArrives) {
  fill();
  soci::session session(soci::sqlite3, "dbname=\"" + file().string() + "\"");
  session << "UPDATE events SET kind = 'forged' WHERE position = 7";
  EXPECT_THAT(error_of([&] { (void)move(); }), testing::HasSubstr("the event chain does not hold"));
  open_postgres(url())->read([](Transaction& tx) { EXPECT_TRUE(tx.cases().list(10).empty()); });
}

/// Every column and index of a database, one a line.
std::string schema_of(soci::session& session) {
  std::string all;
  std::string line;
  for_each_row(session,
               "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || COALESCE(collation_name, '-') || ' ' "
               "|| COALESCE(column_default, '-') FROM information_schema.columns WHERE table_schema = 'public' "
               "UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
               std::tie(), std::tie(line), [&] { all += line + "\n"; });
  return all;
}

TEST(PostgresMigrations, BringEveryEarlierVersionToTheLatest) {
  const auto scripts = migration_scripts();
  const auto migrated = [&](soci::session& session, std::size_t versions) {
    soci::transaction all(session);
    migrate(session, scripts.first(versions));
    all.commit();
  };
  const test::PostgresDatabase fresh_database;
  soci::session fresh(soci::postgresql, fresh_database.url());
  migrated(fresh, scripts.size());
  const std::string wanted = schema_of(fresh);
  EXPECT_NE(wanted.find("events.case_id bigint NO"), std::string::npos) << wanted;
  for (std::size_t version = 1; version < scripts.size(); ++version) {
    const test::PostgresDatabase old_database;
    soci::session old(soci::postgresql, old_database.url());
    old << "SET client_min_messages = error";
    migrated(old, version);
    old << "INSERT INTO customers (id, position, name) VALUES ('1001', 1, 'Example Ltd')";
    migrated(old, scripts.size());
    EXPECT_EQ(schema_of(old), wanted) << "from version " << version;
    std::string name;
    old << "SELECT name FROM customers WHERE id = '1001'", soci::into(name);
    EXPECT_EQ(name, "Example Ltd") << "what was there stays";
  }
}

TEST(Dialect, MigrationsOfPostgresqlCompareTextByBytes) {
  EXPECT_EQ(for_dialect("CREATE TABLE a (b TEXT NOT NULL, my_TEXT BIGINT DEFAULT 'TEXT');", Dialect::Postgres),
            "CREATE TABLE a (b TEXT COLLATE \"C\" NOT NULL, my_TEXT BIGINT DEFAULT 'TEXT');");
  EXPECT_EQ(for_dialect("CREATE TABLE a (b TEXT);", Dialect::Sqlite), "CREATE TABLE a (b TEXT);");
}

TEST(Dialect, AStatementMayBeForOneKindOfDatabaseOnly) {
  const std::string script =
      "CREATE TABLE a (x BIGINT);\n-- only sqlite\nCREATE TABLE s (\n  x BIGINT\n);\n-- only postgresql\nCREATE TABLE p (x BIGINT);\n";
  EXPECT_EQ(split_statements(script, Dialect::Sqlite),
            (std::vector<std::string>{"CREATE TABLE a (x BIGINT);\n", "CREATE TABLE s (\nx BIGINT\n);\n"}));
  EXPECT_EQ(split_statements(script, Dialect::Postgres), (std::vector<std::string>{"CREATE TABLE a (x BIGINT);\n", "CREATE TABLE p (x BIGINT);\n"}));
}

}  // namespace
}  // namespace pinfold::store
