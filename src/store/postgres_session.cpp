#include "store/postgres_session.hpp"

#include <fmt/format.h>
#include <soci/postgresql/soci-postgresql.h>

#include <array>
#include <string_view>
#include <utility>

#include "store/postgres_store.hpp"

namespace pinfold::store {
namespace {

/// What libpq would wait for by the kernel's defaults (two minutes for a connection, a quarter of an hour or two hours for an answer) where a network
/// drops everything without a word. Whoever names one of these in the URL has his own.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kPatience{
    {{"connect_timeout", "5"}, {"tcp_user_timeout", "10000"}, {"keepalives_idle", "5"}, {"keepalives_interval", "3"}, {"keepalives_count", "3"}}};

void set_up(soci::session& session, Millis busy_timeout) {
  execute(session, fmt::format("SET lock_timeout = {}", busy_timeout.count()));
  execute(session, fmt::format("SET idle_in_transaction_session_timeout = {}", Millis{kMaxIdle}.count()));
  execute(session, "SET client_encoding = 'UTF8'");
  // A desk whose machine or network is gone must not hold the writers' lock for hours.
  execute(session, "SET tcp_keepalives_idle = 10");
  execute(session, "SET tcp_keepalives_interval = 5");
  execute(session, "SET tcp_keepalives_count = 3");
  execute(session, "SET tcp_user_timeout = 25000");
  // PostgreSQL's own remarks ("relation already exists, skipping") are not for our standard error.
  execute(session, "SET client_min_messages = error");
}

}  // namespace

std::string with_patience(const std::string& url) {
  std::string whole = url;
  for (const auto& [name, value] : kPatience) {
    const bool is_named = url.find(fmt::format("?{}=", name)) != std::string::npos || url.find(fmt::format("&{}=", name)) != std::string::npos;
    if (!is_named) {
      whole += fmt::format("{}{}={}", whole.find('?') == std::string::npos ? '?' : '&', name, value);
    }
  }
  return whole;
}

void connect_postgres(soci::session& session, const std::string& url, Millis busy_timeout) {
  session.open(soci::postgresql, with_patience(url));
  set_up(session, busy_timeout);
}

void begin_postgres(soci::session& session, const std::string& begin, Millis busy_timeout) {
  try {
    execute(session, begin);
  } catch (const soci::soci_error&) {
    if (session.is_connected()) {
      throw;
    }
    session.reconnect();
    set_up(session, busy_timeout);
    execute(session, begin);
  }
}

pg_conn* connection_of(soci::session& session) {
  // Not dynamic_cast: the library keeps the type's information to itself.
  return static_cast<soci::postgresql_session_backend*>(session.get_backend())->conn_;
}

}  // namespace pinfold::store
