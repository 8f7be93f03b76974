/// Who owns what, and where it is plugged in: customers, contacts, servers, addresses, tenancies in time, switch ports.
/// Used by: detect (whose address is this), desk (whom to warn), guard (which port may be touched). Pure; loaded whole from the store.
/// Bounds:  kMaxServers servers; a server has at most kMaxAddresses prefixes; a customer at most kMaxContacts contacts.
/// Threads: none; an Inventory is built once and then read.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "inventory/roles.hpp"
#include "net/ip_address.hpp"
#include "net/mac_address.hpp"

namespace pinfold::inventory {

inline constexpr std::size_t kMaxServers = 2'000'000;
inline constexpr std::size_t kMaxAddresses = 256;
inline constexpr std::size_t kMaxContacts = 16;
inline constexpr std::size_t kMaxRoles = 16;

/// Position of a server in Inventory::servers(): dense, for the hot path. Valid for one Inventory object only.
struct ServerIndex {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(ServerIndex, ServerIndex) = default;
};

/// How managed a server is: 1 (unmanaged) to 5. At every level what customers upload stays theirs.
struct ServiceLevel {
  std::uint8_t value = 1;
  friend constexpr auto operator<=>(ServiceLevel, ServiceLevel) = default;
};

struct Contact {
  ContactId id;          ///< mail address, lower case
  std::string language;  ///< BCP 47: "en", "de"
  friend bool operator==(const Contact&, const Contact&) = default;
};

struct Customer {
  CustomerId id;
  std::string name;
  std::vector<Contact> contacts;         ///< in the order in which they are tried; never empty
  std::optional<ContactId> account{};    ///< the address of the contract itself: tried when no contact can be reached
  std::string phone{};                   ///< for staff; empty: not recorded
  std::optional<CustomerId> reseller{};  ///< whose customer this is: the reseller is responsible and is written to
  bool notify_with_reseller = false;     ///< and this customer too, behind the reseller
  friend bool operator==(const Customer&, const Customer&) = default;
};

/// The operator's record of a server's access port. The ifIndex is deliberately absent: it is looked up in the session that uses it.
struct AccessPort {
  SwitchId switch_id;
  PortName name;      ///< IF-MIB ifName
  std::string alias;  ///< expected IF-MIB ifAlias; empty = not recorded, which guard rail G2 holds
  friend auto operator<=>(const AccessPort&, const AccessPort&) = default;
};

struct Server {
  ServerId id;
  CustomerId customer;  ///< the present holder
  ServiceLevel level;
  std::vector<net::Prefix> addresses;
  std::optional<net::MacAddress> mac;
  std::optional<AccessPort> port;
  bool is_protected = false;  ///< never disabled, for anyone
  std::vector<DeclaredRole> roles{};
  friend bool operator==(const Server&, const Server&) = default;
};

class Inventory {
public:
  Inventory() = default;
  /// The parts must be consistent (parse_csv and the store see to it): every server's customer exists, no address twice.
  Inventory(std::vector<Customer> customers, std::vector<Server> servers);

  [[nodiscard]] const std::vector<Server>& servers() const { return x_servers; }
  [[nodiscard]] const std::vector<Customer>& customers() const { return x_customers; }
  [[nodiscard]] const Server& server(ServerIndex index) const { return x_servers[index.value]; }
  [[nodiscard]] const Server* find(const ServerId& id) const;
  [[nodiscard]] const Customer* find(const CustomerId& id) const;
  /// Whom to write to about this customer's servers, in order: the reseller's contacts first where there is one, the account's own address last.
  [[nodiscard]] std::vector<Contact> recipients(const CustomerId& id) const;
  /// The roles that have not expired.
  [[nodiscard]] std::vector<DeclaredRole> roles_at(const ServerId& id, WallTime now) const;
  /// The server behind a switch port; more than one server on a port is legal and makes the port untouchable (guard G1).
  [[nodiscard]] std::vector<const Server*> on_port(const AccessPort& port) const;

private:
  std::vector<Customer> x_customers;
  std::vector<Server> x_servers;
  std::map<ServerId, std::size_t> x_server_index;
  std::map<CustomerId, std::size_t> x_customer_index;
  std::map<std::pair<SwitchId, PortName>, std::vector<std::size_t>> x_port_index;  ///< without the alias: it is a note about the port, not its name
};

/// Why a file was refused. Nothing of it is imported then.
struct ImportError {
  std::string file;
  std::size_t line = 0;  ///< from 1; the header is line 1
  std::string field;     ///< column name; empty when the whole line is meant
  std::string what;
};
/// "servers.csv:7: mac: not a MAC address"
[[nodiscard]] std::string to_string(const ImportError& error);

}  // namespace pinfold::inventory
