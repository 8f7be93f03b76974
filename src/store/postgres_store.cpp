#include "store/postgres_store.hpp"

#include <fmt/format.h>
#include <soci/postgresql/soci-postgresql.h>

#include "store/lease.hpp"
#include "store/migrations.hpp"
#include "store/postgres_session.hpp"
#include "store/sqlite_file.hpp"
#include "store/tables.hpp"
#include "store/writer_queue.hpp"

namespace pinfold::store {
namespace {

using records::StoreError;

/// Names of advisory locks, within one database.
constexpr long long kOpening = 0x70696E666F6C6401;
constexpr long long kWriting = 0x70696E666F6C6402;

void lock(soci::session& session, long long what) {
  std::string nothing;
  (void)first_row(session, fmt::format("SELECT CAST(pg_advisory_xact_lock({}) AS TEXT)", what), std::tie(), std::tie(nothing));
}

constexpr const char* kServerTime = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)";

/// Waits until no other writer is left; the server's clock then.
WallTime lock_writing(soci::session& session) {
  std::string nothing;
  long long at = 0;
  (void)first_row(session, fmt::format("SELECT CAST(pg_advisory_xact_lock({}) AS TEXT), {}", kWriting, kServerTime), std::tie(),
                  std::tie(nothing, at));
  return to_wall_time(at);
}
WallTime server_time(soci::session& session) {
  long long at = 0;
  (void)first_row(session, fmt::format("SELECT {}", kServerTime), std::tie(), std::tie(at));
  return to_wall_time(at);
}

/// After a statement that failed, COMMIT rolls back and calls that a success: whoever swallowed the error would believe that all is kept.
void require_whole(soci::session& session) {
  if (::PQtransactionStatus(connection_of(session)) != PQTRANS_INTRANS) {
    throw StoreError("a statement of this transaction failed: nothing of it is kept");
  }
}

constexpr const char* kLockNotAvailable = "55P03";

class PostgresStore final : public records::Store {
public:
  PostgresStore(const std::string& url, const PostgresOptions& options)
      : x_name(name_of_postgres(url)),
        x_timeout(options.busy_timeout),
        x_process(options.process),
        x_objection(options.objection),
        x_queue(options.writer_waits),
        x_writers(options.writers),
        x_readers(options.readers) {
    guarded([&] {
      for (std::size_t i = 0; i < options.writers; ++i) {
        connect_postgres(x_writers.at(i), url, x_timeout);
      }
      for (std::size_t i = 0; i < options.readers; ++i) {
        connect_postgres(x_readers.at(i), url, x_timeout);
      }
      prepare(x_writers.at(0));
    });
  }

  void transact(const std::function<void(records::Transaction&)>& work) override { run(x_writers, "BEGIN", Access::Alone, work); }
  void take_job(const std::function<void(records::Transaction&)>& work) override { run(x_writers, "BEGIN", Access::Beside, work); }
  void read(const std::function<void(records::Transaction&)>& work) override {
    run(x_readers, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", Access::Read, work);
  }

private:
  enum class Access : unsigned char { Alone, Beside, Read };

  void require_same_time(WallTime server) const {
    if (const auto objection = x_objection ? x_objection(server) : std::nullopt) {
      throw StoreError(*objection);
    }
  }

  static void prepare(soci::session& session) {
    std::string encoding;
    if (!first_row(session, "SELECT current_setting('server_encoding')", std::tie(), std::tie(encoding)) || encoding != "UTF8") {
      throw StoreError(fmt::format("the database is encoded in {}, not UTF8; make it with: createdb --encoding UTF8 --template template0", encoding));
    }
    OpenTransaction transaction(session, "BEGIN");
    lock(session, kOpening);
    migrate(session, migration_scripts());
    transaction.commit();
  }

  void run(soci::connection_pool& pool, const char* begin, Access access, const std::function<void(records::Transaction&)>& work) {
    guarded([&] {
      std::optional<WriterQueue::Turn> turn;
      if (access == Access::Alone) {
        turn.emplace(x_queue, x_timeout);  // the server's lock knows an order, the pool of sessions in front of it does not
      }
      Lease lease(pool, x_timeout);
      begin_postgres(lease.session(), begin, x_timeout);
      OpenTransaction transaction(lease.session());
      if (access != Access::Read) {
        require_same_time(access == Access::Alone ? lock_writing(lease.session()) : server_time(lease.session()));
      }
      SqlTransaction tables(lease.session(), x_process);
      work(tables);
      require_whole(lease.session());
      transaction.commit();
    });
  }

  template <typename F>
  void guarded(F&& f) const {
    with_file_name(x_name, [&] {
      try {
        f();
      } catch (const soci::postgresql_soci_error& error) {
        if (error.sqlstate() == kLockNotAvailable) {
          throw StoreError(fmt::format("busy: another writer did not end within {}", to_string(Micros{x_timeout})));
        }
        throw;
      }
    });
  }

  std::string x_name;
  Millis x_timeout;
  Process x_process;
  std::function<std::optional<std::string>(WallTime)> x_objection;
  WriterQueue x_queue;
  soci::connection_pool x_writers;
  soci::connection_pool x_readers;
};

}  // namespace

bool is_postgres_url(const std::string& url) { return url.starts_with("postgresql://") || url.starts_with("postgres://"); }

std::string name_of_postgres(const std::string& url) {
  const std::size_t scheme = url.find("://");
  std::string rest = scheme == std::string::npos ? url : url.substr(scheme + 3);
  rest = rest.substr(0, rest.find('?'));
  const std::size_t at = rest.rfind('@');
  return "postgresql://" + (at == std::string::npos ? rest : rest.substr(at + 1));
}

std::unique_ptr<records::Store> open_postgres(const std::string& url, const PostgresOptions& options) {
  return std::make_unique<PostgresStore>(url, options);
}

}  // namespace pinfold::store
