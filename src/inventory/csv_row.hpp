/// One line of an inventory's CSV: its columns, its cells by name, and what they say of a customer and a server.
/// Used by: csv.cpp only.
/// Errors:  a Fault, with the column that it is about.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/expected.hpp"
#include "inventory/inventory.hpp"

namespace pinfold::inventory {

inline constexpr std::size_t kMaxCell = 256;  ///< names; lists are longer

enum class Column : std::size_t {
  Customer,
  CustomerName,
  Contacts,
  Language,
  Level,
  Server,
  Addresses,
  Mac,
  Switch,
  Port,
  Alias,
  Protected,
  Account,
  Phone,
  Reseller,
  Notify,
  Roles
};
[[nodiscard]] constexpr std::size_t index_of(Column column) { return static_cast<std::size_t>(column); }
inline constexpr std::array<std::string_view, 17> kColumnNames = {"customer",  "customer_name", "contacts", "language", "level", "server",
                                                                  "addresses", "mac",           "switch",   "port",     "alias", "protected",
                                                                  "account",   "phone",         "reseller", "notify",   "roles"};
/// The columns from here on may be left out.
inline constexpr Column kFirstOptional = Column::Protected;

struct Fault {
  std::string field;
  std::string what;
};
[[nodiscard]] inline Unexpected<Fault> fault(Column column, std::string what) {
  return Unexpected(Fault{std::string(kColumnNames.at(index_of(column))), std::move(what)});
}
[[nodiscard]] inline Unexpected<Fault> fault(std::string what) { return Unexpected(Fault{"", std::move(what)}); }

/// One data line, its cells by column, whatever their order in the file.
class Cells {
public:
  Cells(const std::vector<std::size_t>& columns, std::vector<std::string> cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      x_text.at(columns[i]) = std::move(cells[i]);
    }
  }
  [[nodiscard]] const std::string& operator[](Column column) const { return x_text.at(index_of(column)); }

  /// What holds for every cell, whatever its column: no control characters (names end up in mails, pages and terminals), UTF-8, bounded.
  [[nodiscard]] Expected<void, Fault> check_text() const;

private:
  std::array<std::string, kColumnNames.size()> x_text;
};

[[nodiscard]] Expected<Customer, Fault> parse_customer(const Cells& cells);
[[nodiscard]] Expected<Server, Fault> parse_server(const Cells& cells);

}  // namespace pinfold::inventory
