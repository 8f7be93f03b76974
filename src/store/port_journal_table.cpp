#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/enum_names.hpp"
#include "base/text.hpp"
#include "store/tables.hpp"

namespace pinfold::store {
namespace {

using desk::PortWish;
using records::JournalRow;
using records::JournalState;

constexpr EnumNames<JournalState, 6> kStates{{{{JournalState::Intent, "intent"},
                                               {JournalState::Sent, "sent"},
                                               {JournalState::Verified, "verified"},
                                               {JournalState::Mismatch, "mismatch"},
                                               {JournalState::Unknown, "unknown"},
                                               {JournalState::Abandoned, "abandoned"}}}};
using records::Saving;
constexpr EnumNames<Saving, 4> kSavings{{{{Saving::None, "none"}, {Saving::Due, "due"}, {Saving::Saved, "saved"}, {Saving::NotSaved, "not_saved"}}}};
constexpr EnumNames<PortWish, 2> kWishes{{{{PortWish::Down, "down"}, {PortWish::Up, "up"}}}};

constexpr const char* kColumns =
    "SELECT id, case_id, action, server, switch, port, wish, state, before_json, note, intended_at, changed_at, saving FROM port_journal ";

template <typename... In>
std::vector<JournalRow> rows(soci::session& session, const std::string& where, const In&... in) {
  std::vector<JournalRow> found;
  JournalRow row;
  long long case_id = 0;
  long long action = 0;
  std::string wish;
  std::string state;
  long long at = 0;
  long long changed = 0;
  std::string saving;
  for_each_row(session, kColumns + where, std::tie(in...),
               std::tie(row.id, case_id, action, row.server.value, row.switch_id.value, row.port.value, wish, state, row.before, row.note, at,
                        changed, saving),
               [&] {
                 const auto known_wish = kWishes.parse(wish);
                 const auto known_state = kStates.parse(state);
                 const auto known_saving = kSavings.parse(saving);
                 if (!known_wish || !known_state || !known_saving) {
                   throw records::StoreError(fmt::format("port journal row {}: wish, state or saving is damaged", printable(row.id)));
                 }
                 row.case_id = CaseId{case_id};
                 row.action = ActionId{action};
                 row.wish = *known_wish;
                 row.state = *known_state;
                 row.at = to_wall_time(at);
                 row.changed = to_wall_time(changed);
                 row.saving = *known_saving;
                 found.push_back(row);
               });
  return found;
}

std::optional<JournalRow> only(std::vector<JournalRow> found) { return found.empty() ? std::nullopt : std::optional(std::move(found.front())); }

/// Whether in this state the switch may have been written to. An intention alone has written nothing, and abandoning it adds nothing.
long long maybe_sent(JournalState state) { return state == JournalState::Intent || state == JournalState::Abandoned ? 0 : 1; }

}  // namespace

bool PortJournalTable::begin(const JournalRow& row) {
  long long last = 0;
  PINFOLD_ASSERT(first_row(x_session, "SELECT COALESCE(MAX(position), 0) FROM port_journal", std::tie(), std::tie(last)));
  return execute(x_session,
                 "INSERT INTO port_journal (id, position, case_id, action, server, switch, port, wish, state, maybe_sent, before_json, note, "
                 "intended_at, changed_at) VALUES (:id, :position, :case_id, :action, :server, :switch, :port, :wish, :state, :maybe_sent, :before, "
                 ":note, :at, :changed) ON CONFLICT DO NOTHING",
                 row.id, last + 1, static_cast<long long>(row.case_id.value), static_cast<long long>(row.action.value), row.server.value,
                 row.switch_id.value, row.port.value, std::string(kWishes.name(row.wish)), std::string(kStates.name(row.state)),
                 maybe_sent(row.state), row.before, row.note, to_column(row.at), to_column(row.changed)) == 1;
}

void PortJournalTable::advance(const std::string& id, JournalState state, std::string_view note, WallTime now) {
  const long long changed = execute(x_session,
                                    "UPDATE port_journal SET state = :state, note = :note, changed_at = :now, maybe_sent = CASE WHEN maybe_sent = 1 "
                                    "THEN 1 ELSE :sent END WHERE id = :id",
                                    std::string(kStates.name(state)), std::string(note), to_column(now), maybe_sent(state), id);
  if (changed == 0) {
    throw records::StoreError(fmt::format("port journal row {}: no such row", printable(id)));
  }
}

void PortJournalTable::set_saving(const std::string& id, Saving saving) {
  if (execute(x_session, "UPDATE port_journal SET saving = :saving WHERE id = :id", std::string(kSavings.name(saving)), id) == 0) {
    throw records::StoreError(fmt::format("port journal row {}: no such row", printable(id)));
  }
}

std::vector<JournalRow> PortJournalTable::unsaved(const SwitchId& switch_id) const {
  return rows(x_session, "WHERE switch = :switch AND saving IN ('due', 'not_saved') ORDER BY position", switch_id.value);
}

std::optional<JournalRow> PortJournalTable::find(const std::string& id) const { return only(rows(x_session, "WHERE id = :id", id)); }

std::vector<JournalRow> PortJournalTable::open() const { return rows(x_session, "WHERE state IN ('intent', 'sent', 'unknown') ORDER BY position"); }

std::optional<JournalRow> PortJournalTable::last_on(const SwitchId& switch_id, const PortName& port) const {
  return only(rows(x_session, "WHERE switch = :switch AND port = :port ORDER BY position DESC LIMIT 1", switch_id.value, port.value));
}

std::vector<JournalRow> PortJournalTable::newest_of_each_port() const {
  return rows(x_session,
              "WHERE position IN (SELECT MAX(position) FROM port_journal WHERE state <> 'abandoned' GROUP BY switch, port) ORDER BY switch, port");
}

std::uint32_t PortJournalTable::count_downs_since(const SwitchId* switch_id, WallTime since) const {
  const long long all_switches = switch_id == nullptr ? 1 : 0;
  const std::string wanted = switch_id == nullptr ? "" : switch_id->value;
  const long long from = to_column(since);
  long long count = 0;
  // An intention counts while it stands: its write may be on the way.
  PINFOLD_ASSERT(first_row(x_session,
                           "SELECT COUNT(*) FROM port_journal WHERE wish = 'down' AND (maybe_sent = 1 OR state = 'intent') "
                           "AND (:all_switches = 1 OR switch = :switch) AND intended_at >= :since",
                           std::tie(all_switches, wanted, from), std::tie(count)));
  return static_cast<std::uint32_t>(count);
}

std::uint32_t PortJournalTable::ports_held_down(const SwitchId& switch_id) const {
  long long count = 0;
  // Held until an Up is verified: what is in doubt counts as down.
  PINFOLD_ASSERT(first_row(x_session,
                           "SELECT COUNT(DISTINCT port) FROM port_journal AS held WHERE switch = :switch AND wish = 'down' "
                           "AND state IN ('intent', 'sent', 'unknown', 'verified', 'mismatch') AND NOT EXISTS (SELECT 1 FROM port_journal AS later "
                           "WHERE later.switch = held.switch AND later.port = held.port AND later.position > held.position "
                           "AND later.wish = 'up' AND later.state = 'verified')",
                           std::tie(switch_id.value), std::tie(count)));
  return static_cast<std::uint32_t>(count);
}

}  // namespace pinfold::store
