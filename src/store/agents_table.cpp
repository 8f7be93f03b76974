#include <fmt/format.h>

#include "base/text.hpp"
#include "store/tables.hpp"

namespace pinfold::store {
namespace {

template <typename... In>
std::vector<records::AgentRow> agents(soci::session& session, const std::string& where, const In&... in) {
  std::vector<records::AgentRow> found;
  records::AgentRow row;
  long long enrolled = 0;
  Nullable<long long> seen;
  long long revoked = 0;
  for_each_row(session, "SELECT id, server, enrolled_at, seen_at, is_revoked, tier FROM agents " + where, std::tie(in...),
               std::tie(row.id.value, row.server.value, enrolled, seen, revoked, row.tier), [&] {
                 row.enrolled = to_wall_time(enrolled);
                 const auto last = seen.get();
                 row.last_seen = last ? std::optional(to_wall_time(*last)) : std::nullopt;
                 row.revoked = revoked != 0;
                 found.push_back(row);
               });
  return found;
}

}  // namespace

void AgentsTable::add_token(std::string_view token_sha256, const ServerId& server, WallTime expires) {
  execute(x_session, "INSERT INTO agent_tokens (token_sha256, server, expires_at) VALUES (:token, :server, :expires)", std::string(token_sha256),
          server.value, to_column(expires));
}

std::optional<ServerId> AgentsTable::enrol(std::string_view token_sha256, const AgentId& agent, WallTime now) {
  const auto known = find(agent);
  if (known && known->revoked) {
    return std::nullopt;
  }
  const std::string token(token_sha256);
  const long long spent =
      execute(x_session, "UPDATE agent_tokens SET spent_by = :agent WHERE token_sha256 = :token AND spent_by IS NULL AND expires_at > :now",
              agent.value, token, to_column(now));
  std::string server;
  if (spent == 0 || !first_row(x_session, "SELECT server FROM agent_tokens WHERE token_sha256 = :token", std::tie(token), std::tie(server))) {
    return std::nullopt;
  }
  if (known) {
    execute(x_session, "UPDATE agents SET server = :server, enrolled_at = :now WHERE id = :id", server, to_column(now), agent.value);
  } else {
    execute(x_session, "INSERT INTO agents (id, server, enrolled_at, is_revoked, tier) VALUES (:id, :server, :now, 0, '')", agent.value, server,
            to_column(now));
  }
  return ServerId{server};
}

std::optional<records::AgentRow> AgentsTable::find(const AgentId& agent) const {
  auto found = agents(x_session, "WHERE id = :id", agent.value);
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

void AgentsTable::seen(const AgentId& agent, WallTime now, std::string_view tier) {
  if (execute(x_session, "UPDATE agents SET seen_at = :now, tier = :tier WHERE id = :id", to_column(now), std::string(tier), agent.value) == 0) {
    throw records::StoreError(fmt::format("agent {}: not enrolled", printable(agent.value)));
  }
}

void AgentsTable::revoke(const AgentId& agent) {
  if (execute(x_session, "UPDATE agents SET is_revoked = 1 WHERE id = :id", agent.value) == 0) {
    throw records::StoreError(fmt::format("agent {}: not enrolled", printable(agent.value)));
  }
}

std::vector<records::AgentRow> AgentsTable::list() const { return agents(x_session, "ORDER BY server, id"); }

}  // namespace pinfold::store
