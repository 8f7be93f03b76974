#include "engine/customers/contact_care.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/customers/contact_records.hpp"
#include "engine/mail/letters.hpp"

namespace pinfold::engine {
namespace {

/// Every address that may be written to, once, with whose it is.
struct Listed {
  inventory::Contact contact;
  const inventory::Customer* customer = nullptr;
};
std::vector<Listed> all_contacts(const inventory::Inventory& all) {
  std::map<ContactId, Listed> listed;
  for (const inventory::Customer& customer : all.customers()) {
    for (const inventory::Contact& contact : all.recipients(customer.id)) {
      listed.try_emplace(contact.id, Listed{contact, &customer});
    }
  }
  std::vector<Listed> result;
  for (auto& [id, one] : listed) {
    result.push_back(std::move(one));
  }
  return result;
}

using Rows = std::map<ContactId, records::ContactRow>;
Rows rows_of(records::Store& store) {
  Rows rows;
  store.read([&](records::Transaction& tx) {
    for (records::ContactRow& row : tx.contacts().list()) {
      rows.emplace(row.id, std::move(row));
    }
  });
  return rows;
}
records::ContactRow row_in(const Rows& rows, const ContactId& contact) {
  const auto found = rows.find(contact);
  return found == rows.end() ? records::ContactRow{} : found->second;
}

std::string ask_setting(const ContactId& contact) { return "contact/asked/" + contact.value; }

std::string domain_of(const ContactId& contact) {
  const auto at = contact.value.rfind('@');
  return at == std::string::npos ? std::string{} : contact.value.substr(at + 1);
}

}  // namespace

std::string_view to_string(Reach reach) {
  switch (reach) {
    case Reach::Reachable: return "reachable";
    case Reach::Unverified: return "unverified";
    case Reach::Failing: return "failing";
  }
  return "unverified";
}

std::optional<WallTime> last_reached(const records::ContactRow& row) { return std::max(row.verified, row.delivered); }

Reach reach_of(const records::ContactRow& row, Micros every, WallTime now) {
  const auto reached = last_reached(row);
  if (row.failed && (!reached || *row.failed > *reached)) {
    return Reach::Failing;
  }
  return reached && now - *reached <= every ? Reach::Reachable : Reach::Unverified;
}

std::vector<Unreachable> unreachable_customers(records::Transaction& tx, const inventory::Inventory& all, Micros every, WallTime now) {
  std::map<CustomerId, std::vector<const inventory::Server*>> servers;
  for (const inventory::Server& server : all.servers()) {
    servers[server.customer].push_back(&server);
  }
  std::vector<Unreachable> result;
  for (const inventory::Customer& customer : all.customers()) {
    const auto held = servers.find(customer.id);
    if (held == servers.end()) {
      continue;
    }
    Unreachable one{customer.id, customer.name, customer.phone, {}, {}};
    bool is_reachable = false;
    for (const inventory::Contact& contact : all.recipients(customer.id)) {
      const records::ContactRow row = tx.contacts().find(contact.id);
      const Reach reach = reach_of(row, every, now);
      const bool on_all = std::all_of(held->second.begin(), held->second.end(), [&](const auto* s) { return lives_on(tx, contact.id, s); });
      is_reachable = is_reachable || (reach == Reach::Reachable && !on_all);
      const std::string because = on_all                    ? " (its mailbox lives on the customer's own server)"
                                  : reach == Reach::Failing ? " (" + row.failure + ")"
                                                            : "";
      one.why.push_back(fmt::format("{}: {}{}", contact.id.value, to_string(reach), because));
    }
    if (!is_reachable) {
      for (const inventory::Server* server : held->second) {
        one.servers.push_back(server->id);
      }
      result.push_back(std::move(one));
    }
  }
  return result;
}

void ContactCare::look() {
  const WallTime now = x_clock.wall();
  if (x_looked && *x_looked <= now && now - *x_looked < kLookAfter) {
    return;
  }
  x_looked = now;
  const auto all = x_desk.inventory();
  look_up(*all);
  if (x_desk.policy().ask_contacts == desk::Arming::Armed) {
    ask(*all);
  }
}

void ContactCare::ask(const inventory::Inventory& all) {
  const WallTime now = x_clock.wall();
  const std::vector<Listed> contacts = all_contacts(all);
  const Rows rows = rows_of(x_desk.store());
  std::size_t asked = 0;
  x_desk.store().transact([&](records::Transaction& tx) {
    for (const Listed& one : contacts) {
      if (asked == kMaxAsksAtOnce) {
        break;
      }
      const auto reached = last_reached(row_in(rows, one.contact.id));
      const bool is_fresh = reached && now - *reached <= x_desk.policy().verify_contacts_every;
      if (is_fresh) {
        continue;
      }
      const auto asked_at = tx.settings().get(ask_setting(one.contact.id));
      const auto last = asked_at ? parse_wall_time(*asked_at) : std::nullopt;
      if (last && now - *last < kAskAgain) {
        continue;
      }
      Letter letter;
      letter.key = fmt::format("contact/{}/{}", one.contact.id.value, to_string(now));
      letter.kind = mail::LetterKind::Contact;
      letter.to = one.contact.id.value;
      letter.to_name = one.customer->name;
      letter.language = one.contact.language;
      letter.stands_for = one.contact.id.value;
      static_cast<void>(queue_letter(tx, letter, now));
      tx.settings().set(ask_setting(one.contact.id), to_string(now));
      log_info("CONTACT_ASKED", "{} of {}", one.contact.id.value, one.customer->id.value);
      ++asked;
    }
  });
}

void ContactCare::look_up(const inventory::Inventory& all) {
  const WallTime now = x_clock.wall();
  std::vector<ContactId> due;
  const Rows rows = rows_of(x_desk.store());
  for (const Listed& one : all_contacts(all)) {
    const records::ContactRow row = row_in(rows, one.contact.id);
    const bool is_due = !row.mail_hosts_at || now - *row.mail_hosts_at > kLookUpAgain || *row.mail_hosts_at > now;
    if (is_due && due.size() < kMaxLookUpsAtOnce) {
      due.push_back(one.contact.id);
    }
  }
  std::map<std::string, Expected<std::vector<net::IpAddress>, std::string>> answers;  // many contacts share a domain
  for (const ContactId& contact : due) {
    const std::string domain = domain_of(contact);
    auto known = answers.find(domain);
    if (known == answers.end()) {
      known = answers.emplace(domain, x_look_up(domain)).first;
    }
    const auto& hosts = known->second;
    if (!hosts) {
      log_debug("MAIL_HOSTS_UNKNOWN", "{}: {}", printable(contact.value, 100), hosts.error());
    }
    x_desk.store().transact([&](records::Transaction& tx) {
      records::ContactRow row = tx.contacts().find(contact);
      row.mail_hosts_at = now;  // also of a failure: it is asked again tomorrow, and what was known stays
      if (hosts) {
        row.mail_hosts.clear();
        for (const net::IpAddress& host : *hosts) {
          row.mail_hosts.push_back(to_string(host));
        }
      }
      tx.contacts().put(row);
    });
  }
}

}  // namespace pinfold::engine
