/// Who is charged when port, MAC and source address do not agree, and that no two witnesses of the same packets count twice.
#include "detect/attribution.hpp"

#include <gtest/gtest.h>

#include "records.hpp"

namespace pinfold::detect::testing {
namespace {

using inventory::ServerIndex;
constexpr SourceIndex kSwitch{0};
constexpr IfIndex kPortOfA{10};
constexpr IfIndex kPortOfB{11};
constexpr IfIndex kShared{12};
constexpr IfIndex kUplink{48};

inventory::Server on(inventory::Server server, const char* port, const char* mac) {
  server.port = inventory::AccessPort{SwitchId{"sw1"}, PortName{port}, ""};
  server.mac = net::MacAddress::parse(mac);
  return server;
}

std::shared_ptr<const inventory::Inventory> racks() {
  return inventory_of({on(server("a", "192.0.2.1"), "swp1", "02:00:00:00:00:0a"), on(server("b", "192.0.2.2"), "swp2", "02:00:00:00:00:0b"),
                       on(server("c", "192.0.2.3"), "swp3", "02:00:00:00:00:0c"), on(server("d", "192.0.2.4"), "swp3", "02:00:00:00:00:0d")});
}

SourcePorts names(std::uint32_t port_of_a = kPortOfA.value, std::uint32_t port_of_b = kPortOfB.value) {
  const SwitchId sw1{"sw1"};
  return {std::make_shared<const PortsByIndex>(PortsByIndex{{port_of_a, {sw1, PortName{"swp1"}}},
                                                            {port_of_b, {sw1, PortName{"swp2"}}},
                                                            {kShared.value, {sw1, PortName{"swp3"}}},
                                                            {kUplink.value, {sw1, PortName{"swp48"}}}})};
}

struct Row {
  const char* name;
  const char* src;
  std::optional<IfIndex> in_if;
  const char* mac;  ///< "" = none
  std::optional<std::uint32_t> charged;
  bool disagrees;
};

TEST(Attribution, ThePortIsBelievedBeforeTheMacBeforeTheAddress) {
  const auto inventory = racks();
  const ServerLookup lookup(inventory, {});
  const PortServers ports(names(), *inventory);
  const std::vector<Row> rows{
      {"all agree", "192.0.2.1", kPortOfA, "02:00:00:00:00:0a", 0, false},
      {"address alone", "192.0.2.1", std::nullopt, "", 0, false},
      {"forged address, known port", "192.0.2.2", kPortOfA, "", 0, true},
      {"forged foreign address, known port", "203.0.113.9", kPortOfA, "", 0, true},
      {"forged address and MAC", "192.0.2.2", kPortOfA, "02:00:00:00:00:0b", 0, true},
      {"forged MAC alone", "192.0.2.1", kPortOfA, "02:00:00:00:00:0b", 0, true},
      {"forged address, known MAC", "192.0.2.2", std::nullopt, "02:00:00:00:00:0a", 0, true},
      {"a shared port decides nothing", "192.0.2.3", kShared, "", 2, false},
      {"on a shared port the MAC decides", "192.0.2.3", kShared, "02:00:00:00:00:0d", 3, true},
      {"from the uplink, the address", "192.0.2.1", kUplink, "", 0, false},
      {"an interface nobody knows", "192.0.2.1", IfIndex{99}, "", 0, false},
      {"a router's MAC", "192.0.2.1", std::nullopt, "02:00:00:00:00:ff", 0, false},
      {"a stranger", "203.0.113.9", kUplink, "02:00:00:00:00:ff", std::nullopt, false},
  };
  for (const Row& row : rows) {
    flow::FlowRecord record = tcp({ip(row.src), 1}, {target(1), 2}, kData, kStart);
    record.in_if = row.in_if;
    record.src_mac = net::MacAddress::parse(row.mac);
    const Attribution attribution = attribute(lookup, ports, record, kSwitch);
    EXPECT_EQ(attribution.charged(), row.charged ? std::optional(ServerIndex{*row.charged}) : std::nullopt) << row.name;
    EXPECT_EQ(attribution.disagrees(), row.disagrees) << row.name;
  }
}

TEST(Attribution, AnInterfaceMeansNothingWithoutItsExporter) {
  const auto inventory = racks();
  const PortServers ports(names(), *inventory);
  EXPECT_TRUE(ports.at(kSwitch, kPortOfA));
  EXPECT_FALSE(ports.at(SourceIndex{1}, kPortOfA));
  EXPECT_TRUE(PortServers({nullptr, nullptr}, *inventory).empty());
}

TEST(Attribution, AForgedFloodIsChargedToItsPortAndKeptAsDisagreement) {
  Watch watch({{"sw1", 0}}, racks());
  watch.pipeline.set_ports(names());
  for (std::uint32_t i = 0; i < 200; ++i) {
    flow::FlowRecord probe = tcp({target(5000 + i), 40'000}, {target(i), 22}, flow::kSyn, watch.now + seconds(0.1));
    probe.in_if = kPortOfB;
    watch.add(probe);
  }
  EXPECT_EQ(watch.pipeline.disagreements({1}), 200U);
  EXPECT_EQ(watch.pipeline.disagreements({0}), 0U);
  EXPECT_EQ(watch.pipeline.counters().disagreed, 200U);
  EXPECT_EQ(watch.pipeline.accountant().view({1}, Direction::Outbound, WindowLength::TenMinutes).running.packets.count, Packets{200});
  ASSERT_EQ(watch.findings().size(), 1U);
  EXPECT_EQ(watch.given[0].server, ServerId{"b"});
}

TEST(Attribution, AfterARestartOfTheSwitchTheNewIndexesCount) {
  Watch watch({{"sw1", 0}}, racks());
  watch.pipeline.set_ports(names());
  const auto send = [&](IfIndex port) {
    flow::FlowRecord record = tcp({target(7), 1}, {target(8), 2}, kData, watch.now + seconds(1));
    record.in_if = port;
    watch.add(record);
  };
  send(kPortOfA);
  watch.pipeline.set_ports(names(kPortOfB.value, kPortOfA.value));  // they swapped places
  send(kPortOfA);
  watch.pipeline.set_inventory(inventory_of({on(server("b", "192.0.2.2"), "swp2", "02:00:00:00:00:0b")}));
  send(kPortOfA);
  watch.pipeline.set_ports({nullptr});
  send(kPortOfA);
  EXPECT_EQ(watch.pipeline.disagreements({0}), 2U);  // b, which stands first now
  EXPECT_EQ(watch.pipeline.counters().disagreed, 3U);
  EXPECT_EQ(watch.pipeline.counters().foreign, 1U);
}

/// Two exports, both directions of a hop and two hops, all at once: the packets still count once.
TEST(Attribution, TwoExportsTwoDirectionsAndTwoHopsCountOnce) {
  Watch watch({{"sw1", 0}, {"sw1", 1}, {"border", 0}}, racks());
  watch.pipeline.set_ports(names());
  for (int i = 0; i < 50; ++i) {
    watch.now = watch.now + seconds(1);
    flow::FlowRecord record = tcp({ip("192.0.2.1"), 1}, {ip("192.0.2.2"), 2}, kData, watch.now, 10, 10'000);
    for (std::uint32_t source = 0; source < 3; ++source) {
      record.in_if = source < 2 ? kPortOfA : kUplink;
      for (const auto direction : {flow::Direction::Ingress, flow::Direction::Egress}) {
        record.direction = direction;
        watch.add(record, source);
      }
    }
  }
  EXPECT_EQ(watch.pipeline.accountant().view({0}, Direction::Outbound, WindowLength::TenMinutes).running.bytes.count, Bytes{500'000});
  EXPECT_EQ(watch.pipeline.accountant().view({1}, Direction::Inbound, WindowLength::TenMinutes).running.bytes.count, Bytes{500'000});
  EXPECT_EQ(watch.pipeline.counters().disagreed, 0U);
}

TEST(Attribution, InterfaceCountersFillInForServersThatNoFlowShows) {
  Watch watch({{"sw1", 0}}, racks());
  const InterfaceTraffic traffic{watch.now, watch.now + std::chrono::minutes{1}, Bytes{6'000'000}, Bytes{60'000}, Packets{6000}, Packets{600}};
  const WallTime now = watch.now + std::chrono::minutes{1};
  watch.add(tcp({ip("192.0.2.1"), 1}, {target(1), 2}, kData, now, 1, 100));
  watch.pipeline.add_interface(ServerId{"a"}, traffic, now);  // its flows are accounted: those count
  watch.pipeline.add_interface(ServerId{"b"}, traffic, now);
  watch.pipeline.add_interface(ServerId{"nobody"}, traffic, now);
  const auto bytes = [&](std::uint32_t server, Direction direction) {
    return watch.pipeline.accountant().view({server}, direction, WindowLength::Hour).running.bytes.count.value;
  };
  EXPECT_EQ(bytes(0, Direction::Outbound), 100U);
  EXPECT_EQ(bytes(1, Direction::Outbound), 6'000'000U);
  EXPECT_EQ(bytes(1, Direction::Inbound), 60'000U);
}

TEST(Attribution, TheHistoryHoldsSilenceWhileTheExporterLivesAndGapsWhenItIsDead) {
  Watch watch;
  std::vector<MinuteTraffic> given;
  watch.add(tcp({ip("192.0.2.1"), 1}, {target(1), 2}, kData, watch.now, 1, 100));
  for (int minute = 0; minute < 20; ++minute) {
    watch.now = watch.now + std::chrono::minutes{1};
    if (minute < 10) {
      watch.pipeline.heard({0}, watch.now);
    }
    watch.pipeline.take_minutes(0, 10, watch.now, given);
  }
  // The minutes up to the tenth are told, as traffic and then as silence; server b was never seen: nothing is said of it.
  EXPECT_TRUE(std::all_of(given.begin(), given.end(), [](const MinuteTraffic& part) { return part.server == inventory::ServerIndex{0}; }));
  EXPECT_GE(given.size(), 8U);
  EXPECT_LE(given.size(), 13U);
}

}  // namespace
}  // namespace pinfold::detect::testing
