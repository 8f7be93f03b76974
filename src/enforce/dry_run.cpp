/// Everything up to the write, shown to people: the same driver, guards and words as an action's.
#include <fmt/format.h>

#include "base/text.hpp"
#include "enforce/work.hpp"

namespace pinfold::enforce {

using desk::PortWish;

DryRun Executor::dry_run(const ServerId& server_id, PortWish wish, const inventory::Inventory& inventory,
                         const std::optional<std::pair<CaseId, ActionId>>& action) {
  const std::lock_guard lock(x_one_at_a_time);
  DryRun dry;
  const inventory::Server* server = inventory.find(server_id);
  if (server == nullptr || !server->port) {
    dry.error = "the inventory has no switch port for this server";
    return dry;
  }
  const auto [case_id, action_id] = action.value_or(std::pair(CaseId{}, ActionId{}));
  Work work = Work::fresh({case_id, action_id, server_id, wish}, *server, inventory);
  work.is_of_a_case = action.has_value();
  work.driver = x_drivers(work.port.switch_id);
  if (!work.driver) {
    dry.error = fmt::format("switch {} is not configured", printable(work.port.switch_id.value));
    return dry;
  }
  if (auto facts = work.driver->inspect(work.port)) {
    work.facts = *std::move(facts);
    x_store.read([&](records::Transaction& tx) { work.facts.vlan_to_restore = vlan_before(tx, work); });
    dry.write = work.driver->describe_write(work.facts, wished_state(wish));
  } else {
    dry.error = facts.error().what;
  }
  x_store.read([&](records::Transaction& tx) { dry.verdicts = guard::evaluate(question(tx, work), x_settings.policy); });
  return dry;
}

}  // namespace pinfold::enforce
