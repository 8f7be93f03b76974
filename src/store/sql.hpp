/// Thin helpers over SOCI, so that a statement is one call: its text, what goes in, what comes out.
///   execute(session, "UPDATE settings SET value = :v WHERE name = :n", value, name);           // rows changed
///   for_each_row(session, "SELECT name FROM settings WHERE value = :v", std::tie(value), std::tie(name), [&] { use(name); });
/// Parameters are bound by position, in the order in which they stand in the text; each :name stands there once.
/// Column types are long long, std::string, and Nullable of both. Everything that can be told from outside is bound, never pasted into the text.
/// Errors:  soci::soci_error; the store turns it into records::StoreError at its edge.
/// Threads: none; a session belongs to one thread at a time.
///
/// The only header that includes SOCI, and never behind <sqlite3.h>: SOCI's SQLite header declares that library inside a namespace of its own.
#pragma once

#include <soci/soci.h>

#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "base/time.hpp"

namespace pinfold::store {

/// A column that may be NULL.
template <typename T>
struct Nullable {
  T value{};
  soci::indicator indicator = soci::i_null;

  Nullable() = default;
  explicit Nullable(std::optional<T> from) : value(from ? *std::move(from) : T{}), indicator(value_or_null(from.has_value())) {}
  [[nodiscard]] std::optional<T> get() const { return indicator == soci::i_ok ? std::optional<T>(value) : std::nullopt; }

private:
  [[nodiscard]] static soci::indicator value_or_null(bool has_value) { return has_value ? soci::i_ok : soci::i_null; }
};

namespace details {

template <typename T>
void bind_in(soci::statement& statement, T& value) {
  statement.exchange(soci::use(value));
}
template <typename T>
void bind_in(soci::statement& statement, const Nullable<T>& column) {
  // SOCI takes the indicator by reference to non-const, though it only writes it for stored procedures' results.
  statement.exchange(soci::use(column.value, const_cast<soci::indicator&>(column.indicator)));
}
template <typename T>
void bind_out(soci::statement& statement, T& value) {
  statement.exchange(soci::into(value));
}
template <typename T>
void bind_out(soci::statement& statement, Nullable<T>& column) {
  statement.exchange(soci::into(column.value, column.indicator));
}

inline void start(soci::statement& statement, const std::string& sql) {
  statement.alloc();
  statement.prepare(sql);
  statement.define_and_bind();
}

}  // namespace details

/// Runs a statement that returns no rows; the number of rows that it changed.
template <typename... In>
long long execute(soci::session& session, const std::string& sql, const In&... in) {
  soci::statement statement(session);
  (details::bind_in(statement, in), ...);
  details::start(statement, sql);
  statement.execute(true);
  return statement.get_affected_rows();
}

/// Calls `each` for every row, with the row in `out`.
template <typename... In, typename... Out, typename F>
void for_each_row(soci::session& session, const std::string& sql, std::tuple<In&...> in, std::tuple<Out&...> out, F&& each) {
  soci::statement statement(session);
  std::apply([&](const auto&... value) { (details::bind_in(statement, value), ...); }, in);
  std::apply([&](auto&... value) { (details::bind_out(statement, value), ...); }, out);
  details::start(statement, sql);
  statement.execute(false);
  while (statement.fetch()) {
    each();
  }
}

/// The first row into `out`; false if there is none.
template <typename... In, typename... Out>
[[nodiscard]] bool first_row(soci::session& session, const std::string& sql, std::tuple<In&...> in, std::tuple<Out&...> out) {
  soci::statement statement(session);
  std::apply([&](const auto&... value) { (details::bind_in(statement, value), ...); }, in);
  std::apply([&](auto&... value) { (details::bind_out(statement, value), ...); }, out);
  details::start(statement, sql);
  statement.execute(false);
  return statement.fetch();
}

[[nodiscard]] inline long long to_column(WallTime t) { return t.since_epoch.count(); }
[[nodiscard]] inline WallTime to_wall_time(long long column) { return WallTime{Micros{column}}; }

}  // namespace pinfold::store
