#include "base/text.hpp"
#include "store/tables.hpp"

namespace pinfold::store {
namespace {

constexpr const char* kServer = "server";
constexpr const char* kServiceLevel = "level";

}  // namespace

void BaselinesTable::keep(std::span<const records::BaselineRow> rows) {
  for (const records::BaselineRow& row : rows) {
    execute(x_session,
            "INSERT INTO baselines (kind, subject, learned, kept_at) VALUES (:kind, :subject, :learned, :kept_at) ON CONFLICT (kind, subject) DO "
            "UPDATE SET learned = excluded.learned, kept_at = excluded.kept_at",
            std::string(row.of == records::BaselineOf::Server ? kServer : kServiceLevel), row.subject, to_hex(row.learned), to_column(row.kept));
  }
}

std::vector<records::BaselineRow> BaselinesTable::list() const {
  std::vector<records::BaselineRow> rows;
  std::string kind;
  std::string subject;
  std::string learned;
  long long kept_at = 0;
  for_each_row(x_session, "SELECT kind, subject, learned, kept_at FROM baselines ORDER BY kind DESC, subject", std::tie(),
               std::tie(kind, subject, learned, kept_at), [&] {
                 if (kind != kServer && kind != kServiceLevel) {
                   throw records::StoreError("baselines: a row of an unknown kind: " + printable(kind, 20));
                 }
                 rows.push_back({kind == kServer ? records::BaselineOf::Server : records::BaselineOf::ServiceLevel, subject,
                                 from_hex(learned).value_or(std::vector<std::uint8_t>{}), to_wall_time(kept_at)});
               });
  return rows;
}

void BaselinesTable::forget_before(WallTime oldest) { execute(x_session, "DELETE FROM baselines WHERE kept_at < :oldest", to_column(oldest)); }

}  // namespace pinfold::store
