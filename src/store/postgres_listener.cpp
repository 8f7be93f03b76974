// LISTEN by libpq itself: SOCI has nothing for it.
#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <system_error>
#include <thread>

#include "base/log.hpp"
#include "base/text.hpp"
#include "store/dialect.hpp"
#include "store/postgres_session.hpp"
#include "store/postgres_store.hpp"

namespace pinfold::store {
namespace {

constexpr int kRetryMs = 1000;
/// So often the connection is asked whether it lives, should the server be gone without a word.
constexpr int kAskMs = 15'000;

struct Finish {
  void operator()(PGconn* connection) const { ::PQfinish(connection); }
};
using Connection = std::unique_ptr<PGconn, Finish>;

bool run(PGconn* connection, const std::string& sql) {
  PGresult* result = ::PQexec(connection, sql.c_str());
  const bool done = ::PQresultStatus(result) == PGRES_COMMAND_OK || ::PQresultStatus(result) == PGRES_TUPLES_OK;
  ::PQclear(result);
  return done;
}

class PostgresListener final : public Listener {
public:
  PostgresListener(std::string url, std::function<void()> changed)
      : x_url(std::move(url)), x_changed(std::move(changed)), x_stop(::eventfd(0, EFD_CLOEXEC)), x_thread([this] { run_until_stopped(); }) {}
  PostgresListener(const PostgresListener&) = delete;
  PostgresListener& operator=(const PostgresListener&) = delete;
  ~PostgresListener() override {
    const std::uint64_t one = 1;
    (void)!::write(x_stop, &one, sizeof one);
    x_thread.join();
    ::close(x_stop);
  }

private:
  void run_until_stopped() {
    bool was_told = false;
    do {
      const Connection connection(::PQconnectdb(with_patience(x_url).c_str()));
      if (::PQstatus(connection.get()) != CONNECTION_OK || !run(connection.get(), fmt::format("LISTEN {}", kChangedChannel))) {
        if (!was_told) {
          log_warning("STORE_NOT_LISTENING", "{}: {}; trying again, meanwhile changes of other desks show later", name_of_postgres(x_url),
                      printable(::PQerrorMessage(connection.get()), 200));
        }
        was_told = true;
        continue;
      }
      was_told = false;
      x_changed();
      listen(connection.get());
    } while (!is_stopped_within(kRetryMs));
  }

  /// Until the connection is lost or the end has come.
  void listen(PGconn* connection) {
    for (;;) {
      std::array<pollfd, 2> wait{{{::PQsocket(connection), POLLIN, 0}, {x_stop, POLLIN, 0}}};
      const int ready = ::poll(wait.data(), wait.size(), kAskMs);
      if (wait[1].revents != 0) {
        return;
      }
      if ((ready == 0 && !run(connection, "SELECT 1")) || ::PQconsumeInput(connection) == 0) {
        return;
      }
      bool news = false;
      while (PGnotify* notice = ::PQnotifies(connection)) {
        news = true;
        ::PQfreemem(notice);
      }
      if (news) {
        x_changed();
      }
    }
  }

  [[nodiscard]] bool is_stopped_within(int ms) const {
    pollfd wait{x_stop, POLLIN, 0};
    return ::poll(&wait, 1, ms) > 0;
  }

  std::string x_url;
  std::function<void()> x_changed;
  int x_stop;
  std::thread x_thread;  // last: it uses everything above
};

}  // namespace

std::unique_ptr<Listener> listen_postgres(const std::string& url, std::function<void()> changed) {
  return std::make_unique<PostgresListener>(url, std::move(changed));
}

}  // namespace pinfold::store
