// pinfold inventory import FILE.csv|netbox URL|check, pinfold agent token|list|revoke
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "base/text_file.hpp"
#include "engine/customers/agent_care.hpp"
#include "engine/ports/drivers.hpp"
#include "engine/ports/netbox.hpp"
#include "engine/ports/record_check.hpp"
#include "http/server.hpp"
#include "inventory/csv.hpp"
#include "pinfold/context.hpp"
#include "records/own_contacts.hpp"

namespace pinfold::app {
namespace {

constexpr unsigned kTokenBits = 160;
constexpr Micros kTokenLife = std::chrono::hours{24};

struct Arguments {
  std::string file;
  std::string server;
  std::string agent;
  std::string url;
  std::string token_file;
  std::string ca_file;
  bool dry_run = false;
  bool contacts_of_file = false;
  bool last = false;
};

std::string addresses_of(const std::vector<inventory::Contact>& contacts) {
  std::string text;
  for (const inventory::Contact& contact : contacts) {
    text += (text.empty() ? "" : " ") + contact.id.value;
  }
  return text;
}

/// What customers have set in the portal stays, unless the file is to win; either way it is said where they differ.
void import(Context& context, const std::string& file, records::ContactsOf winner) {
  const auto parsed = inventory::parse_csv(text_of(file, inventory::kMaxCsvBytes), file);
  if (!parsed) {
    throw Stop(Exit::No, to_string(parsed.error()) + "; nothing was imported");
  }
  std::vector<records::ContactDifference> differences;
  context.store().transact([&](records::Transaction& tx) {
    std::vector<inventory::Customer> customers = parsed->customers();
    differences = records::settle_contacts(tx, customers, winner);
    tx.inventory().replace(inventory::Inventory(std::move(customers), parsed->servers()), context.clock().wall());
  });
  const bool own_stay = winner == records::ContactsOf::Customer;
  for (const records::ContactDifference& one : differences) {
    context.output().line({{"customer", one.customer.value},
                           {"contacts", addresses_of(one.own.contacts)},
                           {"contacts_of_file", addresses_of(one.imported)},
                           {"set_by", one.own.who},
                           {"set_at", to_string(one.own.at)},
                           {"kept", own_stay}});
    context.output().say(fmt::format("{}: {} has set {} on {}; the file says {}: {}", one.customer.value, one.own.who, addresses_of(one.own.contacts),
                                     to_people(one.own.at), addresses_of(one.imported), own_stay ? "kept" : "the file's are taken"));
  }
  context.output().line({{"customers", parsed->customers().size()}, {"servers", parsed->servers().size()}, {"contacts_differ", differences.size()}});
  context.output().say(fmt::format("imported {} customers and {} servers{}", parsed->customers().size(), parsed->servers().size(),
                                   differences.empty() || !own_stay ? "" : "; to take the file's contacts instead: --contacts-of-file"));
}

/// Customers and addresses stay; ports and MAC addresses become what NetBox says about the cables.
void import_netbox(Context& context, const Arguments& a) {
  const auto url = fetch::parse_url(a.url);
  if (!url || (!url->is_https && !fetch::is_loopback(*url))) {
    throw Stop(Exit::WrongUse, printable(a.url) + ": not an https address (http only for this machine: the token would be in clear)");
  }
  const auto token = read_secret_file(a.token_file);
  if (!token) {
    throw Stop(Exit::WrongUse, a.token_file + " " + token.error());
  }
  const auto cabling = engine::fetch_netbox(*url, *token, a.ca_file);
  if (!cabling) {
    throw Stop(Exit::Environment, cabling.error() + "; nothing was imported");
  }
  const auto result = cabling->apply_to(*context.desk().inventory());
  if (!a.dry_run) {
    context.store().transact([&](records::Transaction& tx) { tx.inventory().replace(result.inventory, context.clock().wall()); });
  }
  std::vector<std::vector<std::string>> rows;
  for (const inventory::CablingNote& note : result.notes) {
    context.output().line({{"server", note.server.value}, {"note", note.what}});
    rows.push_back({note.server.value, note.what});
  }
  context.output().table({"SERVER", "NOTE"}, rows);
  context.output().line({{"changed", result.changed}, {"confirmed", result.confirmed}, {"notes", result.notes.size()}, {"written", !a.dry_run}});
  context.output().say(fmt::format("{} changed, {} confirmed, {} to look at{}", result.changed, result.confirmed, result.notes.size(),
                                   a.dry_run ? "; nothing was written" : ""));
}

std::string counted(std::size_t count, std::string_view thing) { return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s"); }

/// Every recorded port against what its switch shows: the guards' own rules about the record (G1 to G4), so that a difference is found before
/// it holds an action.
void check(Context& context) {
  const auto executor = engine::make_executor(context.config(), context.store(), context.clock());
  const auto inventory = context.desk().inventory();
  std::vector<std::vector<std::string>> rows;
  std::size_t checked = 0;
  for (const inventory::Server& server : inventory->servers()) {
    const auto differs = [&](const std::string& rule, const std::string& what) {
      context.output().line({{"server", server.id.value}, {"rule", rule}, {"difference", what}});
      rows.push_back({server.id.value, server.port ? server.port->switch_id.value + " " + server.port->name.value : "", what});
    };
    ++checked;
    if (!server.port) {
      differs("", "no switch port on record");
      continue;
    }
    const enforce::DryRun dry = executor->dry_run(server.id, desk::PortWish::Down, *inventory);
    for (const records::RecordDifference& one : engine::differences_of(server.id, dry, context.clock().wall())) {
      differs(one.rule, one.what);
    }
  }
  if (!rows.empty()) {
    context.output().table({"SERVER", "PORT", "DIFFERENCE"}, rows);
  }
  context.output().say(fmt::format("{} checked, {}", counted(checked, "server"), counted(rows.size(), "difference")));
  if (!rows.empty()) {
    throw Stop(Exit::No, "");
  }
}

/// What `pinfold serve` found when it last compared each server; asks no switch.
void print_last_differences(Context& context) {
  std::vector<records::RecordDifference> found;
  context.store().read([&](records::Transaction& tx) { found = tx.inventory().differences(); });
  std::vector<std::vector<std::string>> rows;
  for (const records::RecordDifference& one : found) {
    context.output().line({{"server", one.server.value}, {"rule", one.rule}, {"difference", one.what}, {"since", to_string(one.since)}});
    rows.push_back({one.server.value, to_people(one.since), one.what});
  }
  if (!rows.empty()) {
    context.output().table({"SERVER", "SINCE", "DIFFERENCE"}, rows);
  }
  context.output().say(fmt::format("{} known", counted(rows.size(), "difference")));
  if (!rows.empty()) {
    throw Stop(Exit::No, "");
  }
}

/// As it stands in a URL; a listener on every address has none that could be told.
std::string address_to_call(const net::IpAddress& address) {
  const std::string text = net::to_string(address);
  return text == "0.0.0.0" || text == "::" ? "ADDRESS" : address.is_v4() ? text : "[" + text + "]";
}

void make_token(Context& context, const std::string& server) {
  if (context.desk().inventory()->find(ServerId{server}) == nullptr) {
    throw Stop(Exit::No, "there is no server " + server);
  }
  const std::string token = random_token(kTokenBits);
  const WallTime expires = context.clock().wall() + kTokenLife;
  context.store().transact([&](records::Transaction& tx) { tx.agents().add_token(sha256_hex(token), ServerId{server}, expires); });
  nlohmann::json line{{"server", server}, {"token", token}, {"expires", to_string(expires)}};
  std::string command = fmt::format("pinfold-agent enroll URL {}", token);
  const auto& agents = context.config().agents;
  if (agents.listen) {
    const bool is_tls = !agents.tls_certificate.empty();
    const std::string url = fmt::format("{}://{}:{}", is_tls ? "https" : "http", address_to_call(agents.listen->address), agents.listen->port);
    const auto pin = is_tls ? http::public_key_pin(agents.tls_certificate) : std::nullopt;
    if (is_tls && !pin) {
      throw Stop(Exit::Environment, agents.tls_certificate + ": no certificate can be read there");
    }
    command = fmt::format("pinfold-agent enroll {} {}{}", url, token, pin ? " --pin " + *pin : "");
    line["url"] = url;
    if (pin) {
      line["pin"] = *pin;
    }
  }
  context.output().line(line);
  context.output().say(fmt::format("{}\nGood for one enrolment of {} until {}. On the server:\n  {}", token, server, to_people(expires), command));
}

void list_agents(Context& context) {
  std::vector<records::AgentRow> agents;
  context.store().read([&](records::Transaction& tx) { agents = tx.agents().list(); });
  std::vector<std::vector<std::string>> rows;
  for (const records::AgentRow& agent : agents) {
    const std::string seen = agent.last_seen ? to_people(*agent.last_seen) : "never";
    context.output().line({{"agent", agent.id.value},
                           {"server", agent.server.value},
                           {"enrolled", to_string(agent.enrolled)},
                           {"last_seen", agent.last_seen ? to_string(*agent.last_seen) : ""},
                           {"revoked", agent.revoked},
                           {"tier", agent.tier}});
    rows.push_back({agent.id.value.substr(0, 16), agent.server.value, to_people(agent.enrolled), seen, agent.revoked ? "revoked" : agent.tier});
  }
  context.output().table({"AGENT", "SERVER", "ENROLLED", "LAST SEEN", "SENSORS"}, rows);
}

/// Servers without the agent that their service level promises. Exit 1 when there are any.
void list_missing_agents(Context& context) {
  std::vector<engine::MissingAgent> missing;
  std::size_t expected = 0;
  const auto all = context.desk().inventory();
  context.store().read(
      [&](records::Transaction& tx) { missing = engine::missing_agents(tx, *all, context.desk().policy(), context.clock().wall(), &expected); });
  std::vector<std::vector<std::string>> rows;
  for (const engine::MissingAgent& agent : missing) {
    context.output().line({{"server", agent.server.value},
                           {"level", agent.level},
                           {"last_seen", agent.last_seen ? to_string(*agent.last_seen) : ""},
                           {"why", agent.words()}});
    rows.push_back({agent.server.value, std::to_string(agent.level), agent.words()});
  }
  if (!missing.empty()) {
    context.output().table({"SERVER", "LEVEL", "WHY"}, rows);
  }
  context.output().say(fmt::format("{} of {} expected agents are missing or silent", missing.size(), expected));
  if (!missing.empty()) {
    throw Stop(Exit::No, "");
  }
}

/// A unique beginning of the key is enough, as `agent list` shows it.
void revoke(Context& context, const std::string& start) {
  context.store().transact([&](records::Transaction& tx) {
    std::optional<AgentId> found;
    for (const records::AgentRow& agent : tx.agents().list()) {
      if (istarts_with(agent.id.value, start)) {
        if (found) {
          throw Stop(Exit::WrongUse, "more than one agent's key begins with " + start);
        }
        found = agent.id;
      }
    }
    if (!found) {
      throw Stop(Exit::No, "no agent's key begins with " + start);
    }
    tx.agents().revoke(*found);
  });
  context.output().line({{"revoked", start}});
  context.output().say("revoked");
}

}  // namespace

void add_inventory_commands(CLI::App& app, Context& context) {
  const auto a = std::make_shared<Arguments>();
  CLI::App* inventory = app.add_subcommand("inventory", "customers, servers, addresses, ports")->require_subcommand(1);
  CLI::App* file = add_command(*inventory, "import", "replace the inventory by a CSV file; all of it or nothing", [&context, a] {
    import(context, a->file, a->contacts_of_file ? records::ContactsOf::Import : records::ContactsOf::Customer);
  });
  file->add_option("file", a->file, "see docs/manual/configuration.md")->required();
  file->add_flag("--contacts-of-file", a->contacts_of_file, "take the file's contacts also where a customer has set other ones in the portal");
  CLI::App* netbox = add_command(*inventory, "netbox", "take switch ports and MAC addresses of known servers from NetBox's cables",
                                 [&context, a] { import_netbox(context, *a); });
  netbox->add_option("url", a->url, "NetBox's address, without /api")->required();
  netbox->add_option("--token-file", a->token_file, "a file that only you may read, with the API token")->required();
  netbox->add_option("--ca-file", a->ca_file, "the authority of NetBox's certificate, if it is not a public one");
  netbox->add_flag("--dry-run", a->dry_run, "show what would change");
  add_command(*inventory, "check", "compare every recorded port with what its switch shows", [&context, a] {
    a->last ? print_last_differences(context) : check(context);
  })->add_flag("--last", a->last, "what the regular comparison of `pinfold serve` found; asks no switch");
  CLI::App* agent = app.add_subcommand("agent", "agents on customers' servers")->require_subcommand(1);
  add_command(*agent, "token", "a one-time token to enrol the agent of a server", [&context, a] { make_token(context, a->server); })
      ->add_option("server", a->server, "the server")
      ->required();
  add_command(*agent, "list", "enrolled agents", [&context] { list_agents(context); });
  add_command(*agent, "missing", "servers without the agent that their service level expects; exit 1 when there are any",
              [&context] { list_missing_agents(context); });
  add_command(*agent, "revoke", "believe this agent no longer", [&context, a] { revoke(context, a->agent); })
      ->add_option("agent", a->agent, "its key, or the beginning of it")
      ->required();
}

}  // namespace pinfold::app
