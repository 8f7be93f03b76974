/// What the guards are asked: the record, the journal's counts and the desk's warrant, all read in the transaction that decides.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "enforce/work.hpp"

namespace pinfold::enforce {

using desk::PortWish;
using records::JournalState;

namespace {

/// What was last written to the port, or may have been; rows that were abandoned are passed over.
[[nodiscard]] std::optional<records::JournalRow> last_written(records::Transaction& tx, const SwitchId& switch_id, const PortName& port) {
  for (records::JournalRow& row : tx.journal().newest_of_each_port()) {
    if (row.switch_id == switch_id && row.port == port) {
      return std::move(row);
    }
  }
  return std::nullopt;
}

}  // namespace

bool has_open_row(records::Transaction& tx, const SwitchId& switch_id, const PortName& port) {
  const auto open = tx.journal().open();
  return std::any_of(open.begin(), open.end(), [&](const records::JournalRow& row) { return row.switch_id == switch_id && row.port == port; });
}

std::optional<std::string> held_elsewhere(records::Transaction& tx, const ServerId& server, const inventory::Server* recorded) {
  for (const records::JournalRow& row : tx.journal().newest_of_each_port()) {
    const bool is_held = row.state == JournalState::Mismatch || (row.wish == PortWish::Down && row.state == JournalState::Verified);
    if (row.server == server && is_held && (recorded == nullptr || !is_at(*recorded, row.switch_id, row.port))) {
      return fmt::format("Pinfold holds down {} {} for this server, which is no longer recorded there: open it by hand, or correct the record",
                         printable(row.switch_id.value), printable(row.port.value));
    }
  }
  return std::nullopt;
}

/// A down that was verified or read back otherwise; an up was only ever begun on a port that Pinfold had shut, and until one is verified the
/// port is still ours. What somebody opened meanwhile is no longer ours once it is shut again.
bool Executor::is_ours_to_open(records::Transaction& tx, const Work& work) {
  const auto last = last_written(tx, work.port.switch_id, work.port.name);
  if (!last) {
    return false;
  }
  if (last->wish == PortWish::Up) {
    return last->state != JournalState::Verified;
  }
  const bool is_foreign = was_opened_by_others(tx, *last) && guard::is_off(work.facts) == true;
  return !is_foreign && (last->state == JournalState::Verified || last->state == JournalState::Mismatch);
}

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
  const std::set<PortName> written = written_ports(work.port.name, work.facts);
  for (const inventory::Server& server : work.inventory->servers()) {  // one pass: an action is rare, and the record must not be missed
    if (server.port && server.port->switch_id == work.port.switch_id && written.contains(server.port->name)) {
      q.on_port.push_back(&server);
    }
    if (server.mac && here.contains(*server.mac)) {
      q.learned_servers.push_back(&server);
    }
  }
  q.recent = recent(tx, work);
  q.pinfold_shut_it = work.request.wish == PortWish::Up && is_ours_to_open(tx, work);
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
    const bool is_held = row.wish == PortWish::Down || row.state != JournalState::Verified;
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
  if (work.request.wish != PortWish::Up) {
    return std::nullopt;
  }
  const auto last = work.resumed ? work.resumed : last_written(tx, work.port.switch_id, work.port.name);
  return last ? vlan_of(last->before, last->wish == PortWish::Down ? "pvid" : "restore_vlan") : std::nullopt;
}

}  // namespace pinfold::enforce
