#include <fmt/format.h>

#include <map>
#include <unordered_map>
#include <unordered_set>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "store/tables.hpp"

namespace pinfold::store {
namespace {

using inventory::Contact;
using inventory::Customer;
using inventory::Server;

/// One prepared INSERT for many rows: an inventory has up to millions. `row` is bound once and filled before each run.
template <typename... Columns>
class Inserter {
public:
  Inserter(soci::session& session, const std::string& sql) : x_is_postgres(dialect_of(session) == Dialect::Postgres), x_statement(session) {
    std::apply([&](const auto&... column) { (x_statement.in(column), ...); }, x_row);
    x_statement.start(sql, true);
  }
  void run(Columns... columns) {
    x_row = std::tuple<Columns...>(std::move(columns)...);
    if (x_is_postgres) {
      std::apply([](auto&... column) { (make_storable(column), ...); }, x_row);
    }
    x_statement.execute(true);
  }

private:
  static void make_storable(std::string& text) {
    if (auto replaced = replaced_for_postgres(text)) {
      text = *std::move(replaced);
    }
  }
  static void make_storable(Nullable<std::string>& text) { make_storable(text.value); }
  static void make_storable(const long long& /*number*/) {}
  static void make_storable(const Nullable<long long>& /*number*/) {}

  bool x_is_postgres;
  Statement x_statement;
  std::tuple<Columns...> x_row;
};

std::vector<Customer> load_customers(soci::session& session) {
  std::vector<Customer> customers;
  std::unordered_map<std::string, std::size_t> index;
  std::string id;
  std::string name;
  Nullable<std::string> account;
  Nullable<std::string> phone;
  Nullable<std::string> reseller;
  Nullable<long long> notify;
  for_each_row(session, "SELECT id, name, account, phone, reseller, notify_with_reseller FROM customers ORDER BY position", std::tie(),
               std::tie(id, name, account, phone, reseller, notify), [&] {
                 index.emplace(id, customers.size());
                 Customer customer{CustomerId{id}, name, {}};
                 customer.account = account.get() ? std::optional(ContactId{*account.get()}) : std::nullopt;
                 customer.phone = phone.get().value_or("");
                 customer.reseller = reseller.get() ? std::optional(CustomerId{*reseller.get()}) : std::nullopt;
                 customer.notify_with_reseller = notify.get().value_or(0) != 0;
                 customers.push_back(std::move(customer));
               });
  std::string address;
  std::string language;
  for_each_row(session, "SELECT customer, address, language FROM contacts ORDER BY customer, position", std::tie(), std::tie(id, address, language),
               [&] {
                 customers[index.at(id)].contacts.push_back({ContactId{address}, language});
               });
  return customers;
}

struct ServerColumns {
  std::string id;
  std::string customer;
  long long level = 0;
  Nullable<std::string> mac;
  Nullable<std::string> switch_id;
  Nullable<std::string> port;
  Nullable<std::string> alias;
  long long is_protected = 0;
};

Server read_server(const ServerColumns& row) {
  const auto damaged = [&](std::string_view field) {
    return records::StoreError(fmt::format("inventory: server {}: its {} is damaged", printable(row.id), field));
  };
  Server server;
  server.id = ServerId{row.id};
  server.customer = CustomerId{row.customer};
  if (row.level < 1 || row.level > 5) {
    throw damaged("service level");
  }
  server.level = inventory::ServiceLevel{static_cast<std::uint8_t>(row.level)};
  if (const auto text = row.mac.get()) {
    server.mac = net::MacAddress::parse(*text);
    if (!server.mac) {
      throw damaged("MAC address");
    }
  }
  const auto switch_id = row.switch_id.get();
  const auto port = row.port.get();
  if (switch_id && port) {
    server.port = inventory::AccessPort{SwitchId{*switch_id}, PortName{*port}, row.alias.get().value_or("")};
  }
  server.is_protected = row.is_protected != 0;
  return server;
}

std::vector<Server> load_servers(soci::session& session) {
  std::vector<Server> servers;
  std::unordered_map<std::string, std::size_t> index;
  ServerColumns row;
  for_each_row(session, "SELECT id, customer, level, mac, switch, port, alias, is_protected FROM servers ORDER BY position", std::tie(),
               std::tie(row.id, row.customer, row.level, row.mac, row.switch_id, row.port, row.alias, row.is_protected), [&] {
                 index.emplace(row.id, servers.size());
                 servers.push_back(read_server(row));
               });
  std::string server;
  std::string text;
  for_each_row(session, "SELECT server, prefix FROM addresses ORDER BY server, position", std::tie(), std::tie(server, text), [&] {
    const auto prefix = net::Prefix::parse(text);
    if (!prefix) {
      throw records::StoreError(fmt::format("inventory: server {}: an address is damaged", printable(server)));
    }
    servers[index.at(server)].addresses.push_back(*prefix);
  });
  std::string role;
  std::string reason;
  long long expires = 0;
  for_each_row(session, "SELECT server, role, reason, expires_at FROM declared_roles ORDER BY server, position", std::tie(),
               std::tie(server, role, reason, expires), [&] {
                 const auto known = inventory::parse_role(role);
                 if (!known) {
                   throw records::StoreError(fmt::format("inventory: server {}: a declared role is damaged", printable(server)));
                 }
                 servers[index.at(server)].roles.push_back({*known, reason, to_wall_time(expires)});
               });
  return servers;
}

void insert_customers(soci::session& session, const std::vector<Customer>& customers) {
  using Text = Nullable<std::string>;
  Inserter<std::string, long long, std::string, Text, std::string, Text, long long> customer_row(
      session,
      "INSERT INTO customers (id, position, name, account, phone, reseller, notify_with_reseller) "
      "VALUES (:id, :position, :name, :account, :phone, :reseller, :notify)");
  Inserter<std::string, long long, std::string, std::string> contact_row(
      session, "INSERT INTO contacts (customer, position, address, language) VALUES (:customer, :position, :address, :language)");
  long long position = 0;
  for (const Customer& customer : customers) {
    customer_row.run(customer.id.value, ++position, customer.name, Text(customer.account ? std::optional(customer.account->value) : std::nullopt),
                     customer.phone, Text(customer.reseller ? std::optional(customer.reseller->value) : std::nullopt),
                     customer.notify_with_reseller ? 1 : 0);
    long long place = 0;
    for (const Contact& contact : customer.contacts) {
      contact_row.run(customer.id.value, ++place, contact.id.value, contact.language);
    }
  }
}

/// Where a server is plugged in, as one text: switch, port and MAC address.
[[nodiscard]] std::string place_of(const std::string& switch_id, const std::string& port, const std::string& mac) {
  return switch_id + '\n' + port + '\n' + mac;
}

struct Place {
  std::string where;
  long long since = 0;
};
using Places = std::unordered_map<std::string, Place>;

[[nodiscard]] Places places_in(soci::session& session) {
  Places places;
  std::string server;
  Nullable<std::string> switch_id;
  Nullable<std::string> port;
  Nullable<std::string> mac;
  long long since = 0;
  for_each_row(session, "SELECT id, switch, port, mac, placed_at FROM servers", std::tie(), std::tie(server, switch_id, port, mac, since), [&] {
    places[server] = {place_of(switch_id.get().value_or(""), port.get().value_or(""), mac.get().value_or("")), since};
  });
  return places;
}

[[nodiscard]] long long placed_at(const Server& server, const Places& before, WallTime now) {
  const std::string where =
      place_of(server.port ? server.port->switch_id.value : "", server.port ? server.port->name.value : "", server.mac ? to_string(*server.mac) : "");
  const auto known = before.find(server.id.value);
  return known != before.end() && known->second.where == where ? known->second.since : to_column(now);
}

void insert_servers(soci::session& session, const std::vector<Server>& servers, const Places& before, WallTime now) {
  using Text = Nullable<std::string>;
  Inserter<std::string, long long, std::string, long long, Text, Text, Text, Text, long long, long long> server_row(
      session,
      "INSERT INTO servers (id, position, customer, level, mac, switch, port, alias, is_protected, placed_at) "
      "VALUES (:id, :position, :customer, :level, :mac, :switch, :port, :alias, :protected, :placed)");
  Inserter<std::string, std::string, long long> address_row(session,
                                                            "INSERT INTO addresses (prefix, server, position) VALUES (:prefix, :server, :position)");
  Inserter<std::string, long long, std::string, std::string, long long> role_row(
      session, "INSERT INTO declared_roles (server, position, role, reason, expires_at) VALUES (:server, :position, :role, :reason, :expires)");
  long long position = 0;
  for (const Server& server : servers) {
    const auto of_port = [&](auto&& part) { return Text(server.port ? std::optional<std::string>(part(*server.port)) : std::nullopt); };
    server_row.run(server.id.value, ++position, server.customer.value, server.level.value,
                   Text(server.mac ? std::optional(to_string(*server.mac)) : std::nullopt),
                   of_port([](const inventory::AccessPort& port) { return port.switch_id.value; }),
                   of_port([](const inventory::AccessPort& port) { return port.name.value; }),
                   of_port([](const inventory::AccessPort& port) { return port.alias; }), server.is_protected ? 1 : 0,
                   placed_at(server, before, now));
    long long place = 0;
    for (const net::Prefix& prefix : server.addresses) {
      address_row.run(to_string(prefix), server.id.value, ++place);
    }
    place = 0;
    for (const inventory::DeclaredRole& role : server.roles) {
      role_row.run(server.id.value, ++place, std::string(to_string(role.role)), role.reason, to_column(role.until));
    }
  }
}

}  // namespace

inventory::Inventory InventorySql::load() const { return {load_customers(x_session), load_servers(x_session)}; }

void InventorySql::replace(const inventory::Inventory& inventory, WallTime now) {
  const Places before = places_in(x_session);
  for (const char* table : {"declared_roles", "addresses", "servers", "contacts", "customers"}) {
    execute(x_session, std::string("DELETE FROM ") + table);
  }
  insert_customers(x_session, inventory.customers());
  insert_servers(x_session, inventory.servers(), before, now);
  move_tenancies(inventory, now);
  execute(x_session, "DELETE FROM record_differences WHERE server NOT IN (SELECT id FROM servers)");
  execute(x_session, "UPDATE counters SET value = value + 1 WHERE name = 'inventory'");
}

void InventorySql::move_tenancies(const inventory::Inventory& inventory, WallTime now) {
  std::unordered_map<std::string, long long> last_position;
  std::unordered_set<std::string> held;  ///< servers whose tenancy goes on
  std::vector<std::string> ended;
  std::string server;
  long long position = 0;
  std::string customer;
  Nullable<long long> until;
  for_each_row(x_session, "SELECT server, position, customer, until_at FROM tenancies ORDER BY server, position", std::tie(),
               std::tie(server, position, customer, until), [&] {
                 last_position[server] = position;
                 if (until.get()) {
                   return;
                 }
                 const Server* present = inventory.find(ServerId{server});
                 if (present != nullptr && present->customer.value == customer) {
                   held.insert(server);
                 } else {
                   ended.push_back(server);
                 }
               });
  for (const std::string& name : ended) {
    // Never before its own start, should the clock have been set back.
    execute(x_session,
            "UPDATE tenancies SET until_at = CASE WHEN since_at > :now1 THEN since_at ELSE :now2 END WHERE server = :server AND until_at IS NULL",
            to_column(now), to_column(now), name);
  }
  Inserter<std::string, long long, std::string, long long> tenancy_row(
      x_session, "INSERT INTO tenancies (server, position, customer, since_at) VALUES (:server, :position, :customer, :since)");
  for (const Server& present : inventory.servers()) {
    if (!held.contains(present.id.value)) {
      tenancy_row.run(present.id.value, ++last_position[present.id.value], present.customer.value, to_column(now));
    }
  }
}

std::optional<WallTime> InventorySql::placed_since(const ServerId& server) const {
  long long since = 0;
  const bool known = first_row(x_session, "SELECT placed_at FROM servers WHERE id = :server", std::tie(server.value), std::tie(since));
  return known && since != 0 ? std::optional(to_wall_time(since)) : std::nullopt;
}

std::vector<std::string> InventorySql::set_differences(const ServerId& server, const std::vector<records::RecordDifference>& found) {
  std::map<std::string, long long> known;
  std::string rule;
  long long since = 0;
  for_each_row(x_session, "SELECT rule, since_at FROM record_differences WHERE server = :server", std::tie(server.value), std::tie(rule, since),
               [&] { known[rule] = since; });
  execute(x_session, "DELETE FROM record_differences WHERE server = :server", server.value);
  std::vector<std::string> news;
  for (const records::RecordDifference& one : found) {
    const auto earlier = known.find(one.rule);
    if (earlier == known.end()) {
      news.push_back(one.rule);
    }
    execute(x_session, "INSERT INTO record_differences (server, rule, what, since_at) VALUES (:server, :rule, :what, :since)", server.value, one.rule,
            one.what, earlier == known.end() ? to_column(one.since) : earlier->second);
  }
  return news;
}

std::vector<records::RecordDifference> InventorySql::differences() const {
  std::vector<records::RecordDifference> all;
  records::RecordDifference row;
  long long since = 0;
  for_each_row(x_session, "SELECT server, rule, what, since_at FROM record_differences ORDER BY server, rule", std::tie(),
               std::tie(row.server.value, row.rule, row.what, since), [&] {
                 row.since = to_wall_time(since);
                 all.push_back(row);
               });
  return all;
}

std::int64_t InventorySql::version() const {
  long long version = 0;
  PINFOLD_ASSERT(first_row(x_session, "SELECT value FROM counters WHERE name = 'inventory'", std::tie(), std::tie(version)));
  return version;
}

std::optional<CustomerId> InventorySql::tenant_at(const ServerId& server, WallTime at) const {
  const long long when1 = to_column(at);
  const long long when2 = when1;
  std::string customer;
  if (!first_row(x_session,
                 "SELECT customer FROM tenancies WHERE server = :server AND since_at <= :at1 AND (until_at IS NULL OR until_at > :at2) "
                 "ORDER BY position DESC LIMIT 1",
                 std::tie(server.value, when1, when2), std::tie(customer))) {
    return std::nullopt;
  }
  return CustomerId{customer};
}

}  // namespace pinfold::store
