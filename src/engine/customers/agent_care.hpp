/// Which servers lack the agent that their service level promises ([level.N] agent_expected): never enrolled, revoked, or silent. Without it a case
/// has no host evidence (which process, which script) and no disable is approved by policy alone. Used by: `pinfold agent missing`, `pinfold case
/// show`, the health page and metrics, and a round of `pinfold serve` that gives staff one task (a call about the desk, not a case) a day when
/// servers are among them that were not named before. Threads: any; AgentCare its worker's. Clock: the caller's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "engine/desk_service.hpp"
#include "http/health.hpp"

namespace pinfold::engine {

inline constexpr Micros kAgentSilentAfter = std::chrono::minutes{15};  ///< an agent is heard of each minute
inline constexpr Micros kTellStaffAfter = std::chrono::hours{24};      ///< silent or not installed for so long makes a task

struct MissingAgent {
  ServerId server;
  std::uint8_t level = 1;
  std::optional<WallTime> last_seen;        ///< of its agent that was heard last; nullopt: there never was one that still may report
  [[nodiscard]] std::string words() const;  ///< "silent since 2026-03-02 03:04 UTC", "none has enrolled"
};
/// In the order of the inventory. `expected` gets how many servers should have one.
[[nodiscard]] std::vector<MissingAgent> missing_agents(records::Transaction& tx, const inventory::Inventory& all, const desk::Policy& policy,
                                                       WallTime now, std::size_t* expected = nullptr);

class AgentCare {
public:
  AgentCare(DeskService& desk, const Clock& clock) : x_desk(desk), x_clock(clock) {}
  /// One round, at most each minute. A task is made of servers that have been without for kTellStaffAfter.
  void look();
  /// Figures and one line for the health page; a customer's agent is no illness of the desk.
  void add_health(records::Transaction& tx, http::Health& health) const;

private:
  DeskService& x_desk;
  const Clock& x_clock;
  std::optional<WallTime> x_looked;
};

}  // namespace pinfold::engine
