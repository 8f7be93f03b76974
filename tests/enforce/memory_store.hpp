// A journal and settings in memory, of a process that can be killed between any two of its steps.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/assert.hpp"
#include "records/store.hpp"

namespace pinfold::enforce::fakes {

/// The process dies here. Not derived from std::exception, so that nothing catches it by accident.
struct Killed {};

/// Counts the steps of a run and kills at the chosen one.
class Fate {
public:
  static constexpr unsigned kNever = 0;
  void kill_at(unsigned step) {
    x_at = step;
    x_now = 0;
  }
  void step() {
    if (++x_now == x_at) {
      throw Killed{};
    }
  }
  [[nodiscard]] unsigned steps() const { return x_now; }

private:
  unsigned x_at = kNever;
  unsigned x_now = 0;
};

class MemoryJournal final : public records::PortJournal {
public:
  std::vector<records::JournalRow> rows;  ///< in order of their intents

  bool begin(const records::JournalRow& row) override {
    const bool refused = std::any_of(rows.begin(), rows.end(), [&](const auto& r) {
      return r.id == row.id || (is_open(r) && r.switch_id == row.switch_id && r.port == row.port);
    });
    if (!refused) {
      rows.push_back(row);
    }
    return !refused;
  }
  void advance(const std::string& id, records::JournalState state, std::string_view note, WallTime now) override {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.id == id; });
    PINFOLD_ASSERT(row != rows.end());
    PINFOLD_ASSERT(is_open(*row));  // a finished row never changes
    row->state = state;
    row->note = note;
    row->changed = now;
  }
  [[nodiscard]] std::optional<records::JournalRow> find(const std::string& id) const override {
    return last_if([&](const auto& r) { return r.id == id; });
  }
  [[nodiscard]] std::vector<records::JournalRow> open() const override {
    std::vector<records::JournalRow> found;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(found), is_open);
    return found;
  }
  [[nodiscard]] std::optional<records::JournalRow> last_on(const SwitchId& sw, const PortName& port) const override {
    return last_if([&](const auto& r) { return r.switch_id == sw && r.port == port; });
  }
  [[nodiscard]] std::uint32_t count_downs_since(const SwitchId* sw, WallTime since) const override {
    return static_cast<std::uint32_t>(std::count_if(rows.begin(), rows.end(), [&](const auto& r) {
      return r.wish == desk::PortWish::Down && r.at >= since && r.state != records::JournalState::Abandoned && (sw == nullptr || r.switch_id == *sw);
    }));
  }
  /// Held until an up is verified; what is in doubt counts as down.
  [[nodiscard]] std::uint32_t ports_held_down(const SwitchId& sw) const override {
    std::set<PortName> held;
    for (const auto& r : rows) {
      if (r.switch_id != sw) {
        continue;
      }
      if (r.wish == desk::PortWish::Down && r.state != records::JournalState::Abandoned) {
        held.insert(r.port);
      } else if (r.wish == desk::PortWish::Up && r.state == records::JournalState::Verified) {
        held.erase(r.port);
      }
    }
    return static_cast<std::uint32_t>(held.size());
  }
  [[nodiscard]] std::vector<records::JournalRow> newest_of_each_port() const override {
    std::map<std::pair<SwitchId, PortName>, records::JournalRow> newest;
    for (const auto& r : rows) {
      if (r.state != records::JournalState::Abandoned) {
        newest[{r.switch_id, r.port}] = r;
      }
    }
    std::vector<records::JournalRow> found;
    std::transform(newest.begin(), newest.end(), std::back_inserter(found), [](const auto& one) { return one.second; });
    return found;
  }

  void set_saving(const std::string& id, records::Saving saving) override {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.id == id; });
    PINFOLD_ASSERT(row != rows.end());
    row->saving = saving;
  }
  [[nodiscard]] std::vector<records::JournalRow> unsaved(const SwitchId& sw) const override {
    std::vector<records::JournalRow> found;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(found),
                 [&](const auto& r) { return r.switch_id == sw && (r.saving == records::Saving::Due || r.saving == records::Saving::NotSaved); });
    return found;
  }

  [[nodiscard]] static bool is_open(const records::JournalRow& r) {
    return r.state == records::JournalState::Intent || r.state == records::JournalState::Sent || r.state == records::JournalState::Unknown;
  }

private:
  template <typename F>
  [[nodiscard]] std::optional<records::JournalRow> last_if(F&& f) const {
    const auto found = std::find_if(rows.rbegin(), rows.rend(), f);
    return found == rows.rend() ? std::nullopt : std::optional(*found);
  }
};

class MemorySettings final : public records::Settings {
public:
  std::map<std::string, std::string, std::less<>> values;
  [[nodiscard]] std::optional<std::string> get(std::string_view name) const override {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }
  void set(std::string_view name, std::string_view value) override { values[std::string(name)] = value; }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> below(std::string_view /*prefix*/) const override { return {}; }
};

/// The part of the store that the executor uses. A transaction is whole or not at all, also when killed.
class MemoryStore final : public records::Store {
public:
  explicit MemoryStore(Fate& fate) : x_fate(fate) {}
  MemoryJournal journal;
  MemorySettings settings;

  void transact(const std::function<void(records::Transaction&)>& work) override {
    x_fate.step();  // killed before the commit: nothing happened
    const MemoryJournal before = journal;
    View view(*this);
    try {
      work(view);
    } catch (...) {
      journal = before;
      throw;
    }
    x_fate.step();  // killed after it: it stands
  }
  void read(const std::function<void(records::Transaction&)>& work) override {
    View view(*this);
    work(view);
  }

private:
  struct View final : records::Transaction {
    explicit View(MemoryStore& s) : store(s) {}
    MemoryStore& store;
    records::PortJournal& journal() override { return store.journal; }
    records::Settings& settings() override { return store.settings; }
    records::Cases& cases() override { return absent<records::Cases>(); }
    records::Outbox& outbox() override { return absent<records::Outbox>(); }
    records::Inbox& inbox() override { return absent<records::Inbox>(); }
    records::InventoryTable& inventory() override { return absent<records::InventoryTable>(); }
    records::Agents& agents() override { return absent<records::Agents>(); }
    records::Exporters& exporters() override { return absent<records::Exporters>(); }
    records::Contacts& contacts() override { return absent<records::Contacts>(); }
    records::Tickets& tickets() override { return absent<records::Tickets>(); }
    records::Aup& aup() override { return absent<records::Aup>(); }
    records::Calls& calls() override { return absent<records::Calls>(); }
    records::Reports& reports() override { return absent<records::Reports>(); }
    records::Access& access() override { return absent<records::Access>(); }
    records::Queue& queue() override { return absent<records::Queue>(); }
    records::Feed& feed() override { return absent<records::Feed>(); }
    records::NearMissHistory& near_misses() override { return absent<records::NearMissHistory>(); }
    records::Housekeeping& housekeeping() override { return absent<records::Housekeeping>(); }
    records::Baselines& baselines() override { return absent<records::Baselines>(); }
    records::Shards& shards() override { return absent<records::Shards>(); }
    template <typename T>
    [[noreturn]] static T& absent() {
      throw std::logic_error("the executor uses the journal and the settings only");
    }
  };
  Fate& x_fate;
};

}  // namespace pinfold::enforce::fakes
