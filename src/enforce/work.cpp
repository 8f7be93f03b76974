#include "enforce/work.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/crypto.hpp"
#include "base/enum_names.hpp"
#include "base/json_reader.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "enforce/state_words.hpp"

namespace pinfold::enforce {

using desk::PortWish;
using guard::AdminState;

namespace {

constexpr std::uint64_t kMaxVlan = 4094;
constexpr std::size_t kMaxBeforeBytes = std::size_t{1} << 20;

}  // namespace

bool is_at(const inventory::Server& server, const SwitchId& switch_id, const PortName& port) {
  return server.port && server.port->switch_id == switch_id && server.port->name == port;
}

std::set<PortName> written_ports(const PortName& own, const guard::PortFacts& facts) {
  std::set<PortName> all{own};
  for (const guard::BondMember& member : facts.bond.value.value_or(std::vector<guard::BondMember>{})) {
    all.insert(member.name);
  }
  return all;
}

bool is_as_wished(const guard::PortFacts& facts, PortWish wish) {
  const AdminState wanted = wished_state(wish);
  const auto off = guard::is_off(facts);
  if (!off || *off != (wish == PortWish::Down)) {
    return false;
  }
  if (!facts.quarantine_vlan && facts.admin != wanted) {  // a port in testing is neither
    return false;
  }
  return facts.quarantine_vlan || !facts.bond.value ||
         std::all_of(facts.bond.value->begin(), facts.bond.value->end(), [&](const guard::BondMember& member) { return member.admin == wanted; });
}

bool is_open(records::JournalState state) {
  return state == records::JournalState::Intent || state == records::JournalState::Sent || state == records::JournalState::Unknown;
}

AdminState wished_state(PortWish wish) { return wish == PortWish::Down ? AdminState::Down : AdminState::Up; }

std::string reasons(const std::vector<desk::GuardVerdict>& verdicts) {
  std::string text;
  for (const desk::GuardVerdict& verdict : verdicts) {
    if (verdict.outcome != desk::GuardOutcome::Pass) {
      text += (text.empty() ? "" : "; ") + verdict.rule + ": " + verdict.why;
    }
  }
  return text;
}

std::string changed_ports(const AdminStates& before, const AdminStates& after, const std::set<PortName>& written) {
  std::string text;
  for (const auto& [port, was] : before) {
    const auto found = after.find(port);
    if (written.contains(port) || (found != after.end() && found->second == was)) {
      continue;
    }
    text += fmt::format("{} {} {} -> {}", text.empty() ? "OTHER PORTS CHANGED:" : ",", printable(port.value), guard::to_string(was),
                        found == after.end() ? "gone" : guard::to_string(found->second));
  }
  return text;
}

std::string before_json(const guard::PortFacts& facts, const std::optional<AdminStates>& neighbours) {
  nlohmann::json json{{"admin", guard::to_string(facts.admin)},
                      {"oper", guard::to_string(facts.oper)},
                      {"sys_name", printable(facts.identity.sys_name)},
                      {"engine_boots", facts.identity.engine_boots},
                      {"uptime_ms", facts.identity.uptime.count()}};
  if (facts.pvid) {
    json["pvid"] = *facts.pvid;
  }
  if (facts.vlan_to_restore) {
    json["restore_vlan"] = *facts.vlan_to_restore;
  }
  if (neighbours) {
    nlohmann::json ports = nlohmann::json::array();
    for (const auto& [port, state] : *neighbours) {
      ports.push_back({{"port", printable(port.value)}, {"admin", guard::to_string(state)}});
    }
    json["ports"] = std::move(ports);
  }
  return json.dump();
}

std::optional<std::uint16_t> vlan_of(const std::string& before, const char* field) {
  const auto json = parse_json(before, kMaxBeforeBytes);
  if (!json || !json->is_object() || !json->contains(field)) {
    return std::nullopt;
  }
  JsonReader reader(*json);
  const auto vlan = static_cast<std::uint16_t>(reader.number(field, kMaxVlan));
  return reader.error() || vlan == 0 ? std::nullopt : std::optional(vlan);
}

std::optional<AdminStates> neighbours_of(const std::string& before) {
  const auto json = parse_json(before, kMaxBeforeBytes);
  if (!json || !json->is_object() || !json->contains("ports")) {
    return std::nullopt;
  }
  AdminStates states;
  JsonReader reader(*json);
  reader.each("ports", [&](JsonReader& row) { states[PortName{row.text("port")}] = row.parsed("admin", parse_admin); });
  return reader.error() ? std::nullopt : std::optional(std::move(states));
}

std::string Executor::journal_id(const ActionRequest& request, const inventory::AccessPort& port) {
  return sha256_hex(nlohmann::json{request.case_id.value, request.action.value, port.switch_id.value, port.name.value,
                                   request.wish == PortWish::Down ? "down" : "up"}
                        .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

Executor::Work Executor::Work::fresh(const ActionRequest& request, const inventory::Server& server, const inventory::Inventory& inventory) {
  Work work;
  work.request = request;
  work.server = &server;
  work.inventory = &inventory;
  work.port = *server.port;
  work.id = journal_id(request, work.port);
  return work;
}

Executor::Work Executor::Work::resume(const records::JournalRow& row, const inventory::Inventory& inventory) {
  Work work;
  work.request = {row.case_id, row.action, row.server, row.wish};
  work.id = row.id;
  work.port = {row.switch_id, row.port, {}};
  work.inventory = &inventory;
  work.neighbours = neighbours_of(row.before);
  work.state = row.state;
  work.resumed = row;
  const inventory::Server* server = inventory.find(row.server);
  if (server != nullptr && is_at(*server, row.switch_id, row.port)) {
    work.server = server;
    work.port = *server->port;
  }
  return work;
}

records::JournalRow Executor::intent(const Work& work) const {
  const WallTime now = x_clock.wall();
  return {work.id,
          work.request.case_id,
          work.request.action,
          work.request.server,
          work.port.switch_id,
          work.port.name,
          work.request.wish,
          records::JournalState::Intent,
          before_json(work.facts, work.neighbours),
          {},
          now,
          now};
}

void log_journal(const ActionRequest& request, records::JournalState state, std::string_view note) {
  constexpr EnumNames<records::JournalState, 6> kNames{{{{records::JournalState::Intent, "intent"},
                                                         {records::JournalState::Sent, "sent"},
                                                         {records::JournalState::Verified, "verified"},
                                                         {records::JournalState::Mismatch, "mismatch"},
                                                         {records::JournalState::Unknown, "unknown"},
                                                         {records::JournalState::Abandoned, "abandoned"}}}};
  log_info("PORT_JOURNAL", "{}: {} action {} on {}{}{}", kNames.name(state), to_string(request.case_id), request.action.value, request.server.value,
           note.empty() ? "" : ", ", printable(note, 200));
}

bool Executor::lease(records::Transaction& tx, const SwitchId& id) const {
  return take_lease(tx, id, x_settings.owner, x_clock.wall(), x_settings.is_gone);
}

bool Executor::advance(const Work& work, records::JournalState state, std::string_view note) {
  bool is_ours = false;
  x_store.transact([&](records::Transaction& tx) {
    is_ours = lease(tx, work.port.switch_id);
    if (is_ours) {
      const auto row = tx.journal().find(work.id);
      is_ours = row && is_open(row->state);
    }
    if (is_ours) {
      tx.journal().advance(work.id, state, note, x_clock.wall());
      const bool may_be_written = state == records::JournalState::Verified || state == records::JournalState::Mismatch;
      if (may_be_written && work.driver && work.driver->can_save()) {
        tx.journal().set_saving(work.id, records::Saving::Due);
      }
      release_lease(tx, work.port.switch_id, x_settings.owner);
    }
  });
  if (is_ours) {
    log_journal(work.request, state, note);
  }
  return is_ours;
}

}  // namespace pinfold::enforce
