// pinfold aup publish|list|diff|accept, pinfold call list|take, pinfold contact list|verify
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "pinfold/context.hpp"
#include "ticket/aup.hpp"

namespace pinfold::app {
namespace {

struct Arguments {
  std::string text;
  std::string by;
  std::string how;
  std::string customer;
  std::vector<std::string> hosts;
  unsigned from = 0;
  unsigned to = 0;
};

void publish(Context& context, const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string markdown{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const auto clauses = ticket::parse_clauses(markdown);
  if (!clauses) {
    throw Stop(Exit::No, file + ": " + clauses.error());
  }
  unsigned version = 0;
  context.store().transact([&](records::Transaction& tx) { version = tx.aup().publish(markdown, context.clock().wall()); });
  context.output().line({{"version", version}, {"classes", clauses->size()}});
  context.output().say(fmt::format("version {}; {} classes of abuse have a clause", version, clauses->size()));
}

std::vector<records::AupVersion> versions(Context& context) {
  std::vector<records::AupVersion> all;
  context.store().read([&](records::Transaction& tx) { all = tx.aup().versions(); });
  return all;
}

void list_versions(Context& context) {
  std::vector<records::AupAcceptance> accepted;
  context.store().read([&](records::Transaction& tx) { accepted = tx.aup().acceptances(); });
  for (const records::AupVersion& v : versions(context)) {
    const auto by = std::count_if(accepted.begin(), accepted.end(), [&](const auto& a) { return a.version == v.version; });
    context.output().line({{"version", v.version}, {"published", to_string(v.published)}, {"accepted_by", by}});
    context.output().say(fmt::format("{:>4}  {}  accepted by {} customers", v.version, to_people(v.published), by));
  }
}

void diff(Context& context, const Arguments& a) {
  const auto all = versions(context);
  if (a.from == 0 || a.to == 0 || a.from > all.size() || a.to > all.size()) {
    throw Stop(Exit::No, fmt::format("there are versions 1 to {}", all.size()));
  }
  for (const std::string& line : ticket::differences(all[a.from - 1].markdown, all[a.to - 1].markdown)) {
    context.output().line({{"line", line}});
    context.output().say(line);
  }
}

void list_calls(Context& context) {
  std::vector<records::CallRow> calls;
  context.store().read([&](records::Transaction& tx) { calls = tx.calls().open(); });
  std::vector<std::vector<std::string>> rows;
  for (const records::CallRow& row : calls) {
    context.output().line(
        {{"call", row.key}, {"case", to_string(row.case_id)}, {"what", row.what}, {"called", to_string(row.called)}, {"step", row.step}});
    rows.push_back({row.key, to_people(row.called), std::to_string(row.step + 1), row.what});
  }
  context.output().table({"CALL", "SINCE", "STEP", "WHAT"}, rows);
}

void take_call(Context& context, const Arguments& a) {
  bool taken = false;
  context.store().transact([&](records::Transaction& tx) { taken = tx.calls().take(a.text, StaffId{a.by}, context.clock().wall()); });
  if (!taken) {
    throw Stop(Exit::No, a.text + ": there is no such call, or somebody has taken it");
  }
  context.output().line({{"call", a.text}, {"taken_by", a.by}});
  context.output().say("yours");
}

/// Every contact of the inventory, with what is known of it: whom could the desk not reach today?
void list_contacts(Context& context) {
  const auto all = context.desk().inventory();
  const WallTime now = context.clock().wall();
  const Micros every = context.desk().policy().verify_contacts_every;
  std::vector<std::vector<std::string>> rows;
  context.store().read([&](records::Transaction& tx) {
    for (const inventory::Customer& customer : all->customers()) {
      for (const inventory::Contact& contact : all->recipients(customer.id)) {
        const records::ContactRow row = tx.contacts().find(contact.id);
        const auto reached = std::max(row.verified, row.delivered);
        const bool failing = row.failed && (!reached || *row.failed > *reached);
        const char* state = failing ? "failing" : (reached && now - *reached <= every ? "reachable" : "unverified");
        context.output().line({{"customer", customer.id.value},
                               {"contact", contact.id.value},
                               {"language", contact.language},
                               {"state", state},
                               {"verified", row.verified ? to_string(*row.verified) : ""},
                               {"how", row.verified_how},
                               {"failure", row.failure}});
        rows.push_back(
            {customer.id.value, contact.id.value, state, reached ? to_people(*reached) : "never", failing ? row.failure : row.verified_how});
      }
    }
  });
  context.output().table({"CUSTOMER", "CONTACT", "STATE", "LAST REACHED", "HOW"}, rows);
}

void verify(Context& context, const Arguments& a) {
  for (const std::string& host : a.hosts) {
    if (!net::IpAddress::parse(host)) {
      throw Stop(Exit::WrongUse, "'" + printable(host, 60) + "' is not an IP address");
    }
  }
  context.store().transact([&](records::Transaction& tx) {
    records::ContactRow row = tx.contacts().find(ContactId{to_lower(a.text)});
    row.verified = context.clock().wall();
    row.verified_how = printable(fmt::format("{} ({})", a.how, a.by), 200);
    if (!a.hosts.empty()) {
      row.mail_hosts = a.hosts;
      row.mail_hosts_at = row.verified;
    }
    tx.contacts().put(row);
  });
  context.output().line({{"contact", to_lower(a.text)}});
  context.output().say("noted");
}

}  // namespace

void add_people_commands(CLI::App& app, Context& context) {
  const auto a = std::make_shared<Arguments>();
  CLI::App* aup = app.add_subcommand("aup", "the acceptable use policy")->require_subcommand(1);
  add_command(*aup, "publish", "a new version, from a Markdown file whose headings name their classes of abuse",
              [&context, a] { publish(context, a->text); })
      ->add_option("file", a->text, "the file")
      ->required();
  add_command(*aup, "list", "the versions, and how many customers accepted each", [&context] { list_versions(context); });
  CLI::App* difference = add_command(*aup, "diff", "what differs between two versions", [&context, a] { diff(context, *a); });
  difference->add_option("from", a->from, "the earlier")->required();
  difference->add_option("to", a->to, "the later")->required();
  CLI::App* accept = add_command(*aup, "accept", "record a customer's acceptance", [&context, a] {
    const auto all = versions(context);
    if (a->to == 0 || a->to > all.size() || context.desk().inventory()->find(CustomerId{a->customer}) == nullptr) {
      throw Stop(Exit::No, "there is no such customer or version");
    }
    context.store().transact([&](records::Transaction& tx) { tx.aup().accept({CustomerId{a->customer}, a->to, context.clock().wall(), a->by}); });
    context.output().line({{"customer", a->customer}, {"version", a->to}});
  });
  accept->add_option("customer", a->customer, "the customer")->required();
  accept->add_option("version", a->to, "the version")->required();
  accept->add_option("--by", a->by, "who of the customer accepted")->required();

  CLI::App* calls = app.add_subcommand("call", "calls to people")->require_subcommand(1);
  add_command(*calls, "list", "those that nobody has taken", [&context] { list_calls(context); });
  CLI::App* take = add_command(*calls, "take", "take one: it escalates no further", [&context, a] { take_call(context, *a); });
  take->add_option("call", a->text, "as call list names it")->required();
  take->add_option("--by", a->by, "who you are")->required();

  CLI::App* contacts = app.add_subcommand("contact", "whom the desk could reach")->require_subcommand(1);
  add_command(*contacts, "list", "every contact: reachable, unverified or failing", [&context] { list_contacts(context); });
  CLI::App* verified = add_command(*contacts, "verify", "record that a contact was verified", [&context, a] { verify(context, *a); });
  verified->add_option("address", a->text, "the mail address")->required();
  verified->add_option("--by", a->by, "who you are")->required();
  verified->add_option("--how", a->how, "phone, portal, …")->required();
  verified->add_option("--mail-host", a->hosts, "the addresses of the hosts that take its mail (its MX)");
}

}  // namespace pinfold::app
