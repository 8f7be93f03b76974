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

#include <deque>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/time.hpp"
#include "store/dialect.hpp"

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

/// A statement with what goes in and what comes out. What is bound must outlive it.
class Statement {
public:
  explicit Statement(soci::session& session) : x_is_postgres(dialect_of(session) == Dialect::Postgres), x_statement(session) {}

  void in(const long long& value) { x_statement.exchange(soci::use(value)); }
  void in(const int& value) { x_statement.exchange(soci::use(value)); }
  void in(const std::string& value) { x_statement.exchange(soci::use(storable(value))); }
  template <typename T>
  void in(const Nullable<T>& column) {
    // SOCI takes the indicator by reference to non-const, though it only writes it for stored procedures' results.
    auto& indicator = const_cast<soci::indicator&>(column.indicator);
    if constexpr (std::is_same_v<T, std::string>) {
      x_statement.exchange(soci::use(storable(column.value), indicator));
    } else {
      x_statement.exchange(soci::use(column.value, indicator));
    }
  }
  template <typename T>
  void out(T& value) {
    x_statement.exchange(soci::into(value));
  }
  template <typename T>
  void out(Nullable<T>& column) {
    x_statement.exchange(soci::into(column.value, column.indicator));
  }

  /// For PostgreSQL a statement that runs once is one message; one that is repeated is prepared by the server first.
  void start(const std::string& sql, bool is_repeated = false) {
    x_statement.alloc();
    x_statement.prepare(sql, is_repeated ? soci::details::st_repeatable_query : soci::details::st_one_time_query);
    x_statement.define_and_bind();
  }
  void execute(bool with_data_exchange) { x_statement.execute(with_data_exchange); }
  [[nodiscard]] bool fetch() { return x_statement.fetch(); }
  [[nodiscard]] long long changed() { return x_statement.get_affected_rows(); }

private:
  /// The text, or what PostgreSQL can keep of it.
  [[nodiscard]] const std::string& storable(const std::string& text) {
    auto replaced = x_is_postgres ? replaced_for_postgres(text) : std::nullopt;
    return replaced ? x_replaced.emplace_back(*std::move(replaced)) : text;
  }

  bool x_is_postgres;
  std::deque<std::string> x_replaced;
  soci::statement x_statement;
};

/// Runs a statement that returns no rows; the number of rows that it changed.
template <typename... In>
long long execute(soci::session& session, const std::string& sql, const In&... in) {
  Statement statement(session);
  (statement.in(in), ...);
  statement.start(sql);
  statement.execute(true);
  return statement.changed();
}

namespace details {

template <typename... In, typename... Out>
void begin(Statement& statement, const std::string& sql, const std::tuple<In&...>& in, const std::tuple<Out&...>& out) {
  std::apply([&](const auto&... value) { (statement.in(value), ...); }, in);
  std::apply([&](auto&... value) { (statement.out(value), ...); }, out);
  statement.start(sql);
  statement.execute(false);
}

}  // namespace details

/// Calls `each` for every row, with the row in `out`.
template <typename... In, typename... Out, typename F>
void for_each_row(soci::session& session, const std::string& sql, std::tuple<In&...> in, std::tuple<Out&...> out, F&& each) {
  Statement statement(session);
  details::begin(statement, sql, in, out);
  while (statement.fetch()) {
    each();
  }
}

/// The first row into `out`; false if there is none.
template <typename... In, typename... Out>
[[nodiscard]] bool first_row(soci::session& session, const std::string& sql, std::tuple<In&...> in, std::tuple<Out&...> out) {
  Statement statement(session);
  details::begin(statement, sql, in, out);
  return statement.fetch();
}

[[nodiscard]] inline long long to_column(WallTime t) { return t.since_epoch.count(); }
[[nodiscard]] inline WallTime to_wall_time(long long column) { return WallTime{Micros{column}}; }

}  // namespace pinfold::store
