#include <fmt/format.h>

#include "store/lease.hpp"
#include "store/migrations.hpp"
#include "store/sqlite_file.hpp"
#include "store/store.hpp"
#include "store/tables.hpp"

namespace pinfold::store {
namespace {

class SqliteStore final : public records::Store {
public:
  SqliteStore(const std::filesystem::path& file, const SqliteOptions& options)
      : x_file(file.string()), x_timeout(options.busy_timeout), x_process(options.process), x_writer(1), x_readers(options.readers) {
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
      SqlTransaction tables(lease.session(), x_process);
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
  Process x_process;
  soci::connection_pool x_writer;
  soci::connection_pool x_readers;
};

}  // namespace

std::unique_ptr<records::Store> open_sqlite(const std::filesystem::path& file, const SqliteOptions& options) {
  return std::make_unique<SqliteStore>(file, options);
}

}  // namespace pinfold::store
