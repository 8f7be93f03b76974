// A simulated switch with every fault that the executor must see through; what it does are steps at which the process can be killed.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "enforce/driver.hpp"
#include "enforce/memory_store.hpp"

namespace pinfold::enforce::fakes {

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

}  // namespace pinfold::enforce::fakes
