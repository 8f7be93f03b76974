#include "engine/customers/agent_care.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/jobs.hpp"

namespace pinfold::engine {
namespace {

constexpr Micros kLookAfter = std::chrono::minutes{1};
constexpr Micros kTaskAfter = std::chrono::hours{24};
constexpr std::size_t kNamed = 10;
constexpr std::string_view kTold = "agents_missing_told";  ///< servers of the last task, one a line
constexpr std::string_view kToldAt = "agents_missing_told_at";
constexpr std::string_view kSince =
    "agents_missing_since";  ///< "TIME SERVER", one a line: since when a server without any agent is known to need one

std::set<std::string> lines_of(const std::optional<std::string>& text) {
  std::set<std::string> lines;
  const std::string all = text.value_or("");
  for (const std::string_view line : split(all, '\n')) {
    if (!line.empty()) {
      lines.emplace(line);
    }
  }
  return lines;
}

std::string joined(const auto& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += line + "\n";
  }
  return text;
}

/// Since when each of them is without; what was not known to be so before is from now on.
std::map<std::string, WallTime> note_since(records::Transaction& tx, const std::vector<MissingAgent>& missing, WallTime now) {
  std::map<std::string, WallTime> before;
  for (const std::string& line : lines_of(tx.settings().get(kSince))) {
    const auto blank = line.find(' ');
    if (const auto since = parse_wall_time(line.substr(0, blank)); since && blank != std::string::npos) {
      before.emplace(line.substr(blank + 1), *since);
    }
  }
  std::map<std::string, WallTime> since;
  std::set<std::string> lines;
  for (const MissingAgent& agent : missing) {
    const auto known = before.find(agent.server.value);
    const WallTime at = agent.last_seen ? *agent.last_seen : known == before.end() ? now : known->second;
    since.emplace(agent.server.value, at);
    lines.insert(to_string(at) + " " + agent.server.value);
  }
  if (const std::string text = joined(lines); text != tx.settings().get(kSince).value_or("")) {
    tx.settings().set(kSince, text);
  }
  return since;
}

}  // namespace

std::string MissingAgent::words() const { return last_seen ? "silent since " + to_people(*last_seen) : "none has enrolled"; }

std::vector<MissingAgent> missing_agents(records::Transaction& tx, const inventory::Inventory& all, const desk::Policy& policy, WallTime now,
                                         std::size_t* expected) {
  std::map<ServerId, std::optional<WallTime>> heard;
  for (const records::AgentRow& row : tx.agents().list()) {
    if (!row.revoked) {
      auto& last = heard[row.server];
      last = std::max(last.value_or(row.enrolled), row.last_seen.value_or(row.enrolled));
    }
  }
  std::vector<MissingAgent> missing;
  std::size_t wanted = 0;
  for (const inventory::Server& server : all.servers()) {
    if (!desk::terms_of(policy, &server).agent_expected) {
      continue;
    }
    ++wanted;
    const auto agent = heard.find(server.id);
    if (agent == heard.end() || now - *agent->second > kAgentSilentAfter) {
      missing.push_back({server.id, server.level.value, agent == heard.end() ? std::nullopt : agent->second});
    }
  }
  if (expected != nullptr) {
    *expected = wanted;
  }
  return missing;
}

void AgentCare::look() {
  const WallTime now = x_clock.wall();
  if (x_looked && now >= *x_looked && now - *x_looked < kLookAfter) {
    return;
  }
  x_looked = now;
  const auto all = x_desk.inventory();
  x_desk.store().transact([&](records::Transaction& tx) {
    const auto missing = missing_agents(tx, *all, x_desk.policy(), now);
    const auto since = note_since(tx, missing, now);
    const auto told = lines_of(tx.settings().get(kTold));
    std::set<std::string> long_missing;
    std::string named;
    bool is_news = false;
    for (const MissingAgent& agent : missing) {
      if (now - since.at(agent.server.value) < kTellStaffAfter) {
        continue;
      }
      if (long_missing.size() < kNamed) {
        named += fmt::format("{}{} ({})", named.empty() ? "" : ", ", printable(agent.server.value, 60), agent.words());
      }
      long_missing.insert(agent.server.value);
      is_news = is_news || !told.contains(agent.server.value);
    }
    const auto told_at = parse_wall_time(tx.settings().get(kToldAt).value_or(""));
    if (!is_news || (told_at && now - *told_at < kTaskAfter)) {
      return;
    }
    log_warning("AGENTS_MISSING", "{} servers lack the agent that their service level expects: {}", long_missing.size(), named);
    tx.settings().set(kTold, joined(long_missing));
    tx.settings().set(kToldAt, to_string(now));
    const std::string what = fmt::format("{} server(s) lack the agent that their service level expects: {}{}; see pinfold agent missing",
                                         long_missing.size(), named, long_missing.size() > kNamed ? ", …" : "");
    tx.outbox().add(to_job(CaseId{}, {"agents/missing/" + to_string(now), desk::CallPerson{what, true}}, now));
  });
}

void AgentCare::add_health(records::Transaction& tx, http::Health& health) const {
  std::size_t expected = 0;
  const std::size_t missing = missing_agents(tx, *x_desk.inventory(), x_desk.policy(), x_clock.wall(), &expected).size();
  if (expected > 0) {
    health.parts.push_back({"agents", true, fmt::format("{} of {} expected agents are missing or silent", missing, expected)});
  }
  health.metrics.push_back({"pinfold_agents_expected", "", static_cast<double>(expected)});
  health.metrics.push_back({"pinfold_agents_missing", "", static_cast<double>(missing)});
}

}  // namespace pinfold::engine
