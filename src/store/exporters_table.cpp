#include "base/text.hpp"
#include "store/tables.hpp"

namespace pinfold::store {

void ExportersTable::keep(const records::ExporterRow& row) {
  const std::string address = net::to_string(row.address);
  const long long port = row.port;
  if (row.memory.empty()) {
    execute(x_session, "DELETE FROM exporters WHERE address = :address AND port = :port", address, port);
    return;
  }
  execute(x_session,
          "INSERT INTO exporters (address, port, memory, kept_at) VALUES (:address, :port, :memory, :kept_at) "
          "ON CONFLICT (address, port) DO UPDATE SET memory = excluded.memory, kept_at = excluded.kept_at",
          address, port, to_hex(row.memory), to_column(row.kept));
}

std::vector<records::ExporterRow> ExportersTable::list() const {
  std::vector<records::ExporterRow> rows;
  std::string address;
  long long port = 0;
  std::string memory;
  long long kept_at = 0;
  for_each_row(
      x_session, "SELECT address, port, memory, kept_at FROM exporters ORDER BY address, port", std::tie(), std::tie(address, port, memory, kept_at),
      [&] {
        const auto parsed = net::IpAddress::parse(address);
        if (!parsed || port < 0 || port > 0xFFFF) {
          throw records::StoreError("exporters: a row names no exporter: " + printable(address, 60));
        }
        rows.push_back({*parsed, static_cast<std::uint16_t>(port), from_hex(memory).value_or(std::vector<std::uint8_t>{}), to_wall_time(kept_at)});
      });
  return rows;
}

}  // namespace pinfold::store
