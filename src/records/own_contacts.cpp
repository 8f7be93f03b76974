#include "records/own_contacts.hpp"

#include "base/text.hpp"

namespace pinfold::records {
namespace {

std::string setting_of(const CustomerId& customer) { return "contacts/" + customer.value; }

}  // namespace

// One line each: who, when, then "address<TAB>language". None of them can hold a tab or a line end: http refuses or strips both.
void set_own_contacts(Transaction& tx, const CustomerId& customer, const OwnContacts& own) {
  std::string text = own.who + "\n" + to_string(own.at);
  for (const inventory::Contact& contact : own.contacts) {
    text += "\n" + contact.id.value + "\t" + contact.language;
  }
  tx.settings().set(setting_of(customer), text);
}

std::optional<OwnContacts> own_contacts(Transaction& tx, const CustomerId& customer) {
  const auto text = tx.settings().get(setting_of(customer));
  const auto lines = split(text ? std::string_view(*text) : std::string_view{}, '\n');
  const auto at = lines.size() > 2 ? parse_wall_time(lines[1]) : std::nullopt;
  if (!at || lines.size() > inventory::kMaxContacts + 2) {
    return std::nullopt;
  }
  OwnContacts own{{}, std::string(lines[0]), *at};
  for (std::size_t i = 2; i < lines.size(); ++i) {
    const auto parts = split(lines[i], '\t');
    if (parts.size() != 2) {
      return std::nullopt;
    }
    own.contacts.push_back({ContactId{std::string(parts[0])}, std::string(parts[1])});
  }
  return own;
}

std::vector<ContactDifference> settle_contacts(Transaction& tx, std::vector<inventory::Customer>& customers, ContactsOf winner) {
  std::vector<ContactDifference> differences;
  for (inventory::Customer& customer : customers) {
    auto own = own_contacts(tx, customer.id);
    if (!own) {
      continue;
    }
    const bool differs = own->contacts != customer.contacts;
    if (!differs || winner == ContactsOf::Import) {
      tx.settings().set(setting_of(customer.id), "");
    }
    if (differs) {
      differences.push_back({customer.id, customer.contacts, std::move(*own)});
      if (winner == ContactsOf::Customer) {
        customer.contacts = differences.back().own.contacts;
      }
    }
  }
  return differences;
}

}  // namespace pinfold::records
