#include "store/tables.hpp"

namespace pinfold::store {

std::optional<std::string> SettingsTable::get(std::string_view name) const {
  const std::string wanted(name);
  std::string value;
  if (!first_row(x_session, "SELECT value FROM settings WHERE name = :name", std::tie(wanted), std::tie(value))) {
    return std::nullopt;
  }
  return value;
}

void SettingsTable::set(std::string_view name, std::string_view value) {
  execute(x_session, "INSERT INTO settings (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
          std::string(name), std::string(value));
}

std::vector<std::pair<std::string, std::string>> SettingsTable::below(std::string_view prefix) const {
  const std::string first(prefix);
  const std::string behind = first + "\x7F";  // names are ASCII
  std::vector<std::pair<std::string, std::string>> found;
  std::string name;
  std::string value;
  for_each_row(x_session, "SELECT name, value FROM settings WHERE name >= :first AND name < :behind ORDER BY name", std::tie(first, behind),
               std::tie(name, value), [&] { found.emplace_back(name, value); });
  return found;
}

}  // namespace pinfold::store
