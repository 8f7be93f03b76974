#include "enforce/switch_settings.hpp"

#include "base/text.hpp"

namespace pinfold::enforce {

namespace {

[[nodiscard]] std::string armed_since_setting(const SwitchId& id) { return "enforce/armed-since/" + id.value; }
[[nodiscard]] std::string opened_setting(const records::JournalRow& down) { return "enforce/opened/" + down.switch_id.value + "/" + down.port.value; }

}  // namespace

std::string arming_setting(const SwitchId& id) { return "enforce/armed/" + id.value; }

void arm_switch(records::Transaction& tx, const SwitchId& id, bool armed, WallTime now) {
  if (armed && tx.settings().get(arming_setting(id)) != "yes") {
    tx.settings().set(armed_since_setting(id), std::to_string(now.since_epoch.count()));
  }
  tx.settings().set(arming_setting(id), armed ? "yes" : "no");
}

std::optional<WallTime> armed_since(records::Transaction& tx, const SwitchId& id) {
  const auto number = parse_number(tx.settings().get(armed_since_setting(id)).value_or(""));
  return number && *number <= INT64_MAX ? std::optional(WallTime{Micros{static_cast<std::int64_t>(*number)}}) : std::nullopt;
}

void note_opened_by_others(records::Transaction& tx, const records::JournalRow& down) { tx.settings().set(opened_setting(down), down.id); }

bool was_opened_by_others(records::Transaction& tx, const records::JournalRow& down) { return tx.settings().get(opened_setting(down)) == down.id; }

}  // namespace pinfold::enforce
