#include <fmt/format.h>

#include "base/assert.hpp"
#include "store/tables.hpp"

namespace pinfold::store {

unsigned AupTable::publish(std::string_view markdown, WallTime now) {
  long long last = 0;
  PINFOLD_ASSERT(first_row(x_session, "SELECT COALESCE(MAX(version), 0) FROM aup_versions", std::tie(), std::tie(last)));
  execute(x_session, "INSERT INTO aup_versions (version, published_at, markdown) VALUES (:version, :at, :text)", last + 1, to_column(now),
          std::string(markdown));
  return static_cast<unsigned>(last + 1);
}

std::vector<records::AupVersion> AupTable::versions() const {
  std::vector<records::AupVersion> versions;
  records::AupVersion row;
  long long version = 0;
  long long at = 0;
  for_each_row(x_session, "SELECT version, published_at, markdown FROM aup_versions ORDER BY version", std::tie(),
               std::tie(version, at, row.markdown), [&] {
                 row.version = static_cast<unsigned>(version);
                 row.published = to_wall_time(at);
                 versions.push_back(row);
               });
  return versions;
}

void AupTable::accept(const records::AupAcceptance& acceptance) {
  const long long version = acceptance.version;
  long long known = 0;
  if (!first_row(x_session, "SELECT version FROM aup_versions WHERE version = :version", std::tie(version), std::tie(known))) {
    throw records::StoreError(fmt::format("there is no version {} of the acceptable use policy", version));
  }
  execute(x_session, "INSERT INTO aup_acceptances (customer, version, at, who) VALUES (:customer, :version, :at, :who) ON CONFLICT DO NOTHING",
          acceptance.customer.value, version, to_column(acceptance.at), acceptance.who);
}

std::vector<records::AupAcceptance> AupTable::acceptances() const {
  std::vector<records::AupAcceptance> all;
  records::AupAcceptance row;
  long long version = 0;
  long long at = 0;
  for_each_row(x_session, "SELECT customer, version, at, who FROM aup_acceptances ORDER BY customer, version", std::tie(),
               std::tie(row.customer.value, version, at, row.who), [&] {
                 row.version = static_cast<unsigned>(version);
                 row.at = to_wall_time(at);
                 all.push_back(row);
               });
  return all;
}

}  // namespace pinfold::store
