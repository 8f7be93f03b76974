#include "inventory/inventory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace pinfold::inventory {

Inventory::Inventory(std::vector<Customer> customers, std::vector<Server> servers)
    : x_customers(std::move(customers)), x_servers(std::move(servers)) {
  for (std::size_t i = 0; i < x_customers.size(); ++i) {
    x_customer_index.emplace(x_customers[i].id, i);
  }
  for (std::size_t i = 0; i < x_servers.size(); ++i) {
    const Server& server = x_servers[i];
    x_server_index.emplace(server.id, i);
    if (server.port) {
      x_port_index[{server.port->switch_id, server.port->name}].push_back(i);
    }
  }
}

const Server* Inventory::find(const ServerId& id) const {
  const auto found = x_server_index.find(id);
  return found == x_server_index.end() ? nullptr : &x_servers[found->second];
}

const Customer* Inventory::find(const CustomerId& id) const {
  const auto found = x_customer_index.find(id);
  return found == x_customer_index.end() ? nullptr : &x_customers[found->second];
}

std::vector<Contact> Inventory::recipients(const CustomerId& id) const {
  std::vector<Contact> all;
  const auto add = [&](const Contact& contact) {
    if (std::none_of(all.begin(), all.end(), [&](const Contact& c) { return c.id == contact.id; })) {
      all.push_back(contact);
    }
  };
  const Customer* customer = find(id);
  const Customer* reseller = customer != nullptr && customer->reseller ? find(*customer->reseller) : nullptr;
  if (reseller != nullptr) {
    std::for_each(reseller->contacts.begin(), reseller->contacts.end(), add);
  }
  if (customer != nullptr && (reseller == nullptr || customer->notify_with_reseller)) {
    std::for_each(customer->contacts.begin(), customer->contacts.end(), add);
  }
  for (const Customer* responsible : {reseller, reseller == nullptr ? customer : nullptr}) {
    if (responsible != nullptr && responsible->account) {
      add({*responsible->account, responsible->contacts.empty() ? "en" : responsible->contacts.front().language});
    }
  }
  return all;
}

std::vector<DeclaredRole> Inventory::roles_at(const ServerId& id, WallTime now) const {
  std::vector<DeclaredRole> valid;
  if (const Server* server = find(id)) {
    std::copy_if(server->roles.begin(), server->roles.end(), std::back_inserter(valid), [&](const DeclaredRole& role) { return now < role.until; });
  }
  return valid;
}

std::vector<const Server*> Inventory::on_port(const AccessPort& port) const {
  std::vector<const Server*> servers;
  const auto found = x_port_index.find({port.switch_id, port.name});
  if (found != x_port_index.end()) {
    for (const std::size_t index : found->second) {
      servers.push_back(&x_servers[index]);
    }
  }
  return servers;
}

std::string to_string(const ImportError& error) {
  const std::string place = error.line == 0 ? error.file : fmt::format("{}:{}", error.file, error.line);
  return error.field.empty() ? fmt::format("{}: {}", place, error.what) : fmt::format("{}: {}: {}", place, error.field, error.what);
}

}  // namespace pinfold::inventory
