/// Counters that sFlow agents push become the same intervals as those that SNMP polls.
#include "collect/pushed_counters.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace pinfold::collect {
namespace {

const WallTime kNoon = *parse_wall_time("2026-11-23T12:00:00Z");
const net::IpAddress kExporter = *net::IpAddress::parse("198.51.100.1");
constexpr std::uint64_t kGigabit = 1'000'000'000;

struct Pushed {
  Pushed()
      : table({{kExporter, SwitchId{"sw1"}}}),
        pushed(
            table, [this](const ServerId&) { return is_polled; }, sink()) {
    inventory::Server alone;
    alone.id = ServerId{"alone"};
    alone.customer = CustomerId{"1"};
    alone.port.emplace();
    alone.port->switch_id = SwitchId{"sw1"};
    alone.port->name = PortName{"swp1"};
    std::vector<inventory::Server> servers{alone, alone, alone};
    servers[1].id = ServerId{"one_of_two"};
    servers[2].id = ServerId{"other_of_two"};
    servers[1].port->name = servers[2].port->name = PortName{"swp2"};
    pushed.set_inventory(inventory::Inventory({{CustomerId{"1"}, "one", {{ContactId{"a@b.example"}, "en"}}}}, std::move(servers)));
    table.set(SwitchId{"sw1"}, {{101, PortName{"swp1"}}, {102, PortName{"swp2"}}});
  }
  [[nodiscard]] PushedCounters::Sink sink() {
    return [this](const ServerId& server, const InterfaceInterval& interval) { given.emplace_back(server, interval); };
  }
  /// Port swp1, `seconds` after the agent started.
  [[nodiscard]] static PushedSample sample(std::uint32_t seconds, std::uint64_t octets_in, std::uint64_t octets_out, std::uint32_t index = 101) {
    PushedSample made{kExporter, kNoon + Seconds{seconds}, {}};
    made.counters.sequence = seconds;
    made.counters.uptime_millis = seconds * 1000;
    made.counters.interface = IfIndex{index};
    made.counters.speed = kGigabit;
    made.counters.in_octets = octets_in;
    made.counters.out_octets = octets_out;
    made.counters.in_unicast = static_cast<std::uint32_t>(octets_in / 100);
    made.counters.out_unicast = static_cast<std::uint32_t>(octets_out / 100);
    return made;
  }
  [[nodiscard]] std::uint64_t gaps(NoRate why) const { return pushed.counters().gaps.at(static_cast<std::size_t>(why)); }

  InterfaceTable table;
  bool is_polled = false;
  std::vector<std::pair<ServerId, InterfaceInterval>> given;
  PushedCounters pushed;
};

TEST(PushedCounters, TwoSamplesOfAPortAreAnIntervalOfItsServer) {
  Pushed t;
  t.pushed.take({Pushed::sample(100, 1000, 500), Pushed::sample(130, 61'000, 2500)});
  ASSERT_EQ(t.given.size(), 1U);
  const auto& [server, interval] = t.given[0];
  EXPECT_EQ(server, ServerId{"alone"});
  EXPECT_EQ(interval.bytes_in, Bytes{60'000});
  EXPECT_EQ(interval.bytes_out, Bytes{2000});
  EXPECT_EQ(interval.packets_in, Packets{600});
  EXPECT_EQ(interval.packets_out, Packets{20});
  EXPECT_EQ(interval.begin, kNoon + Seconds{100});
  EXPECT_EQ(interval.end, kNoon + Seconds{130});
}

/// The datagram was late; the agent's clock says what the rate was.
TEST(PushedCounters, DelaysOnTheWayBendNoRate) {
  Pushed t;
  PushedSample late = Pushed::sample(130, 61'000, 2500);
  late.received = late.received + Seconds{20};
  t.pushed.take({Pushed::sample(100, 1000, 500), late});
  ASSERT_EQ(t.given.size(), 1U);
  EXPECT_EQ(t.given[0].second.end - t.given[0].second.begin, Seconds{30});
}

TEST(PushedCounters, PacketsWrapAt32BitsAndTheAgentsClockAt49Days) {
  Pushed t;
  PushedSample before = Pushed::sample(100, 1000, 500);
  PushedSample after = Pushed::sample(130, 2000, 500);
  before.counters.uptime_millis = 0xFFFF'FFFF - 999;
  after.counters.uptime_millis = 29'000;
  before.counters.in_unicast = 0xFFFF'FFFF;
  after.counters.in_unicast = 9;
  t.pushed.take({before, after});
  ASSERT_EQ(t.given.size(), 1U);
  EXPECT_EQ(t.given[0].second.packets_in, Packets{10});
  EXPECT_EQ(t.given[0].second.end - t.given[0].second.begin, Seconds{30});
}

TEST(PushedCounters, WhatCannotBeARateIsACountedGap) {
  Pushed t;
  t.pushed.take({Pushed::sample(1000, 5000, 5000), Pushed::sample(5, 10, 10)});  // the agent started again
  EXPECT_EQ(t.gaps(NoRate::TooLong), 1U);
  t.pushed.take({Pushed::sample(5, 10, 10)});  // the same datagram twice
  EXPECT_EQ(t.gaps(NoRate::OutOfOrder), 1U);
  PushedSample renumbered = Pushed::sample(35, 20, 20);
  renumbered.counters.sequence = 1;
  t.pushed.take({renumbered});
  EXPECT_EQ(t.gaps(NoRate::Restarted), 1U);
  t.pushed.take({Pushed::sample(65, 5, 20)});  // set back, and no wrap of 64 bits at a gigabit
  EXPECT_EQ(t.gaps(NoRate::Implausible), 1U);
  PushedSample without = Pushed::sample(95, 0, 0);
  without.counters.in_octets.reset();
  t.pushed.take({without});
  EXPECT_EQ(t.gaps(NoRate::Missing), 1U);
  EXPECT_TRUE(t.given.empty());
}

TEST(PushedCounters, PortsThatAreNobodysOrSeveralServersChargeNone) {
  Pushed t;
  for (const std::uint32_t index : {102U, 999U}) {
    t.pushed.take({Pushed::sample(100, 0, 0, index), Pushed::sample(130, 1000, 1000, index)});
  }
  EXPECT_EQ(t.pushed.counters().nobodys, 4U);
  EXPECT_TRUE(t.given.empty());
}

/// An agent that names its ports needs no SNMP beside it.
TEST(PushedCounters, ANameInTheSampleStandsInForTheTable) {
  Pushed t;
  t.table.forget(SwitchId{"sw1"});
  PushedSample before = Pushed::sample(100, 0, 0);
  PushedSample after = Pushed::sample(130, 1000, 1000);
  t.pushed.take({before, after});
  EXPECT_TRUE(t.given.empty());
  before.counters.name = after.counters.name = "swp1";
  t.pushed.take({before, after});
  ASSERT_EQ(t.given.size(), 1U);
  EXPECT_EQ(t.given[0].first, ServerId{"alone"});
}

TEST(PushedCounters, WhatThePollerHasCountsOnce) {
  Pushed t;
  t.is_polled = true;
  t.pushed.take({Pushed::sample(100, 0, 0), Pushed::sample(130, 1000, 1000)});
  EXPECT_EQ(t.pushed.counters().spare, 2U);
  EXPECT_TRUE(t.given.empty());
}

}  // namespace
}  // namespace pinfold::collect
