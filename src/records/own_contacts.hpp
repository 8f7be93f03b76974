/// The contacts that a customer (or staff for him) has set in the portal: they outlive an import of the inventory, whose file may be older than they
/// are. Written by http, applied by whoever imports (`pinfold inventory import`). Kept as a setting beside the inventory, until an import says the
/// same. Bounds:  inventory::kMaxContacts a customer. Clock: the caller's. A setting that cannot be read counts as none.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "inventory/inventory.hpp"
#include "records/store.hpp"

namespace pinfold::records {

struct OwnContacts {
  std::vector<inventory::Contact> contacts;
  std::string who;  ///< login
  WallTime at;
};
void set_own_contacts(Transaction& tx, const CustomerId& customer, const OwnContacts& own);
/// nullopt: none were set, or an import has agreed with them since.
[[nodiscard]] std::optional<OwnContacts> own_contacts(Transaction& tx, const CustomerId& customer);

/// Where an import says otherwise than its customer did.
struct ContactDifference {
  CustomerId customer;
  std::vector<inventory::Contact> imported;
  OwnContacts own;
};
enum class ContactsOf : std::uint8_t { Customer, Import };
/// What is about to be imported, with the customers' own contacts in it where they win; with `Import` the own ones are given up. Where both say the
/// same, nothing is held any longer. The differences, by customer.
[[nodiscard]] std::vector<ContactDifference> settle_contacts(Transaction& tx, std::vector<inventory::Customer>& customers, ContactsOf winner);

}  // namespace pinfold::records
