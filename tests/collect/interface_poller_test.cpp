/// The poller against switches made of a table: what it asks, what it believes, and that a silent switch holds nobody up.
#include "collect/interface_poller.hpp"

#include <gtest/gtest.h>

#include <map>

namespace pinfold::collect {
namespace {

using snmp::Oid;
using snmp::Value;
using snmp::Varbind;
using std::chrono::minutes;

const WallTime kNoon = *parse_wall_time("2026-11-23T12:00:00Z");
constexpr Nanos kMinute = minutes{1};
const SwitchId kSwitch{"sw1"};

struct Port {
  std::string name;
  std::uint64_t in = 0;
  std::uint64_t out = 0;
};

/// A switch: what an agent would say of it, as of the clock.
class FakeSwitch {
public:
  explicit FakeSwitch(const ManualClock& clock) : x_clock(clock) {}

  std::map<unsigned long, Port> ports{{1, {"swp1"}}, {2, {"swp2"}}};
  bool silent = false;
  std::size_t most_objects = 1000;
  std::int64_t table_changed = 5;
  unsigned walks = 0;

  void restart() { x_started = x_clock.mono(); }

  [[nodiscard]] Value value_of(const Oid& name) const {
    if (name == Oid{1, 3, 6, 1, 2, 1, 1, 3, 0}) {
      return (x_clock.mono() - x_started) / Millis{10};
    }
    if (name == Oid{1, 3, 6, 1, 2, 1, 31, 1, 5, 0}) {
      return table_changed;
    }
    const auto port = ports.find(name.back());
    if (port == ports.end() || name.size() != 12 || name[6] != 31) {
      return {};
    }
    switch (name[10]) {
      case 1: return port->second.name;
      case 6: return static_cast<std::int64_t>(port->second.in);
      case 10: return static_cast<std::int64_t>(port->second.out);
      case 19: return std::int64_t{0};
      default: return {};
    }
  }

private:
  const ManualClock& x_clock;
  MonoTime x_started{-std::chrono::hours{1}};
};

class FakeAgent final : public SnmpAgent {
public:
  explicit FakeAgent(FakeSwitch& fake) : x_fake(fake) {}
  Expected<std::vector<Varbind>, snmp::Error> get(const std::vector<Oid>& names) override {
    if (x_fake.silent) {
      return Unexpected(snmp::Error{snmp::Error::Kind::Timeout, "no answer"});
    }
    if (names.size() > x_fake.most_objects) {
      return Unexpected(snmp::Error{snmp::Error::Kind::Refused, "tooBig"});
    }
    std::vector<Varbind> rows;
    for (const Oid& name : names) {
      rows.push_back({name, x_fake.value_of(name)});
    }
    return rows;
  }
  Expected<std::vector<Varbind>, snmp::Error> walk(const Oid& root, std::size_t /*max_rows*/) override {
    ++x_fake.walks;
    std::vector<Varbind> rows;
    for (const auto& [index, port] : x_fake.ports) {
      rows.push_back(Varbind{snmp::below(root, {index}), port.name});
    }
    return rows;
  }

private:
  FakeSwitch& x_fake;
};

class PollerTest : public ::testing::Test {
protected:
  PollerTest() { poller.set_inventory(inventory({{"a", "swp1"}, {"b", "swp2"}})); }

  static inventory::Inventory inventory(const std::vector<std::pair<const char*, const char*>>& servers) {
    std::vector<inventory::Server> made;
    for (const auto& [id, port] : servers) {
      inventory::Server server;
      server.id = ServerId{id};
      server.customer = CustomerId{"1"};
      server.port = inventory::AccessPort{kSwitch, PortName{port}, ""};
      made.push_back(std::move(server));
    }
    return {{{CustomerId{"1"}, "One", {}}}, std::move(made)};
  }
  void poll_after(Nanos later) {
    clock.advance(std::chrono::duration_cast<Micros>(later));
    while (poller.poll_one()) {
    }
  }
  [[nodiscard]] SwitchCounters counters() const { return poller.counters().front(); }

  ManualClock clock{kNoon};
  FakeSwitch fake{clock};
  InterfaceTable table{{{net::IpAddress::v4(0xC0000201), kSwitch}}};
  std::map<ServerId, std::vector<InterfaceInterval>> given;
  InterfacePoller poller{{{kSwitch, [this] { return std::unique_ptr<SnmpAgent>(std::make_unique<FakeAgent>(fake)); }}},
                         kMinute,
                         clock,
                         table,
                         [this](const ServerId& server, const InterfaceInterval& interval) { given[server].push_back(interval); }};
};

TEST_F(PollerTest, TwoReadingsMakeAnInterval) {
  poll_after(Nanos{0});
  EXPECT_TRUE(given.empty());
  fake.ports[1].in += 6000;
  fake.ports[2].out += 70;
  poll_after(kMinute);
  ASSERT_EQ(given[ServerId{"a"}].size(), 1U);
  EXPECT_EQ(given[ServerId{"a"}][0].bytes_in, Bytes{6000});
  EXPECT_EQ(given[ServerId{"b"}][0].bytes_out, Bytes{70});
  EXPECT_EQ(counters().polls, 2U);
  EXPECT_EQ(counters().ports, 2U);
  EXPECT_EQ(counters().fault, std::nullopt);
}

TEST_F(PollerTest, NamesAreReadAgainWhenTheSwitchRestartsAndOnlyThen) {
  poll_after(Nanos{0});
  EXPECT_EQ(table.find(net::IpAddress::v4(0xC0000201), IfIndex{1})->name, PortName{"swp1"});
  for (int i = 0; i < 10; ++i) {
    poll_after(kMinute);
  }
  EXPECT_EQ(fake.walks, 1U);
  EXPECT_EQ(counters().renamings, 1U);
  fake.restart();
  fake.ports = {{1, {"swp2", 5, 5}}, {2, {"swp1", 900, 900}}};  // the indexes have swapped places
  poll_after(kMinute);
  EXPECT_EQ(fake.walks, 2U);
  EXPECT_EQ(table.find(net::IpAddress::v4(0xC0000201), IfIndex{1})->name, PortName{"swp2"});
  EXPECT_EQ(given[ServerId{"a"}].size(), 10U);  // the restart is a gap
  EXPECT_EQ(counters().gaps.at(static_cast<std::size_t>(NoRate::Restarted)), 2U);
  fake.ports[2].in += 100;
  poll_after(kMinute);
  EXPECT_EQ(given[ServerId{"a"}].back().bytes_in, Bytes{100});
  fake.table_changed = 6;
  poll_after(kMinute);
  EXPECT_EQ(fake.walks, 3U);
  poll_after(minutes{61});
  EXPECT_EQ(fake.walks, 4U);  // and once an hour
}

TEST_F(PollerTest, AnIndexThatMovedUnnoticedChargesNobody) {
  poll_after(Nanos{0});
  fake.ports = {{1, {"swp2", 1'000'000, 0}}, {2, {"swp1", 5, 5}}};
  poll_after(kMinute);
  EXPECT_TRUE(given.empty());
  poll_after(kMinute);
  fake.ports[2].in += 50;
  poll_after(kMinute);
  ASSERT_EQ(given[ServerId{"a"}].size(), 1U);
  EXPECT_EQ(given[ServerId{"a"}][0].bytes_in, Bytes{50});
}

TEST_F(PollerTest, APortWithSeveralServersChargesNone) {
  poller.set_inventory(inventory({{"a", "swp1"}, {"a2", "swp1"}, {"b", "swp2"}, {"gone", "swp9"}}));
  poll_after(Nanos{0});
  poll_after(kMinute);
  EXPECT_EQ(given.size(), 1U);
  EXPECT_TRUE(given.contains(ServerId{"b"}));
  EXPECT_EQ(counters().absent, 1U);
}

TEST_F(PollerTest, TwoPortsOfOneNameChargeNobody) {
  fake.ports[3] = {"swp1", 0, 0};
  poll_after(Nanos{0});
  poll_after(kMinute);
  EXPECT_FALSE(given.contains(ServerId{"a"}));
  EXPECT_TRUE(given.contains(ServerId{"b"}));
}

TEST_F(PollerTest, AnAgentThatFindsTheQuestionTooBigIsAskedForLess) {
  fake.most_objects = 16;
  poll_after(Nanos{0});
  poll_after(kMinute);
  EXPECT_EQ(given.size(), 2U);
  EXPECT_EQ(counters().failures, 0U);
}

TEST_F(PollerTest, ASilentSwitchIsForgottenAskedLessOftenAndTakenUpAgain) {
  poll_after(Nanos{0});
  fake.silent = true;
  poll_after(kMinute);
  EXPECT_EQ(counters().fault, "no answer");
  EXPECT_EQ(table.find(net::IpAddress::v4(0xC0000201), IfIndex{1}), std::nullopt);
  for (int i = 0; i < 60; ++i) {
    poll_after(kMinute);
  }
  EXPECT_LE(counters().failures, 12U);
  fake.silent = false;
  for (int i = 0; i < 12; ++i) {
    poll_after(kMinute);
  }
  EXPECT_EQ(counters().fault, std::nullopt);
  EXPECT_GE(given[ServerId{"a"}].size(), 1U);
  EXPECT_TRUE(table.find(net::IpAddress::v4(0xC0000201), IfIndex{1}));
}

TEST_F(PollerTest, AShortSilenceLosesNoByte) {
  poll_after(Nanos{0});
  fake.silent = true;
  poll_after(kMinute);
  fake.silent = false;
  fake.ports[1].in += 12'000;
  poll_after(kMinute);
  ASSERT_EQ(given[ServerId{"a"}].size(), 1U);
  EXPECT_EQ(given[ServerId{"a"}][0].bytes_in, Bytes{12'000});
  EXPECT_EQ(given[ServerId{"a"}][0].end - given[ServerId{"a"}][0].begin, Micros{minutes{2}});
}

TEST(InterfaceTable, KnowsOnlyExportersThatAreSwitchesAndCountsChanges) {
  InterfaceTable table({{net::IpAddress::v4(1), kSwitch}});
  const PortNames names{{7, PortName{"swp7"}}};
  table.set(kSwitch, names);
  const std::uint64_t version = table.version();
  table.set(kSwitch, names);
  EXPECT_EQ(table.version(), version);
  EXPECT_EQ(table.find(net::IpAddress::v4(1), IfIndex{7}), (detect::PortPlace{kSwitch, PortName{"swp7"}}));
  EXPECT_EQ(table.find(net::IpAddress::v4(1), IfIndex{8}), std::nullopt);
  EXPECT_EQ(table.find(net::IpAddress::v4(2), IfIndex{7}), std::nullopt);
  const auto ports = table.names_of({{net::IpAddress::v4(2), Protocol::Ipfix, "x", 0}, {net::IpAddress::v4(1), Protocol::Sflow, "y", 0}});
  ASSERT_EQ(ports.size(), 2U);
  EXPECT_EQ(ports[0], nullptr);
  EXPECT_EQ(ports[1]->size(), 1U);
  table.forget(kSwitch);
  EXPECT_EQ(table.version(), version + 1);
  EXPECT_EQ(table.find(net::IpAddress::v4(1), IfIndex{7}), std::nullopt);
}

TEST(PollSchedule, EverySwitchHasItsOwnMoment) {
  PollSchedule schedule(60, kMinute, MonoTime{});
  for (int second = 0; second < 180; ++second) {
    const MonoTime now{Seconds{second}};
    const auto index = schedule.take(now);
    ASSERT_EQ(index, static_cast<std::size_t>(second % 60));
    EXPECT_EQ(schedule.take(now), std::nullopt);
    schedule.done(*index, true, now);
  }
}

TEST(PollSchedule, MissedTurnsAreLeftOutAndASwitchIsAskedByOneAtATime) {
  PollSchedule schedule(1, kMinute, MonoTime{});
  ASSERT_EQ(schedule.take(MonoTime{}), 0U);
  EXPECT_EQ(schedule.take(MonoTime{minutes{30}}), std::nullopt);  // it is still being asked
  schedule.done(0, true, MonoTime{minutes{30} + Seconds{20}});
  EXPECT_EQ(schedule.take(MonoTime{minutes{30} + Seconds{59}}), std::nullopt);
  EXPECT_EQ(schedule.take(MonoTime{minutes{31}}), 0U);
}

TEST(PollSchedule, SilentSwitchesCannotTakeTheTimeOfTheOthers) {
  PollSchedule schedule(100, kMinute, MonoTime{});
  MonoTime now{};
  unsigned asked_silent = 0;
  unsigned asked_living = 0;
  while (now < MonoTime{std::chrono::hours{2}}) {
    if (const auto index = schedule.take(now)) {
      const bool answers = *index % 2 == 0;
      now = now + (answers ? Nanos{Millis{50}} : Nanos{Seconds{2}});  // one thread; a time-out takes two seconds
      ++(answers ? asked_living : asked_silent);
      schedule.done(*index, answers, now);
    } else {
      now = now + Millis{100};
    }
  }
  EXPECT_GE(asked_living, 50U * 120U * 9U / 10U);
  EXPECT_LE(asked_silent, 50U * 17U);
}

}  // namespace
}  // namespace pinfold::collect
