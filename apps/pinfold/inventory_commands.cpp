// pinfold inventory import FILE.csv, pinfold agent token|list|revoke
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "inventory/csv.hpp"
#include "pinfold/context.hpp"

namespace pinfold::app {
namespace {

constexpr unsigned kTokenBits = 160;
constexpr Micros kTokenLife = std::chrono::hours{24};

struct Arguments {
  std::string file;
  std::string server;
  std::string agent;
};

void import(Context& context, const std::string& file) {
  const auto parsed = inventory::parse_csv(text_of(file, inventory::kMaxCsvBytes), file);
  if (!parsed) {
    throw Stop(Exit::No, to_string(parsed.error()) + "; nothing was imported");
  }
  context.store().transact([&](records::Transaction& tx) { tx.inventory().replace(*parsed, context.clock().wall()); });
  context.output().line({{"customers", parsed->customers().size()}, {"servers", parsed->servers().size()}});
  context.output().say(fmt::format("imported {} customers and {} servers", parsed->customers().size(), parsed->servers().size()));
}

void make_token(Context& context, const std::string& server) {
  if (context.desk().inventory()->find(ServerId{server}) == nullptr) {
    throw Stop(Exit::No, "there is no server " + server);
  }
  const std::string token = random_token(kTokenBits);
  const WallTime expires = context.clock().wall() + kTokenLife;
  context.store().transact([&](records::Transaction& tx) { tx.agents().add_token(sha256_hex(token), ServerId{server}, expires); });
  context.output().line({{"server", server}, {"token", token}, {"expires", to_string(expires)}});
  context.output().say(fmt::format("{}\nGood for one enrolment of {} until {}: pinfold-agent enroll URL TOKEN", token, server, to_people(expires)));
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
  add_command(*inventory, "import", "replace the inventory by a CSV file; all of it or nothing", [&context, a] { import(context, a->file); })
      ->add_option("file", a->file, "see docs/manual/configuration.md")
      ->required();
  CLI::App* agent = app.add_subcommand("agent", "agents on customers' servers")->require_subcommand(1);
  add_command(*agent, "token", "a one-time token to enrol the agent of a server", [&context, a] { make_token(context, a->server); })
      ->add_option("server", a->server, "the server")
      ->required();
  add_command(*agent, "list", "enrolled agents", [&context] { list_agents(context); });
  add_command(*agent, "revoke", "believe this agent no longer", [&context, a] { revoke(context, a->agent); })
      ->add_option("agent", a->agent, "its key, or the beginning of it")
      ->required();
}

}  // namespace pinfold::app
