#include "inventory/csv_row.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "net/host_name.hpp"

namespace pinfold::inventory {
namespace {

constexpr std::size_t kMaxMailAddress = 254;  ///< RFC 5321 section 4.5.3.1, as corrected by erratum 1690

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_letter_or_digit(char c) { return is_letter(c) || (c >= '0' && c <= '9'); }

/// RFC 5321 mailbox, the part of it that owners really have: dot-atom @ domain with a dot.
bool is_mail_address(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > 64 || text.size() > kMaxMailAddress) {
    return false;
  }
  const std::string_view local = text.substr(0, at);
  const auto is_atom = [](char c) { return is_letter_or_digit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos; };
  const bool local_good = std::all_of(local.begin(), local.end(), is_atom) && local.front() != '.' && local.back() != '.';
  const std::string_view domain = text.substr(at + 1);
  return local_good && domain.find('.') != std::string_view::npos && net::is_host_name(domain);
}

/// The shape of a BCP 47 tag (RFC 5646 section 2.1): "en", "de-AT", "zh-Hant".
bool is_language(std::string_view text) {
  const auto parts = split(text, '-');
  const bool primary = (parts[0].size() == 2 || parts[0].size() == 3) && std::all_of(parts[0].begin(), parts[0].end(), is_letter);
  return primary && text.size() <= 35 && std::all_of(parts.begin() + 1, parts.end(), [](std::string_view part) {
           return !part.empty() && part.size() <= 8 && std::all_of(part.begin(), part.end(), is_letter_or_digit);
         });
}

Expected<std::vector<Contact>, Fault> parse_contacts(const Cells& cells) {
  if (!is_language(cells[Column::Language])) {
    return fault(Column::Language, fmt::format("\"{}\" is not a language tag like en or de-AT", cells[Column::Language]));
  }
  if (cells[Column::Contacts].empty()) {
    return fault(Column::Contacts, "missing: an owner who cannot be written to cannot be warned");
  }
  std::vector<Contact> contacts;
  for (const std::string_view cell : split(cells[Column::Contacts], ';')) {
    const auto bar = cell.find('|');
    const std::string_view text = cell.substr(0, bar);
    const std::string_view language = bar == std::string_view::npos ? std::string_view(cells[Column::Language]) : cell.substr(bar + 1);
    if (!is_mail_address(text)) {
      return fault(Column::Contacts, fmt::format("\"{}\" is not a mail address", printable(text)));
    }
    if (!is_language(language)) {
      return fault(Column::Contacts, fmt::format("\"{}\" is not a language tag like en or de-AT", printable(language)));
    }
    Contact contact{ContactId{to_lower(text)}, std::string(language)};
    if (std::any_of(contacts.begin(), contacts.end(), [&](const Contact& known) { return known.id == contact.id; })) {
      return fault(Column::Contacts, fmt::format("\"{}\" stands here twice", text));
    }
    contacts.push_back(std::move(contact));
  }
  if (contacts.size() > kMaxContacts) {
    return fault(Column::Contacts, fmt::format("more than {} contacts", kMaxContacts));
  }
  return contacts;
}

Expected<bool, Fault> parse_yes(const Cells& cells, Column column) {
  if (cells[column] != "" && cells[column] != "yes" && cells[column] != "no") {
    return fault(column, fmt::format("\"{}\" is neither yes nor no", cells[column]));
  }
  return cells[column] == "yes";
}

Expected<std::vector<DeclaredRole>, Fault> parse_roles(const std::string& cell) {
  std::vector<DeclaredRole> roles;
  for (const std::string_view text : cell.empty() ? std::vector<std::string_view>{} : split(cell, ';')) {
    const auto parts = split(text, '|');
    const auto expires = parts.size() == 3 ? parse_wall_time(parts[2]) : std::nullopt;
    const auto role = parse_role(parts[0]);
    if (!expires || !role || parts[1].empty() || roles.size() == kMaxRoles) {
      return fault(Column::Roles,
                   fmt::format("\"{}\" is not role|reason|expiry with one of the known roles (at most {} of them)", printable(text), kMaxRoles));
    }
    roles.push_back({*role, std::string(parts[1]), *expires});
  }
  return roles;
}

Expected<std::vector<net::Prefix>, Fault> parse_addresses(const std::string& cell) {
  if (cell.empty()) {
    return fault(Column::Addresses, "missing");
  }
  std::vector<net::Prefix> addresses;
  for (const std::string_view text : split(cell, ';')) {
    const auto prefix = net::Prefix::parse(text);
    if (!prefix) {
      return fault(Column::Addresses, fmt::format("\"{}\" is not an address or prefix (host bits must be zero)", printable(text)));
    }
    addresses.push_back(*prefix);
    if (addresses.size() > kMaxAddresses) {
      return fault(Column::Addresses, fmt::format("more than {} addresses", kMaxAddresses));
    }
  }
  return addresses;
}

Expected<std::optional<AccessPort>, Fault> parse_port(const Cells& cells) {
  if (cells[Column::Switch].empty() != cells[Column::Port].empty()) {
    return fault(cells[Column::Switch].empty() ? Column::Switch : Column::Port, "missing: switch and port go together");
  }
  if (!cells[Column::Switch].empty()) {
    return std::optional(AccessPort{SwitchId{cells[Column::Switch]}, PortName{cells[Column::Port]}, cells[Column::Alias]});
  }
  if (!cells[Column::Alias].empty()) {
    return fault(Column::Alias, "given without a switch and port");
  }
  return std::optional<AccessPort>{};
}

}  // namespace

Expected<void, Fault> Cells::check_text() const {
  for (std::size_t i = 0; i < x_text.size(); ++i) {
    if (printable(x_text.at(i), x_text.at(i).size()) != x_text.at(i)) {
      return fault(static_cast<Column>(i), "has control characters or is not UTF-8");
    }
    if (trim(x_text.at(i)) != x_text.at(i)) {
      return fault(static_cast<Column>(i), "begins or ends with a blank");
    }
    if (i != index_of(Column::Contacts) && i != index_of(Column::Addresses) && i != index_of(Column::Roles) && x_text.at(i).size() > kMaxCell) {
      return fault(static_cast<Column>(i), fmt::format("longer than {} bytes", kMaxCell));
    }
  }
  for (const Column column : {Column::Customer, Column::CustomerName, Column::Server}) {
    if (x_text.at(index_of(column)).empty()) {
      return fault(column, "missing");
    }
  }
  return {};
}

Expected<Customer, Fault> parse_customer(const Cells& cells) {
  auto contacts = parse_contacts(cells);
  if (!contacts) {
    return Unexpected(std::move(contacts).error());
  }
  Customer customer{CustomerId{cells[Column::Customer]}, cells[Column::CustomerName], std::move(contacts).value()};
  if (!cells[Column::Account].empty()) {
    if (!is_mail_address(cells[Column::Account])) {
      return fault(Column::Account, fmt::format("\"{}\" is not a mail address", cells[Column::Account]));
    }
    customer.account = ContactId{to_lower(cells[Column::Account])};
  }
  customer.phone = cells[Column::Phone];
  if (!cells[Column::Reseller].empty()) {
    customer.reseller = CustomerId{cells[Column::Reseller]};
    if (*customer.reseller == customer.id) {
      return fault(Column::Reseller, "the customer's own number");
    }
  }
  const auto notify = parse_yes(cells, Column::Notify);
  if (!notify) {
    return Unexpected(notify.error());
  }
  customer.notify_with_reseller = *notify;
  return customer;
}

Expected<Server, Fault> parse_server(const Cells& cells) {
  Server server;
  server.id = ServerId{cells[Column::Server]};
  server.customer = CustomerId{cells[Column::Customer]};
  const auto level = parse_number(cells[Column::Level]);
  if (!level || *level < 1 || *level > 5) {
    return fault(Column::Level, fmt::format("\"{}\" is not a service level from 1 to 5", cells[Column::Level]));
  }
  server.level = ServiceLevel{static_cast<std::uint8_t>(*level)};
  auto addresses = parse_addresses(cells[Column::Addresses]);
  if (!addresses) {
    return Unexpected(std::move(addresses).error());
  }
  server.addresses = std::move(addresses).value();
  if (!cells[Column::Mac].empty()) {
    server.mac = net::MacAddress::parse(cells[Column::Mac]);
    if (!server.mac) {
      return fault(Column::Mac, fmt::format("\"{}\" is not a MAC address", cells[Column::Mac]));
    }
  }
  auto port = parse_port(cells);
  if (!port) {
    return Unexpected(std::move(port).error());
  }
  server.port = std::move(port).value();
  const auto is_protected = parse_yes(cells, Column::Protected);
  if (!is_protected) {
    return Unexpected(is_protected.error());
  }
  server.is_protected = *is_protected;
  auto roles = parse_roles(cells[Column::Roles]);
  if (!roles) {
    return Unexpected(std::move(roles).error());
  }
  server.roles = std::move(roles).value();
  return server;
}

}  // namespace pinfold::inventory
