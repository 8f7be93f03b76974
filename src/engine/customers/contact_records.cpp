#include "engine/customers/contact_records.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace pinfold::engine {

void remember_contacts(records::Transaction& tx, const desk::Case& c, const std::vector<desk::Event>& added) {
  const auto change = [&](const ContactId& contact, auto&& edit) {
    records::ContactRow row = tx.contacts().find(contact);
    edit(row);
    tx.contacts().put(row);
  };
  for (const desk::Event& event : added) {
    if (const auto* delivered = std::get_if<desk::NoticeDelivered>(&event.body);
        delivered != nullptr && delivered->proof != desk::DeliveryProof::Presumed) {
      change(c.find_notice(delivered->notice)->contact, [&](records::ContactRow& row) { row.delivered = event.at; });
    } else if (const auto* failed = std::get_if<desk::NoticeFailed>(&event.body)) {
      change(c.find_notice(failed->notice)->contact, [&](records::ContactRow& row) {
        row.failed = event.at;
        row.failure = printable(failed->why, 300);
      });
    } else if (const auto* answer = std::get_if<desk::ResponseRecorded>(&event.body)) {
      const bool is_known =
          std::any_of(c.notices.begin(), c.notices.end(), [&](const desk::Notice& n) { return n.contact.value == to_lower(answer->from); });
      if (is_known) {
        change(ContactId{to_lower(answer->from)}, [&](records::ContactRow& row) {
          row.verified = event.at;
          row.verified_how = "answered " + to_string(c.id);
        });
      }
    }
  }
}

bool lives_on(records::Transaction& tx, const ContactId& contact, const inventory::Server* server) {
  if (server == nullptr) {
    return false;
  }
  const records::ContactRow row = tx.contacts().find(contact);
  return std::any_of(row.mail_hosts.begin(), row.mail_hosts.end(), [&](const std::string& host) {
    const auto address = net::IpAddress::parse(host);
    return address &&
           std::any_of(server->addresses.begin(), server->addresses.end(), [&](const net::Prefix& prefix) { return prefix.contains(*address); });
  });
}

}  // namespace pinfold::engine
