#include "collect/interface_poller.hpp"

#include <utility>

namespace pinfold::collect {

/// One switch and what is known of it. Asked by one thread at a time (the schedule sees to it); only the counters are read by others.
class InterfacePoller::Polled {
public:
  Polled(PolledSwitch polled, const Clock& clock, InterfaceTable& table) : x_switch(std::move(polled)), x_clock(clock), x_table(table) {
    x_counters.with([this](SwitchCounters& counters) { counters.id = x_switch.id; });
  }

  [[nodiscard]] const SwitchId& id() const { return x_switch.id; }
  [[nodiscard]] SwitchCounters counters() const {
    return x_counters.with([](const SwitchCounters& counters) { return counters; });
  }

  bool poll(const Wanted& wanted, const Sink& sink) {
    const auto read = ask(wanted, sink);
    x_counters.with([&](SwitchCounters& counters) {
      ++counters.polls;
      counters.failures += read ? 0U : 1U;
      counters.fault = read ? std::nullopt : std::optional(read.error().what);
    });
    if (!read) {
      x_reader.reset();    // the next time begins afresh, with the agent's engine looked up again
      x_identity.reset();  // it may be starting anew: until it has said so, its indexes mean nothing
      x_table.forget(x_switch.id);
    }
    return read.has_value();
  }

private:
  [[nodiscard]] Expected<void, snmp::Error> ask(const Wanted& wanted, const Sink& sink) {
    if (!x_reader) {
      auto agent = x_switch.open();
      if (!agent) {
        return Unexpected(agent.error());
      }
      x_reader.emplace(*std::move(agent), x_clock);
    }
    if (auto renamed = refresh_names(); !renamed) {
      return renamed;
    }
    std::vector<PortName> names;
    std::vector<IfIndex> ports;
    for (const auto& [name, server] : wanted) {
      if (const auto index = x_indexes.find(name); index != x_indexes.end()) {
        names.push_back(name);
        ports.push_back(IfIndex{index->second});
      }
    }
    auto readings = x_reader->counters(ports);
    if (!readings) {
      return Unexpected(readings.error());
    }
    std::map<PortName, InterfaceReading> fresh;
    for (std::size_t i = 0; i < ports.size(); ++i) {
      if ((*readings)[i].name != names[i]) {
        x_identity.reset();  // the index moved between two questions
        continue;
      }
      compare(names[i], wanted.at(names[i]), (*readings)[i].reading, sink);
      fresh.emplace(std::move(names[i]), std::move((*readings)[i].reading));
    }
    x_counters.with([&](SwitchCounters& counters) {
      counters.ports = fresh.size();
      counters.absent = wanted.size() - ports.size();
    });
    x_last = std::move(fresh);
    return {};
  }

  [[nodiscard]] Expected<void, snmp::Error> refresh_names() {
    const MonoTime now = x_clock.mono();
    const auto identity = x_reader->identity();
    if (!identity) {
      return Unexpected(identity.error());
    }
    const bool has_moved = !x_identity || indexes_may_have_moved(*x_identity, *identity, now - x_seen);
    if (!has_moved && now - x_named < kRefreshNames) {
      x_identity = *identity;
      x_seen = now;
      return {};
    }
    if (has_moved) {
      x_identity.reset();
      x_table.forget(x_switch.id);
    }
    auto names = x_reader->names();
    if (!names) {
      return Unexpected(names.error());
    }
    x_indexes.clear();
    std::map<PortName, unsigned> times;
    for (const auto& [index, name] : *names) {
      x_indexes[name] = index;
      ++times[name];
    }
    for (const auto& [name, count] : times) {
      if (count > 1) {
        x_indexes.erase(name);  // a name that two ports have is nobody's
      }
    }
    x_table.set(x_switch.id, *names);
    x_identity = *identity;
    x_seen = now;
    x_named = now;
    x_counters.with([](SwitchCounters& counters) { ++counters.renamings; });
    return {};
  }

  void compare(const PortName& name, const ServerId& server, const InterfaceReading& reading, const Sink& sink) {
    const auto before = x_last.find(name);
    if (before == x_last.end()) {
      return;  // the first sight of it
    }
    const auto interval = rate(before->second, reading);
    x_counters.with([&](SwitchCounters& counters) {
      if (interval) {
        ++counters.intervals;
      } else {
        ++counters.gaps.at(static_cast<std::size_t>(interval.error()));
      }
    });
    if (interval) {
      sink(server, *interval);
    }
  }

  PolledSwitch x_switch;
  const Clock& x_clock;
  InterfaceTable& x_table;
  std::optional<SwitchReader> x_reader;
  std::optional<SwitchIdentity> x_identity;  ///< nullopt: the names must be read anew
  MonoTime x_seen;                           ///< when it was seen
  MonoTime x_named;
  std::map<PortName, std::uint32_t> x_indexes;
  std::map<PortName, InterfaceReading> x_last;
  LockGuarded<SwitchCounters> x_counters;
};

InterfacePoller::InterfacePoller(std::vector<PolledSwitch> switches, Nanos interval, const Clock& clock, InterfaceTable& table, Sink sink)
    : x_clock(clock), x_sink(std::move(sink)), x_schedule(PollSchedule(switches.size(), interval, clock.mono())) {
  for (PolledSwitch& polled : switches) {
    x_switches.push_back(std::make_unique<Polled>(std::move(polled), clock, table));
  }
}

InterfacePoller::~InterfacePoller() = default;

void InterfacePoller::set_inventory(const inventory::Inventory& inventory) {
  std::map<SwitchId, Wanted> by_switch;
  for (const inventory::Server& server : inventory.servers()) {
    if (server.port && inventory.on_port(*server.port).size() == 1) {
      by_switch[server.port->switch_id].emplace(server.port->name, server.id);
    }
  }
  WantedPorts wanted;
  for (auto& [id, ports] : by_switch) {
    wanted.emplace(id, std::make_shared<const Wanted>(std::move(ports)));
  }
  x_wanted.with([&](WantedPorts& present) { present = std::move(wanted); });
}

bool InterfacePoller::poll_one() {
  const auto index = x_schedule.with([this](PollSchedule& schedule) { return schedule.take(x_clock.mono()); });
  if (!index) {
    return false;
  }
  Polled& polled = *x_switches[*index];
  const auto wanted = x_wanted.with([&](const WantedPorts& all) {
    const auto found = all.find(polled.id());
    return found == all.end() ? std::make_shared<const Wanted>() : found->second;
  });
  const bool answered = polled.poll(*wanted, x_sink);
  x_schedule.with([&](PollSchedule& schedule) { schedule.done(*index, answered, x_clock.mono()); });
  return true;
}

std::vector<SwitchCounters> InterfacePoller::counters() const {
  std::vector<SwitchCounters> all;
  all.reserve(x_switches.size());
  for (const auto& polled : x_switches) {
    all.push_back(polled->counters());
  }
  return all;
}

}  // namespace pinfold::collect
