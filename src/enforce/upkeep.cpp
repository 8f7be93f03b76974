#include "enforce/upkeep.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "enforce/work.hpp"

namespace pinfold::enforce {

using desk::PortWish;
using records::JournalRow;
using records::JournalState;

namespace {

[[nodiscard]] std::string tried_setting(const SwitchId& id) { return "enforce/save-tried/" + id.value; }
[[nodiscard]] std::string drift_setting(const JournalRow& row) { return "enforce/drift/" + row.switch_id.value + "/" + row.port.value; }

[[nodiscard]] std::optional<WallTime> time_in(records::Transaction& tx, const std::string& setting) {
  const auto text = tx.settings().get(setting);
  const auto number = text ? parse_number(*text) : std::nullopt;
  return number && *number <= INT64_MAX ? std::optional(WallTime{Micros{static_cast<std::int64_t>(*number)}}) : std::nullopt;
}

[[nodiscard]] std::string time_text(WallTime at) { return std::to_string(at.since_epoch.count()); }

[[nodiscard]] bool is_held(const JournalRow& row) {
  return row.wish == PortWish::Down && (row.state == JournalState::Verified || row.state == JournalState::Mismatch);
}

}  // namespace

std::vector<Drift> Upkeep::look_for_drift() {
  std::vector<JournalRow> rows;
  x_store.read([&](records::Transaction& tx) { rows = tx.journal().newest_of_each_port(); });
  std::vector<Drift> news;
  for (const JournalRow& row : rows) {
    const bool is_watched = row.wish == PortWish::Up && row.state == JournalState::Verified && x_clock.wall() - row.changed < kWatchAfterEnable;
    if (!is_held(row) && !is_watched) {
      continue;
    }
    const auto sight = look_at(row);
    if (sight && is_news(row, *sight)) {
      log_warning("PORT_DRIFT", "{} {}: {}", printable(row.switch_id.value), printable(row.port.value), sight->what);
      news.push_back({row, sight->what});
    }
  }
  return news;
}

std::optional<Upkeep::Sight> Upkeep::look_at(const JournalRow& row) {
  const auto driver = x_drivers(row.switch_id);
  if (!driver) {
    return Sight{"unconfigured", "its switch is no longer configured, and Pinfold cannot look at it"};
  }
  const auto facts = driver->reread({row.switch_id, row.port, {}});
  if (!facts && facts.error().kind == DriverError::Kind::NotFound) {
    return Sight{"gone", "the port is gone: " + facts.error().what};
  }
  const auto off = facts ? guard::is_off(*facts) : std::nullopt;
  if (!off) {
    return std::nullopt;
  }
  const std::string state = " (" + read_back_text(*facts) + "); ";
  if (row.wish == PortWish::Up) {
    return *off ? Sight{"shut", "Pinfold opened this port, and it is shut now: somebody shut it" + state + "it is left so"} : Sight{};
  }
  if (!*off) {
    return Sight{"opened", "Pinfold holds this port down, and it is up now: somebody opened it" + state + "it is left so"};
  }
  bool was_opened = false;
  x_store.read([&](records::Transaction& tx) { was_opened = was_opened_by_others(tx, row); });
  return was_opened ? Sight{"shut", "somebody opened this port after Pinfold had shut it, and it is shut again" + state + "Pinfold will not open it"}
                    : Sight{};
}

bool Upkeep::is_news(const JournalRow& row, const Sight& sight) {
  bool news = false;
  const std::string value = sight.kind.empty() ? std::string{} : row.id + "/" + std::string(sight.kind);
  x_store.transact([&](records::Transaction& tx) {
    const std::string known = tx.settings().get(drift_setting(row)).value_or("");
    news = known != value && !value.empty();
    if (known != value) {
      tx.settings().set(drift_setting(row), value);
    }
    if (sight.kind == "opened") {
      note_opened_by_others(tx, row);
    }
  });
  return news;
}

std::vector<Saved> Upkeep::save_due(const std::vector<SwitchId>& switches) {
  std::vector<Saved> all;
  for (const SwitchId& id : switches) {
    if (auto one = save(id)) {
      all.push_back(*std::move(one));
    }
  }
  return all;
}

std::optional<Saved> Upkeep::save(const SwitchId& id) {
  const auto driver = x_drivers(id);
  if (!driver || !driver->can_save()) {
    return std::nullopt;
  }
  std::vector<JournalRow> unsaved;
  bool is_due = false;
  x_store.transact([&](records::Transaction& tx) {
    is_due = false;
    unsaved = tx.journal().unsaved(id);
    const auto tried = time_in(tx, tried_setting(id));
    const WallTime now = x_clock.wall();
    const bool is_waiting = unsaved.empty() || now - unsaved.front().changed < kSaveEvery || (tried && now - *tried < kSaveEvery);
    if (!is_waiting && take_lease(tx, id, x_owner, now, x_is_gone)) {
      tx.settings().set(tried_setting(id), time_text(now));
      is_due = true;
    }
  });
  if (!is_due) {
    return std::nullopt;
  }
  const auto done = driver->save();
  x_store.transact([&](records::Transaction& tx) {
    for (const JournalRow& row : unsaved) {  // nobody else has written meanwhile: the lease was ours
      tx.journal().set_saving(row.id, done ? records::Saving::Saved : records::Saving::NotSaved);
    }
    release_lease(tx, id, x_owner);
  });
  Saved result{id, done.has_value(), done ? std::string{} : done.error().what};
  if (done) {
    log_info("SWITCH_SAVED", "{}: the running configuration is saved", printable(id.value));
  } else {
    log_warning("SWITCH_NOT_SAVED", "{}: {}", printable(id.value), printable(result.why));
  }
  return result;
}

}  // namespace pinfold::enforce
