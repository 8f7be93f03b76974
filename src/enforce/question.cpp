/// What the guards are asked: the record, the journal's counts and the desk's warrant, all read in the transaction that decides.
#include "enforce/work.hpp"

namespace pinfold::enforce {

using desk::PortWish;

guard::Question Executor::question(records::Transaction& tx, const Work& work) const {
  guard::Question q;
  q.wish = work.request.wish;
  if (work.is_of_a_case && x_settings.warrant) {
    q.warrant = x_settings.warrant(tx, work.request);
  }
  q.now = x_clock.wall();
  q.kill_switch = stopped(tx);
  q.switch_armed = tx.settings().get(arming_setting(work.port.switch_id)) == "yes";
  q.armed_since = armed_since(tx, work.port.switch_id);
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
  recent.on_switch_day = others(journal.count_downs_since(&work.port.switch_id, day_ago), day_ago);
  recent.on_site_hour = others(journal.count_downs_since(nullptr, hour_ago), hour_ago);
  recent.on_site_day = others(journal.count_downs_since(nullptr, day_ago), day_ago);
  const std::uint32_t held = journal.ports_held_down(work.port.switch_id);
  recent.ports_down_on_switch = held - (work.resumed && work.resumed->wish == PortWish::Down && held > 0 ? 1U : 0U);
  for (const records::JournalRow& row : journal.newest_of_each_port()) {
    const bool is_held = row.wish == PortWish::Down || row.state != records::JournalState::Verified;
    const inventory::Server* other = is_held && row.id != work.id ? work.inventory->find(row.server) : nullptr;
    recent.down_of_customer += other != nullptr && work.server != nullptr && other->customer == work.server->customer ? 1U : 0U;
  }
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

/// What an up writes back where the quarantine VLAN is the measure: the VLAN before the down. An up that failed hands on what it was to restore.
std::optional<std::uint16_t> Executor::vlan_before(records::Transaction& tx, const Work& work) {
  const auto last = work.resumed ? work.resumed : tx.journal().last_on(work.port.switch_id, work.port.name);
  if (!last || work.request.wish != desk::PortWish::Up) {
    return std::nullopt;
  }
  return vlan_of(last->before, last->wish == desk::PortWish::Down ? "pvid" : "restore_vlan");
}

}  // namespace pinfold::enforce
