/// Conditions of a SELECT that are known only when it is asked: pieces of SQL, and the values that are bound to them in the same order.
///   Where where;  where.add("customer = {}", id);  where.bind(statement);  statement.start("SELECT … " + where.sql());
/// Pieces and columns are ours alone; what came from outside is always a value.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "store/sql.hpp"

namespace pinfold::store {

class Where {
public:
  template <typename T>
  void add(std::string_view piece, T value) {
    x_sql += x_sql.empty() ? "WHERE " : " AND ";
    x_sql += fmt::format(fmt::runtime(piece), fmt::format(":p{}", x_values.size()));
    x_values.emplace_back(std::move(value));
  }
  void add_two(std::string_view piece, long long a, long long b) {
    x_sql += x_sql.empty() ? "WHERE " : " AND ";
    x_sql += fmt::format(fmt::runtime(piece), fmt::format(":p{}", x_values.size()), fmt::format(":p{}", x_values.size() + 1));
    x_values.emplace_back(a);
    x_values.emplace_back(b);
  }
  void add_any(std::string_view column, const std::vector<std::string>& values) {
    x_sql += x_sql.empty() ? "WHERE " : " AND ";
    std::string list;
    for (const std::string& value : values) {
      list += fmt::format("{}:p{}", list.empty() ? "" : ", ", x_values.size());
      x_values.emplace_back(value);
    }
    x_sql += fmt::format("{} IN ({})", column, list);
  }
  [[nodiscard]] const std::string& sql() const { return x_sql; }
  void bind(Statement& statement) const {
    for (const auto& value : x_values) {
      std::visit([&](const auto& v) { statement.in(v); }, value);
    }
  }

private:
  std::string x_sql;
  std::vector<std::variant<long long, std::string>> x_values;
};

}  // namespace pinfold::store
