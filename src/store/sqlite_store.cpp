#include <fmt/format.h>

#include "store/lease.hpp"
#include "store/migrations.hpp"
#include "store/sqlite_file.hpp"
#include "store/store.hpp"
#include "store/tables.hpp"
#include "store/writer_queue.hpp"

namespace pinfold::store {
namespace {

class SqliteStore final : public records::Store {
public:
  SqliteStore(const std::filesystem::path& file, const SqliteOptions& options)
      : x_file(file.string()),
        x_timeout(options.busy_timeout),
        x_process(options.process),
        x_queue(options.writer_waits),
        x_turn(x_file + ".turn"),
        x_readers(options.readers) {
    guarded([&] {
      const OpeningLock lock(x_file + ".lock");
      create_private(x_file);
      connect(x_writer);
      make_ready(x_writer, migration_scripts());
      for (std::size_t i = 0; i < options.readers; ++i) {
        connect(x_readers.at(i));
        execute(x_readers.at(i), "PRAGMA query_only = ON");
      }
    });
  }

  void transact(const std::function<void(records::Transaction&)>& work) override {
    guarded([&] {
      const WriterQueue::Turn turn(x_queue, x_timeout);
      begin();
      finish(x_writer, work);
    });
  }
  void read(const std::function<void(records::Transaction&)>& work) override {
    guarded([&] {
      Lease lease(x_readers, x_timeout);
      execute(lease.session(), "BEGIN");
      finish(lease.session(), work);
    });
  }

private:
  void connect(soci::session& session) const {
    open_session(session, x_file, x_timeout);
    execute(session, "PRAGMA synchronous = FULL");
    execute(session, "PRAGMA foreign_keys = ON");
  }

  /// The turn of all processes ends with the write lock, not with the transaction: who comes next may wait at the front meanwhile.
  void begin() {
    const TurnFile::Hold turn(x_turn);
    execute(x_writer, "BEGIN IMMEDIATE");
  }
  void finish(soci::session& session, const std::function<void(records::Transaction&)>& work) const {
    OpenTransaction transaction(session);
    SqlTransaction tables(session, x_process);
    work(tables);
    transaction.commit();
  }

  template <typename F>
  void guarded(F&& f) const {
    with_file_name(x_file, std::forward<F>(f));
  }

  std::string x_file;
  Millis x_timeout;
  Process x_process;
  WriterQueue x_queue;
  TurnFile x_turn;
  soci::session x_writer;  ///< of whoever has his turn in the queue
  soci::connection_pool x_readers;
};

}  // namespace

std::unique_ptr<records::Store> open_sqlite(const std::filesystem::path& file, const SqliteOptions& options) {
  return std::make_unique<SqliteStore>(file, options);
}

}  // namespace pinfold::store
