#include "engine/ports/record_check.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"

namespace pinfold::engine {

std::vector<records::RecordDifference> differences_of(const ServerId& server, const enforce::DryRun& dry, WallTime now) {
  if (!dry.error.empty()) {
    return {{server, "", dry.error, now}};
  }
  std::vector<records::RecordDifference> found;
  for (const desk::GuardVerdict& verdict : dry.verdicts) {
    const bool is_about_record =
        verdict.rule == guard::kAllowList || verdict.rule == guard::kIdentity || verdict.rule == guard::kWitnesses || verdict.rule == guard::kUplink;
    if (is_about_record && verdict.outcome != desk::GuardOutcome::Pass) {
      found.push_back({server, verdict.rule, verdict.why, now});
    }
  }
  return found;
}

bool RecordCheck::look() {
  const MonoTime now = x_clock.mono();
  if (x_next_at && now < *x_next_at) {
    return false;
  }
  const auto inventory = x_desk.inventory();
  const auto& servers = inventory->servers();
  const auto count = static_cast<Micros::rep>(std::max<std::size_t>(servers.size(), 1));
  x_next_at = now + std::max(kCompareAtMostEvery, kCompareEvery / count);
  if (servers.empty()) {
    return false;
  }
  x_next = x_next < servers.size() ? x_next : 0;
  const inventory::Server& server = servers[x_next++];
  if (server.port && !is_held_down(*server.port)) {
    compare(server, *inventory);
  }
  return true;
}

bool RecordCheck::is_held_down(const inventory::AccessPort& port) {
  std::optional<records::JournalRow> last;
  x_desk.store().read([&](records::Transaction& tx) { last = tx.journal().last_on(port.switch_id, port.name); });
  return last &&
         (last->wish == desk::PortWish::Down ? last->state != records::JournalState::Abandoned : last->state != records::JournalState::Verified);
}

void RecordCheck::compare(const inventory::Server& server, const inventory::Inventory& inventory) {
  const enforce::DryRun dry = x_executor.dry_run(server.id, desk::PortWish::Down, inventory);
  const auto found = differences_of(server.id, dry, x_clock.wall());
  std::vector<std::string> news;
  x_desk.store().transact([&](records::Transaction& tx) { news = tx.inventory().set_differences(server.id, found); });
  for (const records::RecordDifference& one : found) {
    if (std::find(news.begin(), news.end(), one.rule) != news.end()) {
      log_warning("INVENTORY_DIFFERS", "{} on {} {}: {}", printable(server.id.value), printable(server.port->switch_id.value),
                  printable(server.port->name.value), printable(one.what, 400));
    }
  }
}

}  // namespace pinfold::engine
