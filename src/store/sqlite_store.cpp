#include <fmt/format.h>

#include "store/migrations.hpp"
#include "store/sqlite_file.hpp"
#include "store/store.hpp"
#include "store/tables.hpp"

namespace pinfold::store {
namespace {

using records::StoreError;

/// One leased session. SOCI's own soci::session(pool) waits for ever.
class Lease {
public:
  Lease(soci::connection_pool& pool, Millis timeout) : x_pool(pool) {
    if (!pool.try_lease(x_position, static_cast<int>(timeout.count()))) {
      throw StoreError(fmt::format("busy: no database session became free within {}", to_string(Micros{timeout})));
    }
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() { x_pool.give_back(x_position); }
  [[nodiscard]] soci::session& session() { return x_pool.at(x_position); }

private:
  soci::connection_pool& x_pool;
  std::size_t x_position = 0;
};

class SqliteStore final : public records::Store {
public:
  SqliteStore(const std::filesystem::path& file, const SqliteOptions& options)
      : x_file(file.string()), x_timeout(options.busy_timeout), x_writer(1), x_readers(options.readers) {
    guarded([&] {
      const OpeningLock lock(x_file + ".lock");
      create_private(x_file);
      connect(x_writer.at(0));
      make_ready(x_writer.at(0), migration_scripts());
      for (std::size_t i = 0; i < options.readers; ++i) {
        connect(x_readers.at(i));
        execute(x_readers.at(i), "PRAGMA query_only = ON");
      }
    });
  }

  void transact(const std::function<void(records::Transaction&)>& work) override { run(x_writer, "BEGIN IMMEDIATE", work); }
  void read(const std::function<void(records::Transaction&)>& work) override { run(x_readers, "BEGIN", work); }

private:
  void connect(soci::session& session) const {
    open_session(session, x_file, x_timeout);
    execute(session, "PRAGMA synchronous = FULL");
    execute(session, "PRAGMA foreign_keys = ON");
  }

  void run(soci::connection_pool& pool, const char* begin, const std::function<void(records::Transaction&)>& work) {
    guarded([&] {
      Lease lease(pool, x_timeout);
      OpenTransaction transaction(lease.session(), begin);
      SqlTransaction tables(lease.session());
      work(tables);
      transaction.commit();
    });
  }

  template <typename F>
  void guarded(F&& f) const {
    with_file_name(x_file, std::forward<F>(f));
  }

  std::string x_file;
  Millis x_timeout;
  soci::connection_pool x_writer;
  soci::connection_pool x_readers;
};

}  // namespace

std::unique_ptr<records::Store> open_sqlite(const std::filesystem::path& file, const SqliteOptions& options) {
  return std::make_unique<SqliteStore>(file, options);
}

}  // namespace pinfold::store
