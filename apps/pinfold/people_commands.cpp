// pinfold aup publish|list|show|diff|tell|accept, pinfold call list|take, pinfold contact list|unreachable|ask|verify, pinfold detector list
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "engine/customers/contact_care.hpp"
#include "engine/customers/terms.hpp"
#include "engine/mail/letters.hpp"
#include "engine/reports/detector_record.hpp"
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
  std::string link;
  std::string state;
  unsigned from = 0;
  unsigned to = 0;
};

/// "2026-12-01" or a whole time.
WallTime day_of(const std::string& text) {
  const auto day = parse_wall_time(text.find('T') == std::string::npos ? text + "T00:00:00Z" : text);
  if (!day) {
    throw Stop(Exit::WrongUse, "'" + printable(text, 40) + "' is no day like 2026-12-01");
  }
  return *day;
}

void publish(Context& context, const Arguments& a) {
  const std::string markdown = text_of(a.text, ticket::kMaxAupBytes);
  const auto clauses = ticket::parse_clauses(markdown);
  if (!clauses) {
    throw Stop(Exit::No, a.text + ": " + clauses.error());
  }
  const WallTime now = context.clock().wall();
  const WallTime from = a.state.empty() ? now : day_of(a.state);
  unsigned version = 0;
  context.store().transact([&](records::Transaction& tx) { version = engine::publish_terms(tx, markdown, from, now); });
  context.output().line({{"version", version}, {"in_force_from", to_string(from)}, {"classes", clauses->size()}});
  context.output().say(fmt::format("version {}, in force from {}; {} classes of abuse have a clause. Tell the customers: pinfold aup tell {}",
                                   version, to_people(from), clauses->size(), version));
}

std::vector<records::AupVersion> versions(Context& context) {
  std::vector<records::AupVersion> all;
  context.store().read([&](records::Transaction& tx) { all = tx.aup().versions(); });
  return all;
}

void list_versions(Context& context) {
  const auto all = context.desk().inventory();
  std::vector<std::vector<std::string>> rows;
  context.store().read([&](records::Transaction& tx) {
    const auto now = engine::terms_at(tx, context.clock().wall());
    for (const records::AupVersion& v : tx.aup().versions()) {
      const engine::TermsReach reach = engine::reach_of_terms(tx, *all, v.version);
      const WallTime from = engine::in_force_from(tx, v);
      const bool holds = now && now->version == v.version;
      context.output().line({{"version", v.version},
                             {"published", to_string(v.published)},
                             {"in_force_from", to_string(from)},
                             {"in_force", holds},
                             {"told", reach.told},
                             {"waiting", reach.waiting},
                             {"failed", reach.failed},
                             {"untold", reach.untold},
                             {"accepted_by", reach.accepted}});
      rows.push_back({std::to_string(v.version), to_people(v.published), to_people(from), holds ? "yes" : "no", std::to_string(reach.told),
                      std::to_string(reach.waiting), std::to_string(reach.failed), std::to_string(reach.untold), std::to_string(reach.accepted)});
    }
  });
  context.output().table({"VERSION", "PUBLISHED", "FROM", "IN FORCE", "TOLD", "WAITING", "FAILED", "NOT TOLD", "ACCEPTED"}, rows);
}

void show_version(Context& context, unsigned version) {
  const auto all = versions(context);
  std::optional<records::AupVersion> shown;
  context.store().read([&](records::Transaction& tx) { shown = engine::terms_at(tx, context.clock().wall()); });
  if (version != 0) {
    shown = version <= all.size() ? std::optional(all[version - 1]) : std::nullopt;
  }
  if (!shown) {
    throw Stop(Exit::No, all.empty() ? "nothing has been published" : fmt::format("there are versions 1 to {}", all.size()));
  }
  context.output().line({{"version", shown->version}, {"published", to_string(shown->published)}, {"markdown", shown->markdown}});
  context.output().say(shown->markdown);
}

void tell(Context& context, const Arguments& a) {
  const auto all = versions(context);
  if (a.to == 0 || a.to > all.size()) {
    throw Stop(Exit::No, all.empty() ? "nothing has been published" : fmt::format("there are versions 1 to {}", all.size()));
  }
  std::size_t queued = 0;
  context.store().transact(
      [&](records::Transaction& tx) { queued = engine::tell_customers(tx, *context.desk().inventory(), a.to, a.link, context.clock().wall()); });
  context.output().line({{"version", a.to}, {"letters", queued}});
  context.output().say(fmt::format("{} letters wait to go out; who was told before is not told again", queued));
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
void list_contacts(Context& context, const std::string& wanted) {
  const auto all = context.desk().inventory();
  const WallTime now = context.clock().wall();
  const Micros every = context.desk().policy().verify_contacts_every;
  std::vector<std::vector<std::string>> rows;
  context.store().read([&](records::Transaction& tx) {
    for (const inventory::Customer& customer : all->customers()) {
      for (const inventory::Contact& contact : all->recipients(customer.id)) {
        const records::ContactRow row = tx.contacts().find(contact.id);
        const auto reached = engine::last_reached(row);
        const engine::Reach reach = engine::reach_of(row, every, now);
        const bool failing = reach == engine::Reach::Failing;
        const std::string state(engine::to_string(reach));
        if (!wanted.empty() && wanted != state) {
          continue;
        }
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

/// Whom would a notice not reach today? A list to telephone along, before it is needed.
void list_unreachable(Context& context) {
  const auto all = context.desk().inventory();
  std::vector<engine::Unreachable> list;
  context.store().read([&](records::Transaction& tx) {
    list = engine::unreachable_customers(tx, *all, context.desk().policy().verify_contacts_every, context.clock().wall());
  });
  std::vector<std::vector<std::string>> rows;
  for (const engine::Unreachable& one : list) {
    nlohmann::json servers = nlohmann::json::array();
    for (const ServerId& server : one.servers) {
      servers.push_back(server.value);
    }
    context.output().line({{"customer", one.customer.value}, {"name", one.name}, {"phone", one.phone}, {"servers", servers}, {"why", one.why}});
    rows.push_back({one.customer.value, one.name, one.phone.empty() ? "not recorded" : one.phone, std::to_string(one.servers.size()),
                    fmt::format("{}", fmt::join(one.why, "; "))});
  }
  context.output().table({"CUSTOMER", "NAME", "TELEPHONE", "SERVERS", "WHY"}, rows);
  context.output().say(fmt::format("{} of {} customers would not be reached today", list.size(), all->customers().size()));
}

void ask(Context& context, const Arguments& a) {
  const auto all = context.desk().inventory();
  const ContactId wanted{to_lower(a.text)};
  const WallTime now = context.clock().wall();
  for (const inventory::Customer& customer : all->customers()) {
    for (const inventory::Contact& contact : all->recipients(customer.id)) {
      if (contact.id == wanted) {
        engine::Letter letter;
        letter.key = fmt::format("contact/{}/{}", contact.id.value, to_string(now));
        letter.kind = mail::LetterKind::Contact;
        letter.to = contact.id.value;
        letter.to_name = customer.name;
        letter.language = contact.language;
        letter.stands_for = contact.id.value;
        context.store().transact([&](records::Transaction& tx) { static_cast<void>(engine::queue_letter(tx, letter, now)); });
        context.output().line({{"contact", contact.id.value}, {"letter", letter.key}});
        context.output().say("a letter waits to go out; any answer verifies the address");
        return;
      }
    }
  }
  throw Stop(Exit::No, printable(a.text, 100) + " is no contact of the inventory");
}

/// How often each detector and reporter was right, as their cases ended.
void list_detectors(Context& context) {
  std::vector<engine::DetectorRecord> records;
  context.store().read([&](records::Transaction& tx) { records = engine::detector_records(tx); });
  std::vector<std::vector<std::string>> rows;
  for (const engine::DetectorRecord& r : records) {
    nlohmann::json wrong_in = nlohmann::json::array();
    for (const CaseId id : r.wrong_in) {
      wrong_in.push_back(to_string(id));
    }
    const auto percent = r.percent_wrong();
    nlohmann::json line{{"origin", to_string(r.origin)},
                        {"class", to_string(r.abuse_class)},
                        {"kind", r.kind},
                        {"who", r.who},
                        {"cases", r.cases},
                        {"right", r.right},
                        {"wrong", r.wrong},
                        {"unknown", r.unknown},
                        {"open", r.open},
                        {"wrong_in", wrong_in}};
    if (percent) {
      line["percent_wrong"] = *percent;
    }
    context.output().line(line);
    rows.push_back({std::string(to_string(r.origin)), std::string(to_string(r.abuse_class)), r.kind, r.who, std::to_string(r.cases),
                    std::to_string(r.right), std::to_string(r.wrong), std::to_string(r.unknown), std::to_string(r.open),
                    percent ? fmt::format("{} %", *percent) : "–"});
  }
  context.output().table({"ORIGIN", "CLASS", "KIND", "WHO", "CASES", "RIGHT", "WRONG", "NOT KNOWN", "OPEN", "WRONG OF KNOWN"}, rows);
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
  CLI::App* publication = add_command(*aup, "publish", "a new version, from a Markdown file whose headings name their classes of abuse",
                                      [&context, a] { publish(context, *a); });
  publication->add_option("file", a->text, "the file")->required();
  publication->add_option("--from", a->state, "the day from which it is in force (2026-12-01); now, if not given");
  add_command(*aup, "list", "the versions: who was told, who accepted", [&context] { list_versions(context); });
  add_command(*aup, "show", "a version's text; the one in force, if none is named", [&context, a] {
    show_version(context, a->to);
  })->add_option("version", a->to, "the version");
  CLI::App* telling = add_command(*aup, "tell", "write to every customer what differs from the version before", [&context, a] { tell(context, *a); });
  telling->add_option("version", a->to, "the version")->required();
  telling->add_option("--link", a->link, "where the whole text stands");
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
  add_command(*contacts, "list", "every contact: reachable, unverified or failing", [&context, a] { list_contacts(context, a->state); })
      ->add_option("--state", a->state, "only these")
      ->check(CLI::IsMember({"reachable", "unverified", "failing"}));
  add_command(*contacts, "unreachable", "the customers whom a notice would not reach today, with their telephone",
              [&context] { list_unreachable(context); });
  add_command(*contacts, "ask", "write to a contact now, whether somebody reads there", [&context, a] { ask(context, *a); })
      ->add_option("address", a->text, "the mail address")
      ->required();
  CLI::App* verified = add_command(*contacts, "verify", "record that a contact was verified", [&context, a] { verify(context, *a); });
  verified->add_option("address", a->text, "the mail address")->required();
  verified->add_option("--by", a->by, "who you are")->required();
  verified->add_option("--how", a->how, "phone, portal, …")->required();
  verified->add_option("--mail-host", a->hosts, "the addresses of the hosts that take its mail (its MX)");

  CLI::App* detectors = app.add_subcommand("detector", "the record of those who accuse")->require_subcommand(1);
  add_command(*detectors, "list", "how often each detector and reporter was right, as the cases ended", [&context] { list_detectors(context); });
}

}  // namespace pinfold::app
