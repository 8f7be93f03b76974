#include "base/text.hpp"
#include "store/tables.hpp"

namespace pinfold::store {
namespace {

std::optional<WallTime> time_of(const Nullable<long long>& column) {
  const auto value = column.get();
  return value ? std::optional(to_wall_time(*value)) : std::nullopt;
}
Nullable<long long> column_of(const std::optional<WallTime>& t) { return Nullable<long long>(t ? std::optional(to_column(*t)) : std::nullopt); }

template <typename... In>
std::vector<records::ContactRow> rows(soci::session& session, const std::string& where, const In&... in) {
  std::vector<records::ContactRow> found;
  records::ContactRow row;
  Nullable<long long> verified;
  Nullable<long long> delivered;
  Nullable<long long> failed;
  Nullable<long long> hosts_at;
  std::string hosts;
  for_each_row(session,
               "SELECT address, verified_at, verified_how, delivered_at, failed_at, failure, mail_hosts, mail_hosts_at FROM contact_records " + where,
               std::tie(in...), std::tie(row.id.value, verified, row.verified_how, delivered, failed, row.failure, hosts, hosts_at), [&] {
                 row.verified = time_of(verified);
                 row.delivered = time_of(delivered);
                 row.failed = time_of(failed);
                 row.mail_hosts_at = time_of(hosts_at);
                 row.mail_hosts.clear();
                 for (const std::string_view host : hosts.empty() ? std::vector<std::string_view>{} : split(hosts, ' ')) {
                   row.mail_hosts.emplace_back(host);
                 }
                 found.push_back(row);
               });
  return found;
}

}  // namespace

records::ContactRow ContactsTable::find(const ContactId& id) const {
  auto found = rows(x_session, "WHERE address = :address", id.value);
  if (found.empty()) {
    records::ContactRow unknown;
    unknown.id = id;
    return unknown;
  }
  return std::move(found.front());
}

void ContactsTable::put(const records::ContactRow& row) {
  std::string hosts;
  for (const std::string& host : row.mail_hosts) {
    hosts += (hosts.empty() ? "" : " ") + host;
  }
  execute(x_session, "DELETE FROM contact_records WHERE address = :address", row.id.value);
  execute(x_session,
          "INSERT INTO contact_records (address, verified_at, verified_how, delivered_at, failed_at, failure, mail_hosts, mail_hosts_at) "
          "VALUES (:address, :verified, :how, :delivered, :failed, :failure, :hosts, :hosts_at)",
          row.id.value, column_of(row.verified), row.verified_how, column_of(row.delivered), column_of(row.failed), row.failure, hosts,
          column_of(row.mail_hosts_at));
}

std::vector<records::ContactRow> ContactsTable::list() const { return rows(x_session, "ORDER BY address"); }

}  // namespace pinfold::store
