/// One port action on its way through the executor. Internal to enforce.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "enforce/executor.hpp"

namespace pinfold::enforce {

/// Why a down that was only intended is given up when the port is found shut.
inline constexpr std::string_view kShutByOthers = "the port was shut by somebody else before anything was written; it is not ours to open";

struct Executor::Work {
  ActionRequest request;
  std::string id;                             ///< of the journal row
  inventory::AccessPort port;                 ///< of the journal row, which may differ from today's record after a crash
  const inventory::Server* server = nullptr;  ///< nullptr after a crash, when the server or its port left the inventory meanwhile
  const inventory::Inventory* inventory = nullptr;
  std::unique_ptr<Driver> driver;
  guard::PortFacts facts;
  std::optional<AdminStates> neighbours;  ///< before the write
  std::vector<desk::GuardVerdict> verdicts;
  records::JournalState state = records::JournalState::Intent;
  std::optional<records::JournalRow> resumed;  ///< the row that a restart found
  std::optional<MonoTime> sent_at;
  std::string instruments;   ///< of the port, after a down
  Millis took{0};            ///< from the write to the agreeing state
  bool is_of_a_case = true;  ///< false: a dry run without a case

  [[nodiscard]] static Work fresh(const ActionRequest& request, const inventory::Server& server, const inventory::Inventory& inventory);
  [[nodiscard]] static Work resume(const records::JournalRow& row, const inventory::Inventory& inventory);
};

[[nodiscard]] guard::AdminState wished_state(desk::PortWish wish);
[[nodiscard]] bool is_at(const inventory::Server& server, const SwitchId& switch_id, const PortName& port);
/// The names of the port and of all that are bonded with it: what one write changes.
[[nodiscard]] std::set<PortName> written_ports(const PortName& own, const guard::PortFacts& facts);
/// The port and all that are bonded with it.
[[nodiscard]] bool is_as_wished(const guard::PortFacts& facts, desk::PortWish wish);
[[nodiscard]] bool is_open(records::JournalState state);
[[nodiscard]] bool has_open_row(records::Transaction& tx, const SwitchId& switch_id, const PortName& port);
/// Where Pinfold holds the server's port down, when the record has the server on another port now, or on none; one sentence.
[[nodiscard]] std::optional<std::string> held_elsewhere(records::Transaction& tx, const ServerId& server, const inventory::Server* recorded);
/// One log line a step of the journal, after it is durable.
void log_journal(const ActionRequest& request, records::JournalState state, std::string_view note);
/// The verdicts that do not pass, as one sentence.
[[nodiscard]] std::string reasons(const std::vector<desk::GuardVerdict>& verdicts);
/// "OTHER PORTS CHANGED: swp24 up -> down"; empty: none did. `written`: the ports that were meant to change.
[[nodiscard]] std::string changed_ports(const AdminStates& before, const AdminStates& after, const std::set<PortName>& written);
/// What the journal keeps of the time before the write, as JSON. No ifIndex: it means nothing later.
[[nodiscard]] std::string before_json(const guard::PortFacts& facts, const std::optional<AdminStates>& neighbours);
[[nodiscard]] std::optional<std::uint16_t> vlan_of(const std::string& before, const char* field);
[[nodiscard]] std::optional<AdminStates> neighbours_of(const std::string& before);

}  // namespace pinfold::enforce
