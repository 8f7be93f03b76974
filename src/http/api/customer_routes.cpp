// Customers, their contacts, and the acceptable use policy.
#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.hpp"
#include "http/api/json.hpp"
#include "http/api/operations.hpp"
#include "records/own_contacts.hpp"
#include "ticket/aup.hpp"

namespace pinfold::http::api {
namespace {

constexpr Micros kCodeLasts = std::chrono::hours{24};
constexpr unsigned kCodeBits = 40;

const inventory::Customer& customer_of(const View& view, const std::string& id) {
  const inventory::Customer* customer = view.inventory->find(CustomerId{id});
  if (customer == nullptr || !view.who.sees(customer->id)) {
    throw not_found("there is no such customer");
  }
  return *customer;
}

std::string_view state_of(const records::ContactRow& row, WallTime now, Micros every) {
  const auto reached = std::max(row.verified, row.delivered);
  if (row.failed && (!reached || *row.failed > *reached)) {
    return "failing";
  }
  return reached && now - *reached <= every ? "reachable" : "unverified";
}

json contact_json(Api& api, records::Transaction& tx, const inventory::Contact& contact, WallTime now) {
  const records::ContactRow row = tx.contacts().find(contact.id);
  return {{"address", contact.id.value},
          {"language", contact.language},
          {"state", state_of(row, now, api.desk().policy().verify_contacts_every)},
          {"verified", nullable(row.verified)},
          {"verified_how", row.verified_how},
          {"delivered", nullable(row.delivered)},
          {"failed", nullable(row.failed)},
          {"failure", row.failure}};
}

struct Terms {
  std::vector<records::AupVersion> versions;
  std::vector<records::AupAcceptance> accepted;
  [[nodiscard]] std::optional<unsigned> latest_of(const CustomerId& customer) const {
    std::optional<unsigned> latest;
    for (const records::AupAcceptance& a : accepted) {
      if (a.customer == customer) {
        latest = std::max(latest.value_or(0), a.version);
      }
    }
    return latest;
  }
};
Terms terms_of(records::Transaction& tx) { return {tx.aup().versions(), tx.aup().acceptances()}; }

json customer_json(Api& api, records::Transaction& tx, const inventory::Customer& customer, const View& view, const Terms& terms, WallTime now) {
  records::QueueFilter open;
  open.customer = customer.id;
  std::size_t failing = 0;
  for (const inventory::Contact& contact : customer.contacts) {
    failing += state_of(tx.contacts().find(contact.id), now, api.desk().policy().verify_contacts_every) == "failing" ? 1U : 0U;
  }
  const auto& servers = view.inventory->servers();
  const auto latest = terms.latest_of(customer.id);
  return {{"id", customer.id.value},
          {"name", customer.name},
          {"servers", std::count_if(servers.begin(), servers.end(), [&](const inventory::Server& s) { return s.customer == customer.id; })},
          {"open_cases", tx.queue().count(open)},
          {"contacts_failing", failing},
          {"aup_version", latest ? json(*latest) : json(nullptr)}};
}

Response customer_detail(Api& api, const Call& call, const std::string& id) {
  const View view = view_of(api, call);
  const inventory::Customer& customer = customer_of(view, id);
  json out;
  std::int64_t version = 0;
  api.store().read([&](records::Transaction& tx) {
    out = customer_json(api, tx, customer, view, terms_of(tx), call.now);
    version = tx.inventory().version();
    json contacts = json::array();
    for (const inventory::Contact& contact : customer.contacts) {
      contacts.push_back(contact_json(api, tx, contact, call.now));
    }
    out["contacts"] = contacts;
  });
  out["account"] = customer.account ? json(customer.account->value) : json(nullptr);
  out["phone"] = customer.phone;
  out["reseller"] = customer.reseller ? json(customer.reseller->value) : json(nullptr);
  return ok_with_tag(out, version);
}

bool is_address(std::string_view text) {
  const std::size_t at = text.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.find('@', at + 1) == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f' && c != ',' && c != '<' && c != '>'; });
}

std::string code_setting(const CustomerId& customer, const std::string& address) {
  return fmt::format("contact-code/{}/{}", customer.value, address);
}

json version_json(const records::AupVersion& v, const Terms& terms, const Caller& who) {
  std::optional<WallTime> accepted;
  std::uint64_t by = 0;
  for (const records::AupAcceptance& a : terms.accepted) {
    if (a.version == v.version) {
      ++by;
      accepted = !who.is_staff() && a.customer == who.user.customer ? std::optional(a.at) : accepted;
    }
  }
  return {{"version", v.version},
          {"published", to_string(v.published)},
          {"accepted", nullable(accepted)},
          {"accepted_by", who.is_staff() ? json(by) : json(nullptr)}};
}

const records::AupVersion& find_version(const Terms& terms, std::int64_t number) {
  if (number < 1 || static_cast<std::size_t>(number) > terms.versions.size()) {
    throw not_found("there is no such version");
  }
  return terms.versions[static_cast<std::size_t>(number) - 1];
}

json aup_json(const records::AupVersion& v, const Terms& terms, const Caller& who) {
  json out = version_json(v, terms, who);
  out["markdown"] = v.markdown;
  out["clauses"] = json::object();
  if (const auto clauses = ticket::parse_clauses(v.markdown)) {
    for (const auto& [abuse_class, heading] : *clauses) {
      out["clauses"][std::string(to_string(abuse_class))] = heading;
    }
  }
  return out;
}

}  // namespace

Response list_customers(Api& api, Call& call) {
  const View view = view_of(api, call);
  const std::string search = call.param("q");
  const auto cursor = call.cursor(1);
  std::vector<const inventory::Customer*> wanted;
  for (const inventory::Customer& customer : view.inventory->customers()) {
    if ((search.empty() || icontains(customer.id.value, search) || icontains(customer.name, search)) &&
        (cursor.empty() || customer.id.value > cursor[0])) {
      wanted.push_back(&customer);
    }
  }
  const std::size_t shown = std::min(call.limit(), wanted.size());
  std::partial_sort(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(shown), wanted.end(),
                    [](const inventory::Customer* a, const inventory::Customer* b) { return a->id < b->id; });
  json items = json::array();
  api.store().read([&](records::Transaction& tx) {
    const Terms terms = terms_of(tx);
    for (std::size_t i = 0; i < shown; ++i) {
      items.push_back(customer_json(api, tx, *wanted[i], view, terms, call.now));
    }
  });
  return list_of(std::move(items), wanted.size() > shown ? std::optional(make_cursor({wanted[shown - 1]->id.value})) : std::nullopt);
}

Response get_customer(Api& api, Call& call) { return customer_detail(api, call, call.path.at(0)); }

Response set_contacts(Api& api, Call& call) {
  const View view = view_of(api, call);
  const CustomerId id = customer_of(view, call.path.at(0)).id;
  if (!call.body.contains("contacts") || !call.body["contacts"].is_array() || call.body["contacts"].empty() ||
      call.body["contacts"].size() > inventory::kMaxContacts) {
    throw invalid("contacts", fmt::format("a list of 1 to {}", inventory::kMaxContacts));
  }
  std::vector<inventory::Contact> contacts;
  for (const json& one : call.body["contacts"]) {
    JsonReader reader(as_object(one), "contacts.");
    const std::string address = to_lower(trim(reader.text("address")));
    const std::string language = reader.has("language") ? reader.text("language") : "en";
    if (reader.error() || address.size() > 254 || !is_address(address) || language.size() > 20) {
      throw invalid("contacts", reader.error().value_or("'" + printable(address, 60) + "' is not a mail address"));
    }
    contacts.push_back({ContactId{address}, printable(language, 20)});
  }
  api.store().transact([&](records::Transaction& tx) {
    if (tx.inventory().version() != *call.if_match) {
      throw overtaken("the inventory has changed meanwhile");
    }
    const inventory::Inventory now = tx.inventory().load();
    std::vector<inventory::Customer> customers = now.customers();
    for (inventory::Customer& customer : customers) {
      if (customer.id == id) {
        customer.contacts = contacts;
      }
    }
    tx.inventory().replace(inventory::Inventory(std::move(customers), now.servers()), call.now);
    records::set_own_contacts(tx, id, {contacts, call.who().user.login, call.now});
  });
  return customer_detail(api, call, id.value);
}

Response verify_contact(Api& api, Call& call) {
  const View view = view_of(api, call);
  const inventory::Customer& customer = customer_of(view, call.path.at(0));
  const std::string address = to_lower(call.path.at(1));
  const auto contact =
      std::find_if(customer.contacts.begin(), customer.contacts.end(), [&](const inventory::Contact& c) { return c.id.value == address; });
  if (contact == customer.contacts.end()) {
    throw not_found("the customer has no such contact");
  }
  const std::string setting = code_setting(customer.id, address);
  const std::string code = to_lower(call.text_or("code", 40, ""));
  std::string how;
  if (call.who().is_staff()) {
    how = printable(fmt::format("{} ({})", call.text("how", 150), call.who().user.login), 200);
  } else if (!code.empty()) {
    std::optional<std::string> kept;
    api.store().read([&](records::Transaction& tx) { kept = tx.settings().get(setting); });
    const auto parts = split(kept ? std::string_view(*kept) : std::string_view{}, ' ');
    const auto sent = parts.size() == 2 ? parse_wall_time(parts[1]) : std::nullopt;
    if (!sent || call.now - *sent > kCodeLasts || !equal_secrets(parts[0], sha256_hex(code))) {
      throw invalid("code", "the code is wrong or too old");
    }
    how = "code sent by mail";
  }
  if (how.empty()) {
    const std::string fresh = random_token(kCodeBits);
    api.store().transact([&](records::Transaction& tx) { tx.settings().set(setting, sha256_hex(fresh) + " " + to_string(call.now)); });
    if (const auto sent = api.desk().send_code(address, contact->language, fresh); !sent) {
      throw Refusal(503, "unavailable", sent.error());
    }
  } else {
    api.store().transact([&](records::Transaction& tx) {
      records::ContactRow row = tx.contacts().find(contact->id);
      row.id = contact->id;
      row.verified = call.now;
      row.verified_how = how;
      tx.contacts().put(row);
      tx.settings().set(setting, "");
    });
  }
  json out;
  api.store().read([&](records::Transaction& tx) { out = contact_json(api, tx, *contact, call.now); });
  return ok(out);
}

Response list_aup_versions(Api& api, Call& call) {
  json items = json::array();
  api.store().read([&](records::Transaction& tx) {
    const Terms terms = terms_of(tx);
    for (auto v = terms.versions.rbegin(); v != terms.versions.rend(); ++v) {
      items.push_back(version_json(*v, terms, call.who()));
    }
  });
  return list_of(std::move(items), std::nullopt);
}

Response publish_aup(Api& api, Call& call) {
  const std::string markdown = call.text("markdown", ticket::kMaxAupBytes);
  if (const auto clauses = ticket::parse_clauses(markdown); !clauses) {
    throw invalid("markdown", clauses.error());
  }
  json out;
  api.store().transact([&](records::Transaction& tx) {
    const unsigned version = tx.aup().publish(markdown, call.now);
    const Terms terms = terms_of(tx);
    out = aup_json(find_version(terms, version), terms, call.who());
    call.subject = fmt::format("version {}", version);
  });
  return ok(out, 201);
}

Response get_aup(Api& api, Call& call) {
  json out;
  api.store().read([&](records::Transaction& tx) {
    const Terms terms = terms_of(tx);
    out = aup_json(find_version(terms, call.number(0)), terms, call.who());
  });
  return ok(out);
}

Response compare_aup(Api& api, Call& call) {
  const auto from = parse_number(call.param("from"));
  if (!from || *from == 0 || *from > INT32_MAX) {
    throw invalid("from", "a version's number");
  }
  Terms terms;
  api.store().read([&](records::Transaction& tx) { terms = terms_of(tx); });
  const records::AupVersion& earlier = find_version(terms, static_cast<std::int64_t>(*from));
  const records::AupVersion& later = find_version(terms, call.number(0));
  json lines = json::array();
  for (const std::string& line : ticket::differences(earlier.markdown, later.markdown)) {
    lines.push_back({{"mark", line.substr(0, 1)}, {"text", line.substr(std::min<std::size_t>(1, line.size()))}});
  }
  return ok({{"from", earlier.version}, {"to", later.version}, {"lines", lines}});
}

Response accept_aup(Api& api, Call& call) {
  api.store().transact([&](records::Transaction& tx) {
    const Terms terms = terms_of(tx);
    tx.aup().accept({call.who().user.customer, find_version(terms, call.number(0)).version, call.now, call.who().user.login});
  });
  return done();
}

}  // namespace pinfold::http::api
