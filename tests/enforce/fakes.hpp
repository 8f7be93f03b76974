// An in-memory journal and a simulated switch, both of which can be killed between any two of their steps.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/assert.hpp"
#include "base/clock.hpp"
#include "enforce/executor.hpp"

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

struct SimPort {
  std::uint32_t index = 0;
  std::string alias;
  guard::AdminState admin = guard::AdminState::Up;
  std::vector<net::MacAddress> macs;
  bool has_carrier = true;
  std::uint64_t octets = 1000;  ///< received; grows with every look while the server is heard
  std::vector<std::string> bonded_with{};
};

struct SimWrite {
  std::string port;
  guard::AdminState wish = guard::AdminState::Up;
  bool applied = false;
  WallTime at;
};

/// A switch with its faults.
struct SimSwitch {
  explicit SimSwitch(Fate& f, ManualClock& c) : fate(f), clock(c) {}
  Fate& fate;
  ManualClock& clock;
  std::map<std::string, SimPort> ports;
  std::vector<SimWrite> writes;  ///< every set that reached it
  std::uint32_t boots = 1;
  unsigned ports_up = 400;
  unsigned neighbours = 0;  ///< bridges and routers, says LLDP
  Micros oper_delay{0};     ///< the agent shows a link's state of so long ago

  bool is_silent = false;           ///< answers nothing
  bool is_half_silent = false;      ///< no answer about its neighbours
  unsigned silent_from_answer = 0;  ///< goes silent after so many further answers; 0 = not
  bool ignores_sets = false;        ///< says yes, does nothing
  bool loses_set_answers = false;   ///< does it, its answer is lost
  bool loses_sets = false;          ///< the set never arrives
  bool refuses_sets = false;
  bool goes_on_passing = false;  ///< says "down" and passes on what the server sends
  bool can_save = false;
  bool fails_to_save = false;
  unsigned saves = 0;
  bool keeps_learned = false;                                                       ///< does not forget the MAC addresses of a port that is down
  std::optional<std::string> hits_instead;                                          ///< the index moved between the last check and the set
  std::function<void(const std::string& port, guard::AdminState wish)> before_set;  ///< what the world does at the worst moment

  void restart() {
    ++boots;
    std::uint32_t next = 100 * boots;
    for (auto& [name, port] : ports) {
      port.index = next++;
    }
  }
  [[nodiscard]] bool answers() {
    fate.step();
    if (silent_from_answer > 0 && --silent_from_answer == 0) {
      is_silent = true;
    }
    return !is_silent;
  }
};

class SimDriver final : public Driver {
public:
  explicit SimDriver(SimSwitch& sw) : x_switch(sw) {}

  [[nodiscard]] Expected<guard::PortFacts, DriverError> inspect(const inventory::AccessPort& port) override { return reread(port); }

  [[nodiscard]] Expected<guard::PortFacts, DriverError> reread(const inventory::AccessPort& port) override {
    if (!x_switch.answers()) {
      return Unexpected(DriverError{DriverError::Kind::Timeout, "no answer"});
    }
    const auto found = x_switch.ports.find(port.name.value);
    if (found == x_switch.ports.end()) {
      return Unexpected(DriverError{DriverError::Kind::NotFound, "no such port"});
    }
    return facts_of(port.name.value, found->second);
  }

  [[nodiscard]] Expected<void, DriverError> set(const guard::PortFacts& facts, guard::AdminState wish) override {
    x_switch.fate.step();  // killed between SENT and the packet
    if (x_switch.before_set) {
      x_switch.before_set(facts.name, wish);
    }
    if (x_switch.refuses_sets) {
      return Unexpected(DriverError{DriverError::Kind::Refused, "noAccess"});
    }
    if (x_switch.is_silent || x_switch.loses_sets) {
      return Unexpected(DriverError{DriverError::Kind::Timeout, "no answer to the set"});
    }
    const std::string hit = x_switch.hits_instead.value_or(facts.name);
    x_switch.writes.push_back({hit, wish, !x_switch.ignores_sets, x_switch.clock.wall()});
    if (!x_switch.ignores_sets) {
      x_switch.ports.at(hit).admin = wish;
      for (const guard::BondMember& member : facts.bond.value.value_or(std::vector<guard::BondMember>{})) {
        x_switch.ports.at(member.name.value).admin = x_switch.hits_instead ? x_switch.ports.at(member.name.value).admin : wish;
      }
      x_changed = x_switch.clock.mono();
    }
    x_switch.fate.step();  // killed between the switch's doing and our hearing of it
    if (x_switch.loses_set_answers) {
      return Unexpected(DriverError{DriverError::Kind::Timeout, "no answer to the set"});
    }
    return {};
  }

  [[nodiscard]] std::optional<PortTraffic> traffic(const guard::PortFacts& facts) override {
    const auto found = x_switch.ports.find(facts.name);
    if (x_switch.is_silent || found == x_switch.ports.end()) {
      return std::nullopt;
    }
    SimPort& port = found->second;
    const bool is_heard = port.admin == guard::AdminState::Up || x_switch.goes_on_passing;
    port.octets += is_heard ? 1500 : 0;
    return PortTraffic{port.octets, is_heard || x_switch.keeps_learned ? port.macs.size() : 0};
  }

  [[nodiscard]] std::string describe_write(const guard::PortFacts& facts, guard::AdminState wish) const override {
    return facts.name + (wish == guard::AdminState::Down ? " down" : " up");
  }

  [[nodiscard]] bool can_save() const override { return x_switch.can_save; }
  [[nodiscard]] Expected<void, DriverError> save() override {
    ++x_switch.saves;
    if (x_switch.fails_to_save) {
      return Unexpected(DriverError{DriverError::Kind::Timeout, "not saved within 60 s"});
    }
    return {};
  }

  [[nodiscard]] std::optional<AdminStates> admin_states() override {
    if (x_switch.is_silent) {
      return std::nullopt;
    }
    AdminStates states;
    for (const auto& [name, port] : x_switch.ports) {
      states[PortName{name}] = port.admin;
    }
    return states;
  }

private:
  [[nodiscard]] guard::PortFacts facts_of(const std::string& name, const SimPort& port) const {
    const bool is_stale = x_changed && x_switch.clock.mono() - *x_changed < x_switch.oper_delay;
    const bool shown_up = (port.admin == guard::AdminState::Up) != is_stale;
    guard::PortFacts facts;
    facts.identity = {"sw1", x_switch.boots, std::chrono::duration_cast<Millis>(x_switch.clock.mono().since_start), x_switch.boots};
    facts.index = IfIndex{port.index};
    facts.name = name;
    facts.alias = port.alias;
    facts.if_type = guard::kEthernet;
    facts.admin = port.admin;
    facts.oper = shown_up && port.has_carrier ? guard::OperState::Up : guard::OperState::Down;
    facts.learned_macs = port.macs;
    facts.bridge_neighbours = x_switch.is_half_silent ? std::nullopt : std::optional(x_switch.neighbours);
    facts.fell_silent = x_switch.is_half_silent;
    facts.is_own_path = false;
    facts.learned_elsewhere.emplace();
    for (const auto& [other, there] : x_switch.ports) {
      if (other != name) {
        facts.learned_elsewhere->insert(facts.learned_elsewhere->end(), there.macs.begin(), there.macs.end());
      }
    }
    std::sort(facts.learned_elsewhere->begin(), facts.learned_elsewhere->end());
    facts.switch_ports_up = x_switch.ports_up;
    facts.bond = {true, std::vector<guard::BondMember>{}};
    for (const std::string& member : port.bonded_with) {
      const SimPort& there = x_switch.ports.at(member);
      const auto oper = there.admin == guard::AdminState::Up ? guard::OperState::Up : guard::OperState::Down;
      facts.bond.value->push_back({PortName{member}, IfIndex{there.index}, there.admin, oper, there.alias});
    }
    return facts;
  }

  SimSwitch& x_switch;
  std::optional<MonoTime> x_changed;
};

/// A switch with an uplink, customers' ports swp1… and everything the executor needs.
struct World {
  Fate fate;
  ManualClock clock{WallTime{std::chrono::hours{500'000}}};
  MemoryStore store{fate};
  SimSwitch sw{fate, clock};
  inventory::Inventory inventory;
  std::optional<std::string> lapsed;  ///< what the predicate says against the action
  guard::Warrant warrant;             ///< what the desk holds for every action
  bool is_warrant_fresh = true;       ///< evidence and approvals are of this moment, whenever that is
  bool is_on_system_clock = false;    ///< where the executor under test is
  ExecutorSettings settings;
  std::unique_ptr<Executor> executor;

  explicit World(unsigned customers = 3) {
    std::vector<inventory::Customer> owners;
    std::vector<inventory::Server> servers;
    sw.ports["swp24"] = {1, "core:UPLINK", guard::AdminState::Up, {{{2, 0, 0, 0, 0, 254}}}, true};
    for (unsigned i = 1; i <= customers; ++i) {
      const std::string n = std::to_string(1000 + i);
      owners.push_back({CustomerId{n}, "customer " + n, {{ContactId{"ops@c" + n + ".example"}, "en"}}});
      inventory::Server server;
      server.id = ServerId{"srv-" + n};
      server.customer = CustomerId{n};
      server.mac = net::MacAddress{{2, 0, 0, 0, 0, static_cast<std::uint8_t>(i)}};
      server.port = inventory::AccessPort{SwitchId{"sw1"}, PortName{"swp" + std::to_string(i)}, "cust:srv-" + n};
      sw.ports[server.port->name.value] = {i + 1, server.port->alias, guard::AdminState::Up, {*server.mac}, true};
      servers.push_back(std::move(server));
    }
    inventory = inventory::Inventory(std::move(owners), std::move(servers));
    settings.gateway_macs = {{{2, 0, 0, 0, 0, 254}}};
    settings.owner = "desk 1";
    settings.warrant = [this](records::Transaction&, const ActionRequest&) {
      if (is_warrant_fresh) {
        const WallTime now = is_on_system_clock ? system_clock().wall() : clock.wall();
        warrant.evidence_at = now;
        for (auto& one : warrant.approvals) {
          one.at = now;
        }
      }
      return warrant;
    };
    warrant.approvals = {{StaffId{"anna"}, clock.wall(), true}};
    store.settings.set(arming_setting(SwitchId{"sw1"}), "yes");
    start();
  }

  /// A new process: everything but the store and the switch is gone.
  void start() {
    executor = std::make_unique<Executor>(
        store, [this](const SwitchId& id) { return id.value == "sw1" ? std::make_unique<SimDriver>(sw) : nullptr; }, clock,
        [this](Micros by) {
          fate.step();
          clock.advance(by);
        },
        settings);
  }

  [[nodiscard]] ActionRequest request(unsigned customer, desk::PortWish wish, std::int64_t action = 1) const {
    return {CaseId{customer}, ActionId{action}, ServerId{"srv-" + std::to_string(1000 + customer)}, wish};
  }
  ActionOutcome run(const ActionRequest& r) {
    return executor->run(r, inventory, [this](records::Transaction&, const ActionRequest&) { return lapsed; });
  }
  std::vector<RecoveredAction> recover() {
    return executor->recover(inventory, [this](records::Transaction&, const ActionRequest&) { return lapsed; });
  }
  [[nodiscard]] guard::AdminState admin(const std::string& port) const { return sw.ports.at(port).admin; }
  [[nodiscard]] records::JournalState last_state() const { return store.journal.rows.back().state; }
};

}  // namespace pinfold::enforce::fakes
