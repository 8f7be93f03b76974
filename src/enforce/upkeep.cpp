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
    const auto drift = drift_of(row);
    if (is_news(row, drift)) {
      log_warning("PORT_DRIFT", "{} {}: {}", printable(row.switch_id.value), printable(row.port.value), *drift);
      news.push_back({row, *drift});
    }
  }
  return news;
}

/// nullopt: as it should be. An empty text: the switch says nothing now.
std::optional<std::string> Upkeep::drift_of(const JournalRow& row) {
  const auto driver = x_drivers(row.switch_id);
  if (!driver) {
    return "its switch is no longer configured, and Pinfold cannot look at it";
  }
  const auto facts = driver->reread({row.switch_id, row.port, {}});
  if (!facts && facts.error().kind == DriverError::Kind::NotFound) {
    return "the port is gone: " + facts.error().what;
  }
  const auto off = facts ? guard::is_off(*facts) : std::nullopt;
  if (!off) {
    return std::string{};
  }
  if (row.wish == PortWish::Down && !*off) {
    return "Pinfold holds this port down, and it is up now: somebody opened it (" + read_back_text(*facts) + "); it is left so";
  }
  if (row.wish == PortWish::Up && *off) {
    return "Pinfold opened this port, and it is shut now: somebody shut it (" + read_back_text(*facts) + "); it is left so";
  }
  return std::nullopt;
}

bool Upkeep::is_news(const JournalRow& row, const std::optional<std::string>& drift) {
  if (drift && drift->empty()) {
    return false;
  }
  bool news = false;
  const std::string value = drift ? row.id : std::string{};
  x_store.transact([&](records::Transaction& tx) {
    const std::string known = tx.settings().get(drift_setting(row)).value_or("");
    news = drift && known != value;
    if (known != value) {
      tx.settings().set(drift_setting(row), value);
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
