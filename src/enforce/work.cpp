#include "enforce/work.hpp"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/crypto.hpp"
#include "base/enum_names.hpp"
#include "base/json_reader.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace pinfold::enforce {

using desk::PortWish;
using guard::AdminState;

namespace {

constexpr std::size_t kMaxBeforeBytes = std::size_t{1} << 20;

[[nodiscard]] bool is_at(const inventory::Server& server, const SwitchId& switch_id, const PortName& port) {
  return server.port && server.port->switch_id == switch_id && server.port->name == port;
}

[[nodiscard]] std::optional<AdminState> parse_admin(std::string_view text) {
  for (const AdminState state : {AdminState::Up, AdminState::Down, AdminState::Testing}) {
    if (guard::to_string(state) == text) {
      return state;
    }
  }
  return std::nullopt;
}

}  // namespace

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

std::string changed_ports(const AdminStates& before, const AdminStates& after, const PortName& own) {
  std::string text;
  for (const auto& [port, was] : before) {
    const auto found = after.find(port);
    if (port == own || (found != after.end() && found->second == was)) {
      continue;
    }
    text += fmt::format("{} {} {} -> {}", text.empty() ? "OTHER PORTS CHANGED:" : ",", printable(port.value), guard::to_string(was),
                        found == after.end() ? "gone" : guard::to_string(found->second));
  }
  return text.empty() ? "no other port changed" : text;
}

std::string before_json(const guard::PortFacts& facts, const std::optional<AdminStates>& neighbours) {
  nlohmann::json json{{"admin", guard::to_string(facts.admin)},
                      {"oper", guard::to_string(facts.oper)},
                      {"sys_name", printable(facts.identity.sys_name)},
                      {"engine_boots", facts.identity.engine_boots},
                      {"uptime_ms", facts.identity.uptime.count()}};
  if (neighbours) {
    nlohmann::json ports = nlohmann::json::array();
    for (const auto& [port, state] : *neighbours) {
      ports.push_back({{"port", printable(port.value)}, {"admin", guard::to_string(state)}});
    }
    json["ports"] = std::move(ports);
  }
  return json.dump();
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

guard::Question Executor::question(records::Transaction& tx, const Work& work) const {
  guard::Question q;
  q.wish = work.request.wish;
  q.kill_switch = stopped(tx);
  q.switch_armed = tx.settings().get(arming_setting(work.port.switch_id)) == "yes";
  q.server = work.server;
  q.facts = work.facts;
  q.gateway_macs = x_settings.gateway_macs;
  const std::vector<net::MacAddress> learned = work.facts.learned_macs.value_or(std::vector<net::MacAddress>{});
  const std::set<net::MacAddress> here(learned.begin(), learned.end());
  for (const inventory::Server& server : work.inventory->servers()) {  // one pass: an action is rare, and the record must not be missed
    if (is_at(server, work.port.switch_id, work.port.name)) {
      q.on_port.push_back(&server);
    }
    if (server.mac && here.contains(*server.mac)) {
      q.learned_servers.push_back(&server);
    }
  }
  q.recent = recent(tx, work);
  if (const auto last = tx.journal().last_on(work.port.switch_id, work.port.name)) {
    // An up was only ever begun on a port that Pinfold had shut; until one is verified, the port is still ours.
    q.pinfold_shut_it = last->wish == PortWish::Down
                            ? last->state == records::JournalState::Verified || last->state == records::JournalState::Mismatch
                            : last->state != records::JournalState::Verified;
  }
  return q;
}

guard::RecentDisables Executor::recent(records::Transaction& tx, const Work& work) const {
  const WallTime now = x_clock.wall();
  const WallTime hour_ago = now - std::chrono::hours{1};
  const WallTime day_ago = now - std::chrono::hours{24};
  records::PortJournal& journal = tx.journal();
  // A row that a restart found is in the counts already; it is not its own predecessor.
  const auto others = [&](std::uint32_t count, WallTime since) {
    const bool counted = work.resumed && work.resumed->wish == PortWish::Down && work.resumed->at >= since;
    return count - (counted && count > 0 ? 1U : 0U);
  };
  guard::RecentDisables recent;
  recent.on_switch_hour = others(journal.count_downs_since(&work.port.switch_id, hour_ago), hour_ago);
  recent.on_site_hour = others(journal.count_downs_since(nullptr, hour_ago), hour_ago);
  recent.on_site_day = others(journal.count_downs_since(nullptr, day_ago), day_ago);
  const std::uint32_t held = journal.ports_held_down(work.port.switch_id);
  recent.ports_down_on_switch = held - (work.resumed && work.resumed->wish == PortWish::Down && held > 0 ? 1U : 0U);
  for (const records::JournalRow& row : journal.open()) {
    recent.in_flight_on_switch += row.switch_id == work.port.switch_id && row.id != work.id ? 1U : 0U;
  }
  return recent;
}

bool Executor::stopped(records::Transaction& tx) const {
  if (tx.settings().get(kStopSetting) == "yes") {
    return true;
  }
  std::error_code unreadable;
  const bool exists = !x_settings.kill_switch.empty() && std::filesystem::exists(x_settings.kill_switch, unreadable);
  return exists || unreadable;
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

void Executor::advance(const Work& work, records::JournalState state, std::string_view note) {
  x_store.transact([&](records::Transaction& tx) { tx.journal().advance(work.id, state, note, x_clock.wall()); });
  log_journal(work.request, state, note);
}

}  // namespace pinfold::enforce
